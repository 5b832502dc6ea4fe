"""Which other test reads what one has left changed? The second half of a pair whose order matters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from isolint.facts.meaning.values import FunctionValue, Hop, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.state.places import ENVIRONMENT, ITEM, STATE, Place
from isolint.facts.state.uses import Uses
from isolint.facts.state.writes import Write
from isolint.facts.suite.fixtures import Fixtures

MOST_MODULES = 200
_GETS = frozenset({"getenv", "get", "__getitem__"})
_WHERE_WE_ARE = frozenset({"getcwd", "getcwdb", "cwd", "abspath", "absolute", "resolve"})
_OPENS = frozenset({"open", "Path", "listdir", "exists", "isfile", "isdir"})


class Readers:
    """Looks for a test that reads a place, in the module of the one that writes it, then in the others."""

    def __init__(self, uses: Uses, fixtures: Fixtures) -> None:
        self.uses = uses
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.project = fixtures.project

    def of(self, write: Write, module: Module, writer: s.Function) -> tuple[Hop, ...]:
        """Where the first such test is defined; nothing if none can be seen."""
        for other, function in self._others(write, module, writer):
            if self._reads(write.place, other, function) and not self._sets(write.place, other, function):
                return (Hop(other.path, function.name_at, f"{function.name} reads it"),)
        return ()

    def _others(
        self, write: Write, module: Module, writer: s.Function
    ) -> Iterator[tuple[Module, s.Function]]:
        for function, _ in self.fixtures.tests(module):
            if function is not writer:
                yield module, function
        if write.place.kind == ENVIRONMENT:
            paths = (path for path in sorted(self.project.files) if self.project.is_test(path))
            for path in islice(paths, MOST_MODULES):
                other = self.project.module(path)
                if other is not None and other is not module:
                    yield from ((other, function) for function, _ in self.fixtures.tests(other))

    def _sets(self, place: Place, module: Module, function: s.Function) -> bool:
        """Whether a test gives the place a value of its own first."""
        activity = self.uses.mutations.of(module, function)
        own = [w.place for w in activity.writes if w.how in ("set", "reset")]
        return any(found.covers(place) for found in (*own, *activity.restored))

    def _reads(self, place: Place, module: Module, function: s.Function) -> bool:
        match place.kind:
            case "environment":
                return bool(place.parts) and self._reads_variable(place.parts[0], module, function)
            case "modules":
                return bool(place.parts) and _imports(place.parts[0], function)
            case "folder":
                return any(_is_relative(call) for call in calls_in(function.body))
            case "state" | "library":
                return self.uses.meets(module, function, place) or self._calls_user(place, module, function)
        return False

    def _reads_variable(self, name: str, module: Module, function: s.Function) -> bool:
        for node in every_expression(function.body):
            match node:
                case s.Subscript(value=s.Attribute(name="environ"), index=s.Constant(value=key)) if (
                    key == name
                ):
                    return True
                case s.Call(arguments=(s.Constant(value=key), *_)) if (
                    key == name and last_name(node) in _GETS
                ):
                    return True
        return any(_mentions(callee.function, name) for callee in self._called(module, function))

    def _calls_user(self, place: Place, module: Module, function: s.Function) -> bool:
        """Whether a test calls a function of the written module that uses what was replaced there."""
        names = [part for part in place.parts[1:] if part != ITEM]
        if place.kind != STATE or len(names) != 1:
            return False
        for callee in self._called(module, function):
            if callee.module.path == place.parts[0] and isinstance(callee.function, s.Function):
                nodes = every_expression(callee.function.body)
                if any(isinstance(node, s.Name) and node.id == names[0] for node in nodes):
                    return True
        return False

    def _called(self, module: Module, function: s.Function) -> Iterator[FunctionValue]:
        """The functions of the project that a test calls."""
        frame = self.evaluator.function_frame(module, function)
        for call in calls_in(function.body):
            for option in options(self.evaluator.evaluate(call.function, frame)):
                if isinstance(option, FunctionValue):
                    yield option


def _mentions(function: s.Function | s.Lambda, name: str) -> bool:
    if not isinstance(function, s.Function):
        return False
    return any(isinstance(n, s.Constant) and n.value == name for n in every_expression(function.body))


def _imports(name: str, function: s.Function) -> bool:
    found = (node for node in statements(function.body) if isinstance(node, s.Import))
    return any(node.module == name or any(entry.name == name for entry in node.names) for node in found)


def _is_relative(call: s.Call) -> bool:
    """Whether a call depends on the working directory."""
    if last_name(call) in _WHERE_WE_ARE:
        return True
    match call.arguments:
        case (s.Constant(value=str(path)), *_) if last_name(call) in _OPENS:
            return bool(path) and not path.startswith(("/", "~"))
    return False
