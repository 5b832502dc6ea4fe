"""All that is known of a project, in one place for the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from isolint.facts import instances
from isolint.facts import syntax as s
from isolint.facts.config import PytestConfig
from isolint.facts.destruction import Destruction, Destructions
from isolint.facts.effects import Effects
from isolint.facts.evaluate import Evaluator
from isolint.facts.fixtures import Fixture, Fixtures
from isolint.facts.project import Module, Project
from isolint.facts.replacements import Replacements
from isolint.facts.sites import Import, SetUp, Sites, attribute_uses
from isolint.facts.targets import Level, Target, is_product, judge
from isolint.facts.values import ClassValue, Frame, Handle, Hop, ModuleValue, Trail, Value, options
from isolint.finding import Span

SESSION_KINDS = frozenset({"engine", "connection", "session", "session factory", "extension"})


class Knowledge:
    """The linked project with its analyses. `test_files` are the files that pytest collects tests from."""

    def __init__(
        self,
        project: Project,
        config: PytestConfig,
        test_files: frozenset[str],
        span: Callable[[str, s.Position], Span],
    ) -> None:
        self.project = project
        self.config = config
        self.test_files = test_files
        self.span = span
        self.evaluator = Evaluator(project)
        self.fixtures = Fixtures(self.evaluator)
        self.effects = Effects(self.evaluator)
        self.replacements = Replacements(self.evaluator, self.fixtures, config)
        self.destructions = Destructions(self.effects, self.replacements)
        self._sites: dict[str, Sites] = {}

    def sites(self, module: Module) -> Sites:
        """The sites of a module."""
        if module.path not in self._sites:
            self._sites[module.path] = Sites(module, self.fixtures)
        return self._sites[module.path]

    def target(self, handle: Handle, path: str) -> Target:
        """Where a handle leads in the tests of a file."""
        return judge(handle, self.replacements.pins(path), product=is_product(handle))

    def store(self, value: Value, path: str) -> Target | None:
        """Where a value leads in the tests of a file; None when it is no handle."""
        found = [self.target(option, path) for option in options(value) if isinstance(option, Handle)]
        return min(found, key=lambda target: target.level) if found else None

    def imported_handles(self, site: Import) -> Iterator[tuple[s.Position, str, Handle]]:
        """The application's handles that an import brings into a test module: the place, the name, the handle.

        For `import app.db` these are the first uses of its handles, `app.db.engine`.
        """
        value = self.evaluator.binding(site.binding, self._frame(site))
        if isinstance(value, Handle) and self._is_own(value):
            yield site.at, site.binding.name, value
        if isinstance(value, ModuleValue):
            yield from self._through_module(site, value)

    def _frame(self, site: Import) -> Frame:
        if site.function is None:
            return self.evaluator.module_frame(site.module)
        return self.evaluator.function_frame(site.module, site.function)

    def _through_module(self, site: Import, value: ModuleValue) -> Iterator[tuple[s.Position, str, Handle]]:
        prefix = site.binding.name
        entry = site.binding.imported
        if entry is not None and not entry.alias and "." in entry.name:
            prefix = entry.name
        seen: set[str] = set()
        body = None if site.function is None else site.function.body
        for use in attribute_uses(site.module, prefix, body):
            if use.name not in seen:
                seen.add(use.name)
                found = self.evaluator.evaluate(use, self._frame(site))
                if isinstance(found, Handle) and self._is_own(found):
                    yield use.at, f"{prefix}.{use.name}", found

    def _is_own(self, handle: Handle) -> bool:
        return handle.kind in SESSION_KINDS and is_product(handle) and handle.function is None

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
    def test_modules(self) -> tuple[Module, ...]:
        """The modules that pytest collects tests from."""
        modules = (self.project.module(path) for path in sorted(self.test_files))
        return tuple(module for module in modules if module is not None)

    def destruction_by_fixture(self, fixture: Fixture) -> Destruction | None:
        """What a fixture, with those it requests, destroys of the application's."""
        fixtures = reversed(self.fixtures.transitive([fixture]))
        runs = [self.effects.of(f.module, f.function) for f in fixtures]
        return self.destructions.first(runs, fixture.module.path)

    def destruction_by_function(self, module: Module, function: s.Function) -> Destruction | None:
        """What a function that runs without being asked for destroys of the application's."""
        return self.destructions.first([self.effects.of(module, function)], module.path)

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

    def subclasses(self, module: Module, owner: s.Class) -> frozenset[str]:
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
