"""The faults are real: each case's own suite passes and changes the development database, its twin's does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import proving
import pytest
from psycopg.conninfo import conninfo_to_dict

CLIENT = "app-client-without-db-override/proof_only_the_mailer"
CONFIG = "late-app-config/proof_configured_afterwards"
SCHEMA = "destructive-autouse-fixture/proof_schema_reset"
BY_HAND = {
    CLIENT: "app-client-without-db-override/proof_session_of_a_fixture",
    CONFIG: "late-app-config/proof_configured_by_the_factory",
    SCHEMA: "destructive-autouse-fixture/proof_database_of_its_own",
}


@dataclass(frozen=True)
class Proof:
    """A case, the variable its application is configured by, the SQLite file it uses otherwise."""

    case: str
    variable: str
    file: str
    codes: frozenset[str]


PROOFS = [
    Proof(CLIENT, "CLINIC_DATABASE_URL", "clinic.db", frozenset({"ISO103"})),
    Proof(CONFIG, "STOCK_DATABASE_URL", "instance/stock.db", frozenset({"ISO104", "ISO502"})),
    Proof(SCHEMA, "LIBRARY_DATABASE_URL", "", frozenset({"ISO501"})),
]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with proving.postgresql_server() as address:
        yield address


@dataclass(frozen=True)
class Development:
    """A project with a filled development database."""

    project: Path
    environment: dict[str, str]
    rows: Callable[[], proving.Rows]

    def run(self, *arguments: str) -> None:
        """Run Python in the project; it must succeed."""
        result = proving.run_python(self.project, *arguments, environment=self.environment)
        assert result.returncode == 0, result.stdout + result.stderr


def sqlalchemy_url(address: str) -> str:
    """A libpq connection string as the URL that SQLAlchemy reads."""
    parts = conninfo_to_dict(address)
    rest = {name: value for name, value in parts.items() if name not in ("dbname", "user")}
    return f"postgresql+psycopg://{parts['user']}@/{parts['dbname']}?{urlencode(rest)}"


def developed(proof: Proof, case: str, folder: Path, server: str | None) -> Development:
    """The case's project with its development database, a SQLite file or one of the server's, filled by its seed."""
    project = proving.lay(case, folder / "project")
    if server is None:
        made = Development(project, {}, lambda: proving.sqlite_rows(project / proof.file))
    else:
        address = proving.new_database(server)
        given = address if proof.case == SCHEMA else sqlalchemy_url(address)
        made = Development(project, {proof.variable: given}, lambda: proving.postgresql_rows(address))
    made.run("seed.py")
    return made


STORES = [
    pytest.param(proof, store, id=f"{proof.case.partition('/')[0]}-{store}")
    for proof in PROOFS
    for store in (("sqlite", "postgresql") if proof.file else ("postgresql",))
]


@pytest.mark.parametrize(("proof", "store"), STORES)
def test_passing_suite_changes_the_development_database(
    proof: Proof, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server") if store == "postgresql" else None
    development = developed(proof, proof.case, tmp_path, server)
    before = development.rows()
    assert sum(map(len, before.values())) == 3
    development.run("-m", "pytest", "-p", "no:cacheprovider", "tests")
    after = development.rows()
    assert not any(set(rows).intersection(*before.values()) for rows in after.values())


@pytest.mark.parametrize(("proof", "store"), STORES)
def test_repaired_suite_leaves_every_row(
    proof: Proof, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server") if store == "postgresql" else None
    development = developed(proof, BY_HAND[proof.case], tmp_path, server)
    before = development.rows()
    assert sum(map(len, before.values())) == 3
    development.run("-m", "pytest", "-p", "no:cacheprovider", "tests")
    assert development.rows() == before


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.case.partition("/")[0])
def test_isolint_tells_beforehand(proof: Proof, tmp_path: Path) -> None:
    for case, codes in ((proof.case, proof.codes), (BY_HAND[proof.case], frozenset())):
        project = proving.lay(case, tmp_path / Path(case).name)
        result = proving.run_python(
            project, "-m", "isolint", "check", "--output-format", "json", "--isolated"
        )
        assert {finding["code"] for finding in json.loads(result.stdout)} == codes
