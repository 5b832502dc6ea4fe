"""The store of the tests' own that there is: named in the configuration, made in a conftest or in support code."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isolint.edits import Edits, PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning import handles
from isolint.facts.meaning.values import Handle, Value
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.targets.lattice import Level, judge
from isolint.late import dataclass
from isolint.remedies.homes import Home
from isolint.source import Position


@dataclass(frozen=True, slots=True)
class Own:
    """A store of the tests' own: its name in the module `home`, and the edits that make it there, if it is new.

    These take the import `gone` out of that module, too.
    """

    name: str
    home: Home
    edits: Edits = ()
    gone: Position | None = None


class Existing:
    """Finds stores that are made for tests. `python` gives the editor of a file of the project."""

    def __init__(self, know: Knowledge, python: Callable[[str], PythonFile]) -> None:
        self.know = know
        self.python = python

    def named(self, handle: Handle, path: str) -> Own | None:
        """The one that the configuration names for a handle; None where one of the two names leads nowhere.

        What leads to the application's own store as well is none.
        """
        for entry in self.know.evaluator.vocabulary.replacements:
            dotted, _, name = entry.by.rpartition(".")
            module, found = self._at(entry.name, path), self._at(entry.by, path)
            if module is None or found is None or not _is_same(self._value(module, entry.name), handle):
                continue
            value = self._value(found, entry.by)
            if not isinstance(value, Handle) or self._level(value, path) < Level.PRODUCTION:
                return Own(name, Home(self.know, found.path, self.python, dotted))
        return None

    def in_conftests(self, handle: Handle, path: str) -> Own | None:
        """The handle of the same kind that a conftest above a file makes for tests; None where there are several."""
        found: list[Own] = []
        for module in self.know.project.conftests(path):
            home = Home(self.know, module.path, self.python)
            found = self._made_in(module, home, handle, path) or found
        return found[0] if len(found) == 1 else None

    def in_support(self, handle: Handle, path: str) -> Own | None:
        """The same in the test support that the conftests above a file import; None where there are several."""
        found: dict[tuple[str, str], Own] = {}
        for module, dotted in self._support(path):
            home = Home(self.know, module.path, self.python, dotted)
            for own in self._made_in(module, home, handle, path):
                found.setdefault((module.path, own.name), own)
        return next(iter(found.values())) if len(found) == 1 else None

    def _support(self, path: str) -> Iterator[tuple[Module, str]]:
        """Modules of the tests that the conftests above a file import, and the names they are imported by."""
        for conftest in self.know.project.conftests(path):
            for site in self.know.module_sites(conftest).imports:
                node = site.binding.node
                if site.function is not None or not isinstance(node, s.Import) or not node.module:
                    continue
                found = self.know.project.source_module(conftest, node)
                module = found.module
                if module is None or found.rest or module is conftest or not module.is_test:
                    continue
                yield module, "" if node.level else node.module

    def _made_in(self, module: Module, home: Home, handle: Handle, path: str) -> list[Own]:
        frame = self.know.evaluator.module_frame(module)
        found: dict[str, Own] = {}
        for name, bindings in module.names.bindings.items():
            if len(bindings) != 1 or bindings[0].kind != "assign":
                continue
            value = handles.read(self.know.evaluator, self.know.evaluator.binding(bindings[0], frame))
            if not isinstance(value, Handle) or value.type != handle.type or not value.trail:
                continue
            if self._level(value, path) <= Level.TEST_SHAPED:
                key = str(value.trail[-1].at)
                if key not in found or found[key].name.startswith("_"):
                    found[key] = Own(name, home)
        public = [own for own in found.values() if not own.name.startswith("_")]
        return public or list(found.values())

    def _level(self, value: Handle, path: str) -> Level:
        return judge(value, self.know.replacements.pins(path), product=False).level

    def _at(self, name: str, path: str) -> Module | None:
        """The module that a dotted name's last part is bound in, seen from a file."""
        module = self.know.project.module(path)
        dotted, _, last = name.rpartition(".")
        if module is None or not dotted:
            return None
        found = self.know.project.resolve(module, tuple(dotted.split(".")))
        if found.module is None or found.rest or last not in found.module.names.bindings:
            return None
        return found.module

    def _value(self, module: Module, name: str) -> Value | None:
        bindings = module.names.bindings[name.rpartition(".")[2]]
        frame = self.know.evaluator.module_frame(module)
        return handles.read(self.know.evaluator, self.know.evaluator.binding(bindings[-1], frame))


def _is_same(value: Value | None, handle: Handle) -> bool:
    """Whether a value is the handle: made at the same place."""
    return isinstance(value, Handle) and bool(value.trail) and value.trail[:1] == handle.trail[:1]


def imports(project: Project, path: str, other: str) -> bool:
    """Whether a test module imports another as it is loaded, itself or through modules of the tests."""
    seen, waiting = {path}, [path]
    while waiting:
        module = project.module(waiting.pop())
        for name in () if module is None else sorted(_imported(project, module) - seen):
            if name == other:
                return True
            seen.add(name)
            waiting.append(name)
    return False


def _imported(project: Project, module: Module) -> set[str]:
    """The test modules that a module takes names from at its top."""
    found = set()
    for bindings in module.names.bindings.values():
        for binding in bindings:
            target = project.import_target(module, binding).module if binding.kind == "import" else None
            if target is not None and target.is_test and not binding.type_checking:
                found.add(target.path)
    return found
