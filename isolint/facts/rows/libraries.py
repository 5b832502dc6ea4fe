"""Which libraries the tests of a module may come to: a cheap look at imports, before anything is followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isolint.facts.program.project import Module
from isolint.facts.program.scopes import imports_in
from isolint.facts.suite.fixtures import Fixtures


class Libraries:
    """Reads the imports of test modules, their conftests and the first-party modules that these import."""

    def __init__(self, fixtures: Fixtures, names: Iterable[str]) -> None:
        self.fixtures = fixtures
        self.project = fixtures.project
        self.names = frozenset(name.partition(".")[0] for name in names)
        self._used: dict[str, bool] = {}
        self._seen: dict[str, tuple[bool, tuple[Module, ...]]] = {}

    def may_be_used(self, module: Module) -> bool:
        """Whether one of the libraries is imported by a test module, a conftest above it, or what they import."""
        if module.path not in self._used:
            self._used[module.path] = any(
                self._imports(seen)[0] or any(self._imports(inner)[0] for inner in self._imports(seen)[1])
                for seen in self.fixtures.chain(module.path)
            )
        return self._used[module.path]

    def _imports(self, module: Module) -> tuple[bool, tuple[Module, ...]]:
        """Whether a module imports one of the libraries itself, and the first-party modules it imports."""
        if module.path not in self._seen:
            found = list(self._targets(module))
            inner = tuple(target for target in found if isinstance(target, Module))
            self._seen[module.path] = any(target in self.names for target in found), inner
        return self._seen[module.path]

    def _targets(self, module: Module) -> Iterator[Module | str]:
        evaluator = self.fixtures.evaluator
        local = [
            evaluator.names(evaluator.function_frame(module, f)) for f in module.functions if module.is_test
        ]
        for binding, _ in imports_in(module.names, *local):
            target = self.project.import_target(module, binding)
            yield target.external.partition(".")[0] if target.module is None else target.module
