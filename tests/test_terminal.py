"""isolint on a terminal, a pseudo one: the progress of a long run, colours, and ends that are not its own."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from command import CLEAN, LEAKY, TEST, isolint, write

COLOR = re.compile(r"\x1b\[[0-9;]*m")
MANY = 60
NEVER = 3600.0
"""Seconds that no run takes, so that a slow machine shows no progress either."""
START = "from isolint import cli, progress; progress.PATIENCE = {}; raise SystemExit(cli.main())"
LONG = """\
import sqlite3

import pytest


@pytest.fixture
def connection_{n}(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    yield connection
    connection.close()


def test_{n}(connection_{n}):
    connection_{n}.execute("INSERT INTO orders VALUES (1)")
    connection_{n}.commit()
"""


class Shown(NamedTuple):
    """The exit code, what the terminal got, and what was read from stdout if that was a pipe."""

    code: int
    screen: str
    out: str


def on_terminal(
    *arguments: str,
    cwd: Path,
    piped: bool = False,
    environment: Mapping[str, str] | None = None,
    patience: float = NEVER,
) -> Shown:
    """Run isolint with stderr, and stdout unless it is `piped`, on a terminal; `patience` is for its progress bar."""
    foreign = ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
    own = {name: value for name, value in os.environ.items() if name not in foreign}
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", START.format(patience), *arguments],
        cwd=cwd,
        env={**own, "TERM": "xterm", "COLUMNS": "100", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if piped else slave,
        stderr=slave,
    )
    os.close(slave)
    chunks: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(master, chunks))
    reader.start()
    out, _ = process.communicate(timeout=120)
    reader.join(timeout=10)
    os.close(master)
    screen = b"".join(chunks).decode().replace("\r\n", "\n")
    assert "Traceback" not in screen
    return Shown(process.returncode, screen, (out or b"").decode())


def _drain(master: int, chunks: list[bytes]) -> None:
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            return
        if not chunk:
            return
        chunks.append(chunk)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite that takes longer than a run waits that is not patient at all."""
    files = {f"tests/test_{n}.py": LONG.format(n=n) for n in range(MANY)}
    return write(tmp_path_factory.mktemp("long"), files)


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    return write(tmp_path, LEAKY)


def test_long_run_shows_how_far_it_is_and_cleans_up(long: Path) -> None:
    shown = on_terminal("check", "--no-cache", cwd=long, patience=0)
    assert shown.code == 0
    parts = [int(part) for part in re.findall(r"(\d+)%", shown.screen)]
    assert parts == sorted(parts)
    assert len(set(parts)) > 3
    assert shown.screen.endswith(f"\r\x1b[K\x1b[?25hNo findings; {MANY} files checked.\n")
    assert shown.screen.rindex("\x1b[?25l") < shown.screen.rindex("\x1b[?25h")
    assert shown.screen.count("\n") == 1


def test_progress_is_on_stderr_alone(long: Path) -> None:
    shown = on_terminal("check", "--no-cache", "--output-format", "json", cwd=long, piped=True, patience=0)
    assert shown.out == "[]\n"
    assert "%" in shown.screen


def test_long_run_into_pipes_shows_nothing_of_it(long: Path) -> None:
    assert isolint("check", "--no-cache", cwd=long) == (0, "", f"No findings; {MANY} files checked.\n")


def test_quiet_run_shows_no_progress(long: Path) -> None:
    assert on_terminal("check", "--no-cache", "--quiet", cwd=long, patience=0).screen == ""


def test_short_run_shows_no_progress(tmp_path: Path) -> None:
    write(tmp_path, CLEAN)
    assert on_terminal("check", cwd=tmp_path).screen == "No findings; 1 file checked.\n"


def test_full_and_colored_on_a_terminal(leaky: Path) -> None:
    shown = on_terminal("check", cwd=leaky)
    assert shown.code == 1
    assert COLOR.search(shown.screen)
    assert "production-session-import" in shown.screen
    assert "the trail:" in shown.screen


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_no_color(leaky: Path, environment: dict[str, str]) -> None:
    assert "\x1b" not in on_terminal("check", cwd=leaky, environment=environment).screen


def test_report_in_a_file_has_no_color(leaky: Path) -> None:
    on_terminal("check", "--output-format", "full:report.txt", cwd=leaky, environment={"FORCE_COLOR": "1"})
    assert "\x1b" not in (leaky / "report.txt").read_text()


def test_control_characters_of_names_and_source_are_escaped(tmp_path: Path) -> None:
    name = "tests/test_\x1b[31m\nshop\x07.py"
    source = TEST.replace("engine\n", "engine  # \x1b[2J\x07\n", 1)
    write(tmp_path, {**LEAKY, name: source})
    for arguments in ([], ["--output-format", "concise"], ["--output-format", "grouped"], ["--show-files"]):
        shown = on_terminal("check", *arguments, cwd=tmp_path, environment={"NO_COLOR": "1"})
        assert "\\x1b[31m\\nshop\\x07.py" in shown.screen
        assert not {character for character in shown.screen if not character.isprintable()} - {"\n"}


def test_closed_pipe_ends_quietly_while_stderr_is_a_terminal(leaky: Path) -> None:
    start = shlex.join([sys.executable, "-c", START.format(NEVER), "check", "--output-format", "json"])
    master, slave = pty.openpty()
    done = subprocess.run(
        ["sh", "-c", f"{start} | true"], cwd=leaky, stdout=slave, stderr=slave, check=False, timeout=60
    )
    os.close(slave)
    chunks: list[bytes] = []
    _drain(master, chunks)
    os.close(master)
    assert done.returncode == 0
    assert b"".join(chunks).decode().splitlines() == ["1 finding; 1 file checked."]
