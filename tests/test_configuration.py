"""Configuration as its user meets it: which file counts, what is reported with which path, what a comment silences."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from command import isolint, write

from isolint.facts.suite.config import pytest_config
from isolint.testing import lint

TEST = {"tests/test_stay.py": "def test_stay():\n    assert 3 * 40 == 120\n"}
HOMES = {
    "pytest.toml": '[pytest]\naddopts = ["-x"]\n',
    ".pytest.toml": '[pytest]\naddopts = ["-x"]\n',
    "pytest.ini": "",
    ".pytest.ini": "",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "tox.ini": "[pytest]\n",
    "setup.cfg": "[tool:pytest]\n",
}
READS_TOML = int(version("pytest").partition(".")[0]) >= 9

WORKFLOW = (
    "on: push\njobs:\n  t:\n    services:\n{}      db: {{image: 'postgres:16'}}{}\n    steps: [run: pytest]\n"
)
KINDS = {
    ".github/workflows/ci.yml": WORKFLOW,
    ".gitlab-ci.yml": "t:\n  script: [pytest]\n  variables:\n{}    DATABASE_URL: $PROD_URL{}\n",
    ".circleci/config.yml": (
        "jobs:\n  t:\n    steps: [run: pytest]\n    docker:\n      - image: cimg/python\n{}      - image: redis:7{}\n"
    ),
    "azure-pipelines.yml": "steps:\n  - script: pytest\n    env:\n{}      DATABASE_URL: $(PROD_URL){}\n",
    "docker-compose.test.yml": (
        "services:\n{}  db: {{image: 'mysql:8'}}{}\n  t: {{command: pytest, depends_on: [db]}}\n"
    ),
    "pyproject.toml": '[tool.pytest.ini_options]\n{}addopts = "--reuse-db"{}\n',
    "pytest.toml": '[pytest]\n{}addopts = ["--reuse-db"]{}\n',
    "pytest.ini": "[pytest]\n{}addopts = --reuse-db{}\n",
    "tox.ini": "[testenv]\nset_env =\n{}    DB_URL = {{env:TEST_DB_URL:{{env:DB_URL}}}}{}\n",
    "setup.cfg": "[tool:pytest]\n{}addopts = --reuse-db{}\n",
    ".env": "{}DATABASE_URL=${{TEST_DATABASE_URL:-$DATABASE_URL}}{}\n",
    "Makefile": "t:\n{}\tDB_URL=$${{TEST_DB_URL:-$$DB_URL}} pytest{}\n",
    "scripts/t.sh": '{}DB_URL="${{TEST_DB_URL:-$DB_URL}}"{}\npytest\n',
}
COMMENT = "# isolint: ignore -- known"


@pytest.mark.parametrize("first", range(0 if READS_TOML else 2, len(HOMES)))
def test_the_file_that_counts_is_the_one_that_pytest_reads(first: int, tmp_path: Path) -> None:
    names = list(HOMES)[first:]
    write(tmp_path, {**TEST, **{name: HOMES[name] for name in names}})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    header = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60).stdout
    read = re.search(r"configfile: (\S+)", header)
    config = pytest_config(tmp_path)
    assert read is not None
    assert config.path == read[1] == names[0]
    assert [home.path for home in config.ignored] == names[1:]


@pytest.mark.parametrize("path", KINDS)
def test_a_comment_silences_a_finding(path: str, tmp_path: Path) -> None:
    cases = {"told": ("", ""), "behind": ("", f"  {COMMENT}"), "above": (f"{COMMENT}\n", "")}
    found = {}
    for name, (above, behind) in cases.items():
        result = lint(write(tmp_path / name, {**TEST, path: KINDS[path].format(above, behind)}))
        assert not result.errors
        found[name] = ([finding.path for finding in result.findings], result.suppressed)
    assert found == {"told": ([path], 0), "behind": ([], 1), "above": ([], 1)}


def test_a_comment_that_silences_nothing_is_told(tmp_path: Path) -> None:
    text = KINDS["pytest.ini"].replace("--reuse-db", "-q").format(f"{COMMENT}\n", "")
    result = lint(write(tmp_path, {**TEST, "pytest.ini": text}))
    assert [(finding.code, finding.location.span.line) for finding in result.findings] == [("ISO001", 2)]


GOVERNED = {
    "service/tests/test_stay.py": TEST["tests/test_stay.py"],
    "service/pytest.ini": "",
    "service/scripts/t.sh": KINDS["scripts/t.sh"].format("", ""),
    "service/Makefile": KINDS["Makefile"].format("", ""),
    "other/tox.ini": KINDS["tox.ini"].format("", ""),
    "other/tests/test_a.py": "",
    "tox.ini": KINDS["tox.ini"].format("", ""),
    ".github/workflows/ci.yml": WORKFLOW.format("", ""),
}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("service/tests", {"service/Makefile", "tox.ini", ".github/workflows/ci.yml"}),
        ("service", {"service/Makefile", "service/scripts/t.sh", "tox.ini", ".github/workflows/ci.yml"}),
        ("other", {"other/tox.ini", "tox.ini", ".github/workflows/ci.yml"}),
        ("tox.ini", {"tox.ini"}),
    ],
)
def test_a_path_is_told_with_the_configuration_that_governs_it(
    path: str, told: set[str], tmp_path: Path
) -> None:
    write(tmp_path, {**GOVERNED, "pyproject.toml": "[tool.isolint]\n"})
    code, out, _ = isolint("check", path, "--output-format", "concise", cwd=tmp_path)
    assert code == 1
    assert {line.partition(":")[0] for line in out.splitlines()} == told
