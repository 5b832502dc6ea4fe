"""Two hundred malformed configuration files: each is told as unreadable or passed over, quickly, and no run fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from isolint.result import Result
from isolint.testing import lint

WORKFLOW = """\
name: tests
on: [push]
env: &common
  PYTHONUNBUFFERED: "1"
jobs:
  pytest:
    runs-on: ubuntu-latest
    env: *common
    strategy: {matrix: {python: ["3.10", "3.13"]}}
    steps:
      - uses: actions/checkout@v4
      - name: Tests
        run: |
          pip install -e .[test]
          pytest -q
        env: {MODE: test}
"""
GITLAB = """\
variables: {MODE: test}
.base: &base
  image: python:3.12
  before_script: [pip install .]
test:
  <<: *base
  extends: .base
  services: [{name: "postgres:16", alias: db}]
  script:
    - pytest -q
"""
CIRCLECI = """\
version: 2.1
executors:
  python: {docker: [{image: "cimg/python:3.12", environment: {MODE: test}}]}
commands:
  install: {steps: [{run: pip install .}]}
jobs:
  test:
    executor: python
    steps:
      - checkout
      - install
      - when: {condition: true, steps: [{run: {name: t, command: pytest -q, environment: {A: b}}}]}
"""
AZURE = """\
resources: {containers: [{container: db, image: "postgres:16", options: --health-cmd pg_isready}]}
variables: [{name: MODE, value: test}, {group: secrets}]
stages:
  - stage: tests
    jobs:
      - job: pytest
        services: {postgres: db}
        steps:
          - script: pytest -q
            env: {A: b}
"""
COMPOSE = """\
services:
  db: {image: "postgres:16", healthcheck: {test: [CMD, pg_isready]}}
  tests:
    build: .
    command: [pytest, -q]
    env_file: [{path: .env.test}]
    environment: [MODE=test]
    depends_on: {db: {condition: service_healthy}}
"""
PACKAGE = '{"scripts": {"test": "MODE=test pytest -q", "build": "vite"}, "dependencies": {"vite": "5"}}\n'
PYPROJECT = """\
[project]
name = "stay"
dependencies = ["sqlalchemy"]
[tool.pytest.ini_options]
addopts = ["-q", "-x"]
env = ["MODE=test"]
[tool.tox]
env_list = ["py"]
"""
INI = "[pytest]\naddopts = -q\n    -x\nenv =\n    MODE=test\n    D:A=b\nDJANGO_SETTINGS_MODULE = stay.settings\n"
TOX = (
    "[tox]\nenv_list = py\n[testenv]\nset_env =\n    MODE = {env:MODE:test}\ncommands = pytest {posargs}\n"
    + INI
)
NOX = """\
import nox


@nox.session
def tests(session):
    session.run("pytest", "-q", env={"MODE": "test"})
"""
DJANGO = """\
import os

