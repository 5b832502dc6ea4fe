"""What a run looks at: every file it reads, or misses, and every folder it lists, noted where it happens.

Standard library only. The cache holds an answer for as long as all of this stays as it was, so whoever reads a file of
the project, or asks whether one is there, notes it here first.
"""

from __future__ import annotations

import os
from typing import NamedTuple

State = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, and mode."""


class Inputs(NamedTuple):
    """Paths, and their state when they were looked at (None: there was nothing)."""

    files: dict[str, State | None]
    folders: dict[str, State | None]


_NOTED = Inputs({}, {})


def forget() -> None:
    """Begin anew."""
    _NOTED.files.clear()
    _NOTED.folders.clear()


def note_file(path: str | os.PathLike[str]) -> State | None:
    """The content of this file decides something, or that there is none; its state is given back."""
    found = state(path)
    _NOTED.files.setdefault(os.fspath(path), found)
    return found


def note_folder(path: str | os.PathLike[str]) -> None:
    """The names in this folder decide something, or that there is no such folder."""
    _NOTED.folders.setdefault(os.fspath(path), state(path))


def noted() -> Inputs:
    """What was noted since the last `forget`."""
    return Inputs(dict(_NOTED.files), dict(_NOTED.folders))


def add(seen: Inputs) -> None:
    """Note what another process has noted; lists stand for tuples, as JSON has it."""
    for mine, theirs in zip(_NOTED, seen, strict=True):
        for path, known in theirs.items():
            mine.setdefault(path, None if known is None else (known[0], known[1], known[2]))


def state(path: str | os.PathLike[str]) -> State | None:
    """The state of a file or folder, None where there is none, or it may not be looked at."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns, found.st_mode)
