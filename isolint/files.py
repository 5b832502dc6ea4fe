"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Put `data` in place of what the file at `path` holds, at once: no reader sees half of it.

    The file keeps its mode and owner, and a link stays a link. What is no regular file (a terminal, a pipe, /dev/null)
    is written to. Raises OSError, and then leaves everything as it was.
    """
    target = os.path.realpath(path)
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        with open(target, "wb") as file:
            file.write(data)
        return
    temporary = beside(Path(target), data)
    try:
        temporary.replace(target)
    except BaseException:
        temporary.unlink()
        raise


def beside(path: Path, data: bytes) -> Path:
    """A new file with `data` in the folder of `path`, to replace it: with its mode and, where allowed, its owner.

    Raises OSError, and then leaves no file behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".isolint")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            _own(temporary, path)
            shutil.copymode(path, temporary)
        else:
            temporary.chmod(0o666 & ~_umask())
    except BaseException:
        temporary.unlink()
        raise
    return temporary


def _own(new: Path, old: Path) -> None:
    owner = old.stat()
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(new, owner.st_uid, owner.st_gid)


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
