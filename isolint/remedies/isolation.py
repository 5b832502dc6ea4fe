"""A store of the tests' own in the place of the application's: the one there is, or one that is made."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from isolint.edits import Edits, PythonFile, both
from isolint.edits.places import position
from isolint.facts.knowledge import CLIENT_KINDS, SESSION_KINDS, Knowledge
from isolint.facts.meaning import handles
from isolint.facts.meaning.values import Handle, Trail, Value
from isolint.facts.program.project import Module
from isolint.finding import Edit
from isolint.remedies.definitions import Definition, definitions
from isolint.remedies.engines import Recipe, recipe
from isolint.remedies.existing import Existing, Own, imports
from isolint.remedies.fakes import faked
from isolint.remedies.functions import Copied, Copies, Renaming
from isolint.remedies.homes import Home, home_of
from isolint.remedies.pinning import pinned
from isolint.remedies.servers import DATABASE
from isolint.source import Position


class Isolation:
    """Finds and makes stores for tests. `python` gives the editor of a file of the project."""

    def __init__(self, know: Knowledge, python: Callable[[str], PythonFile]) -> None:
        self.know = know
        self.python = python
        self._there = Existing(know, python)

    # -- what there is

    def existing(self, handle: Handle, path: str) -> Own | None:
        """The one for the tests of a file that there is: named in the configuration, else in conftests or support."""
        there = self._there
        return there.named(handle, path) or there.in_conftests(handle, path) or there.in_support(handle, path)

    def pinned(self, handle: Handle, path: str) -> Edits | None:
        """The edits that pin the variable of a handle's address before the tests of a file load the application."""
        return pinned(self.know, self.python, handle, path)

    def faked(self, trail: Trail, path: str) -> Edits | None:
        """The edits that put fakes in the place of the client that a trail leads to, for the tests of a file."""
        return faked(self.know, self.python, trail, path)

    # -- what is made

    def own(self, handle: Handle, path: str) -> Own | None:
        """The tests' own in the place of a handle of the application's, for the tests of a file."""
        return self.existing(handle, path) or self.made(handle, path)

    def made(self, handle: Handle, path: str, at: Position | None = None) -> Own | None:
        """One that is made like the application's, on an engine of the tests' own, in the conftest above a file.

        `at` is the import of the application's in that file, which it replaces.
        """
        return self.made_for(definitions(self.know, handle.trail), handle.url, path, at=at)

    def made_for(
        self,
        chain: list[Definition],
        url: Value | None,
        path: str,
        copied: tuple[Copied, ...] = (),
        at: Position | None = None,
    ) -> Own | None:
        """The same for the definitions that lead to a store, with copies of product functions that open it."""
        home = home_of(self.know, path, self.python)
        engine = self._handle(chain[-1].module, chain[-1].name) if len(chain) > 1 else None
        base = self.existing(engine, path) if engine is not None else None
        if base is not None and base.home.path != home.path:
            return None
        there = base.name if base is not None else ""
        found = None if not chain else recipe(self.know, self.python, url, chain, home, path, there)
        if found is None or (home.dotted is None and home.path != path):
            return None
        gone = at if home.path == path else None
        below = home.statement_of(there) if there else None
        edits = self._written(found, home, chain, copied, gone, below)
        return None if edits is None else Own(found.names[chain[0].name], home, edits, gone)

    def _written(
        self,
        found: Recipe,
        home: Home,
        chain: list[Definition],
        copied: tuple[Copied, ...],
        gone: Position | None,
        below: ast.stmt | None,
    ) -> Edits | None:
        """The edits of a conftest that make a store: engine, sessions, and the tables where nobody makes them."""
        imports, parts = list(found.imports), ["\n".join(found.lines)]
        copies = Copies(self.know, self.python, home, self._renaming(found, chain))
        module = self.know.project.module(home.path)
        wanted = list(copied)
        for product in {definition.module.path: definition.module for definition in chain}.values():
            if module is not None:
                names = copies.making_tables(module, product)
                wanted += [one for name in names if (one := Copied(product, name, name)) not in wanted]
        drops = self._copied(copies, module, wanted, gone)
        tables = () if found.has_tables else found.tables
        if tables is None or drops is None:
            return None
        if tables:
            imports += found.table_imports
        code = "\n\n\n".join((*parts, *found.fixtures, *copies.code, *tables))
        added = home.add([*imports, *copies.imports], self._quoted(code, home, parts), below, drops)
        asked = self._asking(home) if found.fixtures else ()
        return None if added is None or asked is None else (*added, *asked)

    def _asking(self, home: Home) -> Edits | None:
        """The edits that let a conftest's fixtures around the whole session ask for the database that is made there."""
        module = self.know.project.module(home.path)
        defined = () if module is None else tuple(self.know.fixtures.defined(module).values())
        edits: list[Edit] = []
        for fixture in defined:
            if fixture.module is module and fixture.autouse and fixture.scope == "session":
                added = home.file.add_parameter(fixture.function.name_at, DATABASE)
                if added is None:
                    return None
                edits += added
        return tuple(edits)

    def _copied(
        self,
        copies: Copies,
        module: Module | None,
        wanted: Sequence[Copied],
        gone: Position | None = None,
    ) -> list[Position] | None:
        """Make copies of functions; given are the imports of those that keep their names, which are to go."""
        if not all(copies.add(one.module, one.name, one.new) for one in wanted):
            return None
        kept = [one.name for one in wanted if one.new == one.name]
        return copies.unbound(module, kept, gone) if module is not None else []

    def _renaming(self, found: Recipe, chain: list[Definition]) -> Renaming:
        """What a name of the product's is called in the tests, if it is one of these definitions."""
        places = {
            (definition.module.path, definition.call.at): found.names[definition.name] for definition in chain
        }

        def renaming(module: Module, name: str) -> str | None:
            handle = self._handle(module, name)
            first = handle.trail[:3] if handle is not None else ()
            return next((places[hop.path, hop.at] for hop in first if (hop.path, hop.at) in places), None)

        return renaming

    def renaming(self, path: str) -> Renaming:
        """What a handle of the product's is called in the tests of a file that have one of their own."""

        def renaming(module: Module, name: str) -> str | None:
            handle = self._handle(module, name)
            own = self.existing(handle, path) if handle is not None else None
            return None if own is None or not own.home.is_conftest else own.name

        return renaming

    def has_stand_in(self, module: Module) -> Iterator[bool]:
        """For each of the application's handles that a test module imports: whether tests can have one of their own."""
        for site in self.know.module_sites(module).imports:
            for _, _, handle in self.know.imported_handles(site, CLIENT_KINDS):
                yield self.faked(handle.trail, module.path) is not None
            for _, _, handle in self.know.imported_handles(site):
                yield (self.own(handle, module.path) or self.pinned(handle, module.path)) is not None

    def _handle(self, module: Module, name: str) -> Handle | None:
        """The application's handle that a name at the top of a module stands for."""
        bindings = module.names.bindings.get(name, ())
        if len(bindings) != 1:
            return None
        frame = self.know.evaluator.module_frame(module)
        value = handles.read(self.know.evaluator, self.know.evaluator.binding(bindings[0], frame))
        return value if isinstance(value, Handle) and value.kind in SESSION_KINDS else None

    def with_copies(self, trail: Trail, path: str, copied: tuple[Copied, ...]) -> Edits | None:
        """The edits that copy functions of the product to the conftest above a file, onto the tests' own store."""
        chain = definitions(self.know, trail)
        if not chain:
            return None
        handle = self._handle(chain[0].module, chain[0].name)
        if handle is None:
            return None
        own = self.existing(handle, path)
        if own is None:
            made = self.made_for(chain, handle.url, path, copied)
            return None if made is None else made.edits
        if not own.home.is_conftest:
            return None
        copies = Copies(self.know, self.python, own.home, self.renaming(path))
        module = self.know.project.module(own.home.path)
        drops = self._copied(copies, module, copied)
        if drops is None:
            return None
        statement = own.home.statement_of(own.name)
        return own.home.add(copies.imports, "\n\n\n".join(copies.code), statement, drops)

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

    def in_place(self, file: PythonFile, at: Position, name: str, own: Own) -> Edits | None:
        """The edits of a test file that take it in the place of an import, wherever the name is used."""
        spot = file.statement(at)
        node = None if spot is None else spot.statement
        if not isinstance(node, ast.ImportFrom):
            return None
        is_top = spot is not None and not spot.around
        renames = None if self.is_shared(file.path, name) else file.rename(at, name, own.name)
        if own.name == name:
            renames = ()
        if file.path == own.home.path:
            if renames is None:
                return None
            gone = () if own.gone == at else file.remove_import(at)
            return None if gone is None else (*gone, *renames)
        local = name if renames is None else own.name
        alias = "" if local == own.name else f" as {local}"
        statement = f"from {own.home.dotted} import {own.name}{alias}"
        if own.home.dotted is None or (is_top and imports(self.know.project, own.home.path, file.path)):
            return None
        written = self._beside(file, node, at, statement, is_top=is_top)
        return None if written is None else (*written, *(renames or ()))

    def _beside(
        self, file: PythonFile, node: ast.ImportFrom, at: Position, statement: str, *, is_top: bool
    ) -> Edits | None:
        """The edits that import something in the place of one name of an import."""
        is_alone = len(node.names) == 1
        if is_top and any(_is_from(each, statement) for each in file.tree.body):
            added = file.add_import(statement, first_party=True)
            return both(file.remove(position(node)) if is_alone else file.remove_import(at), added)
        last = node if not is_top else _last_before(file, node, statement)
        if is_alone and last is node:
            return file.replace_statement(position(node), statement)
        added = file.insert_after(position(last), statement)
        return both(file.remove(position(node)) if is_alone else file.remove_import(at), added)

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
        if added is None or _binds(file, own.name) or imports(self.know.project, own.home.path, file.path):
            return None
        return (*added, *(file.replace(position(node), own.name) for node in uses))

    def is_shared(self, path: str, name: str) -> bool:
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


def _is_from(node: ast.stmt, statement: str) -> bool:
    """Whether a statement imports from the module that another does."""
    other = ast.parse(statement).body[0]
    return (
        isinstance(node, ast.ImportFrom) and isinstance(other, ast.ImportFrom) and node.module == other.module
    )


def _last_before(file: PythonFile, node: ast.ImportFrom, statement: str) -> ast.stmt:
    """The last import of a paragraph, from a given one on, that an import sorts after."""
    body, last = file.tree.body, node
    module = statement.split()[1]
    for following in body[body.index(node) + 1 :]:
        is_near = following.lineno == (last.end_lineno or last.lineno) + 1
        if not isinstance(following, ast.ImportFrom) or not is_near or (following.module or "") > module:
            break
        last = following
    return last
