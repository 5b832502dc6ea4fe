"""Where a crash of isolint's own happened, so that a report of it is worth something."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import traceback

_PACKAGE = PurePath(__file__).parent


def described(error: BaseException) -> str:
    """Say in one line what was raised, and where outside Python itself: `KeyError: 1 (isolint/a.py:12)`."""
    import traceback

    said = " ".join(str(error).split())
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_pythons(frame.filename)]
    return f"{what} ({_place(frames[-1])})" if frames else what


def _is_pythons(filename: str) -> bool:
    import sysconfig

    python = sysconfig.get_path("stdlib")
    return filename.startswith("<") or (filename.startswith(python) and "site-packages" not in filename)


def _place(frame: traceback.FrameSummary) -> str:
    path = PurePath(frame.filename)
    shown = path.relative_to(_PACKAGE.parent) if path.is_relative_to(_PACKAGE) else path
    return f"{shown.as_posix()}:{frame.lineno}"
