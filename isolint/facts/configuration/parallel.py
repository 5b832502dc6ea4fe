"""Whether the tests of a file are spread over the workers of pytest-xdist, and where that is written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from isolint.documents import Node
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.meaning.values import Hop
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import every_expression
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.config import PYTEST_TABLES

# Not `-n 0` and `-n 1`: those are no workers, or a single one.
_WORKERS = re.compile(
    r"(?:^|[\s'\"])(?P<option>(?:-n|--numprocesses)[ =]?(?:auto|logical|[2-9]|\d\d+|\$\(nproc)\b\S*)"
)
_PYTEST = re.compile(r"(?:^|[\s/;&|(])(?:pytest|py\.test)(?=$|\s)")
_COMMANDS = ("tox", "github", "gitlab", "circleci", "azure", "makefile", "package", "pyproject", "compose")
_OPTION_VARIABLES = frozenset({"PYTEST_ADDOPTS", "PYTEST_ARGS", "PYTEST_OPTS", "pytest_opts"})
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
    """Reads pytest's options and the commands that start it."""

    def __init__(self, configuration: Configuration, project: Project) -> None:
        self.configuration = configuration
        self.project = project
        self._speaking: dict[str, bool] = {}

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
        return (*self._by_options(), *self._by_commands(), *self._by_nox())

    def _by_options(self) -> Iterator[Workers]:
        for document in self.configuration.of(*PYTEST_TABLES):
            section = document.root.get(*PYTEST_TABLES[document.kind])
            options = None if section is None else section.get("addopts")
            if options is not None:
                words = " ".join(part.text for part in options.scalars())
                found = _WORKERS.search(words)
                if found is not None:
                    hop = Hop(document.path, options.at, found["option"])
                    yield Workers(hop, (document.path.rpartition("/")[0],), not _selects(_words(words)))

    def _by_commands(self) -> Iterator[Workers]:
        for document in self.configuration.of(*_COMMANDS):
            for node, key in _scalars(document.root):
                for line in node.text.replace("\\\n", " ").splitlines():
                    found = _WORKERS.search(line)
                    if found is not None and (key in _OPTION_VARIABLES or _PYTEST.search(line)):
                        yield self._command(document, node, line, found["option"])

    def _command(self, document: Document, node: Node, line: str, option: str) -> Workers:
        return self._of_line(Hop(document.path, node.at, option), line)

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

    def _by_nox(self) -> Iterator[Workers]:
        module = self.project.module("noxfile.py")
        for function in module.functions if module is not None else ():
            for call in calls_in(function.body):
                if last_name(call) == "run":
                    words = [n.value for n in call.arguments if isinstance(n, s.Constant)]
                    line = " ".join(word for word in words if isinstance(word, str))
                    found = _WORKERS.search(line)
                    if found is not None and _PYTEST.search(line):
                        yield self._of_line(Hop("noxfile.py", call.at, found["option"]), line)


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


def _scalars(root: Node) -> Iterator[tuple[Node, str]]:
    """Every scalar below a node, and the key it stands at."""
    pending: list[tuple[Node, str]] = [(root, "")]
    seen: set[int] = set()
    while pending:
        node, key = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.kind == "scalar":
            yield node, key
        pending += [(item, key) for item in node.items]
        pending += [(entry.value, entry.key) for entry in node.entries]


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
