"""What a call of a first-party function gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import handles
from isolint.facts.meaning.values import (
    UNKNOWN,
    Deferred,
    Frame,
    FunctionValue,
    Generated,
    Hop,
    Literal,
    Value,
    union,
    via,
)
from isolint.facts.program import scopes
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import bind, statements, walk
from isolint.facts.program.show import show

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

MOST_CALLS = 12


class Outcomes:
    """Evaluates what functions return or yield; once for all calls where the arguments do not matter."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._calls: list[int] = []
        self._generic: dict[int, Frame] = {}
        self._outcomes: dict[int, tuple[s.Expression, ...]] = {}
        self._dependent: dict[int, bool] = {}

    def of(self, callee: FunctionValue, inside: Frame) -> Value:
        """What a call of a first-party function returns; a generator's or context manager's item is wrapped."""
        function = callee.function
        nested = callee.frame.function is not None
        if (
            not nested
            and inside is not self.evaluator.generic_frame(function)
            and not self._depends(function)
        ):
            generic = Frame(callee.module, function, callee.frame, {}, callee.receiver, inside.owner)
            inside = self._generic.setdefault(id(function), generic)
        if function in inside.memory:
            return inside.memory[function]
        if id(function) in self._calls or len(self._calls) >= MOST_CALLS:
            self.evaluator.give_up()
            return UNKNOWN
        self._calls.append(id(function))
        try:
            value = self._returned(callee, inside)
        finally:
            self._calls.pop()
        inside.memory[function] = value
        return value

    def expressions(self, function: s.Function) -> tuple[s.Expression, ...]:
        """The expressions a function returns, or, for a generator, yields."""
        key = id(function)
        if key not in self._outcomes:
            found: list[s.Expression] = []
            for node in statements(function.body):
                if function.is_generator:
                    found += [y.value for y in yields(node) if y.value is not None]
                elif isinstance(node, s.Return) and node.value is not None:
                    found.append(node.value)
            self._outcomes[key] = tuple(found)
        return self._outcomes[key]

    def _depends(self, function: s.Function | s.Lambda) -> bool:
        """Whether what a function returns may depend on its arguments or its object."""
        if isinstance(function, s.Lambda):
            return bool(function.parameters)
        key = id(function)
        if key not in self._dependent:
            parameters = {p.name for p in function.parameters}
            bindings = bind(function.body).bindings
            pending = list(self.expressions(function))
            seen: set[str] = set()
            while pending:
                names = {n.id for n in walk(pending.pop()) if isinstance(n, s.Name)} - seen
                seen |= names
                pending += [b.value for name in names for b in bindings.get(name, ()) if b.value is not None]
            self._dependent[key] = not seen.isdisjoint(parameters)
        return self._dependent[key]

    def _given(self, expression: s.Expression, inside: Frame) -> Value:
        """One returned value; of a plain string the place it is returned at is kept."""
        value = self.evaluator.evaluate(expression, inside)
        if isinstance(value, Literal) and isinstance(value.value, str):
            return via(value, Hop(inside.module.path, expression.at, show(expression)))
        return value

    def _returned(self, callee: FunctionValue, inside: Frame) -> Value:
        function = callee.function
        if isinstance(function, s.Lambda):
            return self.evaluator.evaluate(function.body, inside)
        found = [self._given(expression, inside) for expression in self.expressions(function)]
        meaningful = [value for value in found if value != Literal(None)] or found
        if not meaningful and function.returns is not None:
            typed = handles.annotated(self.evaluator, function.returns, callee.frame)
            meaningful = [typed] if typed is not None else []
        value = union(meaningful)
        return Generated(value) if function.is_generator else value


def bind_arguments(
    parameters: tuple[s.Parameter, ...], node: s.Call, frame: Frame, skip: int
) -> dict[str, Value | Deferred]:
    """What a call gives each parameter; the first `skip` parameters are taken (the receiver)."""
    positional = [p for p in parameters if p.kind == "positional"][skip:]
    given: dict[str, Value | Deferred] = {}
    for parameter, value in zip(positional, node.arguments, strict=False):
        if isinstance(value, s.Starred):
            break
        given[parameter.name] = Deferred(value, frame)
    names = {p.name for p in parameters}
    for name, value in node.keywords:
        if name in names:
            given[name] = Deferred(value, frame)
    return given


def yields(node: s.Statement) -> tuple[s.Yield, ...]:
    """The yields that stand directly in a statement."""
    return scopes.told(node).yields
