"""The fixture closure of a whole file, for those who want to look at it."""

from __future__ import annotations

from collections.abc import Iterable

from isolint.closure import Closure, Part
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.suite.fixtures import Fixture, Fixtures, is_parametrized, requested
from isolint.facts.suite.spread import Spread


class Closures:
    """Gathers what runs for the tests of a file."""

    def __init__(self, fixtures: Fixtures, spread: Spread) -> None:
        self.fixtures = fixtures
        self.spread = spread

    def of(self, module: Module) -> Closure:
        """The tests of a module with their set-ups and fixtures, and the fixtures that it defines."""
        gathered = _Gathered(self.fixtures, module)
        for function, owner in self.fixtures.tests(module):
            gathered.add_test(function, owner)
        own = [f for f in self.fixtures.defined(module).values() if f.module is module]
        for fixture in own:
            gathered.fixture(fixture)
        if module not in self.spread.test_modules:
            gathered.add_files((f, self.spread.reach(f)) for f in own if f.autouse)
        return Closure(module.path, tuple(gathered.parts))


class _Gathered:
    """The parts of one closure so far, each once."""

    def __init__(self, fixtures: Fixtures, module: Module) -> None:
        self.fixtures = fixtures
        self.module = module
        self.parts: list[Part] = []
        self._known: dict[int, int] = {}

    def add_test(self, function: s.Function, owner: s.Class | None) -> None:
        """A test, with all that pytest runs for it."""
        set_ups = [self._set_up(module, node) for module, node in self.fixtures.set_ups(self.module, owner)]
        asked = [n for n in requested(function, owner is not None) if not is_parametrized(function, n)]
        names = [*self.fixtures.marked(self.module, function, owner), *asked]
        found = [self.fixtures.find(name, self.module, owner) for name in names]
        behind = [*self.fixtures.autouse(self.module, owner), *(f for f in found if f is not None)]
        needs = [*set_ups, *map(self.fixture, behind)]
        self._add(Part("test", function.qualname, self.module.path, _lines(function), needs=_once(needs)))

    def add_files(self, reached: Iterable[tuple[Fixture, int]]) -> None:
        """The test files around whose tests a conftest's autouse fixtures run, by how many they are."""
        by_count: dict[int, list[int]] = {}
        for fixture, count in reached:
            by_count.setdefault(count, []).append(self.fixture(fixture))
        for count, needs in sorted(by_count.items()):
            if count:
                name = f"{count} test file{'s' if count > 1 else ''}"
                self._add(Part("files", name, "", (0, 0), needs=_once(needs)))

    def fixture(self, fixture: Fixture) -> int:
        """The place of a fixture among the parts, those it needs being there too."""
        key = id(fixture.function)
        if key not in self._known:
            part = Part(
                "fixture",
                fixture.name,
                fixture.module.path,
                _lines(fixture.function),
                fixture.scope,
                fixture.autouse,
            )
            place = self._known[key] = self._add(part)
            needs = _once([self.fixture(each) for each in self._needs(fixture)])
            self.parts[place] = Part(
                part.kind, part.name, part.path, part.lines, part.scope, part.autouse, needs
            )
        return self._known[key]

    def _needs(self, fixture: Fixture) -> list[Fixture]:
        names = [*fixture.requests, *self.fixtures.marked(fixture.module, fixture.function, None)]
        found = (self.fixtures.find(n, fixture.module, fixture.owner, besides=fixture) for n in names)
        return [each for each in found if each is not None]

    def _set_up(self, module: Module, function: s.Function) -> int:
        key = id(function)
        if key not in self._known:
            self._known[key] = self._add(Part("set-up", function.qualname, module.path, _lines(function)))
        return self._known[key]

    def _add(self, part: Part) -> int:
        self.parts.append(part)
        return len(self.parts) - 1


def _once(places: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(places))


def _lines(function: s.Function) -> tuple[int, int]:
    return function.header[0], function.at[2]
