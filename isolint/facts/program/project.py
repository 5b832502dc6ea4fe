"""The project as a whole: modules found by the way they are imported, read when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from functools import cached_property
from typing import NamedTuple

from isolint.facts.program import syntax as s
from isolint.facts.program.module import ModuleFacts
from isolint.facts.program.scopes import Binding, Names, bind, blocks, statements
from isolint.late import dataclass
from isolint.vocabulary import Vocabulary

SOURCE_FOLDERS = ("", "src", "lib", "python")
_STANDARD_LIBRARY = frozenset(sys.stdlib_module_names) - {"test"}


class Resolved(NamedTuple):
    """What an import leads to: a first-party module and the rest of the dotted path, or an external name."""

    module: Module | None
    rest: tuple[str, ...]
    external: str


@dataclass(eq=False)
class Module:
    """The linked view of one file. `dotted` is the name it is usually imported by."""

    facts: ModuleFacts
    is_test: bool
    path: str = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.facts.path

    @cached_property
    def names(self) -> Names:
        return bind(self.facts.body)

    @cached_property
    def functions(self) -> tuple[s.Function, ...]:
        """Every function of the file, methods and nested ones included, in source order."""
        return tuple(n for n in _definitions(self.facts.body) if isinstance(n, s.Function))

    @cached_property
    def classes(self) -> tuple[s.Class, ...]:
        return tuple(n for n in _definitions(self.facts.body) if isinstance(n, s.Class))

    @cached_property
    def methods(self) -> dict[int, s.Class]:
        """id of a function -> the class whose body it stands in."""
        return {id(n): c for c in self.classes for n in statements(c.body) if isinstance(n, s.Function)}

    @cached_property
    def enclosing(self) -> dict[int, s.Function]:
        """id of a function -> the function whose body it is defined in."""
        return {id(n): f for f in self.functions for n in statements(f.body) if isinstance(n, s.Function)}

    @cached_property
    def dotted(self) -> str:
        name = self.path.removesuffix(".py").removesuffix("/__init__")
        return name.replace("/", ".").removeprefix("src.")

    def statement_lines(self, line: int) -> tuple[int, int]:
        """First and last line of the innermost statement around `line`; of a compound one, its header."""
        return _lines_around(self.facts.body, line) or (line, line)


Reader = Callable[[str], "ModuleFacts | None"]


@dataclass(eq=False)
class Project:
    """All files of a project; modules are read by `read` when they are first asked for.

    `files` are the project's Python files relative to the root, POSIX; `read` returns None for a file that
    cannot be read (and has reported it), `text` its text, `content` its bytes; `is_test` tells test context from
    product code.
    """

    files: frozenset[str]
    read: Reader
    text: Callable[[str], str | None]
    content: Callable[[str], bytes]
    is_test: Callable[[str], bool]
    vocabulary: Vocabulary
    source_roots: tuple[str, ...] = ()
    _modules: dict[str, Module | None] = field(default_factory=dict)
    _located: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _resolved: dict[tuple[str, tuple[str, ...]], Resolved] = field(default_factory=dict)
    _targets: dict[tuple[str, int], Resolved] = field(default_factory=dict)
    _conftests: dict[str, tuple[Module, ...]] = field(default_factory=dict)

    def module(self, path: str) -> Module | None:
        """The module of a file of the project, None when it is missing or unreadable."""
        if path not in self._modules:
            facts = self.read(path) if path in self.files else None
            self._modules[path] = None if facts is None else Module(facts, self.is_test(path))
        return self._modules[path]

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a Python file below it ("" is the root)."""
        found = {""}
        for path in self.files:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    def conftests(self, path: str) -> tuple[Module, ...]:
        """The conftest modules that govern a file, outermost first."""
        folder = path.rpartition("/")[0]
        if folder not in self._conftests:
            parts = path.split("/")[:-1]
            candidates = ["/".join([*parts[:depth], "conftest.py"]) for depth in range(len(parts) + 1)]
            modules = [self.module(candidate) for candidate in candidates if candidate in self.files]
            self._conftests[folder] = tuple(module for module in modules if module is not None)
        return self._conftests[folder]

    def import_target(self, module: Module, binding: Binding) -> Resolved:
        """What the name of an import binding stands for."""
        node, entry = binding.node, binding.imported
        if not isinstance(node, s.Import) or entry is None:
            raise TypeError(f"not an import: {binding}")
        key = (module.path, id(entry))
        known = self._targets.get(key)
        if known is None:
            known = self._targets[key] = self._target(module, node, entry)
        return known

    def _target(self, module: Module, node: s.Import, entry: s.ImportedName) -> Resolved:
        if node.level:
            return self._named(module, self._relative(module, node, entry), entry.name)
        if node.module:
            found = self.resolve(module, (*node.module.split("."), entry.name))
            return self._named(module, found, entry.name)
        parts = tuple(entry.name.split("."))
        return self.resolve(module, parts if entry.alias else parts[:1])

    def _named(self, module: Module, found: Resolved, name: str) -> Resolved:
        """What `from package import name` takes, where a submodule was found: what the package binds goes first."""
        if found.module is None or found.rest:
            return found
        folder = found.module.path.removesuffix("/__init__.py").rpartition("/")[0]
        package = self.module(f"{folder}/__init__.py")
        if package is None or package is module or package is found.module:
            return found
        bindings = package.names.bindings.get(name, ())
        if not bindings or bindings[-1].type_checking:
            return found
        node = bindings[-1].node
        if isinstance(node, s.Import):
            source = self.source_module(package, node).module if node.level or node.module else package
            if source is package:
                return found
        return Resolved(package, (name,), "")

    def source_module(self, module: Module, node: s.Import) -> Resolved:
        """The module that a `from` import takes its names from."""
        if node.level:
            folder = self._above(module, node.level)
            return self._deepest(folder, tuple(node.module.split(".")) if node.module else ())
        return self.resolve(module, tuple(node.module.split(".")))

    def import_path(self, module: Module, wanted: Module) -> str:
        """The dotted name by which one module imports another, "" where none leads to it."""
        parts = tuple(wanted.dotted.split("."))
        for start in range(len(parts)):
            found = self.resolve(module, parts[start:])
            if found.module is wanted and not found.rest:
                return ".".join(parts[start:])
        return ""

    def resolve(self, module: Module, parts: tuple[str, ...]) -> Resolved:
        """The longest first-party module that `parts` names, seen from `module`, and what is left over."""
        key = (module.path, parts)
        known = self._resolved.get(key)
        if known is None:
            known = self._resolved[key] = self._longest(module, parts)
        return known

    def _longest(self, module: Module, parts: tuple[str, ...]) -> Resolved:
        for length in range(len(parts), 0, -1):
            path = self.locate(module, parts[:length])
            found = None if path is None else self.module(path)
            if found is not None and found is not module:
                return Resolved(found, parts[length:], "")
        return Resolved(None, (), ".".join(parts))

    def submodule(self, module: Module, name: str) -> Module | None:
        """The module `name` in the package whose `__init__` is `module`."""
        if not module.path.endswith("__init__.py"):
            return None
        found = self._deepest(module.path.rpartition("/")[0], (name,))
        return None if found.rest else found.module

    def locate(self, module: Module, parts: tuple[str, ...]) -> str | None:
        """The file that an absolute dotted name means in `module`: nearest source root first."""
        return self.find(module.path.rpartition("/")[0], parts)

    def find(self, folder: str, parts: tuple[str, ...]) -> str | None:
        """The file that an absolute dotted name means in the modules of a folder."""
        key = (folder, "/".join(parts))
        if key not in self._located:
            self._located[key] = self._search(folder, key[1], parts[0])
        return self._located[key]

    def _relative(self, module: Module, node: s.Import, entry: s.ImportedName) -> Resolved:
        inner = tuple(node.module.split(".")) if node.module else ()
        return self._deepest(self._above(module, node.level), (*inner, entry.name))

    def _above(self, module: Module, level: int) -> str:
        folders = module.path.split("/")[:-1]
        return "/".join(folders[: max(0, len(folders) - (level - 1))])

    def _deepest(self, folder: str, parts: tuple[str, ...]) -> Resolved:
        for length in range(len(parts), -1, -1):
            start = "/".join(part for part in (folder, *parts[:length]) if part)
            found = self._file_at(start)
            if found is not None:
                return Resolved(found, parts[length:], "")
        return Resolved(None, (), ".".join((folder.replace("/", "."), *parts)))

    def _file_at(self, start: str) -> Module | None:
        for candidate in (f"{start}/__init__.py", f"{start}.py"):
            if candidate.lstrip("/") in self.files:
                return self.module(candidate.lstrip("/"))
        return None

    def _search(self, folder: str, tail: str, top: str) -> str | None:
        if top in _STANDARD_LIBRARY:
            return None
        for root in self._roots(folder, top):
            start = f"{root}/{tail}" if root else tail
            for candidate in (f"{start}/__init__.py", f"{start}.py"):
                if candidate in self.files:
                    return candidate
        return None if top in self.vocabulary.libraries else self._only(folder, tail)

    def _only(self, folder: str, tail: str) -> str | None:
        """The file of a dotted name in folders that need not be packages, if it is the only one nearby."""
        if "/" not in tail:
            return None
        ends = (f"/{tail}.py", f"/{tail}/__init__.py")
        found = [path for path in self._by_name.get(tail.rpartition("/")[2], ()) if path.endswith(ends)]
        while found:
            near = [path for path in found if not folder or path.startswith(f"{folder}/")]
            if near or not folder:
                return near[0] if len(near) == 1 else None
            folder = folder.rpartition("/")[0]
        return None

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The last name of a module -> the files that have it."""
        found: dict[str, list[str]] = {}
        for path in self.files:
            name = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
            found.setdefault(name, []).append(path)
        return found

    def _roots(self, folder: str, top: str) -> Iterator[str]:
        """Folders that may be on sys.path for a file in `folder`, the nearest first.

        Its own and those above unless they are packages, their src/, those pytest is told of, and, for a
        name that a library has not taken, the one other folder of the project that holds it.
        """
        while True:
            if f"{folder}/__init__.py" not in self.files:
                for source in SOURCE_FOLDERS:
                    yield "/".join(part for part in (folder, source) if part)
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        yield from self.source_roots
        if top not in self.vocabulary.libraries and len(self._holders.get(top, ())) == 1:
            yield self._holders[top][0]

    @cached_property
    def _holders(self) -> dict[str, list[str]]:
        """Top-level name -> the folders, themselves no packages, that hold a module or package of this name."""
        found: dict[str, set[str]] = {}
        for path in self.files:
            name, folder = path.rpartition("/")[2], path.rpartition("/")[0]
            if name == "__init__.py":
                folder, _, name = folder.rpartition("/")
            if f"{folder}/__init__.py" not in self.files:
                found.setdefault(name.removesuffix(".py"), set()).add(folder)
        return {name: sorted(folders) for name, folders in found.items()}

    def is_namespace(self, module: Module, parts: tuple[str, ...]) -> bool:
        """Whether a dotted name is a folder of the project without an `__init__.py`."""
        tail = "/".join(parts)
        folder = module.path.rpartition("/")[0]
        return any(
            (f"{root}/{tail}" if root else tail) in self.folders for root in self._roots(folder, parts[0])
        )


def _definitions(body: s.Block) -> Iterator[s.Function | s.Class]:
    for node in statements(body):
        if isinstance(node, s.Function | s.Class):
            yield node
            yield from _definitions(node.body)


def _lines_around(body: Iterable[s.Statement], line: int) -> tuple[int, int] | None:
    for node in body:
        first = node.header[0] if isinstance(node, s.Function | s.Class) else node.at[0]
        if not first <= line <= node.at[2]:
            continue
        if isinstance(node, s.Function | s.Class):
            return _lines_around(node.body, line) or node.header
        inner = [block for block, _, _ in blocks(node) if block]
        for block in inner:
            found = _lines_around(block, line)
            if found:
                return found
        last = min((block[0].at[0] for block in inner), default=node.at[2] + 1) - 1
        return (first, max(first, last))
    return None
