"""What runs when a test is over: the other half of whatever its fixtures and set-up began."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.events import Event
from isolint.facts.running.runs import Runs
from isolint.facts.suite.fixtures import MODULE_TEAR_DOWN, TEAR_DOWN, Fixture, Fixtures
from isolint.facts.targets.lattice import tokens

_LAST_HOOKS = ("pytest_runtest_teardown", "pytest_sessionfinish", "pytest_unconfigure")
_CLEANING_WORDS = ("clean", "cleanup", "teardown", "drop", "reset")


class Endings:
    """Finds the tear-down of fixtures, classes, modules and hooks that a function's effects are left to."""

    def __init__(self, runs: Runs, fixtures: Fixtures) -> None:
        self.runs = runs
        self.evaluator = runs.evaluator
        self.fixtures = fixtures
        self._autouse: dict[str, tuple[Event, ...]] = {}

    def of(self, module: Module, function: s.Function) -> list[Event]:
        """What runs after a test, fixture or set-up besides its own tear-down."""
        found: list[Event] = []
        own = self._closure(module, function)
        for seen in self.fixtures.chain(module.path):
            for fixture in self.fixtures.defined(seen).values():
                if fixture.autouse or fixture in own or _cleans_up_after(fixture, own):
                    run = self.runs.of(fixture.module, fixture.function)
                    found += [event for event in run.events if event.phase != "set up"]
            for other in seen.functions:
                if other.name in MODULE_TEAR_DOWN or other.name in _LAST_HOOKS:
                    found += self.runs.of(seen, other).events
        owner = module.methods.get(id(function))
        if owner is not None:
            found += self._of_class(module, owner, own)
        return found

    def _closure(self, module: Module, function: s.Function) -> tuple[Fixture, ...]:
        """The fixtures that are in force with a function, itself first if it is one."""
        owner = module.methods.get(id(function))
        fixture = self.fixtures.fixture(module, function, owner)
        if fixture is not None:
            return self.fixtures.transitive([fixture])
        return self.fixtures.closure(module, function, owner) if function.name.startswith("test") else ()

    def _of_class(self, module: Module, owner: s.Class, own: tuple[Fixture, ...]) -> Iterator[Event]:
        value = ClassValue(module, owner, self.evaluator.module_frame(module))
        for cls in instances.lineage(self.evaluator, value)[0]:
            for node in cls.node.body:
                if isinstance(node, s.Function) and node.name in TEAR_DOWN:
                    yield from self.runs.of(cls.module, node).events
        for fixture in self.fixtures.in_class(module, owner).values():
            if fixture.autouse or fixture in own or _cleans_up_after(fixture, own):
                run = self.runs.of(fixture.module, fixture.function)
                yield from (event for event in run.events if event.phase != "set up")

    def before(self, module: Module, function: s.Function) -> list[Event]:
        """What the fixtures do that are in force with a function."""
        own = self._closure(module, function)
        return [event for f in own for event in self.runs.of(f.module, f.function).events]

    def around(self, module: Module) -> tuple[Event, ...]:
        """What the autouse fixtures around the tests of a module do, before as well as after them."""
        if module.path not in self._autouse:
            fixtures = self.fixtures.autouse(module)
            runs = [self.runs.of(fixture.module, fixture.function) for fixture in fixtures]
            self._autouse[module.path] = tuple(event for run in runs for event in run.events)
        return self._autouse[module.path]


def _cleans_up_after(fixture: Fixture, own: tuple[Fixture, ...]) -> bool:
    """Whether a fixture builds on the first of these, or is a clean-up by its name."""
    if not tokens(fixture.name).isdisjoint(_CLEANING_WORDS):
        return True
    return bool(own) and own[0].name in fixture.requests
