"""The tables of isolint's own vocabulary, as they stand in its TOML files.

To parse those takes as long as everything else that a short run does with them, so `parsed.json` holds what they say,
and the checksum of the files that say so: of other files it says nothing, and they are parsed. An installed isolint
holds what was built; only in a checkout, where the files may have been edited, are they looked at.
`python -m isolint.vocabulary` writes it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# A folder, not `importlib.resources`: importing that takes longer than reading all the files.
FOLDER = Path(__file__).parent
PARSED = "parsed.json"
IS_CHECKOUT = (FOLDER.parents[1] / "pyproject.toml").exists()

Tables = dict[str, Any]


def builtin_tables(folder: Path = FOLDER, may_be_edited: bool = IS_CHECKOUT) -> dict[str, Tables]:
    """The tables of the folder's TOML files by the names of these, from what was parsed before if that is of them."""
    try:
        known = json.loads((folder / PARSED).read_bytes())
    except (OSError, ValueError):
        known = {}
    found: dict[str, Tables] = known.get("tables", {})
    if found and not may_be_edited:
        return found
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}
    if known.get("of") == _checksum(files):
        return found
    return {name: _parsed(data) for name, data in files.items()}


def keep_parsed(folder: Path = FOLDER) -> None:
    """Write down what the folder's TOML files say."""
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}
    lines = [f"{json.dumps(name)}: {json.dumps(_parsed(data))}" for name, data in files.items()]
    text = f'{{"of": "{_checksum(files)}", "tables": {{\n' + ",\n".join(lines) + "\n}}\n"
    (folder / PARSED).write_text(text, encoding="ascii", newline="\n")


def _parsed(data: bytes) -> Tables:
    """The tables of a file. (The files quote with ', which tomllib reads twice as fast as ".)"""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    tables = tomllib.loads(data.decode("utf-8"))
    tables.pop("unchecked", None)  # names that cannot be looked up in the library: for the tests
    return tables


def _checksum(files: Mapping[str, bytes]) -> str:
    from zlib import crc32

    whole = 0
    for name, data in files.items():
        whole = crc32(f"{name} {len(data)}\n".encode() + data, whole)
    return f"{whole:08x}"
