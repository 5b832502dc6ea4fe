"""What importing a test module changes for the fixtures around it: variables that their functions read."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Hop, Variable, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.sites import is_main
from isolint.facts.state.mutations import Mutations
from isolint.facts.state.places import ENVIRONMENT
from isolint.facts.state.writes import Write
from isolint.facts.suite.fixtures import Fixtures

MOST_MODULES = 60


class ImportWrites:
    """Finds variables that a test module sets as it is imported, and a fixture above it reads later on.

    pytest imports every test module before the first test runs, so the value is there for all tests, or only for
    those of a run that collects this module.
    """

    def __init__(self, fixtures: Fixtures, mutations: Mutations) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.mutations = mutations

    def of(self, module: Module) -> Iterator[tuple[Write, Hop]]:
        """The writes of a module's top level, each with the place that reads the variable."""
        if module.path.endswith("conftest.py"):
            return
        body = tuple(n for n in module.facts.body if not (isinstance(n, s.If) and is_main(n.test)))
        activity = self.mutations.of_block(module, body)
        for write in activity.writes:
            parts = write.place.parts
            if write.place.kind != ENVIRONMENT or not parts or write.how == "deleted":
                continue
            if parts[0] in self.evaluator.vocabulary.harmless_variables:
                continue
            reader = next(self._readers(module, parts[0]), None)
            if reader is not None:
                yield write, reader

    def _readers(self, module: Module, name: str) -> Iterator[Hop]:
        """Where the functions of the conftests above, and of the modules they import, read a variable."""
        for above in self._above(module):
            for function in above.functions:
                for node in statements(function.body):
                    for expression in expressions(node):
                        for inner in walk(expression):
                            if self._reads(inner, name, above, function):
                                yield Hop(above.path, inner.at, show(inner))

    def _reads(self, node: s.Expression, name: str, module: Module, function: s.Function) -> bool:
        match node:
            case s.Call(arguments=(s.Constant(value=key), *_)) | s.Subscript(index=s.Constant(value=key)):
                frame = self.evaluator.function_frame(module, function)
                if key == name:
                    return any(
                        isinstance(v, Variable) and v.name == name
                        for v in options(self.evaluator.evaluate(node, frame))
                    )
        return False

    def _above(self, module: Module) -> list[Module]:
        found: list[Module] = []
        pending = [m for m in self.fixtures.chain(module.path) if m is not module]
        while pending and len(found) < MOST_MODULES:
            current = pending.pop(0)
            if current in found or current is module:
                continue
            found.append(current)
            pending += self._imported(current)
        return found

    def _imported(self, module: Module) -> Iterator[Module]:
        for bindings in module.names.bindings.values():
            for binding in bindings:
                if isinstance(binding.node, s.Import):
                    project = self.fixtures.project
                    if binding.imported is not None and binding.imported.name != "*":
                        target = project.import_target(module, binding).module
                    else:
                        target = project.source_module(module, binding.node).module
                    if target is not None and target.is_test:
                        yield target
