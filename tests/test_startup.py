"""What a run imports, since what is not needed makes it slow to start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command import CLEAN, LEAKY, write

# All that the command line takes to be read.
COMMANDS = {
    "isolint",
    "isolint.adopting",
    "isolint.cli",
    "isolint.console",
    "isolint.invocation",
    "isolint.options",
    "isolint.reporting",
    "isolint.tracing",
    "isolint.working",
}
SQL = """\
import sqlite3


def test_tables(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("DROP TABLE IF EXISTS customers")
"""


REPORT = "import sys; from isolint.cli import main; main(); print(*sys.modules, file=sys.stderr)"


def run(*arguments: str, cwd: Path) -> str:
    """What Python prints on stderr."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    return done.stderr


def imported(*arguments: str, cwd: Path) -> set[str]:
    """The modules that are there when `isolint` with these arguments has done its work."""
    return set(run("-c", REPORT, *arguments, cwd=cwd).splitlines()[-1].split())


def below(modules: set[str], package: str) -> set[str]:
    return {name for name in modules if f"{name}.".startswith(f"{package}.")}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check", "--help"], ["trace", "--help"]])
def test_saying_who_it_is_takes_next_to_nothing(tmp_path: Path, arguments: list[str]) -> None:
    modules = imported(*arguments, cwd=tmp_path)
    assert below(modules, "isolint") == COMMANDS
    assert not below(modules, "libcst") | below(modules, "sqlparse") | below(modules, "pathspec")


def test_importtime_of_the_version(tmp_path: Path) -> None:
    lines = run("-X", "importtime", "-m", "isolint", "--version", cwd=tmp_path).splitlines()
    modules = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert below(modules, "isolint") == COMMANDS
    assert not below(modules, "libcst")


# What is for fixes, for files that a project may not have, and for what is seldom.
UNNEEDED = (
    "libcst sqlparse pathspec yaml dotenv tree_sitter importlib.metadata email tempfile traceback sysconfig "
    "isolint.edits isolint.ends isolint.remedies isolint.fixing isolint.files isolint.modern isolint.trace isolint.docs"
).split()


def test_clean_run(tmp_path: Path) -> None:
    modules = imported("check", cwd=write(tmp_path, CLEAN))
    assert "isolint.engine" in modules
    assert [package for package in UNNEEDED if below(modules, package)] == []
    assert below(modules, "isolint.report") == {"isolint.report", "isolint.report.concise"}


# What a file of plain tests gives no cause to ask.
UNASKED = (
    "hashlib shutil unicodedata tomllib isolint.cache isolint.facts.found "
    "isolint.facts.configuration.databases isolint.facts.configuration.pipelines isolint.facts.configuration.stages "
    "isolint.facts.destruction.destroyed isolint.facts.order.diversions isolint.facts.rows.columns "
    "isolint.facts.rows.notes isolint.facts.suite.rowwords "
    "isolint.facts.web.applications isolint.facts.web.exposures isolint.facts.web.overrides"
).split()


def test_analyses_that_nothing_asks(tmp_path: Path) -> None:
    modules = imported("check", "--isolated", "--no-cache", cwd=write(tmp_path, CLEAN))
    assert [package for package in UNASKED if below(modules, package)] == []


def test_rules_are_loaded_without_the_analyses_they_ask(tmp_path: Path) -> None:
    load = (
        "import sys; from isolint.rule import load_rules; load_rules(); print(*sys.modules, file=sys.stderr)"
    )
    modules = set(run("-c", load, cwd=tmp_path).splitlines()[-1].split())
    assert len(below(modules, "isolint.rules")) > 40
    analyses = ("destruction", "lifetime", "order", "rows", "sql", "state", "web")
    assert [name for name in analyses if below(modules, f"isolint.facts.{name}")] == []


def test_plain_patterns_of_gitignore(tmp_path: Path) -> None:
    plain = {".gitignore": "# built\n\n*.py[co]\n/dist/\ndocs/_build\n!docs/*.html\n**/node_modules\n"}
    assert not below(imported("check", cwd=write(tmp_path, CLEAN | plain)), "pathspec")


def test_run_with_findings(tmp_path: Path) -> None:
    modules = imported("check", "--output-format", "full", cwd=write(tmp_path, LEAKY))
    assert "isolint.report.full" in modules
    assert not below(modules, "libcst") | below(modules, "sqlparse")


def test_sql_is_met(tmp_path: Path) -> None:
    modules = imported("check", cwd=write(tmp_path, {"tests/test_shop.py": SQL}))
    assert "sqlparse" in modules
    assert not below(modules, "libcst")
