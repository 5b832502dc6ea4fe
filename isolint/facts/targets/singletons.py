"""The application's objects that tests use as they are: singletons, accessors and services that open its stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Literal,
    Trail,
    Value,
    Variable,
    options,
    text,
)
from isolint.facts.order.replacements import Place, Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, own_calls, statements, walk
from isolint.facts.program.show import dotted, show
from isolint.facts.running.opened import Opening, Openings
from isolint.facts.running.relevance import last_name
from isolint.facts.sites import SelfTest
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.suite.selftests import run_by, self_tests
from isolint.facts.targets.lattice import Target, is_product, tokens
from isolint.facts.targets.plainresults import PlainResults
from isolint.facts.targets.stores import is_named, is_spelled_by, own_store
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.order.diversions import Diversions, Diverted
    from isolint.facts.suite.storing import Storing

_MADE_FROM = frozenset({"engine", "session factory", "extension"})
_OPENED_FOR_CALLER = frozenset({"connection", "session", "transaction", "cursor"})
_WITH_SERVERS = frozenset("integration external functional e2e live system acceptance".split())
_BY_HAND = frozenset("scripts script examples example benchmarks benchmark bench".split())
_ISOLATING = frozenset("db database url uri dsn store storage engine chroma redis mongo".split())
_WRITING = frozenset(
    "add append clear create delete drop flush flushall flushdb index insert log push put record remove "
    "save set setex store truncate update upsert write".split()
)

_CLOSING = frozenset({"close", "aclose", "dispose", "disconnect", "shutdown", "stop", "quit"})

_Read = Callable[[], "Diverted"]
_Body = tuple["s.Function | None", s.Block, Frame]


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A use of an object of the application that reaches a store of the application.

    `how` says what is used: "handle", "accessor", "class", "object" (a singleton) or "method"; `name` the
    expression. `unread` is an argument that was to keep it away from there. `written` tells that the test writes;
    `sure` is false for a server without a name where tests are meant to have one.
    """

    at: s.Position
    name: str
    how: str
    target: Target
    trail: Trail
    unread: str = ""
    written: bool = False
    sure: bool = True


