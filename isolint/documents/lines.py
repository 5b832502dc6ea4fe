"""Files of one thing a line, such as pip's requirements."""

from __future__ import annotations

from isolint.documents.nodes import Node, byte_column, scalar
from isolint.source import Source


def read(source: Source) -> Node:
    """The lines that hold something besides a comment, as a sequence."""
    items = []
    for number, raw in enumerate(source.lines, start=1):
        text = raw.partition("#")[0].rstrip()
        if text.strip():
            start = len(text) - len(text.lstrip())
            at = (number, byte_column(text, start), number, byte_column(text, len(text)))
            items.append(scalar(text.strip(), at))
    return Node("sequence", (1, 0, max(len(source.lines), 1), 0), items=tuple(items))
