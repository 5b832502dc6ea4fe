"""All that is known of a project, in one place for the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from isolint.facts.configuration.caches import Caches
from isolint.facts.configuration.developer import DeveloperEnvironment
from isolint.facts.configuration.django import Django
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.configuration.hosts import Hosts
from isolint.facts.configuration.inert import InertSettings
from isolint.facts.configuration.parallel import Parallel
from isolint.facts.configuration.passed import PassedVariables
from isolint.facts.configuration.pipelines import Pipelines
from isolint.facts.configuration.stages import Stages
from isolint.facts.configuration.testnames import TestNames
from isolint.facts.destruction.destroyed import Destruction, Destructions
from isolint.facts.destruction.erasure import Erasures
from isolint.facts.destruction.harms import Harms
from isolint.facts.lifetime.dependencies import Overrides
from isolint.facts.lifetime.derived import DerivedStores
from isolint.facts.lifetime.files import FixedFiles
from isolint.facts.lifetime.foreignkeys import ForeignKeys
from isolint.facts.lifetime.guarantees import Guarantees, Unguaranteed
from isolint.facts.lifetime.lifecycle import Lifecycle
from isolint.facts.lifetime.making import Making
from isolint.facts.lifetime.managers import Bare, bare_yields
from isolint.facts.lifetime.pools import Pools
from isolint.facts.lifetime.ports import Ports
from isolint.facts.lifetime.starts import Starts
from isolint.facts.lifetime.undoing import Undoing
from isolint.facts.lifetime.workers import WorkerBlindness
from isolint.facts.meaning import handles
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, Handle, ModuleValue
from isolint.facts.order.fixedsettings import FixedSettings
from isolint.facts.order.lateness import Lateness
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.rows.collisions import Collisions
from isolint.facts.rows.columns import UniqueColumns
from isolint.facts.rows.driven import Driven
from isolint.facts.rows.landings import Landings
from isolint.facts.rows.leftovers import Leftovers
from isolint.facts.rows.network import Network
from isolint.facts.rows.notes import Notes
from isolint.facts.rows.payloads import Payloads
from isolint.facts.rows.presumed import Presumptions
from isolint.facts.rows.tidying import Tidying
from isolint.facts.rows.transactions import Transactions
from isolint.facts.rows.written import Written
from isolint.facts.running.effects import Effects
from isolint.facts.sites import (
    DocumentSites,
    Import,
    Sites,
    attribute_uses,
)
from isolint.facts.sql.identifiers import Identifiers
from isolint.facts.state.existing import Attributes
from isolint.facts.state.keepers import Keepers
from isolint.facts.state.leaks import Leaks
from isolint.facts.state.mutations import Mutations
from isolint.facts.state.origins import Origins
from isolint.facts.state.stale import Stale, StaleReaders
from isolint.facts.suite.callers import Callers
from isolint.facts.suite.closures import Closures
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.endings import Endings
from isolint.facts.suite.fixtures import Fixture, Fixtures
from isolint.facts.suite.mentions import Mentions
from isolint.facts.suite.mocks import Mocks
from isolint.facts.suite.plaincases import PlainCases
from isolint.facts.suite.reach import Reach
from isolint.facts.suite.reached import Reached
from isolint.facts.suite.requesters import Requesters
from isolint.facts.suite.spread import Spread
from isolint.facts.suite.tasks import Tasks
from isolint.facts.targets.appvariables import ApplicationVariables
from isolint.facts.targets.fallbacks import Fallbacks
from isolint.facts.targets.lattice import Level, Target, is_product, judge
from isolint.facts.targets.memories import Memories
from isolint.facts.targets.openings import Openings
from isolint.facts.targets.protection import Protection
from isolint.facts.targets.singletons import Singletons
from isolint.facts.targets.standins import StandIns
from isolint.facts.targets.usage import Usage
from isolint.facts.web.applications import Applications
from isolint.facts.web.clients import Clients, OpenClient
from isolint.facts.web.remote import Elsewhere
from isolint.facts.web.wiring import Wiring
from isolint.finding import Span

SESSION_KINDS = frozenset({"engine", "connection", "session", "session factory", "extension"})
CLIENT_KINDS = frozenset({"client", "database", "collection"})


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
        self.pipelines = Pipelines(configuration, config, Hosts(config, project))
        self.config = config
        self.test_files = test_files
        self.span = span
        self.holes = holes
        self.parallel = Parallel(configuration, config, project)
        self.evaluator = Evaluator(project)
        self.fixtures = Fixtures(self.evaluator)
        self.effects = Effects(self.evaluator)
        self.pools = Pools(self.evaluator, self.fixtures, self.parallel, test_files)
        self.replacements = Replacements(self.evaluator, self.fixtures, config)
        self.inert = InertSettings(configuration, config)
        self.stages = Stages(configuration, config, project)
        self.django = Django(config, self.evaluator, self.fixtures)
        self.test_names = TestNames(self.django, self.fixtures)
        self.developer = DeveloperEnvironment(configuration, config, self.evaluator, self.replacements)
        self.lifecycle = Lifecycle(self.effects)
        self.mocks = Mocks(self.effects, self.fixtures)
        self.requesters = Requesters(self.fixtures)
        self.attributes = Attributes(self.evaluator)
        self.endings = Endings(self.effects, self.fixtures)
        self.starts = Starts(self.effects, self.fixtures, lambda: self.callers)
        self.replaced = Overrides(self.evaluator, self.fixtures, lambda: self.callers)
        self.identifiers = Identifiers(self.effects)
        self.undoing = Undoing(self.effects.vocabulary)
        self.wiring = Wiring(self.fixtures, self.replacements, config)
        self.lateness = Lateness(self.fixtures, self.replacements, test_files)
        self.fixed_settings = FixedSettings(self.fixtures, self.lateness)
        self.destructions = Destructions(self.effects, self.replacements, self.wiring)
        self.protection = Protection(self.effects, self.fixtures)
        self.fallbacks = Fallbacks(self.evaluator, self.replacements, self.protection)
        self.passed = PassedVariables(
            self.developer,
            ApplicationVariables(project),
            lambda: (found for module in self._test_code for found in self.fallbacks.of(module)),
        )
        self.clients = Clients(Applications(self.evaluator), self.fixtures, self.replacements)
        reach, mentions = Reach(project, test_files), Mentions(project)
        self.mentions = mentions
        self.harms = Harms(
            self.effects,
            self.fixtures,
            self.destructions,
            reach,
            self.module_sites,
            self.protection,
            self._is_told,
            mentions,
        )
        self.erasures = Erasures(self.evaluator, self.fixtures, self.replacements, reach)
        self.singletons = Singletons(self.evaluator, self.fixtures, self.replacements)
        self.guarantees = Guarantees(
            self.lifecycle, self.starts, self.replaced, self.endings, self.mocks.is_mocked
        )
        self.foreign_keys = ForeignKeys(self.evaluator)
        self.leaks = Leaks(self.fixtures, Mutations(Origins(self.fixtures), self.effects.relevance))
        self.caches = Caches(self.django, self.evaluator)
        self.tasks = Tasks(self.fixtures, configuration, config)
        self.memories = Memories(self.evaluator)
        self.stand_ins = StandIns(project, config)
        self.plain_cases = PlainCases(self.fixtures, reach)
        self.spread = Spread(self.evaluator, self.fixtures, test_files)
        self.closures = Closures(self.fixtures, self.spread)
        self.making = Making(
            self.lifecycle,
            self.identifiers,
            self.mocks,
            self.endings,
            self.starts,
            lambda: self.callers,
            self.module_sites,
        )
        tidying, driven = Tidying(self.effects, self.fixtures), Driven(self.clients)
        self.transactions = Transactions(tidying, driven, self.target, lambda: self.spread.test_modules)
        payloads = Payloads(self.evaluator, self.fixtures)
        written = Written(self.effects, payloads)
        network = Network(written, payloads, tidying)
        landings = Landings(driven, tidying, self.replacements, self.target)
        columns = UniqueColumns(self.evaluator, reach)
        self.collisions = Collisions(
            written,
            columns,
            payloads,
            landings,
            network,
            self.fixtures,
            reach,
            mentions,
            Reached(project, reach, mentions),
        )
        self.presumptions = Presumptions(landings, written, self.fixtures)
        self.leftovers = Leftovers(self.collisions, network, Notes(self.evaluator, self.replacements))
        self.derived = DerivedStores(
            self.lifecycle, self.replacements, self.mocks, self.endings, lambda: self.callers, mentions
        )
        self.workers = WorkerBlindness(self.lifecycle, self.parallel, self.replacements, self.mocks)
        self.ports = Ports(self.evaluator, self.mocks, lambda: self.callers, reach)
        self.files = FixedFiles(
            self.evaluator, self.fixtures, self.parallel, lambda: self.callers, lambda: self._test_code
        )
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
        if self.wiring.is_left_to_tests(handle, path):
            return Target(Level.UNKNOWN, "")
        wired = None if handle.bound else self.wiring.on_import(handle, path)
        if wired is not None:
            return wired.reached_by(handle)
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

    @cached_property
    def callers(self) -> Callers:
        """Who calls what in the tests and their support."""
        return Callers(self.fixtures, lambda: self._test_code)

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
        usage = Usage(
            self.effects, self.replacements, lambda: self._test_code, self.mentions, self.test_files
        )
        return Openings(self.effects, self.fixtures, self.replacements, self.protection, usage, self.harms)

    @cached_property
    def _stale_readers(self) -> StaleReaders:
        mutations = self.leaks.mutations
        keepers = Keepers(self.evaluator, self.replacements.readings, mutations.origins)
        changes = mutations.changes
        return StaleReaders(self.fixtures, changes, keepers, self.replacements, self.config, self.test_files)

    def stale(self, module: Module) -> Iterator[Stale]:
        """What tests of a module change though a function they get to keeps its first answer."""
        return self._stale_readers.of(self.module_sites(module)) if module.is_test else iter(())

    @cached_property
    def _test_code(self) -> tuple[Module, ...]:
        """Every test module, conftest and piece of test support."""
        paths = sorted(path for path in self.project.files if self.project.is_test(path))
        return tuple(m for m in map(self.project.module, paths) if m is not None)

    def role_of(self, frame: Frame) -> str:
        """What the function of a frame is to the suite; see `Requesters.role`."""
        if not isinstance(frame.function, s.Function):
            return ""
        return self.requesters.role(frame.module, frame.function)

    def _is_told(
        self, fixture: Fixture | None, module: Module, function: s.Function, owner: s.Class | None
    ) -> bool:
        """Whether what a fixture or set-up destroys is told of as running around every test."""
        if fixture is not None:
            return fixture.autouse or bool(self.spread.marked_by(fixture))
        kinds = {id(site.function): site.kind for site in self.module_sites(module).set_ups}
        if id(function) not in kinds:
            return False
        return kinds[id(function)] != "method" or (owner is not None and bool(self.spread.subclasses(owner)))

    def is_guarded(self, path: str) -> bool:
        """Whether something around the tests of a file refuses to run them on anything but a test's store."""
        return self.protection.guards_file(path)

    def open_clients(self, module: Module) -> Iterator[OpenClient]:
        """The clients a test module makes through which tests reach the application's own store."""
        if module.is_test and not self.is_guarded(module.path):
            yield from self.clients.open_ones(module, lambda: self.spread.test_modules)

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

    def unguaranteed(self, module: Module) -> Iterator[Unguaranteed]:
        """The clean-ups of a module that a failure skips."""
        self_tests = tuple(site.node.body for site in self.module_sites(module).self_tests)
        return self.guarantees.missing(module, self_tests)

    def bare_yields(self, module: Module) -> tuple[Bare, ...]:
        """The yields of the tests' context managers behind which a failure skips the clean-up."""
        return tuple(bare_yields(self.callers, module)) if module.is_test else ()


def _is_lazy(module: Module, name: str) -> bool:
    """Whether a module's name is None until some function fills it: reading it makes no handle."""
    values = [binding.value for binding in module.names.bindings.get(name, ())]
    return bool(values) and all(isinstance(value, s.Constant) and value.value is None for value in values)
