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
from isolint.facts.events import Event, Run
from isolint.facts.fixtures import MODULE_TEAR_DOWN, TEAR_DOWN, Fixture, Fixtures
from isolint.facts.identifiers import Identifiers, Splice
from isolint.facts.leaks import Leaks
from isolint.facts.lifecycle import NAMED_STORES, Creation, Lifecycle, is_unique, line_in, literal_name
from isolint.facts.mutations import Mutations
from isolint.facts.origins import Origins
from isolint.facts.project import Module, Project
from isolint.facts.replacements import Replacements
from isolint.facts.sites import FixtureSite, Import, SelfTest, SetUp, Sites, attribute_uses
from isolint.facts.targets import Target, is_product, judge, tokens
from isolint.facts.values import ClassValue, Frame, Handle, Hop, ModuleValue, Reference, Trail
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
        holes: Callable[[str, s.Position], tuple[s.Position, ...]],
    ) -> None:
        self.project = project
        self.config = config
        self.test_files = test_files
        self.span = span
        self.holes = holes
        self.evaluator = Evaluator(project)
        self.fixtures = Fixtures(self.evaluator)
        self.effects = Effects(self.evaluator)
        self.replacements = Replacements(self.evaluator, self.fixtures, config)
        self.lifecycle = Lifecycle(self.effects)
        self.identifiers = Identifiers(self.effects)
        self.destructions = Destructions(self.effects, self.replacements)
        self.leaks = Leaks(self.fixtures, Mutations(Origins(self.fixtures), self.effects.relevance))
        self._guarded: dict[str, bool] = {}
        self._sites: dict[str, Sites] = {}

    def sites(self, module: Module) -> Sites:
        """The sites of a module."""
        if module.path not in self._sites:
            self._sites[module.path] = Sites(module, self.fixtures)
        return self._sites[module.path]

    def target(self, handle: Handle, path: str) -> Target:
        """Where a handle leads in the tests of a file."""
        return judge(handle, self.replacements.pins(path), product=is_product(handle))

    def imported_handles(self, site: Import) -> Iterator[tuple[s.Position, str, Handle]]:
        """The application's handles that an import brings into a test module: the place, the name, the handle.

        For `import app.db` these are the first uses of its handles, `app.db.engine`.
        """
        value = self.evaluator.binding(site.binding, self._frame(site))
        source = self._source(site)
        if isinstance(value, Handle) and self._is_own(value) and not (source is not None and source.is_test):
            yield site.at, site.binding.name, value
        if isinstance(value, ModuleValue):
            yield from self._through_module(site, value)

    def _source(self, site: Import) -> Module | None:
        if site.binding.imported is None:
            return None
        return self.project.import_target(site.module, site.binding).module

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
        uses = self.sites(site.module).uses(prefix) if body is None else attribute_uses([body], prefix)
        for use in uses:
            if use.name not in seen:
                seen.add(use.name)
                found = self.evaluator.evaluate(use, self._frame(site))
                if isinstance(found, Handle) and self._is_own(found) and not _is_lazy(value.module, use.name):
                    yield use.at, f"{prefix}.{use.name}", found

    def _is_own(self, handle: Handle) -> bool:
        return handle.kind in SESSION_KINDS and is_product(handle)

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

    def is_guarded(self, path: str) -> bool:
        """Whether an autouse fixture around the tests of a file refuses to run them on anything but a test's store."""
        if path not in self._guarded:
            module = self.project.module(path)
            fixtures = [] if module is None else self.fixtures.autouse(module)
            self._guarded[path] = any(self.effects.of(f.module, f.function).guarded for f in fixtures)
        return self._guarded[path]

    def destruction_by_import(self, module: Module) -> Destruction | None:
        """What importing a module destroys of the application's."""
        return self.destructions.first([self.effects.of_block(module, module.facts.body)], module.path)

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

    # -- created, named and spliced

    def _runs(self, module: Module) -> Iterator[Run]:
        """The runs of all functions of a module, as far as they are its own, and of its self-tests."""
        if module.is_test:
            yield from (self.effects.near(module, function) for function in module.functions)
        for site in self.sites(module).self_tests:
            yield self.effects.of_block(module, site.node.body)

    def splices(self, module: Module) -> Iterator[Splice]:
        """The unquoted identifiers in the statements that the code of a module executes itself."""
        seen: set[s.Position] = set()
        for run in self._runs(module):
            for event in run.events:
                if event.path == module.path and not event.chain:
                    for splice in self.identifiers.spliced(event):
                        if splice.frame.module is module and splice.at not in seen:
                            seen.add(splice.at)
                            yield splice

    def fixed_names(self, module: Module) -> Iterator[tuple[s.Position, str, str, Trail]]:
        """The stores that code of a module creates under a name spelled out in the module."""
        seen: set[s.Position] = set()
        for run in self._runs(module):
            for event in run.events:
                for creation in self.lifecycle.creations(event):
                    found = self._fixed_name(creation, module)
                    if found is not None and found[0] not in seen:
                        seen.add(found[0])
                        yield found

    def _fixed_name(self, creation: Creation, module: Module) -> tuple[s.Position, str, str, Trail] | None:
        name = literal_name(creation)
        if name is None or creation.resource not in NAMED_STORES or not creation.shared:
            return None
        if not self.lifecycle.outlives(creation) or self.is_mocked(creation.event):
            return None
        spelled = self.lifecycle.spelled(creation)
        if spelled is None or spelled[1] != module.path:
            return None
        return spelled[0], creation.resource, name, spelled[2]

    def left_behind(self, site: FixtureSite | SetUp | SelfTest) -> Iterator[tuple[s.Position, str, Trail]]:
        """What a fixture, set-up or self-test creates and nothing removes: the place, the thing, the way there."""
        run = self._run_of(site)
        session = isinstance(site, FixtureSite) and site.fixture.scope == "session"
        endings: list[Event] | None = None
        seen: set[s.Position] = set()
        for event in run.events:
            if event.phase != "set up":
                continue
            for creation in self.lifecycle.creations(event):
                if not self.lifecycle.outlives(creation) or self.is_mocked(event):
                    continue
                if session and creation.resource in ("container", "containers"):
                    continue
                if endings is None:
                    endings = [*run.events, *self._endings(site)]
                hop = line_in(creation, site.module.path)
                if hop is None or hop.at in seen or self.lifecycle.undone(creation, endings):
                    continue
                if event.tolerant and not is_unique(creation):
                    continue
                seen.add(hop.at)
                yield hop.at, creation.resource, (*event.chain, event.hop)

    def _run_of(self, site: FixtureSite | SetUp | SelfTest) -> Run:
        if isinstance(site, SelfTest):
            return self.effects.of_block(site.module, site.node.body)
        return self.effects.of(site.module, site.function)

    def _endings(self, site: FixtureSite | SetUp | SelfTest) -> list[Event]:
        """What runs after the tests besides the site's own tear-down: other fixtures', the class's, the hooks'."""
        found: list[Event] = []
        if isinstance(site, SelfTest):
            return found
        own = self.fixtures.transitive([site.fixture]) if isinstance(site, FixtureSite) else ()
        for module in self.fixtures.chain(site.module.path):
            for fixture in self.fixtures.defined(module).values():
                if not (fixture.autouse or fixture in own or _cleans_up_after(fixture, own)):
                    continue
                run = self.effects.of(fixture.module, fixture.function)
                found += [event for event in run.events if event.phase != "set up"]
            for function in module.functions:
                if function.name in MODULE_TEAR_DOWN or function.name in (
                    "pytest_sessionfinish",
                    "pytest_unconfigure",
                ):
                    found += self.effects.of(module, function).events
        owner = site.module.methods.get(id(site.function))
        if owner is not None:
            found += self._class_endings(site.module, owner)
        return found

    def _class_endings(self, module: Module, owner: s.Class) -> Iterator[Event]:
        value = ClassValue(module, owner, self.evaluator.module_frame(module))
        for cls in instances.lineage(self.evaluator, value)[0]:
            for node in cls.node.body:
                if isinstance(node, s.Function) and node.name in TEAR_DOWN:
                    yield from self.effects.of(cls.module, node).events

    def is_mocked(self, event: Event) -> bool:
        """Whether a mock of the whole service is in force where an event happens."""
        function = event.frame.function
        module = event.frame.module
        if not isinstance(function, s.Function):
            return False
        owner = module.methods.get(id(function))
        decorators = [*function.decorators, *(owner.decorators if owner is not None else ())]
        if any(self._isolates(d, module) for d in decorators):
            return True
        run = self.effects.of(module, function)
        closure = self.fixtures.closure(module, function, owner)
        runs = [run, *(self.effects.of(f.module, f.function) for f in closure)]
        if any(self._is_isolation(name) for r in runs for e in r.events for name in e.names):
            return True
        return any(self._isolates(d, f.module) for f in closure for d in f.function.decorators)

    def _isolates(self, decorator: s.Expression, module: Module) -> bool:
        target = decorator.function if isinstance(decorator, s.Call) else decorator
        value = self.evaluator.evaluate(target, self.evaluator.module_frame(module))
        return isinstance(value, Reference) and self._is_isolation(value.name)

    def _is_isolation(self, name: str) -> bool:
        return any(entry.how == "mock" for entry in self.project.vocabulary.isolations.get(name, ()))

    def files_below(self, path: str) -> int:
        """How many test files lie in the folder of a conftest (for any other file: 1)."""
        folder, _, name = path.rpartition("/")
        if name != "conftest.py":
            return 1
        return sum(1 for test in self.test_files if not folder or test.startswith(f"{folder}/"))


def _cleans_up_after(fixture: Fixture, own: tuple[Fixture, ...]) -> bool:
    """Whether a fixture builds on one of these, or is a clean-up by its name."""
    if not tokens(fixture.name).isdisjoint(("clean", "cleanup", "teardown", "drop", "reset")):
        return True
    return bool(own) and own[0].name in fixture.requests


def _is_lazy(module: Module, name: str) -> bool:
    """Whether a module's name is None until some function fills it: reading it makes no handle."""
    values = [binding.value for binding in module.names.bindings.get(name, ())]
    return bool(values) and all(isinstance(value, s.Constant) and value.value is None for value in values)
