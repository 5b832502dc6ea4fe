"""Schemas and databases that the product makes on a server under a name it derives from what a test passes.

A path below `tmp_path` looks like a file that goes by itself; where the product makes a schema of it, each test
leaves one on the server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from isolint.facts.lifetime.lifecycle import Creation, Lifecycle, is_unique
from isolint.facts.meaning.outcomes import bind_arguments
from isolint.facts.meaning.values import (
    Deferred,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Text,
    Trail,
    UniqueName,
    Unknown,
    Value,
    options,
)
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.events import Event
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.callers import Callers
from isolint.facts.suite.endings import Endings
from isolint.facts.suite.mentions import Mentions
from isolint.facts.suite.mocks import Mocks
from isolint.facts.targets.lattice import Level, judge, place
from isolint.late import dataclass, regex

_MADE = frozenset({"schema", "database", "keyspace"})
_EMBEDDED = frozenset({"sqlite3", "aiosqlite", "duckdb"})
_MAKES = regex(r"\bcreate\s+(?:schema|database|keyspace)\b", re.I)
# The same in the bytes of a file, where a literal may be split, or its white space be written as an escape.
_SPEAKS = regex(
    rb"(?i:create(?:\\[nt]|[\s\"'\\frb])+(?:schema|database|keyspace))|\bCreateSchema\b|\bcreate_database\b"
)
_MOST_MAKERS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Maker:
    """A function that makes a store named after some of its parameters; `trail` leads from it to the statement.

    `asked` is the first of these steps that test code takes, None as long as only the product has taken any.
    """

    module: Module
    function: s.Function
    parameters: frozenset[str]
    creation: Creation
    trail: Trail
    asked: Hop | None = None


class DerivedStores:
    """Climbs from the statements that make such stores to the tests that pass what they are named after."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        replacements: Replacements,
        mocks: Mocks,
        endings: Endings,
        callers: Callable[[], Callers],
        mentions: Mentions,
    ) -> None:
        self.mentions = mentions
        self.lifecycle = lifecycle
        self.effects = lifecycle.effects
        self.evaluator = lifecycle.evaluator
        self._callings: dict[str, tuple[tuple[Module, s.Function, s.Call], ...]] = {}
        self.replacements = replacements
        self.mocks = mocks
        self.endings = endings
        self._callers = callers

    def left(self, module: Module) -> Iterator[tuple[s.Position, str, Trail]]:
        """What tests have the product make by calls in this module, and nothing removes: place, thing, way there.

        Each statement is told once, at the first of these calls.
        """
        if "_left" not in self.__dict__ and self._hands_nothing_on(module):
            return
        first: dict[int, tuple[s.Position, str, Trail]] = {}
        for hop, creation, trail in self._left:
            if hop.path == module.path:
                known = first.get(id(creation))
                if known is None or hop.at < known[0]:
                    first[id(creation)] = (hop.at, creation.resource, trail)
        yield from first.values()

    def _hands_nothing_on(self, module: Module) -> bool:
        """Whether no call in a module, which no other test code calls, is handed what is another for each test."""
        if self.mentions.users(module) != frozenset():
            return False
        for function in module.functions:
            frame = self.evaluator.function_frame(module, function)
            for call in calls_in(function.body):
                for node in (*call.arguments, *(value for _, value in call.keywords)):
                    value = None if isinstance(node, s.Constant) else self.evaluator.evaluate(node, frame)
                    if value is not None and any(map(_is_unique, options(value))):
                        return False
        return True

    @cached_property
    def _left(self) -> tuple[tuple[Hop, Creation, Trail], ...]:
        found = []
        makers = list(self._bases())
        known = {(id(maker.function), id(maker.creation)) for maker in makers}
        for maker in makers:
            for module, function, call, argument in self._calls(maker):
                hop = Hop(module.path, call.at, show(call))
                asked = maker.asked or (hop if module.is_test else None)
                trail = (hop, *maker.trail)
                if asked is not None and self._is_left(maker.creation, module, function, argument):
                    found.append((asked, maker.creation, trail))
                parameters = self._sources(argument, module, function)
                key = (id(function), id(maker.creation))
                if parameters and key not in known and len(makers) < _MOST_MAKERS:
                    known.add(key)
                    makers.append(Maker(module, function, parameters, maker.creation, trail, asked))
        return tuple(found)

    # -- where stores are made

    def _bases(self) -> Iterator[Maker]:
        """The functions of the product that make a store named after a parameter."""
        for module in self._modules(lambda path, data: not self._is_test(path) and _SPEAKS.search(data)):
            for function in module.functions:
                if not any(map(_speaks_of_making, every_expression(function.body))):
                    continue
                for event in self.effects.near(module, function).events:
                    if event.path == module.path and not event.chain and event.frame.function is function:
                        yield from self._made(event, module, function)

    def _made(self, event: Event, module: Module, function: s.Function) -> Iterator[Maker]:
        for creation in self.lifecycle.creations(event):
            node = creation.name
            if creation.resource in _MADE and node is not None and _is_on_server(creation):
                parameters = self._sources(node, module, function)
                if parameters:
                    yield Maker(module, function, parameters, creation, (event.hop,))

    def _sources(self, node: s.Expression, module: Module, function: s.Function) -> frozenset[str]:
        """The parameters of a function that an expression in it depends on."""
        names = self.evaluator.names(self.evaluator.function_frame(module, function))
        parameters = {p.name for p in function.parameters} - {"self", "cls"}
        found: set[str] = set()
        pending, seen = [node], set[str]()
        while pending:
            for inner in walk(pending.pop()):
                if isinstance(inner, s.Name) and inner.id not in seen:
                    seen.add(inner.id)
                    values = [b.value for b in names.bindings.get(inner.id, ()) if b.value is not None]
                    pending += values
                    if inner.id in parameters:
                        found.add(inner.id)
        return frozenset(found)

    # -- who has them made

    def _calls(self, maker: Maker) -> Iterator[tuple[Module, s.Function, s.Call, s.Expression]]:
        """The calls that pass one of the arguments that a maker names its store after."""
        for module, function, call in self._calling(maker.function.name):
            if function is maker.function:
                continue
            frame = self.evaluator.function_frame(module, function)
            for callee in options(self.evaluator.evaluate(call.function, frame)):
                if isinstance(callee, FunctionValue) and callee.function is maker.function:
                    skip = 1 if isinstance(callee.receiver, Instance) else 0
                    given = bind_arguments(maker.function.parameters, call, frame, skip)
                    for name in sorted(maker.parameters):
                        passed = given.get(name)
                        if isinstance(passed, Deferred):
                            yield module, function, call, passed.expression

    def _calling(self, name: str) -> tuple[tuple[Module, s.Function, s.Call], ...]:
        """The calls of something of this name, wherever they stand."""
        if name not in self._callings:
            word = name.encode()
            self._callings[name] = tuple(
                (module, function, call)
                for module in self._modules(lambda path, data: word in data)
                for function in module.functions
                for call in calls_in(function.body)
                if last_name(call) == name
            )
        return self._callings[name]

    def _modules(self, is_wanted: Callable[[str, bytes], object]) -> Iterator[Module]:
        """The modules of the files that are wanted for what they hold: the others need not be parsed."""
        for path, data in self.mentions.within_reach.items():
            module = self.evaluator.project.module(path) if is_wanted(path, data) else None
            if module is not None:
                yield module

    def _is_test(self, path: str) -> bool:
        return self.evaluator.project.is_test(path)

    # -- who removes them

    def _is_left(
        self, creation: Creation, module: Module, function: s.Function, argument: s.Expression
    ) -> bool:
        """Whether a test, fixture or set-up makes a store of its own here, on a server that stays, and leaves it."""
        if not module.is_test or not self._callers().is_called_by_runner(module, function):
            return False
        frame = self.evaluator.function_frame(module, function)
        if not any(map(_is_unique, options(self.evaluator.evaluate(argument, frame)))):
            return False
        if not self._stays(creation, module, function):
            return False
        if self.mocks.is_mocked(creation.event, (module, function)):
            return False
        events = [*self.effects.of(module, function).events, *self.endings.of(module, function)]
        return not any(self._removes(creation, event) for event in events)

    def _removes(self, creation: Creation, event: Event) -> bool:
        """Whether an event removes a store; what the product rolls back is a failed attempt."""
        if event.method == "rollback" and not event.frame.module.is_test:
            return False
        return self.lifecycle.removes(creation, event) and not self._removes_its_own(creation, event)

    def _removes_its_own(self, creation: Creation, event: Event) -> bool:
        """Whether an event removes what the function around it has made itself."""
        function = event.frame.function
        if not isinstance(function, s.Function) or event.frame.module is creation.event.frame.module:
            return False
        removed = _names_in(event.call)
        for other in self.effects.of(event.frame.module, function).events:
            for made in self.lifecycle.creations(other):
                if made.resource == creation.resource and removed & _names_in(other.call):
                    return True
        return False

    def _stays(self, creation: Creation, module: Module, function: s.Function) -> bool:
        """Whether the server is not one that is thrown away with the tests, nor replaced in them."""
        owner = module.methods.get(id(function))
        pins = dict(self.replacements.pins(module.path))
        for fixture in self.endings.fixtures.closure(module, function, owner):
            frame = self.evaluator.function_frame(fixture.module, fixture.function)
            for node in statements(fixture.function.body):
                written = self.replacements.environment.written(node, frame)
                pins.update(pin for pin in written if _is_thrown_away(pin[1]))
        found = [option for option in options(creation.store) if isinstance(option, Handle)]
        if any(self.replacements.is_replaced(module.path, handle.trail) for handle in found):
            return False
        return all(judge(handle, pins, product=True).level > Level.DISPOSABLE for handle in found)


