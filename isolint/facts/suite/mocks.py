"""Where a mock of a whole service is in force, so that nothing real is created."""

from __future__ import annotations

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.effects import Effects
from isolint.facts.running.events import Event
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.suite.wrapping import runs_inside


class Mocks:
    """Looks for mocks of services around functions: decorators, fixtures, set-up."""

    def __init__(self, effects: Effects, fixtures: Fixtures) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator
        self.fixtures = fixtures
        self._mocked: dict[int, bool] = {}

    def is_mocked(self, event: Event, *places: tuple[Module, s.Function]) -> bool:
        """Whether a mock of the whole service is in force where an event happens, or in one of these functions."""
        function = event.frame.function
        if isinstance(function, s.Function):
            places = (*places, (event.frame.module, function))
        return any(self._is_mocked_in(module, function) for module, function in places)

    def covers(self, module: Module, function: s.Function) -> bool:
        """Whether anything is mocked where a function runs."""
        return self._is_mocked_in(module, function)

    def _is_mocked_in(self, module: Module, function: s.Function) -> bool:
        if id(function) not in self._mocked:
            self._mocked[id(function)] = self._mocks(module, function)
        return self._mocked[id(function)]

    def _mocks(self, module: Module, function: s.Function) -> bool:
        owner = module.methods.get(id(function))
        decorators = [*function.decorators, *(owner.decorators if owner is not None else ())]
        if any(self._isolates(d, module) for d in decorators):
            return True
        closure = self.fixtures.closure(module, function, owner)
        runs = [self.effects.of(f.module, f.function) for f in closure]
        runs += [
            self.effects.of(m, f) for m, f in ((module, function), *self.fixtures.set_ups(module, owner))
        ]
        if any(self._is_isolation(name) for r in runs for e in r.events for name in e.names):
            return True
        return any(self._isolates(d, f.module) for f in closure for d in f.function.decorators)

    def _isolates(self, decorator: s.Expression, module: Module) -> bool:
        return runs_inside(decorator, module, self.evaluator, self._is_isolation)

    def _is_isolation(self, name: str) -> bool:
        return any(
            entry.how in ("mock", "patch") for entry in self.effects.vocabulary.isolations.get(name, ())
        )
