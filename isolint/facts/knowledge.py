"""All that is known of a project, in one place for the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from isolint.facts import handles, instances
from isolint.facts import syntax as s
from isolint.facts.applications import Applications
from isolint.facts.callers import Callers
from isolint.facts.clients import Clients, OpenClient
from isolint.facts.config import PytestConfig
from isolint.facts.configuration import Configuration, Document
from isolint.facts.dependencies import Overrides
from isolint.facts.destruction import Destruction, Destructions
from isolint.facts.developer import DeveloperEnvironment
from isolint.facts.django import Django
from isolint.facts.effects import Effects
from isolint.facts.endings import Endings
from isolint.facts.erasure import Erasures
from isolint.facts.evaluate import Evaluator
from isolint.facts.events import Event, Run
from isolint.facts.fallbacks import Fallbacks
from isolint.facts.fixedsettings import FixedSettings
from isolint.facts.fixtures import Fixture, Fixtures
from isolint.facts.foreignkeys import ForeignKeys
from isolint.facts.guarantees import Guarantees, Unguaranteed
from isolint.facts.harms import Harms
from isolint.facts.identifiers import Identifiers, Splice
from isolint.facts.lateness import Lateness
from isolint.facts.lifecycle import NAMED_STORES, Creation, Lifecycle, is_unique, line_in, literal_name
from isolint.facts.managers import Bare, bare_yields
from isolint.facts.mocks import Mocks
from isolint.facts.openings import Openings
from isolint.facts.pipelines import Pipelines
from isolint.facts.project import Module, Project
from isolint.facts.protection import Protection
from isolint.facts.reach import Reach
from isolint.facts.remote import Elsewhere
from isolint.facts.replacements import Replacements
from isolint.facts.scopes import expressions, statements, walk
from isolint.facts.singletons import Singletons
from isolint.facts.sites import (
    DocumentSites,
    FixtureSite,
    Import,
    SelfTest,
    SetUp,
    Sites,
    Test,
    attribute_uses,
)
from isolint.facts.stages import Stages
from isolint.facts.starts import Starts
from isolint.facts.targets import Target, is_product, judge
from isolint.facts.usage import Usage
from isolint.facts.values import ClassValue, Frame, Handle, Hop, ModuleValue, Trail
from isolint.facts.wiring import Wiring
from isolint.finding import Span

MakingSite = FixtureSite | SetUp | SelfTest | Test
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
        configuration: Configuration,
    ) -> None:
        self.project = project
        self.configuration = configuration
        self.pipelines = Pipelines(configuration)
        self.config = config
        self.test_files = test_files
        self.span = span
        self.holes = holes
        self.evaluator = Evaluator(project)
        self.fixtures = Fixtures(self.evaluator)
        self.effects = Effects(self.evaluator)
        self.replacements = Replacements(self.evaluator, self.fixtures, config)
        self.stages = Stages(configuration, config, project)
        self.django = Django(configuration, config, self.evaluator, self.fixtures)
        self.developer = DeveloperEnvironment(configuration, config, self.evaluator, self.replacements)
        self.lifecycle = Lifecycle(self.effects)
        self.mocks = Mocks(self.effects, self.fixtures)
        self.endings = Endings(self.effects, self.fixtures)
        self.starts = Starts(self.effects, self.fixtures, lambda: self.callers)
        self.replaced = Overrides(self.evaluator, self.fixtures, lambda: self.callers)
        self.identifiers = Identifiers(self.effects)
        self.wiring = Wiring(self.fixtures, self.replacements, config)
        self.lateness = Lateness(self.fixtures, self.replacements, test_files)
        self.fixed_settings = FixedSettings(self.fixtures, self.lateness)
        self.destructions = Destructions(self.effects, self.replacements, self.wiring)
        self.protection = Protection(self.effects, self.fixtures)
        self.fallbacks = Fallbacks(self.evaluator, self.replacements, self.protection)
        self.clients = Clients(Applications(self.evaluator), self.fixtures, self.replacements)
        reach = Reach(project, test_files)
        self.harms = Harms(
            self.effects,
            self.fixtures,
            self.destructions,
            reach,
            self.module_sites,
            self.protection,
            self._is_told,
        )
        self.erasures = Erasures(self.evaluator, self.fixtures, self.replacements, reach)
        self.singletons = Singletons(self.evaluator, self.fixtures, self.replacements)
        self.guarantees = Guarantees(
            self.lifecycle, self.starts, self.replaced, self.endings, self.mocks.is_mocked
        )
        self.foreign_keys = ForeignKeys(self.evaluator)
        self._sites: dict[str, Sites] = {}

    def sites(self, module: Module | Document) -> Sites | DocumentSites:
        """The sites of a module or configuration file."""
        if isinstance(module, Document):
            return DocumentSites(module)
        return self.module_sites(module)

    def module_sites(self, module: Module) -> Sites:
        """The sites of a module."""
        if module.path not in self._sites:
            self._sites[module.path] = Sites(module, self.fixtures, self.django)
        return self._sites[module.path]

    def target(self, handle: Handle, path: str) -> Target:
        """Where a handle leads in the tests of a file."""
        return judge(handle, self.replacements.pins(path), product=is_product(handle))

    def imported_handles(
        self, site: Import, kinds: frozenset[str] = SESSION_KINDS
    ) -> Iterator[tuple[s.Position, str, Handle]]:
        """The application's handles of these kinds that an import brings into a test module: place, name, handle.

        For `import app.db` these are the first uses of its handles, `app.db.engine`.
        """
        value = handles.read(self.evaluator, self.evaluator.binding(site.binding, self._frame(site)))
        source = self._source(site)
        is_own = isinstance(value, Handle) and value.kind in kinds and is_product(value)
        if isinstance(value, Handle) and is_own and not (source is not None and source.is_test):
            yield site.at, site.binding.name, value
        if isinstance(value, ModuleValue):
            yield from (found for found in self._through_module(site, value) if found[2].kind in kinds)

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
        uses = self.module_sites(site.module).uses(prefix) if body is None else attribute_uses([body], prefix)
        for use in uses:
            if use.name not in seen:
                seen.add(use.name)
                found = handles.read(self.evaluator, self.evaluator.evaluate(use, self._frame(site)))
                if isinstance(found, Handle) and is_product(found) and not _is_lazy(value.module, use.name):
                    yield use.at, f"{prefix}.{use.name}", found

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
    def callers(self) -> Callers:
        """Who calls what in the tests and their support."""
        paths = (path for path in sorted(self.project.files) if self.project.is_test(path))
        modules = (self.project.module(path) for path in paths)
        return Callers(self.fixtures, tuple(module for module in modules if module is not None))

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
    def openings(self) -> Openings:
        """Where test code opens a store itself."""
        usage = Usage(self.effects, self.replacements, lambda: self._test_code, self.test_files)
        return Openings(self.effects, self.fixtures, self.replacements, self.protection, usage, self.harms)

    @cached_property
    def _test_code(self) -> tuple[Module, ...]:
        """Every test module, conftest and piece of test support."""
        paths = sorted(path for path in self.project.files if self.project.is_test(path))
        return tuple(m for m in map(self.project.module, paths) if m is not None)

    def _is_told(
        self, fixture: Fixture | None, module: Module, function: s.Function, owner: s.Class | None
    ) -> bool:
        """Whether what a fixture or set-up destroys is told of as running around every test."""
        if fixture is not None:
            return fixture.autouse or bool(self.marked_by(fixture))
        kinds = {id(site.function): site.kind for site in self.module_sites(module).set_ups}
        if id(function) not in kinds:
            return False
        return kinds[id(function)] != "method" or (owner is not None and bool(self.subclasses(owner)))

    def is_guarded(self, path: str) -> bool:
        """Whether something around the tests of a file refuses to run them on anything but a test's store."""
        return self.protection.guards_file(path)

    def open_clients(self, module: Module) -> Iterator[OpenClient]:
        """The clients a test module makes through which tests reach the application's own store."""
        if module.is_test and not self.is_guarded(module.path):
            yield from self.clients.open_ones(module, self.test_modules)

    def asked_elsewhere(self, module: Module) -> Iterator[Elsewhere]:
        """The requests of a module's self-tests to a server that does not see what they replace."""
        names = {
            inner.id
            for site in self.module_sites(module).self_tests
            for node in statements(site.node.body)
            for expression in expressions(node)
            for inner in walk(expression)
            if isinstance(inner, s.Name)
        }
        functions = tuple(f for f in module.functions if f.name in names)
        yield from self.clients.elsewhere(module, functions)

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
        for site in self.module_sites(module).self_tests:
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
        if not self.lifecycle.outlives(creation) or self._is_made_under_mock(creation.event):
            return None
        spelled = self.lifecycle.spelled(creation)
        if spelled is None or spelled[1] != module.path:
            return None
        return spelled[0], creation.resource, name, spelled[2]

    def _is_made_under_mock(self, event: Event) -> bool:
        """Whether a mock is in force where an event happens, or where tests come to the function it happens in."""
        if self.mocks.is_mocked(event):
            return True
        function = event.frame.function
        if not isinstance(function, s.Function):
            return False
        return self.mocks.is_mocked(event, *self.callers.of(event.frame.module, function))

    def left_behind(self, site: MakingSite) -> Iterator[tuple[s.Position, str, Trail]]:
        """What a fixture, set-up or test creates and nothing removes: the place, the thing, the way there."""
        run = self._run_of(site)
        session = isinstance(site, FixtureSite) and site.fixture.scope == "session"
        endings: list[Event] | None = None
        seen: set[s.Position] = set()
        for event in run.events:
            if event.phase != "set up":
                continue
            for creation in self.lifecycle.creations(event):
                if not self.lifecycle.outlives(creation) or self.mocks.is_mocked(event, *_function_of(site)):
                    continue
                if session and creation.resource in ("container", "containers"):
                    continue
                if not self._is_kept(creation, site):
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

    def _run_of(self, site: MakingSite) -> Run:
        if isinstance(site, SelfTest):
            return self.effects.of_block(site.module, site.node.body)
        if isinstance(site, Test):
            return self.effects.near(site.module, site.function)
        return self.effects.of(site.module, site.function)

    def _is_kept(self, creation: Creation, site: MakingSite) -> bool:
        """Whether what nothing removes is worth a word: of single tests' only whole stores, of others' /tmp, too."""
        if isinstance(site, Test):
            return creation.shared and creation.resource in NAMED_STORES
        if isinstance(site, SelfTest) or not creation.resource.startswith("temporary"):
            return True
        return self.starts.is_sure(site.module, site.function)

    def _endings(self, site: MakingSite) -> list[Event]:
        return [] if isinstance(site, SelfTest) else self.endings.of(site.module, site.function)

    def unguaranteed(self, module: Module) -> Iterator[Unguaranteed]:
        """The clean-ups of a module that a failure skips."""
        self_tests = tuple(site.node.body for site in self.module_sites(module).self_tests)
        return self.guarantees.missing(module, self_tests)

    def bare_yields(self, module: Module) -> tuple[Bare, ...]:
        """The yields of the tests' context managers behind which a failure skips the clean-up."""
        return tuple(bare_yields(self.callers, module)) if module.is_test else ()

    def files_below(self, path: str) -> int:
        """How many test files lie in the folder of a conftest (for any other file: 1)."""
        folder, _, name = path.rpartition("/")
        if name != "conftest.py":
            return 1
        return sum(1 for test in self.test_files if not folder or test.startswith(f"{folder}/"))


def _function_of(site: MakingSite) -> tuple[tuple[Module, s.Function], ...]:
    return () if isinstance(site, SelfTest) else ((site.module, site.function),)


def _is_lazy(module: Module, name: str) -> bool:
    """Whether a module's name is None until some function fills it: reading it makes no handle."""
    values = [binding.value for binding in module.names.bindings.get(name, ())]
    return bool(values) and all(isinstance(value, s.Constant) and value.value is None for value in values)
