"""What the analyses of a project stand on, each made, and its module imported, when it is first asked for.

To import and make them all takes longer than a short run, and most files concern few of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.meaning.values import Handle
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.sites import DocumentSites, Sites
from isolint.facts.suite.config import PytestConfig
from isolint.facts.targets.lattice import Level, Target, is_product, judge

if TYPE_CHECKING:
    from isolint.facts.configuration.django import Django
    from isolint.facts.configuration.parallel import Parallel
    from isolint.facts.destruction.destroyed import Destructions
    from isolint.facts.lifetime.lifecycle import Lifecycle
    from isolint.facts.lifetime.starts import Starts
    from isolint.facts.meaning.evaluate import Evaluator
    from isolint.facts.order.replacements import Replacements
    from isolint.facts.rows.driven import Driven
    from isolint.facts.rows.landings import Landings
    from isolint.facts.rows.network import Network
    from isolint.facts.rows.payloads import Payloads
    from isolint.facts.rows.tidying import Tidying
    from isolint.facts.rows.written import Written
    from isolint.facts.running.effects import Effects
    from isolint.facts.suite.callers import Callers
    from isolint.facts.suite.endings import Endings
    from isolint.facts.suite.fixtures import Fixtures
    from isolint.facts.suite.mentions import Mentions
    from isolint.facts.suite.mocks import Mocks
    from isolint.facts.suite.reach import Reach
    from isolint.facts.suite.requesters import Requesters
    from isolint.facts.suite.spread import Spread
    from isolint.facts.suite.storing import Storing
    from isolint.facts.targets.protection import Protection
    from isolint.facts.web.clients import Clients
    from isolint.facts.web.wiring import Wiring
    from isolint.finding import Span


class Grounds:
    """The linked project. `test_files` are the files that pytest collects tests from."""

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
        self.config = config
        self.test_files = test_files
        self.span = span
        self.holes = holes
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
        found = judge(handle, self.replacements.pins(path), product=is_product(handle))
        return (self.wiring.by_tests(handle, path) or found) if found.level == Level.UNKNOWN else found

    @cached_property
    def parallel(self) -> Parallel:
        from isolint.facts.configuration.parallel import Parallel

        return Parallel(self.configuration, self.config, self.project)

    @property
    def evaluator(self) -> Evaluator:
        """Evaluates the project's expressions; the fixtures give it the values of arguments."""
        return self.fixtures.evaluator

    @cached_property
    def fixtures(self) -> Fixtures:
        from isolint.facts.meaning.evaluate import Evaluator
        from isolint.facts.suite.fixtures import Fixtures

        return Fixtures(Evaluator(self.project), self.config.words("usefixtures"))

    @cached_property
    def effects(self) -> Effects:
        from isolint.facts.running.effects import Effects

        return Effects(self.evaluator)

    @cached_property
    def replacements(self) -> Replacements:
        from isolint.facts.order.replacements import Replacements

        return Replacements(self.evaluator, self.fixtures, self.config)

    @cached_property
    def django(self) -> Django:
        from isolint.facts.configuration.django import Django

        return Django(self.config, self.evaluator, self.fixtures)

    @cached_property
    def lifecycle(self) -> Lifecycle:
        from isolint.facts.lifetime.lifecycle import Lifecycle

        return Lifecycle(self.effects)

    @cached_property
    def mocks(self) -> Mocks:
        from isolint.facts.suite.mocks import Mocks

        return Mocks(self.effects, self.fixtures)

    @cached_property
    def requesters(self) -> Requesters:
        from isolint.facts.suite.requesters import Requesters

        return Requesters(self.fixtures)

    @cached_property
    def endings(self) -> Endings:
        from isolint.facts.suite.endings import Endings

        return Endings(self.effects, self.fixtures)

    @cached_property
    def starts(self) -> Starts:
        from isolint.facts.lifetime.starts import Starts

        return Starts(self.effects, self.fixtures, lambda: self.callers)

    @cached_property
    def wiring(self) -> Wiring:
        from isolint.facts.web.wiring import Wiring

        return Wiring(self.fixtures, self.replacements, self.config)

    @cached_property
    def destructions(self) -> Destructions:
        from isolint.facts.destruction.destroyed import Destructions

        return Destructions(self.effects, self.replacements, self.wiring)

    @cached_property
    def protection(self) -> Protection:
        from isolint.facts.targets.protection import Protection

        return Protection(self.effects, self.fixtures)

    @cached_property
    def clients(self) -> Clients:
        from isolint.facts.web.clients import Clients

        return Clients(self.evaluator, self.fixtures, self.replacements)

    @cached_property
    def reach(self) -> Reach:
        from isolint.facts.suite.reach import Reach

        return Reach(self.project, self.test_files)

    @cached_property
    def storing(self) -> Storing:
        from isolint.facts.suite.storing import Storing

        return Storing(self.fixtures, self.replacements.import_order)

    @cached_property
    def mentions(self) -> Mentions:
        from isolint.facts.suite.mentions import Mentions

        return Mentions(self.project, self.config.words("usefixtures"))

    @cached_property
    def spread(self) -> Spread:
        from isolint.facts.suite.spread import Spread

        return Spread(self.evaluator, self.fixtures, self.test_files)

    @cached_property
    def tidying(self) -> Tidying:
        from isolint.facts.rows.tidying import Tidying

        return Tidying(self.effects, self.fixtures)

    @cached_property
    def driven(self) -> Driven:
        from isolint.facts.rows.driven import Driven

        return Driven(self.clients)

    @cached_property
    def payloads(self) -> Payloads:
        from isolint.facts.rows.payloads import Payloads

        return Payloads(self.evaluator, self.fixtures)

    @cached_property
    def written(self) -> Written:
        from isolint.facts.rows.written import Written

        return Written(self.effects, self.payloads)

    @cached_property
    def network(self) -> Network:
        from isolint.facts.rows.network import Network

        return Network(self.written, self.payloads, self.tidying)

    @cached_property
    def landings(self) -> Landings:
        from isolint.facts.rows.landings import Landings

        return Landings(self.driven, self.tidying, self.replacements, self.target)

    @cached_property
    def callers(self) -> Callers:
        """Who calls what in the tests and their support."""
        from isolint.facts.suite.callers import Callers

        return Callers(self.fixtures, lambda: self.test_code)

    @cached_property
    def test_code(self) -> tuple[Module, ...]:
        """Every test module, conftest and piece of test support."""
        paths = sorted(path for path in self.project.files if self.project.is_test(path))
        return tuple(m for m in map(self.project.module, paths) if m is not None)
