"""How far code that runs around tests reaches: fixtures, marks, base classes, conftests."""

from __future__ import annotations

from functools import cached_property

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import ClassValue, Hop, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.suite.fixtures import Fixture, Fixtures


class Spread:
    """Counts the test files that something is in force in. `test_files` are those that pytest collects from."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures, test_files: frozenset[str]) -> None:
        self.evaluator = evaluator
        self.project = evaluator.project
        self.fixtures = fixtures
        self.test_files = test_files

    @cached_property
    def test_modules(self) -> tuple[Module, ...]:
        """The modules that pytest collects tests from."""
        modules = (self.project.module(path) for path in sorted(self.test_files))
        return tuple(module for module in modules if module is not None)

    def reach(self, fixture: Fixture) -> int:
        """How many test files a fixture is in force in, if it runs for every test that sees it."""
        return sum(1 for path in self.test_files if self._sees(path, fixture))

    def _sees(self, path: str, fixture: Fixture) -> bool:
        module = self.project.module(path)
        if module is None:
            return False
        found = self.fixtures.find(fixture.name, module)
        return found is not None and found.function is fixture.function

    def is_overridden(self, fixture: Fixture) -> bool:
        """Whether no test file sees a fixture, though there are some."""
        return bool(self.test_files) and fixture.owner is None and self.reach(fixture) == 0

    @cached_property
    def _marks(self) -> dict[str, tuple[tuple[Module, Hop], ...]]:
        """Fixture name -> the test modules whose `pytestmark` names it, with the place."""
        found: dict[str, list[tuple[Module, Hop]]] = {}
        for module in self.test_modules:
            for binding in module.names.bindings.get("pytestmark", ()):
                for name in self.fixtures.named_by_mark(module, binding):
                    hop = Hop(module.path, binding.node.at, f"usefixtures({name!r})")
                    found.setdefault(name, []).append((module, hop))
        return {name: tuple(places) for name, places in found.items()}

    def marked_by(self, fixture: Fixture) -> Trail:
        """Where modules put a fixture around all their tests."""
        places = self._marks.get(fixture.name, ())
        return tuple(hop for module, hop in places if self._sees(module.path, fixture))

    def subclasses(self, owner: s.Class) -> frozenset[str]:
        """The test files with classes that inherit from a class of a test module."""
        own = id(owner)
        return frozenset(path for ancestors, path in self._lineages if own in ancestors)

    @cached_property
    def _lineages(self) -> tuple[tuple[frozenset[int], str], ...]:
        """For each class of a test file: its first-party ancestors, and the file."""
        found = []
        for module in self.test_modules:
            frame = self.evaluator.module_frame(module)
            for node in module.classes:
                if node.bases:
                    classes = instances.lineage(self.evaluator, ClassValue(module, node, frame))[0]
                    found.append((frozenset(id(c.node) for c in classes[1:]), module.path))
        return tuple(found)

    def files_below(self, path: str) -> int:
        """How many test files lie in the folder of a conftest (for any other file: 1)."""
        folder, _, name = path.rpartition("/")
        if name != "conftest.py":
            return 1
        return sum(1 for test in self.test_files if not folder or test.startswith(f"{folder}/"))
