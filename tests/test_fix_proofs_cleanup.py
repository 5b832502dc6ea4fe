"""The fixes of clean-up and SQL are real: PostgreSQL before and after them, with names as tenants have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import proving
import psycopg
import pytest

TENANTS = "unquoted-sql-identifier/proof_invoices_of_tenants"
LEFT = "missing-teardown/proof_schemas_left_behind"


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

    def run(self) -> str:
        """What pytest says of its tests."""
        run = ("-m", "pytest", "-p", "no:cacheprovider", "-q", "tests")
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
