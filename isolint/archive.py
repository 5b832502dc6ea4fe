"""What Python files held in an earlier run, beside the answer that is kept of it. Standard library only.

A file of its own for each answer: a zip archive whose names are paths relative to the project. Nobody has to believe
it: what it holds is compared with the hashes in the answer.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

MOST_BYTES = 200_000_000  # of what is to be packed: beyond, a change is answered by a whole run
_FAULTS = (
    OSError,
    KeyError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
)


def packed(contents: Mapping[str, bytes]) -> bytes | None:
    """The archive of these contents, the same for the same contents; None if there is too much."""
    if sum(map(len, contents.values())) > MOST_BYTES:
        return None
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, content in contents.items():
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def unpacked(path: Path, names: Iterable[str]) -> dict[str, bytes]:
    """What an archive holds under these names, as far as it can be read."""
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                if archive.getinfo(name).file_size <= MOST_BYTES:
                    found[name] = archive.read(name)
    except _FAULTS:
        return found
    return found
