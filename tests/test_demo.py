"""The demonstration project: its suite passes and empties its database; isolint says so beforehand."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from proving import run_python

REPOSITORY = Path(__file__).parents[1]
DEMO = REPOSITORY / "fixtures" / "demo"
REPAIRED = REPOSITORY / "fixtures" / "demo.fixed"
DATABASE = Path("data", "dev.db")
ORDERS = 56
MARK = re.compile(r"# expect: (?P<code>ISO\d{3})")


def seeded_copy(project: Path, destination: Path) -> Path:
    """A copy of `project` whose database has been filled by its own seed.py."""
    shutil.copytree(project, destination, ignore=shutil.ignore_patterns("*.db", "__pycache__", ".*_cache"))
    seeding = run_python(destination, "seed.py")
    assert seeding.returncode == 0, seeding.stderr
    return destination


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return seeded_copy(DEMO, tmp_path / "bakery")


@pytest.fixture
def repaired(tmp_path: Path) -> Path:
    return seeded_copy(REPAIRED, tmp_path / "bakery")


def run_tests(project: Path, *paths: str) -> None:
    """Run the project's tests with real pytest; all of them must pass."""
    result = run_python(project, "-m", "pytest", "-p", "no:cacheprovider", *paths)
    assert result.returncode == 0, result.stdout + result.stderr


def contents(project: Path) -> list[str]:
    """Every table and row of the project's database, as SQL."""
    connection = sqlite3.connect(project / DATABASE)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def rows_of(table: str, dump: list[str]) -> list[str]:
    return [statement for statement in dump if statement.startswith(f'INSERT INTO "{table}"')]


@pytest.mark.parametrize("paths", [(), ("tests/test_pricing.py",)], ids=["whole suite", "arithmetic alone"])
def test_passing_suite_empties_the_database(demo: Path, paths: tuple[str, ...]) -> None:
    assert len(rows_of("orders", contents(demo))) == ORDERS
    run_tests(demo, *paths)
    assert contents(demo) == ["BEGIN TRANSACTION;", "COMMIT;"]


def test_repaired_suite_leaves_the_database_untouched(repaired: Path) -> None:
    rows, stored = contents(repaired), (repaired / DATABASE).read_bytes()
    assert len(rows_of("orders", rows)) == ORDERS
    run_tests(repaired)
    assert contents(repaired) == rows
    assert (repaired / DATABASE).read_bytes() == stored


def files_below(project: Path) -> dict[str, str]:
    return {path.relative_to(project).as_posix(): path.read_text() for path in project.rglob("*.py")}


def test_repair_changes_nothing_but_the_tests() -> None:
    before, after = files_below(DEMO), files_below(REPAIRED)
    assert before.keys() == after.keys()
    assert {path for path in before if before[path] != after[path]} == {
        "tests/conftest.py",
        "tests/test_api.py",
        "tests/test_customers.py",
        "tests/test_orders.py",
    }


def check(project: Path) -> tuple[int, list[dict[str, Any]]]:
    """isolint's exit code and findings in `project`."""
    result = run_python(project, "-m", "isolint", "check", "--output-format", "json")
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


def place(located: dict[str, Any]) -> tuple[str, int]:
    return located["filename"], located["location"]["row"]


def marks(project: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    """The code and place of each `# expect:` comment."""
    for path, text in files_below(project).items():
        for row, line in enumerate(text.splitlines(), start=1):
            if mark := MARK.search(line):
                yield mark["code"], (path, row)


def place_of(project: Path, path: str, words: str) -> tuple[str, int]:
    """The only line of the file `path` that contains `words`."""
    lines = (project / path).read_text().splitlines()
    (row,) = [row for row, line in enumerate(lines, start=1) if words in line]
    return path, row


def test_isolint_reports_the_fixture_and_the_imports(demo: Path) -> None:
    exit_code, findings = check(demo)
    assert exit_code == 1
    assert sorted((finding["code"], place(finding)) for finding in findings) == sorted(marks(demo))
    assert {(finding["code"], finding["name"], finding["filename"]) for finding in findings} == {
        ("ISO101", "production-session-import", "tests/test_customers.py"),
        ("ISO101", "production-session-import", "tests/test_orders.py"),
        ("ISO103", "app-client-without-db-override", "tests/test_api.py"),
        ("ISO501", "destructive-autouse-fixture", "tests/conftest.py"),
    }


def test_isolint_shows_the_way_to_the_file(demo: Path) -> None:
    engine = place_of(demo, "app/db.py", "create_async_engine(")
    default = place_of(demo, "app/config.py", "./data/dev.db")
    _, findings = check(demo)
    for finding in findings:
        trail = [place(related) for related in finding["related"]]
        assert engine in trail
        assert default in trail
        assert trail.index(engine) < trail.index(default)
        assert "data/dev.db" in json.dumps(finding)


def test_isolint_is_silent_on_the_repaired_suite(repaired: Path) -> None:
    assert check(repaired) == (0, [])
