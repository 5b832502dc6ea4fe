"""The comments of configuration files."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.late import regex
from isolint.source import Source

_COMMENT = regex(r"(?:^|(?<=\s))#.*")


def comments(source: Source) -> Iterator[tuple[int, int, str]]:
    """(line, column, text) of what follows a `#`, in a place where all these formats allow a comment.

    Lines and columns count from 1. A `#` in the middle of a string may be among them.
    """
    for number, line in enumerate(source.lines, start=1):
        found = _COMMENT.search(line.rstrip("\r\n"))
        if found is not None:
            yield number, found.start() + 1, found[0]
