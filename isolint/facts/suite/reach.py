"""The modules that the tests of a project lead to, by importing them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import bind, imports_in, walk

MOST_MODULES = 800


class Reach:
    """Follows imports from the files that pytest collects and the conftests above them."""

    def __init__(self, project: Project, test_files: frozenset[str]) -> None:
        self.project = project
        self.test_files = test_files
        self._next: dict[str, tuple[Module, ...]] = {}
        self._imports: dict[str, tuple[Module, ...]] = {}

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """Every module reached, nearest first; of the product's no more than so many."""
        found: dict[str, Module] = {}
        left = MOST_MODULES
        pending = list(self._first())
        for module in pending:
            if module.path not in found and (left or module.is_test):
                found[module.path] = module
                left -= not module.is_test
                pending += self._imported(module)
        return tuple(found.values())

    @cached_property
    def tests(self) -> tuple[Module, ...]:
        """The test modules, conftests and test support among them, by path."""
        return tuple(sorted((m for m in self.modules if m.is_test), key=lambda m: m.path))

    def support(self, module: Module) -> tuple[Module, ...]:
        """The test modules that one leads to by imports and conftests, those that these lead to, too, by path."""
        found = {module.path: module}
        pending = [module]
        for current in pending:
            for other in self._beside(current):
                if other.path not in found:
                    found[other.path] = other
                    pending.append(other)
        del found[module.path]
        return tuple(found[path] for path in sorted(found))

    def _beside(self, module: Module) -> tuple[Module, ...]:
        known = self._next.get(module.path)
        if known is None:
            around = (*self._imported(module), *self.project.conftests(module.path))
            known = self._next[module.path] = tuple({m.path: m for m in around if m.is_test}.values())
        return known

    @cached_property
    def product(self) -> tuple[Module, ...]:
        """The product's modules among them."""
        return tuple(module for module in self.modules if not module.is_test)

    def _first(self) -> Iterator[Module]:
        for path in sorted(self.test_files):
            module = self.project.module(path)
            if module is not None:
                yield module
                yield from self.project.conftests(path)

    def _imported(self, module: Module) -> tuple[Module, ...]:
        if module.path not in self._imports:
            self._imports[module.path] = tuple(dict.fromkeys(self._named_in(module)))
        return self._imports[module.path]

    def _named_in(self, module: Module) -> Iterator[Module]:
        bodies = (bind(f.body) for f in module.functions if module.is_test)
        for binding, node in imports_in(module.names, *bodies):
            star = binding.name == "*"
            found = (
                self.project.source_module(module, node)
                if star
                else self.project.import_target(module, binding)
            )
            if found.module is not None:
                yield found.module
        yield from self._plugins(module)

    def _plugins(self, module: Module) -> Iterator[Module]:
        for binding in module.names.bindings.get("pytest_plugins", ()):
            for node in walk(binding.value) if binding.value is not None else ():
                if isinstance(node, s.Constant) and isinstance(node.value, str) and node.value:
                    found = self.project.resolve(module, tuple(node.value.split("."))).module
                    if found is not None:
                        yield found
