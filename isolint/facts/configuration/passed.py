"""Variables of the application's that tox or a pipeline hands on to the tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from isolint.documents import Entry, Node
from isolint.facts.configuration.commands import is_store_variable, runs_tests
from isolint.facts.configuration.developer import DeveloperEnvironment
from isolint.facts.configuration.files import Document
from isolint.facts.configuration.jobs import test_jobs
from isolint.facts.targets.appvariables import ApplicationVariables
from isolint.facts.targets.fallbacks import Fallback
from isolint.facts.targets.lattice import is_test_name
from isolint.late import regex

_ADDRESS = regex(r"(?:^|_)(?:URL|URI|DSN)$", re.I)
_SEPARATORS = regex(r"[\s,]+")


class PassedVariables:
    """Reads `pass_env` of the environments of tox that run tests, and the variables of jobs that do."""

    def __init__(
        self,
        developer: DeveloperEnvironment,
        application: ApplicationVariables,
        fallbacks: Callable[[], Iterable[Fallback]],
    ) -> None:
        self.developer = developer
        self.application = application
        self._fallbacks = fallbacks

    @cached_property
    def fallbacks(self) -> tuple[Fallback, ...]:
        """The variables of the tests that give way to the application's."""
        return tuple(self._fallbacks())

    def without_their_own(self, document: Document) -> Iterator[tuple[Entry, Fallback]]:
        """The variables of the application that a job sets for tests which ask for one of their own first."""
        for job in test_jobs(document):
            given = {entry.key: entry for entry in job.test_variables if is_store_variable(entry.key)}
            for fallback in self.fallbacks if given else ():
                if fallback.name not in given:
                    yield from ((given[name], fallback) for name in fallback.others if name in given)

    def of(self, document: Document) -> Iterator[tuple[Node, str]]:
        """The lines that hand on a variable of the application's, and the variable.

        Silent are variables that the environment sets itself, and those that the application does not read.
        """
        if document.kind != "tox":
            return
        for section in document.root.entries:
            if section.key == "testenv" or section.key.startswith("testenv:"):
                homes = [section.value, *(n for n in (document.root.get("testenv"),) if n is not None)]
                if _runs_tests(homes):
                    for line in _lines(section.value, "pass_env", "passenv"):
                        for name in self._handed_on(line.text, _own(homes)):
                            yield line, name

    def _handed_on(self, line: str, own: frozenset[str]) -> Iterator[str]:
        if ":" in line:
            return  # for some environments only
        for word in filter(None, _SEPARATORS.split(line)):
            names = sorted(self.developer.store_variables) if word == "*" else [word]
            for name in names:
                is_address = is_store_variable(name) and _ADDRESS.search(name) is not None
                if (
                    is_address
                    and not is_test_name(name)
                    and name not in own
                    and self.application.spells(name)
                ):
                    yield name
                    break


def _runs_tests(homes: list[Node]) -> bool:
    commands = next((found for home in homes if (found := home.get("commands")) is not None), None)
    return commands is not None and any(runs_tests(line.text) for line in commands.lines())


def _own(homes: list[Node]) -> frozenset[str]:
    """The variables that an environment sets."""
    lines = (line.text for home in homes for line in _lines(home, "set_env", "setenv"))
    return frozenset(line.partition("=")[0].rpartition(":")[2].strip() for line in lines)


def _lines(section: Node, *keys: str) -> Iterator[Node]:
    found: list[Entry] = [entry for key in keys if (entry := section.entry(key)) is not None]
    for entry in found:
        yield from entry.value.scalars()
