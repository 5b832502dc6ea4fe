"""A store of the tests' own in the place of the application's: the one there is, or one that is made."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from isolint.edits import Edits, PythonFile
from isolint.edits.places import position
from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning import handles
from isolint.facts.meaning.values import Handle
from isolint.facts.program.project import Module
from isolint.facts.targets.lattice import Level, judge
from isolint.finding import Edit
from isolint.remedies.definitions import Definition, definitions
from isolint.remedies.engines import Recipe, recipe
from isolint.remedies.functions import Copies
from isolint.remedies.homes import Home, home_of


@dataclass(frozen=True, slots=True)
class Own:
    """A store of the tests' own: its name in the module `home`, and the edits that make it there, if it is new."""

    name: str
    home: Home
    edits: Edits = ()

    @property
    def is_new(self) -> bool:
        return bool(self.edits)


class Isolation:
    """Finds and makes stores for tests. `python` gives the editor of a file of the project."""

    def __init__(self, know: Knowledge, python: Callable[[str], PythonFile]) -> None:
        self.know = know
        self.python = python

    # -- what there is

    def existing(self, handle: Handle, path: str) -> Own | None:
        """The handle of the same kind that a conftest above a file makes for tests; None where there are several."""
        found: list[Own] = []
        for module in self.know.project.conftests(path):
            found = self._own_in(module, handle, path) or found
        return found[0] if len(found) == 1 else None

    def _own_in(self, module: Module, handle: Handle, path: str) -> list[Own]:
        frame = self.know.evaluator.module_frame(module)
        home = Home(self.know, module.path, self.python)
        found: dict[str, Own] = {}
        for name, bindings in module.names.bindings.items():
            if len(bindings) != 1 or bindings[0].kind != "assign":
                continue
            value = handles.read(self.know.evaluator, self.know.evaluator.binding(bindings[0], frame))
            if not isinstance(value, Handle) or value.type != handle.type or not value.trail:
                continue
            if judge(value, self.know.replacements.pins(path), product=False).level <= Level.TEST_SHAPED:
                key = str(value.trail[-1].at)
                if key not in found or found[key].name.startswith("_"):
                    found[key] = Own(name, home)
        public = [own for own in found.values() if not own.name.startswith("_")]
        return public or list(found.values())

    # -- what is made

    def own(self, handle: Handle, path: str) -> Own | None:
        """The tests' own in the place of a handle of the application's, for the tests of a file."""
        return self.existing(handle, path) or self.made(handle, path)

    def made(self, handle: Handle, path: str) -> Own | None:
        """One that is made like the application's, on an engine of the tests' own, in the conftest above a file."""
        chain = definitions(self.know, handle.trail)
        home = home_of(self.know, path, self.python)
        found = None if not chain else recipe(self.know, self.python, handle, chain, home, path)
        if found is None or (home.dotted is None and home.path != path):
            return None
        edits = self._written(found, home, chain, path)
        return None if edits is None else Own(found.names[chain[0].name], home, edits)

    def _written(
        self, found: Recipe, home: Home, chain: list[Definition], path: str
    ) -> Edits | None:
        """The edits of a conftest that make a store: its engine and sessions, and its tables where nobody makes them."""
        imports, parts = list(found.imports), ["\n".join(found.lines)]
        copies = Copies(self.know, self.python, home, found.names)
        drops: list[Edit] = []
        module = self.know.project.module(home.path)
        if module is not None:
            for name in copies.making_tables(module, chain[0].module):
                removed = copies.unbound(module, name)
                if removed is None or not copies.add(chain[0].module, name, name):
                    return None
                drops += removed
        tables = () if copies.code or found.has_tables else found.tables
        if tables is None:
            return None
        if tables:
            imports += found.table_imports
        code = "\n\n\n".join((*parts, *copies.code, *tables))
        added = home.add([*imports, *copies.imports], self._quoted(code, home, parts))
        return None if added is None else (*drops, *added)

    def _quoted(self, code: str, home: Home, parts: Iterable[str]) -> str:
        if home.exists and home.file.quote == "'":
            for part in parts:
                code = code.replace(part, part.replace('"', "'"))
        return code

    # -- taking it

    def taken(self, file: PythonFile, own: Own, local: str) -> Edits | None:
        """The edits that bring it into a file under a name; none in its own module."""
        if file.path == own.home.path:
            return ()
        if own.home.dotted is None:
            return None
        alias = "" if local == own.name else f" as {local}"
        return file.add_import(f"from {own.home.dotted} import {own.name}{alias}", first_party=True)

    def in_place(self, file: PythonFile, at: tuple[int, int, int, int], name: str, own: Own) -> Edits | None:
        """The edits of a test file that take it in the place of an import, wherever the name is used."""
        spot = file.statement(at)
        node = None if spot is None else spot.statement
        if not isinstance(node, ast.ImportFrom):
            return None
        is_top = spot is not None and not spot.around
        renames = None if self._is_shared(file.path, name) else file.rename(at, name, own.name)
        if own.name == name:
            renames = ()
        if file.path == own.home.path:
            if renames is None:
                return None
            gone = file.remove_import(at) if len(node.names) > 1 else file.remove(position(node))
            return None if gone is None else (*gone, *renames)
        local = name if renames is None else own.name
        alias = "" if local == own.name else f" as {local}"
        statement = f"from {own.home.dotted} import {own.name}{alias}"
        if own.home.dotted is None:
            return None
        if len(node.names) == 1:
            written = file.replace_statement(position(node), statement)
            if is_top and _imports(file, own):
                written = _both(file.remove(position(node)), self.taken(file, own, local))
            return None if written is None else (*written, *(renames or ()))
        gone = file.remove_import(at)
        if is_top:
            added = self.taken(file, own, local)
        else:
            added = file.insert_after(position(node), statement)
        both = _both(gone, added)
        return None if both is None else (*both, *(renames or ()))

    def for_attribute(self, file: PythonFile, name: str, own: Own) -> Edits | None:
        """The edits that take it wherever a file looks the application's up in its module, `database.engine`."""
        uses = [
            node
            for node in ast.walk(file.tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node) == name
        ]
        if any(not isinstance(node.ctx, ast.Load) for node in uses):
            return None
        added = self.taken(file, own, own.name)
        if added is None or _binds(file, own.name):
            return None
        return (*added, *(file.replace(position(node), own.name) for node in uses))

    def _is_shared(self, path: str, name: str) -> bool:
        """Whether other test modules import a name from this one."""
        for other in sorted(self.know.project.files):
            module = self.know.project.module(other) if self.know.project.is_test(other) else None
            for binding in () if module is None else module.names.bindings.get(name, ()):
                if binding.kind == "import":
                    source = self.know.project.import_target(module, binding).module if module else None
                    if source is not None and source.path == path:
                        return True
        return False

def _binds(file: PythonFile, name: str) -> bool:
    """Whether a file binds a name within a function, where it would hide another."""
    return any(
        (isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.arg) and node.arg == name)
        for node in ast.walk(file.tree)
    )


def _imports(file: PythonFile, own: Own) -> bool:
    """Whether a file imports from a home already."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == own.home.dotted for node in file.tree.body
    )


def _both(one: Edits | None, other: Edits | None) -> Edits | None:
    return None if one is None or other is None else (*one, *other)
