"""Mocks at a module's top level, whose calls are counted over all of its tests."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Handle, Hop, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.state.origins import Origins
from isolint.facts.state.places import STATE, Place
from isolint.facts.suite.fixtures import Fixtures
from isolint.late import dataclass

_COUNTS = frozenset({"assert_called_once", "assert_called_once_with", "assert_not_called", "call_count"})
_COUNTS_TOO = frozenset(
    {"assert_awaited_once", "assert_awaited_once_with", "assert_not_awaited", "await_count"}
)
_SEES = frozenset({"assert_called", "assert_called_with", "assert_any_call", "assert_has_calls", "called"})
_RESETS = frozenset({"reset_mock"})


@dataclass(frozen=True, slots=True, eq=False)
class CountedMock:
    """A test that counts the calls of a mock which another test has called, too."""

    at: s.Position
    mock: str
    trail: Trail


class Mocks:
    """Finds tests that count the calls of a module's mock, though another test of the module calls it."""

    def __init__(self, fixtures: Fixtures, origins: Origins) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.origins = origins

    def counted(self, module: Module) -> Iterator[CountedMock]:
        """The places where tests of a module count calls that are not all their own."""
        if not module.is_test or not any(self._is_mock(module, name) for name in module.names.bindings):
            return
        reset = [place for f in module.functions for _, place in self._uses(module, f, _RESETS)]
        seen: dict[Place, list[tuple[s.Function, s.Attribute]]] = {}
        for function, _ in self.fixtures.tests(module):
            for use, place in self._uses(module, function, _COUNTS | _COUNTS_TOO | _SEES):
                seen.setdefault(place, []).append((function, use))
        for place, uses in seen.items():
            if any(other.covers(place) for other in reset):
                continue
            for function, use in uses:
                others = [o for f, o in uses if f is not function and o.name != "assert_not_called"]
                if use.name in _COUNTS | _COUNTS_TOO and others:
                    hop = Hop(module.path, others[0].at, show(others[0]))
                    yield CountedMock(use.at, show(use.value), (hop,))

    def _is_mock(self, module: Module, name: str) -> bool:
        bindings = module.names.bindings[name]
        if not isinstance(bindings[-1].value, s.Call):
            return False
        values = options(self.evaluator.module_name(module, name))
        return any(isinstance(v, Handle) and v.type == "unittest.mock.Mock" for v in values)

    def _uses(
        self, module: Module, function: s.Function, names: frozenset[str]
    ) -> Iterator[tuple[s.Attribute, Place]]:
        frame = self.evaluator.function_frame(module, function)
        for node in statements(function.body):
            for expression in expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Attribute) and inner.name in names:
                        found = self.origins.of(inner.value, frame)
                        if found is not None and self._is_of_mock(found.place, module):
                            yield inner, found.place

    def _is_of_mock(self, place: Place, module: Module) -> bool:
        return (
            place.kind == STATE
            and place.parts[0] == module.path
            and len(place.parts) > 1
            and (place.parts[1] in module.names.bindings and self._is_mock(module, place.parts[1]))
        )
