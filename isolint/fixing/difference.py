"""What fixing would change, as a unified diff."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from isolint import source
from isolint.source import UnreadableError

_MARKS = {"delete": "-", "insert": "+", "replace": "-+", "equal": " "}
_LONGEST = 5_000
_UNENDED = "\n\\ No newline at end of file\n"


def diff(files: Mapping[str, tuple[bytes | None, bytes]]) -> str:
    """The edited files as a unified diff."""
    parts: list[str] = []
    for name, (before, after) in files.items():
        old = "/dev/null" if before is None else f"a/{name}"
        hunks = list(_hunks(_lines(before or b"", name), _lines(after, name)))
        parts += [f"--- {old}\n", f"+++ b/{name}\n", *hunks] if hunks else []
    return "".join(parts)


def _hunks(before: list[str], after: list[str]) -> Iterator[str]:
    """The lines of a diff. But in very long files, lines that stand in many places are compared like all others."""
    from difflib import SequenceMatcher

    is_long = len(before) > _LONGEST
    for group in SequenceMatcher(None, before, after, autojunk=is_long).get_grouped_opcodes():
        (_, first, _, new_first, _), (_, _, last, _, new_last) = group[0], group[-1]
        yield f"@@ -{_range(first, last)} +{_range(new_first, new_last)} @@\n"
        for tag, start, end, new_start, new_end in group:
            sides = {"-": before[start:end], "+": after[new_start:new_end], " ": before[start:end]}
            for mark in _MARKS[tag]:
                for line in sides[mark]:
                    yield f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}{_UNENDED}"


def _range(first: int, last: int) -> str:
    """Lines as the head of a hunk counts them."""
    count = last - first
    if count == 1:
        return f"{first + 1}"
    return f"{first + 1 if count else first},{count}"


def _lines(data: bytes, name: str) -> list[str]:
    try:
        text = source.from_bytes(data, name).text
    except UnreadableError:
        text = data.decode("utf-8", errors="replace")
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)
