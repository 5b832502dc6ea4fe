"""The pages of the documentation as their reader follows them: files to write, commands to type, what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"

# "`path`:" and a block is a file, a block of the language "console" is what is typed.
_BLOCK = re.compile(
    r"(?:^`(?P<path>[\w./-]+)`:\n\n)?^```(?P<language>[\w-]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page; `path` is the file it shows, if it shows one."""

    path: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A command, and what the page says that it prints."""

    command: str
    printed: str


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(found["path"] or "", found["language"], found["text"])


def typed(block: Block) -> Iterator[Typed]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield Typed(command, printed)


def followed(page: Path, root: Path) -> Iterator[tuple[Typed, str]]:
    """Follow a page in the folder `root`: each command with what it really printed."""
    status = 0
    for block in blocks(page):
        if block.path:
            path = root / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for each in typed(block):
                status, printed = _run(each.command, root, status)
                yield each, printed


def _run(command: str, root: Path, status: int) -> tuple[int, str]:
    """The exit status of a command and what it printed; `$?` is that of the one before."""
    own = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
    own["PYTEST_ADDOPTS"] = "-p no:asyncio -p no:django"
    scripts = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", f"(exit {status}); {command}"],
        cwd=root,
        env={**own, "PATH": f"{scripts}{os.pathsep}{own['PATH']}", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def is_shown(printed: str, page: str) -> bool:
    """Whether a page shows what was printed; a line of three dots stands for any lines, times may differ."""
    printed, page = (re.sub(r"\b\d+\.\d+s\b", "0s", text) for text in (printed, page))
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in page.rstrip("\n").split("\n")
    )
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n") is not None
