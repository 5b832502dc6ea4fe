"""Statements that set environment variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    UNKNOWN,
    Frame,
    Hop,
    Literal,
    Reference,
    Table,
    Value,
    Variable,
    via,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements, told
from isolint.facts.program.show import dotted

Pin = tuple[str, Value]
_WRITERS = frozenset({"setenv", "setdefault", "update", "dict"})


class Environment:
    """Reads what a statement writes into the environment of the process."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def written(self, node: s.Statement, frame: Frame) -> Iterable[Pin]:
        """`os.environ[...] = value`, `.setdefault`, `.update`, `setenv` and `patch.dict` in one statement."""
        return _changed(self._written(node, _writing(node), frame)) if may_write(node) else ()

    def _written(
        self, node: s.Statement, calls: list[tuple[s.Call, s.Attribute]], frame: Frame
    ) -> Iterator[Pin]:
        if isinstance(node, s.Assign) and node.value is not None and node.operator == "=":
            for target in node.targets:
                if isinstance(target, s.Subscript) and self._is_environment(target.value, frame):
                    yield from self._pinned(target.index, node.value, frame, node.at)
        for call, function in calls:
            yield from self._called(call, function, frame)

    def of_session(self, body: s.Block, frame: Frame) -> Iterator[Pin]:
        """What a session of nox sets for all that it runs: `session.env[...] = value`, `session.env.update(...)`."""
        for node in statements(body):
            match node:
                case s.Assign(targets=(s.Subscript(value=s.Attribute(name="env"), index=key),), value=value):
                    if value is not None:
                        yield from self._pinned(key, value, frame, node.at)
                case s.Evaluate(
                    value=s.Call(function=s.Attribute(value=s.Attribute(name="env"), name="update")) as call
                ):
                    yield from self._updated(call.arguments, call.keywords, frame, call.at)

    def _called(self, call: s.Call, function: s.Attribute, frame: Frame) -> Iterator[Pin]:
        if function.name in ("setenv", "setdefault") and len(call.arguments) > 1:
            if function.name == "setenv" or self._is_environment(function.value, frame):
                yield from self._pinned(call.arguments[0], call.arguments[1], frame, call.at)
        elif function.name == "update" and self._is_environment(function.value, frame):
            yield from self._updated(call.arguments, call.keywords, frame, call.at)
        elif function.name == "dict" and call.arguments and self._is_patch(call, function, frame):
            yield from self._updated(call.arguments[1:2], call.keywords, frame, call.at)

    def _is_patch(self, call: s.Call, function: s.Attribute, frame: Frame) -> bool:
        """`patch.dict(os.environ, ...)` and `patch.dict("os.environ", ...)`."""
        if (dotted(function.value) or "").rpartition(".")[2] != "patch":
            return False
        value = self.evaluator.evaluate(call.arguments[0], frame)
        return value == Literal("os.environ") or self._is_environment(call.arguments[0], frame)

    def _updated(
        self,
        arguments: tuple[s.Expression, ...],
        keywords: tuple[tuple[str, s.Expression], ...],
        frame: Frame,
        at: s.Position,
    ) -> Iterator[Pin]:
        for argument in arguments:
            table = self.evaluator.evaluate(argument, frame)
            if isinstance(table, Table):
                hops = [Hop(frame.module.path, at, f"{key} is pinned here") for key, _ in table.entries]
                yield from (
                    (key, via(value, hop)) for (key, value), hop in zip(table.entries, hops, strict=True)
                )
        for key, value in keywords:
            if key:
                hop = Hop(frame.module.path, at, f"{key} is pinned here")
                yield key, via(self.evaluator.evaluate(value, frame), hop)

    def _pinned(self, key: s.Expression, value: s.Expression, frame: Frame, at: s.Position) -> Iterator[Pin]:
        name = self.evaluator.evaluate(key, frame)
        if isinstance(name, Literal) and isinstance(name.value, str):
            hop = Hop(frame.module.path, at, f"{name.value} is pinned here")
            found = self.evaluator.evaluate(value, frame)
            yield name.value, via(found if found != Literal(None) else UNKNOWN, hop)

    def _is_environment(self, node: s.Expression, frame: Frame) -> bool:
        value = self.evaluator.evaluate(node, frame)
        return isinstance(value, Reference) and f"{value.name}.[]" in self.evaluator.vocabulary.readers


def _changed(pins: Iterable[Pin]) -> Iterator[Pin]:
    """What is set; of a variable that is set to itself, or else to something, that is what it is set to at most."""
    for name, value in pins:
        if not isinstance(value, Variable) or value.name != name:
            yield name, value
        elif value.default is not None:
            yield name, via(value.default, *value.trail)


def may_write(node: s.Statement) -> bool:
    """Whether a statement may set a variable, by its shape and the names it calls."""
    if not isinstance(node, s.Evaluate | s.With | s.Assign):
        return False
    if isinstance(node, s.Assign) and any(isinstance(target, s.Subscript) for target in node.targets):
        return True
    return bool(_writing(node))


def _writing(node: s.Statement) -> list[tuple[s.Call, s.Attribute]]:
    """The calls of a statement whose names say that they set something."""
    return [
        (call, call.function)
        for call in told(node).calls
        if isinstance(call.function, s.Attribute) and call.function.name in _WRITERS
    ]
