"""What fixing would change, as a unified diff."""

from __future__ import annotations

import re
from collections.abc import Mapping

from isolint import source
from isolint.source import UnreadableError


def diff(files: Mapping[str, tuple[bytes | None, bytes]]) -> str:
    """The edited files as a unified diff."""
    import difflib

    parts: list[str] = []
    for name, (before, after) in files.items():
        old = "/dev/null" if before is None else f"a/{name}"
        lines = difflib.unified_diff(_lines(before or b"", name), _lines(after, name), old, f"b/{name}")
        parts += [
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
        ]
    return "".join(parts)


def _lines(data: bytes, name: str) -> list[str]:
    try:
        text = source.from_bytes(data, name).text
    except UnreadableError:
        text = data.decode("utf-8", errors="replace")
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)
