"""Whether a project runs its tests in several processes at once: where that is said, and for which tests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cached_property

from isolint.documents import Node
from isolint.facts.configuration.commands import asks_for_workers, is_for_options, runs_workers
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.meaning.values import Hop
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import every_expression
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.homes import sections
from isolint.late import dataclass, regex

_NUMBER = regex(r"(?:-n|--numprocesses|--parallel)[ =]?(\d+)")
_LIMIT = regex(r"max_connections\s*=\s*(\d+)")
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

_PYTEST = regex(r"(?:^|[\s/;&|(])(?:pytest|py\.test)(?=$|\s)")
WORDS = frozenset(
    "worker_id workerinput workerid testrun_uid PYTEST_XDIST_WORKER PYTEST_XDIST_TESTRUNUID xdist_group "
    "get_xdist_worker_id is_xdist_worker is_xdist_controller is_xdist_master FileLock filelock SoftFileLock "
    "pg_advisory_lock pg_try_advisory_lock".split()
)


@dataclass(frozen=True, slots=True)
class Workers:
    """An option that starts workers: where it is written, and the folders or files whose tests they run.

    Not `sure` where the command chooses among the tests.
    """

    hop: Hop
    below: tuple[str, ...] = ("",)
    sure: bool = True

    def run(self, path: str) -> bool:
        """Whether they run tests in a file or, for a conftest, below its folder."""
        folder = path.rpartition("/")[0] if path.endswith("conftest.py") else path
        return any(_lies_in(folder, home) or _lies_in(home, folder) for home in self.below)


class Parallel:
    """Reads where workers are asked for: `-n auto` in pytest's options, in a command, in a session of nox."""

    def __init__(self, configuration: Configuration, config: PytestConfig, project: Project) -> None:
        self.configuration = configuration
        self.config = config
        self.project = project
        self._speaking: dict[str, bool] = {}

    @cached_property
    def places(self) -> tuple[Hop, ...]:
        """The places that start the tests with several workers, pytest's own configuration first."""
        own = (workers.hop for workers in self._by_options() if workers.hop.path == self.config.path)
        return (*own, *self._commands(), *self._sessions())

    @property
    def place(self) -> Hop | None:
        """The first place that starts the tests with several workers, None if there is none."""
        return self.places[0] if self.places else None

    @cached_property
    def count(self) -> int:
        """The highest number of workers that is written out anywhere, 1 where none is."""
        numbers = (int(found[1]) for hop in self.places if (found := _NUMBER.search(hop.text)))
        return max(numbers, default=1)

    @cached_property
    def limit(self) -> tuple[int, Hop] | None:
        """How many connections the server in a compose file for tests allows, and where it says so."""
        from isolint.facts.configuration.containers import is_for_tests

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

    def workers(self, path: str) -> Workers | None:
        """What runs the tests of a file, or those below a conftest, by several workers; the surest one."""
        found = sorted((w for w in self._all if w.run(path)), key=lambda w: not w.sure)
        return found[0] if found else None

    def speaks_of_workers(self, module: Module) -> bool:
        """Whether a module tells workers apart, or has them wait for each other."""
        if module.path not in self._speaking:
            self._speaking[module.path] = _speaks(module)
        return self._speaking[module.path]

    @cached_property
    def _all(self) -> tuple[Workers, ...]:
        commands = (*self._commands(), *self._sessions())
        return (
            *self._by_options(),
            *(self._of_line(hop, hop.text) for hop in commands if _is_pytest(hop.text)),
        )

    def _by_options(self) -> Iterator[Workers]:
        for document in self.configuration.of("pytest-toml", "pytest-ini", "tox", "setup", "pyproject"):
            for section in sections(document.path, document.root):
                options = section.get("addopts")
                words = "" if options is None else " ".join(part.text for part in options.scalars())
                if options is not None and asks_for_workers(words):
                    hop = Hop(document.path, options.at, words.strip())
                    yield Workers(hop, (document.path.rpartition("/")[0],), not _selects(_words(words)))

    def _of_line(self, hop: Hop, line: str) -> Workers:
        found = _PYTEST.search(line)
        words = _words(line[found.end() :] if found is not None else line)
        below = tuple(home for word in words for home in self._homes(word))
        return Workers(hop, below or ("",), not _selects(words))

    def _homes(self, word: str) -> Iterator[str]:
        """The files and folders of the project that a word of a command names."""
        name = word.partition("::")[0].removeprefix("./").rstrip("/")
        if not name or name.startswith(("-", "$", "{")):
            return
        if name in self.project.folders or name in self.project.files:
            yield name
        else:
            yield from (folder for folder in self.project.folders if folder.endswith(f"/{name}"))

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


def _is_pytest(line: str) -> bool:
    """Whether a line that asks for workers is about pytest: it starts it, or sets its options."""
    return _PYTEST.search(line) is not None or "manage.py" not in line


def _lies_in(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _words(line: str) -> list[str]:
    """The words of a command, as far as it can be taken apart."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _selects(words: list[str]) -> bool:
    """Whether a command chooses among the tests by mark or by name."""
    return any(word in ("-m", "-k") or word.startswith(("-m=", "-k=")) for word in words)


def _speaks(module: Module) -> bool:
    if any(p.name in WORDS for function in module.functions for p in function.parameters):
        return True
    for node in every_expression(module.facts.body):
        match node:
            case s.Constant(value=str(word)) if any(w in WORDS for w in re.split(r"\W+", word)):
                return True
            case s.Name(id=name) | s.Attribute(name=name) if name in WORDS:
                return True
    return False