BASE = {"ENGINE": "django.db.backends.postgresql", "NAME": "stay"}
DATABASES = {"default": {**BASE, "TEST": {"NAME": "stay_tests"}}}
DATABASES["default"].update(HOST=os.environ["HOST"])
"""
WHOLE = {
    ".github/workflows/ci.yml": WORKFLOW,
    ".gitlab-ci.yml": GITLAB,
    ".circleci/config.yml": CIRCLECI,
    "azure-pipelines.yml": AZURE,
    "docker-compose.test.yml": COMPOSE,
    "package.json": PACKAGE,
    "pyproject.toml": PYPROJECT,
    "pytest.toml": '[pytest]\naddopts = ["-q"]\nenv = ["MODE=test"]\n',
    "pytest.ini": INI,
    "tox.ini": TOX,
    "setup.cfg": INI.replace("[pytest]", "[tool:pytest]"),
    ".env": "MODE=test\nexport NAME='a b'\nEMPTY=\nLONG=\"x\ny\"\n",
    "requirements.txt": "pytest==8.3\n-r other.txt\nsqlalchemy[asyncio]>=2 # pinned\n",
    "tests/test_config.toml": '[store]\nurl = "memory://"\n',
    "config.yaml": "store: {url: 'memory://'}\n",
    "Makefile": "test: lint\n\tMODE=test \\\n\tpytest -q\n",
    "scripts/test.sh": '#!/bin/sh\nif [ -z "$MODE" ]; then\n  MODE=test\nfi\npytest \\\n  -q\n',
    "noxfile.py": NOX,
    "stay/settings.py": DJANGO,
}


def _nested(path: str, text: str) -> str:
    if path.endswith((".yml", ".yaml", ".json")):
        return f"{text.replace('{', '[' * 3_000, 1)}\na: {'[' * 3_000}"
    if path.endswith(".py"):
        return f"{text}x = {'(' * 3_000}1{')' * 3_000}\n"
    return f"{text}x = {'[' * 3_000}\n"


def _repeated(path: str, text: str) -> str:
    """Anchors of anchors, or the same section twice."""
    if path.endswith((".yml", ".yaml", ".json")):
        laughs = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 25)]
        return (
            "a0: &a0 {self: [pytest]}\n"
            + "".join(laughs)
            + "loop: &loop\n  <<: *loop\n  in: [*loop]\n"
            + text
        )
    return text + text


def _mistyped(path: str, text: str) -> str:
    return (
        text.replace("[", "{").replace("]", "}")
        if path.endswith((".yml", ".toml", ".json"))
        else text.replace("=", "\n")
    )


def _reversed(path: str, text: str) -> str:
    return "\n".join(reversed(text.splitlines()))


def _untyped(path: str, text: str) -> str:
    """Every key holds a number."""
    return "\n".join(
        f"{line.partition(':')[0]}: 7" if ":" in line else f"{line.partition('=')[0]} = 7"
        for line in text.splitlines()
    )


def _huge(path: str, text: str) -> str:
    unit = "# nothing\n" if path.endswith(".py") else text
    return text + unit * (1_200_000 // len(unit))


HARMS: dict[str, Callable[[str, str], str | bytes]] = {
    "first half": lambda path, text: text[: len(text) // 2],
    "three quarters": lambda path, text: text[: len(text) * 3 // 4],
    "wrong types": _mistyped,
    "numbers for values": _untyped,
    "deep nesting": _nested,
    "repeated": _repeated,
    "backwards": _reversed,
    "latin-1": lambda path, text: text.encode() + b"x = '\xff\xfe\xe9'\n",
    "UTF-16": lambda path, text: text.encode("utf-16"),
    "NUL and bells": lambda path, text: text.replace("\n", "\x00\x07\n", 2),
    "merge markers": lambda path, text: f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n",
    "empty": lambda path, text: b"\xef\xbb\xbf",
    "huge": _huge,
}
CASES = [(path, harm) for path in WHOLE for harm in HARMS]


def malformed(root: Path, path: str, content: str | bytes) -> Result:
    """The outcome of linting a small project with one such file."""
    files = {"tests/test_stay.py": "def test_stay():\n    assert 3 * 40 == 120\n", "tests/conftest.py": ""}
    for name, text in {**files, path: content}.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    return lint(root)


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is read once in a process is read before the clock runs."""
    for number, (path, text) in enumerate(WHOLE.items()):
        malformed(tmp_path_factory.mktemp(f"warm{number}"), path, text)


@pytest.mark.parametrize("path", WHOLE)
def test_whole_files_are_silent(path: str, tmp_path: Path) -> None:
    result = malformed(tmp_path, path, WHOLE[path])
    assert (result.findings, result.errors) == ((), ())


@pytest.mark.parametrize(("path", "harm"), CASES, ids=lambda value: value)
def test_a_malformed_file_is_told_or_passed_over(path: str, harm: str, tmp_path: Path) -> None:
    content = HARMS[harm](path, WHOLE[path])
    started = time.process_time()
    result = malformed(tmp_path, path, content)
    assert time.process_time() - started < 1
    assert not result.errors
    assert [(finding.code, finding.path) for finding in result.findings] in ([], [("ISO000", path)])


def test_there_are_two_hundred() -> None:
    assert len(CASES) >= 200
