"""The developer's own environment: variables that lead to their stores, and what loads them into test runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.documents import Node, Position
from isolint.facts.configuration.commands import is_store_variable, runs_tests
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, Reference, text
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.config import PytestConfig
from isolint.facts.targets.lattice import is_test_name
from isolint.late import regex

_SOURCED = regex(r"(?:^|[\s;&(])(?:source|\.)\s+(?P<file>[\w./~-]+)")
_READ = regex(
    r"(?:cat|grep[^|`)]*|xargs -a|--env-file[ =]|dotenv (?:-f|--file)[ =]?)\s*(?P<file>[\w./~-]*\.env[\w.-]*)"
)
_SET = regex(r"(?:^|[\s;&(])(?P<name>[A-Za-z_]\w*)=")
_DOTENV_RUN = regex(r"(?:^|[\s;&])dotenv run\b")


class DeveloperEnvironment:
    """Finds what brings the developer's variables into the tests."""

    def __init__(
        self,
        configuration: Configuration,
        config: PytestConfig,
        evaluator: Evaluator,
        replacements: Replacements,
        test_files: frozenset[str],
    ) -> None:
        self.test_files = test_files
        self.configuration = configuration
        self.config = config
        self.evaluator = evaluator
        self.project: Project = evaluator.project
        self.replacements = replacements

    @cached_property
    def store_variables(self) -> frozenset[str]:
        """The variables that the developers' files of variables, or the templates of them, set for stores."""
        documents = [d for d in self.configuration.of("dotenv") if not is_test_name(_stem(d.path))]
        keys = {entry.key for document in documents for entry in document.root.entries}
        return frozenset(key for key in keys if is_store_variable(key) and not is_test_name(key))

    def in_configuration(self, document: Document) -> Iterator[tuple[Position, str]]:
        """Where a configuration file loads a developer's file of variables into tests: the place, the file."""
        if document.kind == "makefile" or document.kind == "package":
            yield from self._in_commands(document)
        elif document.kind == "shell":
            yield from self._in_script(document)
        elif document.kind == "compose":
            yield from self._in_services(document)
        elif document.path == self.config.path:
            section = self.config.section(document.path, document.root)
            files = None if section is None else section.get("env_files")
            for part in files.scalars() if files is not None else ():
                for word in part.text.split():
                    if self._is_developers(word):
                        yield part.at, word

    def _in_commands(self, document: Document) -> Iterator[tuple[Position, str]]:
        node = document.root.get("scripts") if document.kind == "package" else document.root
        for entry in node.entries if node is not None else ():
            for command in entry.value.scalars():
                if runs_tests(command.text):
                    yield from (
                        (command.at, file) for file in loaded_by(command.text) if self._is_developers(file)
                    )

    def _in_script(self, document: Document) -> Iterator[tuple[Position, str]]:
        """What a script reads into its environment before it starts the tests, unless it sets a store itself."""
        lines = document.root.items
        started = next((i for i, line in enumerate(lines) if runs_tests(line.text)), None)
        before = lines[: started + 1] if started is not None else ()
        if any(is_store_variable(found["name"]) for line in before for found in _SET.finditer(line.text)):
            return
        for line in before:
            yield from ((line.at, file) for file in loaded_by(line.text) if self._is_developers(file))

    def _in_services(self, document: Document) -> Iterator[tuple[Position, str]]:
        services = document.root.get("services")
        for entry in services.entries if services is not None else ():
            files = entry.value.get("env_file")
            if files is None or not _runs(entry.value):
                continue
            for item in (files, *files.items):
                path = item if item.kind == "scalar" else item.get("path")
                if path is not None and path.text and self._is_developers(path.text):
                    yield path.at, path.text

    def _is_developers(self, file: str) -> bool:
        """Whether a file of variables is a developer's own and leads to stores."""
        name = file.rpartition("/")[2]
        if (
            is_test_name(_stem(name))
            or "env" not in name.lower()
            or name.endswith((".py", ".txt", "activate"))
        ):
            return False
        known = [d for d in self.configuration.of("dotenv") if d.path.rpartition("/")[2] == name]
        if known:
            return any(is_store_variable(entry.key) for d in known for entry in d.root.entries)
        return name.startswith(".env") and bool(self.store_variables)

    # -- in Python

    def in_tests(self, module: Module) -> Iterator[tuple[Position, str]]:
        """Where the top level of a conftest, or of a file with tests, loads a developer's file of variables."""
        is_read_first = module.path in self.test_files or module.path.endswith("conftest.py")
        if not is_read_first or not self.store_variables or self._pins(module):
            return
        frame = self.evaluator.module_frame(module)
        for node in module.facts.body:
            found = self._loads(node, frame)
            if found is not None:
                yield node.at, found

    def _pins(self, module: Module) -> bool:
        return any(is_store_variable(name) for name in self.replacements.pins(module.path))

    def _loads(self, node: s.Statement, frame: Frame) -> str | None:
        """The developer's file that a statement, with the blocks inside it, reads into the environment."""
        inside = list(statements((node,)))
        calls = [c for each in inside for e in expressions(each) for c in walk(e) if isinstance(c, s.Call)]
        for call in calls:
            callee = self.evaluator.evaluate(call.function, frame)
            if isinstance(callee, Reference) and callee.name in (
                "dotenv.load_dotenv",
                "dotenv.main.load_dotenv",
            ):
                file = self._loaded(call, frame)
                return file if self._is_developers(file) else None
        if not any(self._writes_environment(each) for each in inside):
            return None
        opened = [c for c in calls if isinstance(c.function, s.Attribute | s.Name) and _name(c) in _READERS]
        for call in opened:
            file = self._last_piece(_opened(call), frame)
            if file and self._is_developers(file):
                return file
        return None

    def _loaded(self, call: s.Call, frame: Frame) -> str:
        """The file that `load_dotenv` reads: the one that is named, else the nearest; "" where it is no file."""
        keywords = dict(call.keywords)
        if "stream" in keywords or len(call.arguments) > 1:
            return ""
        node = next(iter(call.arguments), keywords.get("dotenv_path"))
        match node:
            case s.Call(arguments=arguments, keywords=given) if last_name(node) == "find_dotenv":
                node = next(iter(arguments), dict(given).get("filename"))
        if node is None:
            return ".env"
        return text(self.evaluator.evaluate(node, frame)) or self._last_piece(node, frame)

    def _last_piece(self, node: s.Expression | None, frame: Frame) -> str:
        """The last literal piece of a path: of `ROOT / ".env"` the name of the file."""
        value = self.evaluator.evaluate(node, frame) if node is not None else None
        parts = getattr(value, "parts", (value,))
        known = text(parts[-1]) if parts and parts[-1] is not None else None
        return (known or "").rpartition("/")[2]

    def _writes_environment(self, node: s.Statement) -> bool:
        """Whether a statement sets variables whose names it does not spell out."""
        match node:
            case s.Assign(targets=(s.Subscript(value=owner, index=index),)):
                return _is_environ(owner) and not isinstance(index, s.Constant)
            case s.Evaluate(value=s.Call(function=s.Attribute(value=owner, name=name), arguments=arguments)):
                if not _is_environ(owner) or name not in ("setdefault", "update"):
                    return False
                return not (arguments and isinstance(arguments[0], s.Constant | s.Mapping))
        return False


_READERS = frozenset({"open", "read_text", "readlines"})


def loaded_by(command: str) -> Iterator[str]:
    """The files of variables that a shell command reads into its environment."""
    for pattern in (_SOURCED, _READ):
        yield from (found["file"] for found in pattern.finditer(command))
    if _DOTENV_RUN.search(command):
        yield ".env"


def _runs(service: Node) -> bool:
    given = (service.get("command"), service.get("entrypoint"))
    return any(runs_tests(" ".join(p.text for p in node.scalars())) for node in given if node is not None)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].lstrip(".")


def _opened(call: s.Call) -> s.Expression | None:
    """The path that a call opens: `open(path)`, `path.read_text()`."""
    if isinstance(call.function, s.Attribute):
        return call.function.value
    return call.arguments[0] if call.arguments else None


def _name(call: s.Call) -> str:
    return call.function.name if isinstance(call.function, s.Attribute) else getattr(call.function, "id", "")


def _is_environ(node: s.Expression) -> bool:
    return (isinstance(node, s.Attribute) and node.name == "environ") or (
        isinstance(node, s.Name) and node.id == "environ"
    )
