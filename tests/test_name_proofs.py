"""Names are real faults: unquoted ones abort a transaction, fixed ones fail as soon as there are two workers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import proving
import pytest

from isolint.testing import Expected, expected

TENANTS = "unquoted-sql-identifier/proof_tenant_schemas"


@dataclass(frozen=True)
class Collision:
    """A case whose tests meet in one resource, and the variable that tells them their server, if any."""

    case: str
    variable: str
    message: str


COLLISIONS = [
    Collision("worker-blind-session-resource/proof_shared_database", "TOLLS_TEST_SERVER", "tolls_test"),
    Collision("hardcoded-resource-name/proof_database_of_a_test", "COPIES_TEST_SERVER", "copies_test"),
    Collision("shared-host-resource/proof_one_file", "", "table entries already exists"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with proving.postgresql_server() as address:
        yield address


def run_suite(project: Path, *options: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the project's tests."""
    return proving.run_python(
        project, "-m", "pytest", "-p", "no:cacheprovider", *options, "tests", environment=environment
    )


def told(project: Path) -> list[tuple[str, int, str]]:
    """What isolint says of a project: file, line and rule."""
    result = proving.run_python(project, "-m", "isolint", "check", "--output-format", "json", "--isolated")
    return [(f["filename"], f["location"]["row"], f["code"]) for f in json.loads(result.stdout)]


def marked(project: Path) -> list[tuple[str, int, str]]:
    """The places that the case marks."""
    found: list[Expected] = expected(project)
    return [(mark.path, mark.line, mark.code) for mark in found]


def test_hyphen_in_a_schema_aborts_the_transaction(server: str, tmp_path: Path) -> None:
    project = proving.lay(TENANTS, tmp_path / "project")
    environment = {"TENANCY_TEST_DATABASE_URL": proving.new_database(server)}
    result = run_suite(project, environment=environment)
    assert "3 failed" in result.stdout, result.stdout + result.stderr
    first = result.stdout.index('syntax error at or near "-"')
    assert first < result.stdout.index("current transaction is aborted")
    assert told(project) == marked(project)
    assert [code for _, _, code in told(project)] == ["ISO401", "ISO401"]


def test_quoted_schema_passes_and_is_silent(server: str, tmp_path: Path) -> None:
    project = proving.lay(f"{TENANTS}.fixed", tmp_path / "project")
    environment = {"TENANCY_TEST_DATABASE_URL": proving.new_database(server)}
    result = run_suite(project, environment=environment)
    assert "3 passed" in result.stdout, result.stdout + result.stderr
    assert told(project) == []


@pytest.mark.parametrize("collision", COLLISIONS, ids=lambda collision: collision.case.partition("/")[0])
def test_one_worker_passes_and_four_collide(collision: Collision, server: str, tmp_path: Path) -> None:
    project = proving.lay(collision.case, tmp_path / "project")
    environment = {collision.variable: server} if collision.variable else {}
    alone = run_suite(project, environment=environment)
    assert "8 passed" in alone.stdout, alone.stdout + alone.stderr
    together = run_suite(project, "-n", "4", environment=environment)
    assert together.returncode == 1, together.stdout + together.stderr
    assert collision.message in together.stdout
    found = told(project)
    assert found
    assert found == marked(project)


@pytest.mark.parametrize("collision", COLLISIONS, ids=lambda collision: collision.case.partition("/")[0])
def test_four_workers_pass_with_names_of_their_own(collision: Collision, server: str, tmp_path: Path) -> None:
    project = proving.lay(f"{collision.case}.fixed", tmp_path / "project")
    environment = {collision.variable: server} if collision.variable else {}
    together = run_suite(project, "-n", "4", environment=environment)
    assert "8 passed" in together.stdout, together.stdout + together.stderr
    assert told(project) == []


def test_second_run_fails_until_values_are_unique(tmp_path: Path) -> None:
    project = proving.lay("hardcoded-unique-identifier/proof_second_run", tmp_path / "project")
    environment = {"FERRY_TEST_DATABASE_URL": f"sqlite:///{tmp_path / 'ferry_test.db'}"}
    for outcome in ("5 passed", "5 failed"):
        ran = run_suite(project, environment=environment)
        assert outcome in ran.stdout, ran.stdout + ran.stderr
    options = ("--select", "ISO201", "--fix", "--unsafe-fixes", "--isolated")
    mended = proving.run_python(project, "-m", "isolint", "check", *options)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    for _ in range(2):
        ran = run_suite(project, environment=environment)
        assert "5 passed" in ran.stdout, ran.stdout + ran.stderr
