"""Fixed files written: each replaced as a whole, those of one fix all or none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from isolint.files import beside

Change = tuple[bytes | None, bytes]


def write(root: Path, files: Mapping[str, Change], together: Iterable[frozenset[str]]) -> dict[str, str]:
    """Write what fixed files are to hold; `together` are those of which all or none are to be written.

    Returns the files that were left alone, and why: one has changed since it was read, or may not be written.
    """
    left: dict[str, str] = {}
    for group in _groups(files, together):
        try:
            _replace(Path(os.path.realpath(root)), {name: files[name] for name in group})
        except OSError as error:
            names = " and ".join(group)
            reason = f"{names} {'was' if len(group) == 1 else 'were'} not fixed: {_reason(error)}"
            left.update(dict.fromkeys(group, reason))
    return left


def _groups(files: Mapping[str, Change], together: Iterable[frozenset[str]]) -> Iterator[tuple[str, ...]]:
    """The files that must be written together, directly or by way of others."""
    groups = [frozenset({name}) for name in files]
    for each in together:
        linked = [group for group in groups if group & each]
        groups = [group for group in groups if not group & each]
        groups.append(frozenset().union(*linked))
    yield from sorted(tuple(sorted(group)) for group in groups if group)


def _replace(root: Path, changes: Mapping[str, Change]) -> None:
    """Replace files by others that stand ready beside them; if one cannot be, the others get back what they held."""
    ready: dict[str, Path] = {}
    done: list[str] = []
    try:
        for name, (before, after) in changes.items():
            _refuse_changed(root / name, name, before)
            ready[name] = beside(root / name, after)
        for name in changes:
            ready[name].replace(root / name)
            del ready[name]
            done.append(name)
    except OSError:
        for name in done:
            _take_back(root / name, changes[name][0])
        raise
    finally:
        for left in ready.values():
            with suppress(OSError):
                left.unlink()


def _refuse_changed(path: Path, name: str, before: bytes | None) -> None:
    now = path.read_bytes() if path.exists() else None
    if now != before:
        raise OSError(f"{name} has changed since it was read")
    if before is not None and not os.access(path, os.W_OK):
        raise PermissionError(f"{name} may not be written")


def _take_back(path: Path, before: bytes | None) -> None:
    with suppress(OSError):
        if before is None:
            path.unlink()
        else:
            beside(path, before).replace(path)


def _reason(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else str(error)
