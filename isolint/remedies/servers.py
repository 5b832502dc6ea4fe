"""A database of the tests' own on the server that the product uses: made for each worker's run, dropped at its end."""

from __future__ import annotations

import ast
from collections.abc import Callable

from isolint.edits import PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.late import dataclass
from isolint.remedies.definitions import Definition, free_names, import_of

# Dialect -> the database of each server that one is connected to while others are made.
MAINTENANCE = {"postgresql": "postgres", "mysql": "information_schema", "mariadb": "information_schema"}

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

    `maker` is how the function that makes engines is written. None for dialects that are not known, and where the
    product's address cannot be copied.
    """
    file = python(engine.module.path)
    node = file.node(engine.call.at)
    if dialect not in MAINTENANCE or not isinstance(node, ast.Call):
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
    lines = [f"{url} = {new_address(file.code(address))}", f"{named} = {maker}({url})"]
    server = f'{maker}({url}.set(database="{MAINTENANCE[dialect]}"), isolation_level="AUTOCOMMIT")'
    if not engine.is_async:
        return Database(tuple(lines), making(url, server, f"    {named}.dispose()\n"), tuple(imports))
    # Each test has an event loop of its own, and a connection belongs to one: none is kept in a pool.
    lines[-1] = f"{named} = {maker}({url}, poolclass=NullPool)"
    imports += ["import asyncio", "from sqlalchemy.pool import NullPool"]
    return Database(tuple(lines), _making_in_a_loop(url, named, server), tuple(imports))


def new_address(code: str) -> str:
    """The code of an address with a database of a new name in it."""
    unique = 'set(database=f"test_{uuid.uuid4().hex}")'
    made = f"make_url({code}).{unique}"
    return made if len(made) <= _LONGEST else f"make_url(\n    {code}\n).{unique}"


def making(url: str, server: str, disposal: str = "") -> str:
    """The fixture that makes the database of an address through an engine on its server, and drops it in the end."""
    return (
        '@pytest.fixture(scope="session", autouse=True)\n'
        f"def {DATABASE}():\n"
        f"    server = {server}\n"
        f"    name = server.dialect.identifier_preparer.quote({url}.database)\n"
        "    with server.connect() as connection:\n"
        '        connection.execute(text(f"CREATE DATABASE {name}"))\n'
        "    yield\n"
        f"{disposal}"
        "    try:\n"
        "        with server.connect() as connection:\n"
        '            connection.execute(text(f"DROP DATABASE {name}"))\n'
        "    except Exception:\n"
        '        logging.getLogger(__name__).exception("could not drop the database")\n'
        "    server.dispose()"
    )


def _making_in_a_loop(url: str, named: str, server: str) -> str:
    """The same with an asynchronous engine, in event loops of its own: no plugin's is there for a whole session."""
    return (
        "async def run_on_server(statement):\n"
        f"    server = {server}\n"
        "    async with server.connect() as connection:\n"
        "        await connection.execute(text(statement))\n"
        "    await server.dispose()\n"
        "\n\n"
        '@pytest.fixture(scope="session", autouse=True)\n'
        f"def {DATABASE}():\n"
        f"    name = {named}.dialect.identifier_preparer.quote({url}.database)\n"
        '    asyncio.run(run_on_server(f"CREATE DATABASE {name}"))\n'
        "    yield\n"
        "    try:\n"
        '        asyncio.run(run_on_server(f"DROP DATABASE {name}"))\n'
        "    except Exception:\n"
        '        logging.getLogger(__name__).exception("could not drop the database")'
    )
