"""All that is known of a project, in one place for the rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.facts.analyses import Analyses
from isolint.facts.meaning import handles
from isolint.facts.meaning.values import Frame, Handle, ModuleValue
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.sites import Import, attribute_uses
from isolint.facts.targets.lattice import is_product

if TYPE_CHECKING:
    from isolint.facts.destruction.destroyed import Destruction
    from isolint.facts.lifetime.guarantees import Unguaranteed
    from isolint.facts.lifetime.managers import Bare
    from isolint.facts.program.project import Module
    from isolint.facts.state.stale import Stale
    from isolint.facts.suite.fixtures import Fixture
    from isolint.facts.web.clients import OpenClient
    from isolint.facts.web.remote import Elsewhere

SESSION_KINDS = frozenset({"engine", "connection", "session", "session factory", "extension"})
CLIENT_KINDS = frozenset({"client", "database", "collection"})


class Knowledge(Analyses):
    """The linked project with its analyses, and what is put together from several of them."""

    def imported_handles(
        self, site: Import, kinds: frozenset[str] = SESSION_KINDS
    ) -> Iterator[tuple[s.Position, str, Handle]]:
        """The application's handles of these kinds that an import brings into a test module: place, name, handle.

        For `import app.db` these are the first uses of its handles, `app.db.engine`.
        """
        value = handles.read(self.evaluator, self.evaluator.binding(site.binding, self._frame(site)))
        source = self._source(site)
        is_own = isinstance(value, Handle) and value.kind in kinds and is_product(value)
        is_of_product = source is None or not source.is_test
        if isinstance(value, Handle) and is_own and is_of_product:
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

    def destruction_by_fixture(self, fixture: Fixture) -> Destruction | None:
        """What a fixture, with those it requests, destroys of the application's."""
        fixtures = reversed(self.fixtures.transitive([fixture]))
        runs = [self.effects.of(f.module, f.function) for f in fixtures]
        return self.destructions.first(runs, fixture.module.path)

    def destruction_by_function(self, module: Module, function: s.Function) -> Destruction | None:
        """What a function that runs without being asked for destroys of the application's."""
        return self.destructions.first([self.effects.of(module, function)], module.path)

    def stale(self, module: Module) -> Iterator[Stale]:
        """What tests of a module change though a function they get to keeps its first answer."""
        return self.stale_readers.of(self.module_sites(module)) if module.is_test else iter(())

    def role_of(self, frame: Frame) -> str:
        """What the function of a frame is to the suite; see `Requesters.role`."""
        if not isinstance(frame.function, s.Function):
            return ""
        return self.requesters.role(frame.module, frame.function)

    def is_guarded(self, path: str) -> bool:
        """Whether something around the tests of a file refuses to run them on anything but a test's store."""
        module = self.project.module(path)
        reaches = module is not None and self.storing.may_reach_store(module)
        return reaches and self.protection.guards_file(path)

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
        from isolint.facts.lifetime.managers import bare_yields

        return tuple(bare_yields(self.callers, module)) if module.is_test else ()


def _is_lazy(module: Module, name: str) -> bool:
    """Whether a module's name is None until some function fills it: reading it makes no handle."""
    values = [binding.value for binding in module.names.bindings.get(name, ())]
    return bool(values) and all(isinstance(value, s.Constant) and value.value is None for value in values)