class Singletons:
    """Looks through test code for such uses, one for each object and file."""

    def __init__(
        self, evaluator: Evaluator, fixtures: Fixtures, replacements: Replacements, storing: Storing
    ) -> None:
        self.evaluator = evaluator
        self.storing = storing
        self.openings = Openings(evaluator)
        self.plain = PlainResults()
        self.replacements = replacements
        self._fixtures = fixtures

    @cached_property
    def diversions(self) -> Diversions:
        from isolint.facts.order.diversions import Diversions

        return Diversions(self.evaluator, self._fixtures, self.replacements)

    def in_tests(self, module: Module) -> Iterator[Reached]:
        """The uses in a test module, each object once."""
        if not _BY_HAND.isdisjoint(module.path.split("/")[:-1]) or not self.storing.may_reach_store(module):
            return
        seen: set[object] = set()
        bodies = self._bodies(module)
        for body in bodies:
            for of, found in self._in_body(body, lambda: self.diversions.of(module), frozenset()):
                if of not in seen:
                    seen.add(of)
                    yield found

    def in_self_tests(self, module: Module, sites: tuple[SelfTest, ...]) -> Iterator[Reached]:
        """The uses in the self-tests of a module, each object once in each of them."""
        functions = self_tests(module, sites)
        diverted = partial(self.diversions.of, module, run_by(module, sites))
        own = frozenset(id(function) for function in functions)
        for function in functions:
            seen: set[object] = set()
            frame = self.evaluator.function_frame(module, function)
            for of, found in self._in_body((function, function.body, frame), diverted, own):
                if of not in seen:
                    seen.add(of)
                    yield found

    def imported(
        self, module: Module, handles: Iterable[tuple[s.Position, str, Handle]]
    ) -> Iterator[Reached]:
        """Those of the application's handles that a test module imports, uses, and does not replace."""
        for at, name, handle in handles:
            diverted = self.diversions.of(module)
            target = self._target(handle, module, diverted)
            used = [
                dotted(call.function) or ""
                for _, body, _ in self._bodies(module)
                for call in own_calls(body).calls
            ]
            methods = [call.removeprefix(f"{name}.") for call in used if call.startswith(f"{name}.")]
            if target is None or not methods:
                continue
            if not diverted.covers(Opening(handle, (), frozenset(), (handle.type,)), target.trail):
                written = any(_writes(method) for method in methods)
                sure = is_named(handle) or _is_unit(module)
                yield Reached(at, name, "handle", target, target.trail, "", written, sure)

    def _bodies(self, module: Module) -> list[_Body]:
        frame = self.evaluator.module_frame(module)
        found: list[_Body] = [
            (None, body, frame) for body in (module.facts.body, *(c.body for c in module.classes))
        ]
        for function in module.functions:
            found.append((function, function.body, self.evaluator.function_frame(module, function)))
        return found

    def _in_body(self, body: _Body, diverted: _Read, own: frozenset[int]) -> Iterator[tuple[object, Reached]]:
        _, block, frame = body
        for call in own_calls(block).calls:
            if last_name(call) in _CLOSING:
                continue
            found = next(self._used(call, block, frame, diverted, own), None)
            if found is not None:
                yield found

    # -- one call

    def _used(
        self, call: s.Call, block: s.Block, frame: Frame, diverted: _Read, own: frozenset[int]
    ) -> Iterator[tuple[object, Reached]]:
        for callee in options(self.evaluator.evaluate(call.function, frame)):
            how = self._how(callee, own)
            for opening in self._opened(how, callee, call, frame) if how else ():
                if is_spelled_by(opening.handle, self._passed(call, frame)) or _is_written_in(block, opening):
                    continue
                replaced = diverted()
                target = self._target(opening.handle, frame.module, replaced)
                if target is None or replaced.covers(opening, target.trail):
                    continue
                deeper = opening.chain[1:]
                yield (
                    self._of(callee, call, frame),
                    Reached(
                        call.at,
                        show(call.function),
                        how,
                        target,
                        (*deeper, *target.trail),
                        self._unread(call, frame) if how == "class" else "",
                        _is_written(call, block),
                        is_named(opening.handle) or (not deeper and _is_unit(frame.module)),
                    ),
                )

    def _passed(self, call: s.Call, frame: Frame) -> list[Value]:
        given = (*call.arguments, *(value for _, value in call.keywords))
        return [self.evaluator.evaluate(value, frame) for value in given]

    def _how(self, callee: Value, own: frozenset[int]) -> str:
        match callee:
            case ClassValue(module=module) if not module.is_test:
                return "class"
            case FunctionValue(module=module, function=function) if (
                not module.is_test and id(function) not in own
            ):
                if not isinstance(callee.receiver, Instance):
                    return "accessor"
                made_in = callee.receiver.frame
                if made_in is None or made_in.module.is_test or id(made_in.function) in own:
                    return "method" if _is_bare(callee.receiver) else ""
                return "object"
        return ""

    def _opened(self, how: str, callee: Value, call: s.Call, frame: Frame) -> Iterator[Opening]:
        """The handles that a call makes, or that the object makes whose method it calls."""
        if how == "accessor" and isinstance(callee, FunctionValue) and self.plain.of(callee):
            return
        opened = self.openings.of(callee, call, frame)
        if how == "accessor" and self._hands_out_connection(call, frame):
            return
        if how == "accessor" and isinstance(callee, FunctionValue):
            opened = self._handed_out(opened, callee, call, frame)
        if how == "object" and isinstance(callee, FunctionValue) and isinstance(callee.receiver, Instance):
            opened += self.openings.by_making(callee.receiver)
        for opening in opened:
            if how not in ("accessor", "method") or opening.handle.kind not in _MADE_FROM:
                yield opening

    def _hands_out_connection(self, call: s.Call, frame: Frame) -> bool:
        """Whether a call gives a connection or session: no singleton, but one opened for the caller."""
        given = options(self.evaluator.evaluate(call, frame))
        return all(isinstance(option, Handle) and option.kind in _OPENED_FOR_CALLER for option in given)

    def _handed_out(
        self, opened: tuple[Opening, ...], callee: FunctionValue, call: s.Call, frame: Frame
    ) -> tuple[Opening, ...]:
        """What is opened for the object that an accessor hands out, or the handle itself."""
        given = options(self.evaluator.evaluate(call, frame))
        handles = [option for option in given if isinstance(option, Handle) and is_product(option)]
        if handles and opened:
            return opened
        kept = frozenset(
            line for option in given if isinstance(option, Instance) for line in self._lines(option)
        )
        if not handles:
            return tuple(opening for opening in opened if not kept.isdisjoint(opening.places))
        chain = (Hop(frame.module.path, call.at, show(call)),)
        places = self.openings.along(callee)
        return tuple(Opening(handle, chain, places, (handle.type,)) for handle in handles)

    def _lines(self, instance: Instance) -> Iterator[Place]:
        """The lines of the class of an object, and of its methods."""
        for cls in instances.lineage(self.evaluator, instance.of)[0]:
            yield (cls.module.path, cls.node.at[0])
            yield from ((cls.module.path, n.at[0]) for n in cls.node.body if isinstance(n, s.Function))

    def _of(self, callee: Value, call: s.Call, frame: Frame) -> object:
        """What tells one object from another: its class, or the function that hands out the handle."""
        given: Value = callee
        if isinstance(callee, FunctionValue):
            made = options(self.evaluator.evaluate(call, frame))
            given = callee.receiver or next((v for v in made if isinstance(v, Instance)), callee)
        match given:
            case Instance(of=cls) | (ClassValue() as cls):
                return (cls.module.path, cls.node.at)
            case FunctionValue():
                return (given.module.path, given.function.at)
        return None

    def _target(self, handle: Handle, module: Module, diverted: Diverted) -> Target | None:
        pins = self.replacements.pins(module.path)
        return own_store(handle, pins, diverted.variables, self.evaluator.project)

    def _unread(self, call: s.Call, frame: Frame) -> str:
        """The argument by which a test names a store of its own."""
        for name, value in call.keywords:
            found = options(self.evaluator.evaluate(value, frame))
            if not tokens(name).isdisjoint(_ISOLATING) and not any(
                isinstance(option, Literal | Variable) or _is_double(option) for option in found
            ):
                return name
        return ""


