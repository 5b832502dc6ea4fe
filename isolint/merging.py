"""Several JSON reports as one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class MergeError(Exception):
    """A file that is no JSON report; the message names it."""


def merged(files: Iterable[Path]) -> list[Entry]:
    """The findings of all reports in the order of a single run, each once. Raises MergeError."""
    found: dict[str, tuple[tuple[Any, ...], Entry]] = {}
    for file in files:
        for entry in _entries(file):
            try:
                key = _sort_key(entry)
            except (KeyError, TypeError) as error:
                raise MergeError(f"{file}: it is no report in the format json") from error
            found[json.dumps(entry, sort_keys=True)] = (key, entry)
    return [entry for _, entry in sorted(found.values(), key=lambda each: each[0])]


def _entries(file: Path) -> list[Entry]:
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise MergeError(f"{file}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise MergeError(f"{file}: it is no JSON: {error}") from error
    if not isinstance(document, list):
        raise MergeError(f"{file}: it is no report in the format json")
    return document


def _sort_key(entry: Entry) -> tuple[Any, ...]:
    start, end = entry["location"], entry["end_location"]
    span = tuple(int(part[name]) for part in (start, end) for name in ("row", "column"))
    return (str(entry["filename"]), span, str(entry["code"]), str(entry["message"]))
