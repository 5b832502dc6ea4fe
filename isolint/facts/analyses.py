"""The analyses that rules ask, each made, and its module imported, when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.grounds import Grounds
from isolint.facts.program import syntax as s

if TYPE_CHECKING:
    from isolint.facts.configuration.caches import Caches
    from isolint.facts.configuration.developer import DeveloperEnvironment
    from isolint.facts.configuration.inert import InertSettings
    from isolint.facts.configuration.passed import PassedVariables
    from isolint.facts.configuration.pipelines import Pipelines
    from isolint.facts.configuration.stages import Stages
    from isolint.facts.configuration.testnames import TestNames
    from isolint.facts.destruction.erasure import Erasures
    from isolint.facts.destruction.harms import Harms
    from isolint.facts.lifetime.dependencies import Overrides
    from isolint.facts.lifetime.derived import DerivedStores
    from isolint.facts.lifetime.files import FixedFiles
    from isolint.facts.lifetime.foreignkeys import ForeignKeys
    from isolint.facts.lifetime.guarantees import Guarantees
    from isolint.facts.lifetime.making import Making
    from isolint.facts.lifetime.pools import Pools
    from isolint.facts.lifetime.ports import Ports
    from isolint.facts.lifetime.undoing import Undoing
    from isolint.facts.lifetime.workers import WorkerBlindness
    from isolint.facts.order.fixedsettings import FixedSettings
    from isolint.facts.order.lateness import Lateness
    from isolint.facts.program.project import Module
    from isolint.facts.rows.collisions import Collisions
    from isolint.facts.rows.columns import UniqueColumns
    from isolint.facts.rows.committed import Residues
    from isolint.facts.rows.leftovers import Leftovers
    from isolint.facts.rows.notes import Notes
    from isolint.facts.rows.presumed import Presumptions
    from isolint.facts.rows.transactions import Transactions
    from isolint.facts.sql.identifiers import Identifiers
    from isolint.facts.state.existing import Attributes
    from isolint.facts.state.leaks import Leaks
    from isolint.facts.state.stale import StaleReaders
    from isolint.facts.suite.closures import Closures
    from isolint.facts.suite.fixtures import Fixture
    from isolint.facts.suite.plaincases import PlainCases
    from isolint.facts.suite.tasks import Tasks
    from isolint.facts.targets.fallbacks import Fallbacks
    from isolint.facts.targets.memories import Memories
    from isolint.facts.targets.openings import Openings
    from isolint.facts.targets.singletons import Singletons
    from isolint.facts.targets.standins import StandIns


class Analyses(Grounds):
    """What is known of a project, question by question."""

    @cached_property
    def pipelines(self) -> Pipelines:
        from isolint.facts.configuration.hosts import Hosts
        from isolint.facts.configuration.pipelines import Pipelines

        return Pipelines(self.configuration, self.config, Hosts(self.config, self.project))

    @cached_property
    def pools(self) -> Pools:
        from isolint.facts.lifetime.pools import Pools

        return Pools(self.evaluator, self.fixtures, self.parallel, self.test_files)

    @cached_property
    def inert(self) -> InertSettings:
        from isolint.facts.configuration.inert import InertSettings

        return InertSettings(self.configuration, self.config)

    @cached_property
    def stages(self) -> Stages:
        from isolint.facts.configuration.stages import Stages

        return Stages(self.configuration, self.config, self.project)

    @cached_property
    def test_names(self) -> TestNames:
        from isolint.facts.configuration.testnames import TestNames

        return TestNames(self.django, self.fixtures)

    @cached_property
    def developer(self) -> DeveloperEnvironment:
        from isolint.facts.configuration.developer import DeveloperEnvironment

        return DeveloperEnvironment(
            self.configuration, self.config, self.evaluator, self.replacements, self.test_files
        )

    @cached_property
    def attributes(self) -> Attributes:
        from isolint.facts.state.existing import Attributes

        return Attributes(self.evaluator)

    @cached_property
    def replaced(self) -> Overrides:
        from isolint.facts.lifetime.dependencies import Overrides

        return Overrides(self.evaluator, self.fixtures, lambda: self.callers)

    @cached_property
    def identifiers(self) -> Identifiers:
        from isolint.facts.sql.identifiers import Identifiers

        return Identifiers(self.effects)

    @cached_property
    def undoing(self) -> Undoing:
        from isolint.facts.lifetime.undoing import Undoing

        return Undoing(self.effects.vocabulary)

    @cached_property
    def lateness(self) -> Lateness:
        from isolint.facts.order.lateness import Lateness

        return Lateness(self.fixtures, self.replacements, self.test_files)

    @cached_property
    def fixed_settings(self) -> FixedSettings:
        from isolint.facts.order.fixedsettings import FixedSettings

        return FixedSettings(self.fixtures, self.lateness)

    @cached_property
    def fallbacks(self) -> Fallbacks:
        from isolint.facts.targets.fallbacks import Fallbacks

        return Fallbacks(self.evaluator, self.replacements, self.protection)

    @cached_property
    def passed(self) -> PassedVariables:
        from isolint.facts.configuration.passed import PassedVariables
        from isolint.facts.targets.appvariables import ApplicationVariables

        return PassedVariables(
            self.developer,
            ApplicationVariables(self.project),
            lambda: (found for module in self.test_code for found in self.fallbacks.of(module)),
        )

    @cached_property
    def erasures(self) -> Erasures:
        from isolint.facts.destruction.erasure import Erasures

        return Erasures(self.evaluator, self.fixtures, self.replacements, self.reach)

    @cached_property
    def singletons(self) -> Singletons:
        from isolint.facts.targets.singletons import Singletons

        return Singletons(self.evaluator, self.fixtures, self.replacements, self.storing)

    @cached_property
    def guarantees(self) -> Guarantees:
        from isolint.facts.lifetime.guarantees import Guarantees

        return Guarantees(self.lifecycle, self.starts, self.replaced, self.endings, self.mocks.is_mocked)

    @cached_property
    def foreign_keys(self) -> ForeignKeys:
        from isolint.facts.lifetime.foreignkeys import ForeignKeys

        return ForeignKeys(self.evaluator)

    @cached_property
    def leaks(self) -> Leaks:
        from isolint.facts.state.leaks import Leaks
        from isolint.facts.state.mutations import Mutations
        from isolint.facts.state.origins import Origins

        return Leaks(self.fixtures, Mutations(Origins(self.fixtures), self.effects.relevance))

    @cached_property
    def caches(self) -> Caches:
        from isolint.facts.configuration.caches import Caches

        return Caches(self.django, self.evaluator)

    @cached_property
    def tasks(self) -> Tasks:
        from isolint.facts.suite.tasks import Tasks

        return Tasks(self.fixtures, self.configuration, self.config)

    @cached_property
    def memories(self) -> Memories:
        from isolint.facts.targets.memories import Memories

        return Memories(self.evaluator)

    @cached_property
    def stand_ins(self) -> StandIns:
        from isolint.facts.targets.standins import StandIns

        return StandIns(self.project, self.config)

    @cached_property
    def plain_cases(self) -> PlainCases:
        from isolint.facts.suite.plaincases import PlainCases

        return PlainCases(self.fixtures, self.reach)

    @cached_property
    def closures(self) -> Closures:
        from isolint.facts.suite.closures import Closures

        return Closures(self.fixtures, self.spread)

    @cached_property
    def making(self) -> Making:
        from isolint.facts.lifetime.making import Making

        return Making(
            self.lifecycle,
            self.identifiers,
            self.mocks,
            self.endings,
            self.starts,
            lambda: self.callers,
            self.module_sites,
            self.storing,
        )

    @cached_property
    def transactions(self) -> Transactions:
        from isolint.facts.rows.transactions import Transactions

        return Transactions(self.tidying, self.driven, self.target, lambda: self.spread.test_modules)

    @cached_property
    def collisions(self) -> Collisions:
        from isolint.facts.rows.collisions import Collisions
        from isolint.facts.suite.reached import Reached

        return Collisions(
            self.written,
            lambda: self.columns,
            self.payloads,
            self.landings,
            self.network,
            self.fixtures,
            self.reach,
            self.mentions,
            Reached(self.project, self.reach, self.mentions),
        )

    @cached_property
    def columns(self) -> UniqueColumns:
        from isolint.facts.rows.columns import UniqueColumns

        return UniqueColumns(self.evaluator, self.reach)

    @cached_property
    def presumptions(self) -> Presumptions:
        from isolint.facts.rows.presumed import Presumptions

        return Presumptions(self.landings, self.written, self.fixtures)

    @cached_property
    def leftovers(self) -> Leftovers:
        from isolint.facts.rows.leftovers import Leftovers

        return Leftovers(self.collisions, self.network, lambda: self.notes)

    @cached_property
    def residues(self) -> Residues:
        from isolint.facts.rows.committed import Residues

        return Residues(self.collisions)

    @cached_property
    def notes(self) -> Notes:
        from isolint.facts.rows.notes import Notes

        return Notes(self.evaluator, self.replacements)

    @cached_property
    def derived(self) -> DerivedStores:
        from isolint.facts.lifetime.derived import DerivedStores

        return DerivedStores(
            self.lifecycle, self.replacements, self.mocks, self.endings, lambda: self.callers, self.mentions
        )

    @cached_property
    def workers(self) -> WorkerBlindness:
        from isolint.facts.lifetime.workers import WorkerBlindness

        return WorkerBlindness(self.lifecycle, self.parallel, self.replacements, self.mocks)

    @cached_property
    def ports(self) -> Ports:
        from isolint.facts.lifetime.ports import Ports

        return Ports(self.evaluator, self.mocks, lambda: self.callers, self.reach)

    @cached_property
    def files(self) -> FixedFiles:
        from isolint.facts.lifetime.files import FixedFiles

        return FixedFiles(
            self.evaluator, self.fixtures, self.parallel, lambda: self.callers, lambda: self.test_code
        )

    @cached_property
    def harms(self) -> Harms:
        from isolint.facts.destruction.harms import Harms

        return Harms(
            self.effects,
            self.fixtures,
            self.replacements,
            lambda: self.destructions,
            self.reach,
            self.module_sites,
            self.protection,
            self._is_told,
            self.mentions,
            self.storing,
        )

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

    @cached_property
    def openings(self) -> Openings:
        """Where test code opens a store itself."""
        from isolint.facts.targets.openings import Openings
        from isolint.facts.targets.usage import Usage

        usage = Usage(self.effects, self.replacements, lambda: self.test_code, self.mentions, self.test_files)
        return Openings(
            self.effects,
            self.fixtures,
            self.replacements,
            self.protection,
            usage,
            lambda: self.harms,
            self.storing,
        )

    @cached_property
    def stale_readers(self) -> StaleReaders:
        from isolint.facts.state.keepers import Keepers
        from isolint.facts.state.stale import StaleReaders
        from isolint.facts.suite.packages import Packages

        mutations = self.leaks.mutations
        keepers = Keepers(self.evaluator, self.replacements.readings, mutations.origins)
        return StaleReaders(
            self.fixtures,
            mutations.changes,
            keepers,
            self.replacements,
            self.config,
            self.test_files,
            Packages(self.configuration.files),
        )
