"""The fixes are right: after them each project's own suite passes, isolint is silent, and its data is as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import proving
import pytest
from psycopg.conninfo import conninfo_to_dict

SESSIONS = "production-session-import"


@dataclass(frozen=True)
class Stack:
    """A case with a fault of a stack; the variable of its address, and its SQLite file ("" on PostgreSQL).

    `driver` is what SQLAlchemy reaches PostgreSQL by.
    """

    case: str
    variable: str
    file: str
    driver: str = "psycopg"


STACKS = {
    "fastapi-async-sqlalchemy": Stack(
        f"{SESSIONS}/proof_async_sessions", "ROUNDHOUSE_DATABASE_URL", "roundhouse.db"
    ),
    "sqlmodel": Stack(f"{SESSIONS}/proof_sqlmodel", "APIARY_DATABASE_URL", "apiary.db"),
    "sqlalchemy-on-postgresql": Stack(f"{SESSIONS}/proof_server", "HARBOUR_DATABASE_URL", ""),
    "async-sqlalchemy-on-postgresql": Stack(
        f"{SESSIONS}/proof_server_async", "TRAMWAY_DATABASE_URL", "", "asyncpg"
    ),
    "fastapi-sqlalchemy": Stack(
        "app-client-without-db-override/proof_only_the_mailer", "CLINIC_DATABASE_URL", "clinic.db"
    ),
    "fastapi-client-of-a-module": Stack(
        "app-client-without-db-override/proof_client_of_a_module", "KENNEL_DATABASE_URL", "kennel.db"
    ),
    "flask-global-app": Stack(f"{SESSIONS}/proof_flask_global_app", "POTTERY_DATABASE_URL", "pottery.db"),
    "flask-global-app-on-postgresql": Stack(f"{SESSIONS}/proof_flask_server", "ROPEWAY_DATABASE_URL", ""),
    "tortoise": Stack("unproven-database-target/proof_tortoise", "LIGHTHOUSE_DATABASE_URL", "lighthouse.db"),
    "flask-sqlalchemy": Stack(
        "late-app-config/proof_configured_afterwards", "STOCK_DATABASE_URL", "instance/stock.db"
    ),
    "flask-factory-as-it-is": Stack(
        "app-client-without-db-override/proof_factory_as_it_is", "SKY_DATABASE_URL", "instance/sky.db"
    ),
}


CLIENT = "app-client-without-db-override"
RUNNING = [
    f"{CLIENT}/class_with_a_session",
    f"{CLIENT}/client_of_a_conftest",
    f"{CLIENT}/client_of_a_module",
    f"{CLIENT}/client_of_a_module_beside_an_autouse_fixture",
    f"{CLIENT}/client_of_a_module_of_test_cases",
    f"{CLIENT}/client_of_a_module_scoped_fixture",
    f"{CLIENT}/flask_factory_called_in_a_set_up",
    f"{CLIENT}/flask_factory_that_reads_a_variable",
    f"{CLIENT}/flask_model_query",
    f"{CLIENT}/set_up_with_other_overrides",
]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with proving.postgresql_server() as address:
        yield address


@dataclass(frozen=True)
class Developed:
    """A project with a filled development database: `data` is what it holds, byte for byte or row for row."""

    project: Path
    environment: dict[str, str]
    data: Callable[[], object]

    def run(self, *arguments: str) -> str:
        """Run Python in the project; it must succeed."""
        result = proving.run_python(self.project, *arguments, environment=self.environment)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def tests(self) -> str:
        return self.run("-m", "pytest", "-p", "no:cacheprovider", "tests")

    def findings(self, *arguments: str) -> list[dict[str, str]]:
        command = ("-m", "isolint", "check", "--isolated", "--output-format", "json", "--exit-zero")
        found: list[dict[str, str]] = json.loads(self.run(*command, *arguments))
        return found


def sqlalchemy_url(address: str, driver: str = "psycopg") -> str:
    """A libpq connection string as the URL that SQLAlchemy reads."""
    parts = conninfo_to_dict(address)
    rest = {name: value for name, value in parts.items() if name not in ("dbname", "user")}
    return f"postgresql+{driver}://{parts['user']}@/{parts['dbname']}?{urlencode(rest)}"


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> Stack:
    return STACKS[request.param]


@pytest.fixture
def developed(stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> Developed:
    project = proving.lay(stack.case, tmp_path / "project")
    if stack.file:
        made = Developed(project, {}, (project / stack.file).read_bytes)
    else:
        address = proving.new_database(request.getfixturevalue("server"))
        environment = {stack.variable: sqlalchemy_url(address, stack.driver)}
        made = Developed(project, environment, lambda: proving.postgresql_rows(address))
    made.run("seed.py")
    return made


def test_suite_changes_the_development_data(stack: Stack, developed: Developed) -> None:
    before = developed.data()
    proving.run_python(
        developed.project,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "tests",
        environment=developed.environment,
    )
    assert developed.data() != before


def test_fixed_suite_passes_and_leaves_it_alone(stack: Stack, developed: Developed) -> None:
    before = developed.data()
    assert developed.findings()
    assert developed.findings("--fix", "--unsafe-fixes") == []
    passed = developed.tests()
    assert " passed" in passed
    assert developed.data() == before
    assert developed.findings() == []


@pytest.mark.parametrize("name", [name for name in STACKS if name.endswith("on-postgresql")])
def test_databases_of_its_own_are_dropped(name: str, server: str, tmp_path: Path) -> None:
    stack = STACKS[name]
    address = proving.new_database(server)
    project = proving.lay(stack.case, tmp_path / "project")
    made = Developed(project, {stack.variable: sqlalchemy_url(address, stack.driver)}, lambda: None)
    made.run("seed.py")
    made.findings("--fix", "--unsafe-fixes")
    before = proving.databases(server)
    made.run("-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "tests")
    assert proving.databases(server) == before


@pytest.mark.parametrize("case", RUNNING)
def test_fixed_suite_passes_where_the_application_has_no_database(case: str, tmp_path: Path) -> None:
    made = Developed(proving.lay(case, tmp_path / "project"), {}, lambda: None)
    before = proving.run_python(made.project, "-m", "pytest", "-p", "no:cacheprovider", "tests")
    assert before.returncode == 1
    for path in made.project.rglob("*.db"):
        path.unlink()
    assert made.findings("--fix", "--unsafe-fixes") == []
    assert " passed" in made.tests()
    assert not list(made.project.rglob("*.db"))
