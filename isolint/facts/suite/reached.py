"""Which test modules the tests of a project come to, for a few files at a time: no more is parsed than it takes."""

from __future__ import annotations

from isolint.facts.program.project import Module, Project
from isolint.facts.suite.mentions import Mentions
from isolint.facts.suite.reach import Reach


class Reached:
    """Asks the words of the files first, and follows the imports of those files with tests that they leave."""

    def __init__(self, project: Project, reach: Reach, mentions: Mentions) -> None:
        self.project = project
        self.reach = reach
        self.mentions = mentions
        self._known: dict[str, bool] = {}

    def among(self, paths: set[str]) -> tuple[Module, ...]:
        """The test modules of these files that tests come to, by path."""
        first = sorted(paths & self.reach.test_files)
        for path in first if not paths <= self._known.keys() | self.reach.test_files else ():
            module = self.project.module(path)
            self._known |= {other.path: True for other in (self.reach.support(module) if module else ())}
        modules = (self.project.module(path) for path in sorted(paths) if self._is_reached(path))
        return tuple(module for module in modules if module is not None and module.is_test)

    def _is_reached(self, path: str) -> bool:
        if path in self.reach.test_files or (path.endswith("conftest.py") and self._is_above_tests(path)):
            return True
        if path not in self._known:
            self._known[path] = self._may_be_reached(path) and self._is_among_all(path)
        return self._known[path]

    def _may_be_reached(self, path: str) -> bool:
        """Whether a file with tests, or the product, may lead to a file, as far as words tell."""
        module = self.project.module(path)
        around = None if module is None else self.mentions.surroundings(module)
        if around is None:
            return True
        led = {path, *around}
        return not led.isdisjoint(self.reach.test_files) or any(
            map(self.mentions.is_imported_by_product, led)
        )

    def _is_above_tests(self, conftest: str) -> bool:
        folder = conftest.rpartition("/")[0]
        return any(path.startswith(f"{folder}/") or not folder for path in self.reach.test_files)

    def _is_among_all(self, path: str) -> bool:
        return any(module.path == path for module in self.reach.tests)
