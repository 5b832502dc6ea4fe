"""What the tests' own engine and sessions are written as: the product's own definitions, on another database."""

from __future__ import annotations

import ast
from collections.abc import Callable

from isolint.edits import PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning.values import Address, Literal, Text, Union, Value, Variable, text
from isolint.facts.program import syntax as s
from isolint.late import dataclass, regex
from isolint.remedies.definitions import Definition, free_names, import_of, renamed
from isolint.remedies.homes import Home, call_code
from isolint.remedies.servers import Database, database
from isolint.remedies.tables import makes_tables, metadata_of, tables_fixture

_SQLITE = {
    False: ('"sqlite://"', "poolclass=StaticPool", 'connect_args={"check_same_thread": False}'),
    True: ('"sqlite+aiosqlite:///:memory:"',),
}
_DIALECT = regex(r"\bsqlalchemy\.dialects(?:\.| import )(postgresql|mysql|mariadb|mssql|oracle)\b")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Lines that make a store for tests. `names` leads from the product's names to the new ones.

    `has_tables` tells that the suite makes the tables itself; `tables` is a fixture that does, None where it
    cannot be written.
    """

    names: dict[str, str]
    imports: tuple[str, ...]
    lines: tuple[str, ...]
    has_tables: bool
    tables: tuple[str, ...] | None
    table_imports: tuple[str, ...]
    fixtures: tuple[str, ...] = ()


def recipe(
    know: Knowledge,
    python: Callable[[str], PythonFile],
    url: Value | None,
    chain: list[Definition],
    home: Home,
    path: str,
    own_engine: str = "",
) -> Recipe | None:
    """How a store like that of these definitions is made for tests; None where it cannot be told.

    `own_engine` is the tests' own engine, if they have one already.
    """
    engine = chain[-1]
    if not engine.is_engine or any(definition.is_engine for definition in chain[:-1]):
        return None
    names = {d.name: _named(d.name, home) for d in chain}
    if own_engine:
        return _on_engine(know, python, chain, {**names, engine.name: own_engine})
    dialect = dialect_of(url) or spoken(know)
    maker = import_of(know, engine.module, _root(engine.call.function))
    written = _callee(python, engine)
    if maker is None or written is None:
        return None
    started = _started(know, python, engine, dialect, names[engine.name], written)
    if started is None:
        return None
    imports, lines = [maker, *started.imports], list(started.lines)
    sessions = _on_engine(know, python, chain, names)
    if sessions is None:
        return None
    imports += sessions.imports
    lines += sessions.lines
    metadata = metadata_of(know, engine.module)
    fixture = (
        None if metadata is None else tables_fixture(know, metadata, names[engine.name], engine.is_async)
    )
    return Recipe(
        names,
        tuple(imports),
        tuple(lines),
        makes_tables(know, path),
        None if fixture is None else (fixture.code,),
        () if fixture is None else fixture.imports,
        (started.fixture,) if started.fixture else (),
    )


def _on_engine(
    know: Knowledge, python: Callable[[str], PythonFile], chain: list[Definition], names: dict[str, str]
) -> Recipe | None:
    """What stands on an engine that is there: session factories."""
    imports: list[str] = []
    lines: list[str] = []
    for definition in reversed(chain[:-1]):
        copied = _copied(know, python, definition, names, imports)
        if copied is None:
            return None
        lines.append(copied)
    return Recipe(names, tuple(imports), tuple(lines), True, (), ())


def _started(
    know: Knowledge,
    python: Callable[[str], PythonFile],
    engine: Definition,
    dialect: str,
    named: str,
    maker: str,
) -> Database | None:
    """The engine that all else stands on: in memory, or on a new database of a server."""
    if dialect not in ("", "sqlite"):
        return database(know, python, engine, dialect, named, maker)
    imports = () if engine.is_async else ("from sqlalchemy.pool import StaticPool",)
    code = call_code(maker, list(_SQLITE[engine.is_async]))
    return Database((f"{named} = {code}",), "", imports)


def _named(name: str, home: Home) -> str:
    """The name of the tests' own: `TestingSession` for `Session`, `testing_engine` for `engine`."""
    plain = name.lstrip("_").removeprefix("async_")
    wanted = f"Testing{plain}" if plain[:1].isupper() else f"testing_{plain}"
    return wanted if wanted not in home.names else f"own_{wanted}"


def _root(node: s.Expression) -> str:
    while isinstance(node, s.Attribute):
        node = node.value
    return node.id if isinstance(node, s.Name) else ""


def _callee(python: Callable[[str], PythonFile], definition: Definition) -> str | None:
    file = python(definition.module.path)
    node = file.node(definition.call.at)
    return file.code(node.func) if isinstance(node, ast.Call) else None


def _copied(
    know: Knowledge,
    python: Callable[[str], PythonFile],
    definition: Definition,
    names: dict[str, str],
    imports: list[str],
) -> str | None:
    """A definition of the product with the tests' names in it; what else it uses is imported."""
    file = python(definition.module.path)
    node = file.node(definition.call.at)
    if not isinstance(node, ast.Call):
        return None
    for name in sorted(free_names(node) - names.keys()):
        wanted = import_of(know, definition.module, name)
        if wanted is None:
            return None
        imports.append(wanted)
    code = renamed(file, node, names)
    if code is None or not names.keys() & free_names(node):
        return None
    return f"{names[definition.name]} = {code}"


def spoken(know: Knowledge) -> str:
    """The dialect whose own types the product uses, "" where it uses none."""
    product = sorted(path for path in know.project.files if not know.project.is_test(path))
    found = (_DIALECT.search(know.project.text(path) or "") for path in product)
    return next((match[1] for match in found if match is not None), "")


def dialect_of(url: Value | None) -> str:
    """The dialect that a URL names, "" where it cannot be told."""
    match url:
        case Literal(value=str(string)):
            return string.partition("://")[0].partition("+")[0] if "://" in string else ""
        case Text(parts=parts) if parts:
            first = text(parts[0]) or ""
            return first.partition("://")[0].partition("+")[0] if "://" in first else dialect_of(parts[0])
        case Variable(default=default):
            return dialect_of(default)
        case Address(base=base, components=components):
            named = next(
                (text(value) for name, value in components if name in ("drivername", "scheme")), None
            )
            return named.partition("+")[0] if named else dialect_of(base)
        case Union(options=found):
            return next((dialect for dialect in map(dialect_of, found) if dialect), "")
    return ""
