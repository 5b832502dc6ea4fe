"""isolint as its user runs it: a project, a command, and what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

DATABASE = """\
from sqlalchemy import create_engine

engine = create_engine("sqlite:///./shop.db")
"""
TEST = """\
from app.db import engine


def test_connects():
    with engine.connect() as connection:
        assert connection
"""
LEAKY = {"app/__init__.py": "", "app/db.py": DATABASE, "tests/test_shop.py": TEST}
CLEAN = {"tests/test_sum.py": "def test_sum():\n    assert 1 + 1 == 2\n"}

_FOREIGN = ("NO_COLOR", "FORCE_COLOR", "COLUMNS")


class Outcome(NamedTuple):
    """The exit code, stdout and stderr of a run."""

    code: int
    out: str
    err: str


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Put files below `root`, by their relative paths."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def isolint(
    *arguments: str, cwd: Path, stdin: bytes | None = None, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Run the command in a process of its own; whatever comes of it, there is no traceback."""
    own = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    done = subprocess.run(
        [sys.executable, "-m", "isolint", *arguments],
        cwd=cwd,
        env={**own, **(environment or {})},
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    outcome = Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in outcome.out + outcome.err
    return outcome