def _is_double(value: Value) -> bool:
    return isinstance(value, Handle) and value.level == "memory"


def _is_bare(instance: Instance) -> bool:
    """Whether an object was made without arguments: it has nothing from the test to work with."""
    call = instance.call
    return call is not None and not call.arguments and not call.keywords


def _is_unit(module: Module) -> bool:
    """Whether a test is not meant, by its folder or name, to have a server to talk to."""
    return all(_WITH_SERVERS.isdisjoint(tokens(part)) for part in module.path.removesuffix(".py").split("/"))


def _writes(method: str) -> bool:
    return not _WRITING.isdisjoint(method.rpartition(".")[2].lower().split("_"))


def _is_written(call: s.Call, block: s.Block) -> bool:
    """Whether a call, or one on the name that its result is bound to, is named for writing."""
    if isinstance(call.function, s.Attribute) and _writes(call.function.name):
        return True
    names = {
        target.id
        for node in statements(block)
        if isinstance(node, s.Assign) and node.value is call
        for target in node.targets
        if isinstance(target, s.Name)
    }
    used = (dotted(other.function) or "" for other in own_calls(block).calls)
    return any(name.partition(".")[0] in names and _writes(name) for name in used if "." in name)


def _is_written_in(block: s.Block, opening: Opening) -> bool:
    """Whether the address that is opened is written out in the same code: the choice is the test's."""
    address = text(opening.handle.url) if opening.handle.url is not None else None
    if address is None:
        return False
    nodes = (n for statement in statements(block) for e in expressions(statement) for n in walk(e))
    return any(isinstance(node, s.Constant) and node.value == address for node in nodes)
