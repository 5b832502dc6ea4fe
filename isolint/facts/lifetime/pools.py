"""Pools of connections that tests open, one after the other, and leave open."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.facts.configuration.parallel import Parallel
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.handles import hides_arguments, passed
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Literal,
    Reference,
    Text,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, expressions, own_calls, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.fixtures import SET_UP, Fixtures
from isolint.facts.targets.lattice import Level, place
from isolint.late import dataclass
from isolint.vocabulary.entries import Argument, Pool

_IN_FILES = ("sqlite", "duckdb")


@dataclass(frozen=True, slots=True)
class OpenPool:
    """A call that opens a pool, and when it does so again: "test" or "module"."""

    at: s.Position
    call: str
    again: str


class Pools:
    """Finds pools on servers that are made for each test or test module and never closed."""

    def __init__(
        self, evaluator: Evaluator, fixtures: Fixtures, parallel: Parallel, test_files: frozenset[str]
    ) -> None:
        self.test_files = test_files
        self.evaluator = evaluator
        self.fixtures = fixtures
        self.parallel = parallel
        self.entries = evaluator.vocabulary.pools

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(name.rpartition(".")[2] for name in self.entries)

    def left_open(self, module: Module) -> Iterator[OpenPool]:
        """The pools that a test module or conftest opens again and again without closing them."""
        if not module.is_test:
            return
        for function in module.functions:
            if self._may_open(function.body) and self._is_repeated(module, function):
                frame = self.evaluator.function_frame(module, function)
                yield from self._in_body(function.body, frame, "test")
        if module.path in self.test_files and self._may_open(module.facts.body):
            frame = self.evaluator.module_frame(module)
            closing = [node for f in module.functions for node in every_expression(f.body)]
            yield from self._in_body(module.facts.body, frame, "module", closing)

    def _may_open(self, body: s.Block) -> bool:
        """Whether a body calls anything that is called like what makes a pool."""
        return not self._words.isdisjoint(own_calls(body).names)

    def _is_repeated(self, module: Module, function: s.Function) -> bool:
        """Whether a function runs for each test: a test, a fixture of its scope, a `setUp`."""
        owner = module.methods.get(id(function))
        fixture = self.fixtures.fixture(module, function, owner) if function.decorators else None
        if fixture is not None:
            return fixture.scope == "function"
        if function.name in SET_UP:
            return "class" not in function.name.lower()
        return any(function is test for test, _ in self.fixtures.tests(module))

    def _in_body(
        self, body: s.Block, frame: Frame, again: str, beside: list[s.Expression] | None = None
    ) -> Iterator[OpenPool]:
        for call in own_calls(body).calls:
            entry = self._entry(call, frame)
            if entry is None or _is_managed(body, call) or not self._is_on_server(call, frame):
                continue
            if not self._is_used(body, call, frame, beside):
                continue
            if passed(call, entry.chosen) is None and not hides_arguments(call):
                mentioned = [*every_expression(body), *(beside or ())]
                if not any(isinstance(n, s.Attribute) and n.name in entry.closed for n in mentioned):
                    yield OpenPool(call.at, show(call), again)

    def _is_used(self, body: s.Block, call: s.Call, frame: Frame, beside: list[s.Expression] | None) -> bool:
        """Whether a pool is asked for connections, as far as can be told: one that only goes to the product is not."""
        names = set(_bound(body, call))
        if not names or "" in names:
            return True
        for node in (*every_expression(body), *(beside or ())):
            match node:
                case s.Attribute(value=s.Name(id=name)) if name in names:
                    return True
                case s.Yield(value=s.Name(id=name)) if name in names:
                    return True
                case s.Call() if any(isinstance(a, s.Name) and a.id in names for a in _given(node)):
                    if not isinstance(
                        self.evaluator.evaluate(node.function, frame), FunctionValue | ClassValue
                    ):
                        return True
        return any(
            isinstance(node, s.Return) and isinstance(node.value, s.Name) and node.value.id in names
            for node in statements(body)
        )

    def _entry(self, call: s.Call, frame: Frame) -> Pool | None:
        if last_name(call) not in self._words:
            return None
        for callee in options(self.evaluator.evaluate(call.function, frame)):
            if isinstance(callee, Reference):
                return next(iter(self.entries.get(callee.name, ())), None)
        return None

    def _is_on_server(self, call: s.Call, frame: Frame) -> bool:
        """Whether what a call opens is, as far as can be told, no file and no memory."""
        value = self.evaluator.evaluate(call, frame)
        if not isinstance(value, Handle) or value.url is None:
            return False
        return not _is_file(value.url) and place(value.url, {}, product=True).level > Level.MEMORY

    # -- how many

    def most(self, module: Module) -> Iterator[tuple[s.Position, str, int]]:
        """The pools that test code makes: the place, the call, and how many connections each may open."""
        bodies = [(module.facts.body, self.evaluator.module_frame(module))]
        functions = (f for f in module.functions if self._may_open(f.body))
        bodies += [(f.body, self.evaluator.function_frame(module, f)) for f in functions]
        for body, frame in bodies if module.is_test else ():
            for call in own_calls(body).calls:
                entry = self._entry(call, frame)
                if entry is None or passed(call, entry.chosen) is not None or hides_arguments(call):
                    continue
                if self._is_on_server(call, frame):
                    kept = self._number(call, entry.size, entry.kept, frame)
                    on_top = self._number(call, entry.extra, entry.on_top, frame)
                    if kept is not None and on_top is not None:
                        yield call.at, show(call), kept + on_top

    def _number(self, call: s.Call, ways: Argument, usual: int, frame: Frame) -> int | None:
        given = passed(call, ways)
        value = Literal(usual) if given is None else self.evaluator.evaluate(given, frame)
        return value.value if isinstance(value, Literal) and isinstance(value.value, int) else None

    def too_many(self, module: Module) -> Iterator[tuple[s.Position, str, int, int, Hop]]:
        """The pools that, in all workers together, ask for more connections than the tests' server allows.

        Gives the place, the call, how many they may ask for, how many there are, and where that is said.
        """
        limit = self.parallel.limit
        if limit is not None and (workers := self.parallel.count) > 1:
            for at, call, most in self.most(module):
                if most * workers > limit[0]:
                    yield at, call, most * workers, limit[0], limit[1]


def _bound(body: s.Block, call: s.Call) -> Iterator[str]:
    """The names that a body gives to what a call makes; "" for one that is no plain name."""
    for node in statements(body):
        if isinstance(node, s.Assign) and node.value is not None and any(n is call for n in walk(node.value)):
            yield from (target.id if isinstance(target, s.Name) else "" for target in node.targets)


def _given(call: s.Call) -> tuple[s.Expression, ...]:
    return (*call.arguments, *(value for _, value in call.keywords))


def _is_managed(body: s.Block, call: s.Call) -> bool:
    return any(
        inner is call
        for node in statements(body)
        if isinstance(node, s.With)
        for expression in expressions(node)
        for inner in walk(expression)
    )


def _is_file(url: Value) -> bool:
    first = url.parts[0] if isinstance(url, Text) and url.parts else url
    return any(
        text(option) is not None and str(text(option)).startswith(_IN_FILES) for option in options(first)
    )
