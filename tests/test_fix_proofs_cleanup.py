"""The fixes of clean-up and SQL are real: PostgreSQL before and after them, with names as tenants have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import proving
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

TENANTS = "unquoted-sql-identifier/proof_invoices_of_tenants"
LEFT = "missing-teardown/proof_schemas_left_behind"
EACH_RUN = "missing-teardown/proof_database_of_each_run"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with proving.postgresql_server() as address:
        yield address


@dataclass(frozen=True)
class Suite:
    """A project whose tests use a database that is theirs."""

    project: Path
    address: str
    variable: str

    def run(self, *options: str) -> str:
        """What pytest says of its tests."""
        run = ("-m", "pytest", "-p", "no:cacheprovider", "-q", *options, "tests")
        return proving.run_python(self.project, *run, environment={self.variable: self.address}).stdout

    def mend(self) -> None:
        """Apply all fixes; nothing is found any more."""
        for options in (("--fix", "--unsafe-fixes"), ()):
            done = proving.run_python(self.project, "-m", "isolint", "check", *options)
        assert done.returncode == 0, done.stdout + done.stderr

    def schemas(self) -> set[str]:
        """The schemas that tests have made and left."""
        with psycopg.connect(self.address) as connection:
            names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '-'")
            return {name.partition("-")[0] for (name,) in names}


def laid(case: str, variable: str, folder: Path, server: str) -> Suite:
    return Suite(proving.lay(case, folder / "project"), proving.new_database(server), variable)


def test_names_with_hyphens_are_quoted(server: str, tmp_path: Path) -> None:
    suite = laid(TENANTS, "BILLING_TEST_DATABASE_URL", tmp_path, server)
    before = suite.run()
    assert 'syntax error at or near "-"' in before
    assert "2 errors" in before
    suite.mend()
    assert "2 passed" in suite.run()
    assert suite.schemas() == set()


def test_what_was_left_behind_is_gone(server: str, tmp_path: Path) -> None:
    suite = laid(LEFT, "ARCHIVE_TEST_DATABASE_URL", tmp_path, server)
    assert "1 failed, 1 passed" in suite.run()
    assert suite.schemas() == {"archive", "copy"}
    with psycopg.connect(suite.address, autocommit=True) as connection:
        for (name,) in connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '-'").fetchall():
            connection.execute(psycopg.sql.SQL("DROP SCHEMA {}").format(psycopg.sql.Identifier(name)))
    suite.mend()
    assert "1 failed, 1 passed" in suite.run()
    assert suite.schemas() == set()


def test_a_clean_up_that_fails_is_told_and_fails_no_test(server: str, tmp_path: Path) -> None:
    suite = laid(LEFT, "ARCHIVE_TEST_DATABASE_URL", tmp_path, server)
    suite.mend()
    test = suite.project / "tests" / "test_archive.py"
    made_away = 'connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(archive)))'
    there = "assert archive in names(connection)"
    test.write_text(test.read_text().replace(there, f"{there}\n        {made_away}"))
    said = suite.run()
    assert "1 failed, 1 passed" in said
    assert "error" not in said.splitlines()[-1]


@pytest.fixture
def logbook(server: str, tmp_path: Path) -> Iterator[Suite]:
    """A suite that makes a database on the server for each run; what it leaves there is dropped."""
    before = proving.databases(server)
    yield Suite(proving.lay(EACH_RUN, tmp_path / "project"), server, "LOGBOOK_TEST_SERVER")
    with psycopg.connect(server, autocommit=True) as connection:
        for name in set(proving.databases(server)) - set(before):
            connection.execute(psycopg.sql.SQL("DROP DATABASE {}").format(psycopg.sql.Identifier(name)))


def self_test_fails(suite: Suite) -> bool:
    environment = {suite.variable: suite.address, "LOGBOOK_LINE": "Run aground."}
    done = proving.run_python(suite.project, "-m", "logbook.store", environment=environment)
    return done.returncode == 1 and "AssertionError" in done.stderr


def test_database_of_each_run_is_dropped_whatever_happens(logbook: Suite) -> None:
    before = proving.databases(logbook.address)
    assert "2 passed" in logbook.run()
    assert self_test_fails(logbook)
    left = proving.databases(logbook.address)
    assert len(left) == len(before) + 2
    logbook.mend()
    assert "2 passed" in logbook.run()
    assert self_test_fails(logbook)
    assert proving.databases(logbook.address) == left


def test_database_that_cannot_be_dropped_is_told_and_fails_no_test(logbook: Suite) -> None:
    logbook.mend()
    test = logbook.project / "tests" / "test_logbook.py"
    test.write_text(test.read_text().replace("    again.close()\n", "    globals()['open'] = again\n"))
    said = logbook.run("-o", "log_cli=true")
    assert "could not remove the database" in said
    assert "is being accessed by other users" in said
    assert "2 passed" in said
    assert "error" not in said.splitlines()[-1]


def test_database_that_cannot_be_made_fails_the_tests(logbook: Suite) -> None:
    logbook.mend()
    with psycopg.connect(logbook.address, autocommit=True) as connection:
        connection.execute("CREATE ROLE visitor LOGIN")
    visitor = replace(logbook, address=make_conninfo(logbook.address, user="visitor"))
    said = visitor.run()
    assert "permission denied to create database" in said
    assert "2 errors" in said