def _is_thrown_away(address: Value) -> bool:
    return place(address, {}, product=False).level <= Level.DISPOSABLE


def _names_in(call: s.Call) -> set[str]:
    """The names that the arguments of a call pass on, those left out that something is looked up in."""
    given = [*call.arguments, *(value for _, value in call.keywords)]
    found = [inner for node in given for inner in walk(node)]
    owners = {id(node.value) for node in found if isinstance(node, s.Attribute)}
    return {node.id for node in found if isinstance(node, s.Name) and id(node) not in owners}


def _speaks_of_making(node: s.Expression) -> bool:
    match node:
        case s.Constant(value=str(words)):
            return _MAKES.search(words) is not None
        case s.Name(id=name) | s.Attribute(name=name):
            return name in ("CreateSchema", "create_database")
        case s.Template(parts=parts):
            return any(isinstance(part, str) and _MAKES.search(part) is not None for part in parts)
    return False


def _is_on_server(creation: Creation) -> bool:
    """Whether a store is made on a server that the code knows, under a name that is no single one."""
    found = [option for option in options(creation.store) if isinstance(option, Handle)]
    known = [handle for handle in found if handle.url is not None and not isinstance(handle.url, Unknown)]
    servers = [handle for handle in known if handle.type.partition(".")[0] not in _EMBEDDED]
    return bool(servers) and not is_unique(creation)


def _is_unique(value: Value) -> bool:
    """Whether a value is another one for each test."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(isinstance(part, UniqueName) and part.scope == "run" for part in parts)
