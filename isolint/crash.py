"""Where a crash of isolint's own happened, so that a report of it is worth something."""

from __future__ import annotations

from functools import cache
from pathlib import PurePath

_PACKAGE = PurePath(__file__).parent


def described(error: BaseException) -> str:
    """Say in one line what was raised, and where outside Python itself: `KeyError: 1 (isolint/a.py:12)`."""
    said = " ".join(str(error).split())
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    place = ""
    step = error.__traceback__
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if not _is_pythons(filename):
            place = f" ({_shown(filename)}:{step.tb_lineno})"
        step = step.tb_next
    return f"{what}{place}"


@cache
def _is_pythons(filename: str) -> bool:
    import sysconfig

    python = sysconfig.get_path("stdlib")
    return filename.startswith("<") or (filename.startswith(python) and "site-packages" not in filename)


@cache
def _shown(filename: str) -> str:
    path = PurePath(filename)
    shown = path.relative_to(_PACKAGE.parent) if path.is_relative_to(_PACKAGE) else path
    return shown.as_posix()
