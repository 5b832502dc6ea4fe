"""What keeps a test's or fixture's writes from outliving it, as the libraries offer it."""

from __future__ import annotations

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import dotted
from isolint.facts.running.effects import Effects
from isolint.facts.running.events import Run
from isolint.facts.suite.fixtures import Fixture, Fixtures
from isolint.facts.suite.wrapping import runs_inside


class Isolation:
    """Knows marks, base classes, fixtures, decorators and calls that roll back, mock or replace a store."""

    def __init__(self, effects: Effects, fixtures: Fixtures) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator
        self.vocabulary = effects.vocabulary
        self.fixtures = fixtures
        self._classes: dict[int, bool] = {}

    def holds(
        self,
        module: Module,
        function: s.Function,
        owner: s.Class | None,
        closure: tuple[Fixture, ...],
        run: Run,
    ) -> bool:
        """Whether a test, fixture or set-up runs in a library's isolation."""
        if owner is not None and self.is_isolating(module, owner):
            return True
        functions = [(module, function), *((f.module, f.function) for f in closure)]
        if any(self._marked(m, f, owner if f is function else None) for m, f in functions):
            return True
        requested = {(m.path, p.name): m for m, f in functions for p in f.parameters}
        if any(self._provides(name, m) for (_, name), m in requested.items()):
            return True
        runs = [run, *(self.effects.of(f.module, f.function) for f in closure)]
        return any(self._is_mock(name) for r in runs for event in r.events for name in event.names)

    def _provides(self, name: str, module: Module) -> bool:
        """Whether a fixture is a library's isolating one, not one of that name of the project's own.

        One that only hands out the means to replace something (`mocker`, `monkeypatch`) is none.
        """
        entry = self.vocabulary.isolating_fixtures.get(name)
        return entry is not None and entry.how != "patch" and self.fixtures.find(name, module) is None

    def is_isolating(self, module: Module, owner: s.Class) -> bool:
        """Whether a test class gets its isolation from a library's class."""
        known = self._classes.get(id(owner))
        if known is None:
            value = ClassValue(module, owner, self.evaluator.module_frame(module))
            external = instances.lineage(self.evaluator, value)[1] if owner.bases else ()
            known = any(name in self.vocabulary.isolating_bases for name in external)
            self._classes[id(owner)] = known
        return known

    def _marked(self, module: Module, function: s.Function, owner: s.Class | None) -> bool:
        marks = [*function.decorators, *(owner.decorators if owner is not None else ())]
        for binding in module.names.bindings.get("pytestmark", ()):
            value = binding.value
            marks += value.items if isinstance(value, s.Sequence) else [value] if value is not None else []
        return any(self._isolates(mark, module) for mark in marks)

    def _isolates(self, mark: s.Expression, module: Module) -> bool:
        target = mark.function if isinstance(mark, s.Call) else mark
        name = (dotted(target) or "").rpartition(".")[2]
        if name in self.vocabulary.isolating_marks:
            return True
        return runs_inside(mark, module, self.evaluator, self._is_mock)

    def _is_mock(self, name: str) -> bool:
        entries = self.vocabulary.isolations.get(name, ())
        return any(entry.how in ("mock", "memory", "test database") for entry in entries)
