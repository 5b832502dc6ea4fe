"""A database of the tests' own on the server that the product uses: made for each worker's run, dropped at its end."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from isolint.edits import PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.remedies.definitions import Definition, free_names, import_of

# Dialect -> the database of each server that one is connected to while others are made.
MAINTENANCE = {"postgresql": "postgres"}

DATABASE = "testing_database"  # the fixture
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Database:
    """The lines that make an engine on a new database, the fixture that makes and drops it, and their imports."""

    lines: tuple[str, ...]
    fixture: str
    imports: tuple[str, ...]


def database(
    know: Knowledge,
    python: Callable[[str], PythonFile],
    engine: Definition,
    dialect: str,
    named: str,
    maker: str,
) -> Database | None:
    """What makes an engine called `named` on a database of its own, on the server of the product's engine.

    `maker` is how the function that makes engines is written. None for asynchronous engines, for dialects that are
    not known, and where the product's address cannot be copied.
    """
    file = python(engine.module.path)
    node = file.node(engine.call.at)
    if engine.is_async or dialect not in MAINTENANCE or not isinstance(node, ast.Call):
        return None
    address = next((word.value for word in node.keywords if word.arg == "url"), None)
    address = node.args[0] if node.args else address
    if address is None or "\n" in file.code(address):
        return None
    imports = ["import logging", "import pytest", "import uuid", "from sqlalchemy import make_url, text"]
    for name in sorted(free_names(address)):
        wanted = import_of(know, engine.module, name)
        if wanted is None:
            return None
        imports.append(wanted)
    url = named.replace("engine", "url") if "engine" in named else f"{named}_url"
    unique = 'set(database=f"test_{uuid.uuid4().hex}")'
    made = f"make_url({file.code(address)}).{unique}"
    if len(made) > _LONGEST:
        made = f"make_url(\n    {file.code(address)}\n).{unique}"
    server = f'{maker}({url}.set(database="{MAINTENANCE[dialect]}"), isolation_level="AUTOCOMMIT")'
    fixture = (
        '@pytest.fixture(scope="session", autouse=True)\n'
        f"def {DATABASE}():\n"
        f"    server = {server}\n"
        f"    name = server.dialect.identifier_preparer.quote({url}.database)\n"
        "    with server.connect() as connection:\n"
        '        connection.execute(text(f"CREATE DATABASE {name}"))\n'
        "    yield\n"
        f"    {named}.dispose()\n"
        "    try:\n"
        "        with server.connect() as connection:\n"
        '            connection.execute(text(f"DROP DATABASE {name}"))\n'
        "    except Exception:\n"
        '        logging.getLogger(__name__).exception("could not drop the database")\n'
        "    server.dispose()"
    )
    lines = (f"{url} = {made}", f"{named} = {maker}({url})")
    return Database(lines, fixture, tuple(imports))
