"""Whether a project runs its tests in several processes at once, and where that is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from isolint.documents import Node
from isolint.facts.configuration.commands import asks_for_workers, is_for_options, runs_workers
from isolint.facts.configuration.containers import is_for_tests
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.configuration.pipelines import Pipelines
from isolint.facts.meaning.values import Hop
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Project
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.config import PytestConfig

_NUMBER = re.compile(r"(?:-n|--numprocesses|--parallel)[ =]?(\d+)")
_LIMIT = re.compile(r"max_connections\s*=\s*(\d+)")
_COMMANDS = (
    "pyproject",
    "tox",
    "github",
    "gitlab",
    "circleci",
    "azure",
    "compose",
    "package",
    "makefile",
    "shell",
)


class Parallel:
    """Reads where workers are asked for: `-n auto` in pytest's options, in a command, in a session of nox."""

    def __init__(
        self, configuration: Configuration, config: PytestConfig, pipelines: Pipelines, project: Project
    ) -> None:
        self.configuration = configuration
        self.config = config
        self.pipelines = pipelines
        self.project = project

    @cached_property
    def places(self) -> tuple[Hop, ...]:
        """The places that start the tests with several workers, pytest's own configuration first."""
        return (*self._options(), *self._commands(), *self._sessions())

    @property
    def place(self) -> Hop | None:
        """The first place that starts the tests with several workers, None if there is none."""
        return self.places[0] if self.places else None

    @cached_property
    def workers(self) -> int:
        """The highest number of workers that is written out anywhere, 1 where none is."""
        numbers = (int(found[1]) for hop in self.places if (found := _NUMBER.search(hop.text)))
        return max(numbers, default=1)

    @cached_property
    def limit(self) -> tuple[int, Hop] | None:
        """How many connections the server in a compose file for tests allows, and where it says so."""
        for document in self.configuration.of("compose"):
            if is_for_tests(document):
                for node in document.root.below():
                    found = _LIMIT.search(node.text)
                    if found is not None:
                        return int(found[1]), Hop(document.path, node.at, found[0])
        return None

    @cached_property
    def is_possible(self) -> bool:
        """Whether the tests run with workers, or pytest-xdist is installed so that they can."""
        documents = self.configuration.of("pyproject", "tox", "setup", "requirements", "github", "gitlab")
        return bool(self.places) or any("xdist" in text for d in documents for text in d.root.texts())

    def _options(self) -> Iterator[Hop]:
        document = self.configuration.document(self.config.path)
        for entry in self.pipelines.pytest_options(document) if document is not None else ():
            options = " ".join(part.text for part in entry.value.scalars())
            if asks_for_workers(options):
                yield Hop(self.config.path, entry.value.at, options.strip())

    def _commands(self) -> Iterator[Hop]:
        for document in self.configuration.of(*_COMMANDS):
            yield from (Hop(document.path, node.at, node.text) for node in _in_commands(document))

    def _sessions(self) -> Iterator[Hop]:
        """`session.run("pytest", "-n", "auto")`."""
        module = self.project.module("noxfile.py")
        for function in module.functions if module is not None else ():
            for call in calls_in(function.body):
                words = " ".join(str(a.value) for a in call.arguments if isinstance(a, s.Constant))
                if last_name(call) == "run" and runs_workers(words):
                    yield Hop("noxfile.py", call.at, words)


def _in_commands(document: Document) -> Iterator[Node]:
    """The commands of a file that ask for workers, and the options that it sets for every pytest."""
    for node in document.root.below():
        if node.kind == "scalar":
            yield from (line for line in node.lines() if runs_workers(line.text) or _sets_options(line.text))
        for entry in node.entries:
            if is_for_options(entry.key) and asks_for_workers(entry.value.text):
                yield entry.value


def _sets_options(line: str) -> bool:
    """`PYTEST_ADDOPTS = -n 4`, a line of tox."""
    variable, equals, value = line.partition("=")
    return bool(equals) and is_for_options(variable.rpartition(":")[2].strip()) and asks_for_workers(value)
