"""Files of environment variables, read by python-dotenv's parser."""

from __future__ import annotations

import io

from isolint.documents.nodes import Entry, Node, byte_column, scalar
from isolint.source import Source


def read(source: Source) -> Node:
    """The variables as a mapping; lines that are none of them are passed over, as python-dotenv does."""
    from dotenv.parser import parse_stream

    entries = []
    for binding in parse_stream(io.StringIO(source.text)):
        if binding.error or not binding.key or binding.value is None:
            continue
        blank = len(binding.original.string) - len(binding.original.string.lstrip())
        line = binding.original.line + binding.original.string[:blank].count("\n")
        text = source.lines[line - 1].rstrip("\r\n")
        start = text.find(binding.key)
        end = start + len(binding.key)
        value = text.find("=", end) + 1
        entries.append(
            Entry(
                binding.key,
                (line, byte_column(text, start), line, byte_column(text, end)),
                scalar(binding.value, (line, byte_column(text, value), line, byte_column(text, len(text)))),
            )
        )
    return Node("mapping", (1, 0, max(len(source.lines), 1), 0), entries=tuple(entries))
