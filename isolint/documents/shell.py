"""Shell scripts: their commands, one a line."""

from __future__ import annotations

from isolint.documents.nodes import Node, byte_column, scalar
from isolint.source import Source


def read(source: Source) -> Node:
    """The lines that are no comments, as a sequence; a line that ends in a backslash goes on in the next."""
    items: list[Node] = []
    pending = False
    for number, raw in enumerate(source.lines, start=1):
        text = raw.rstrip("\r\n")
        words = text.strip()
        if words.startswith("#") and not pending:
            continue
        goes_on = words.endswith("\\")
        words = words.removesuffix("\\").rstrip()
        start = len(text) - len(text.lstrip())
        at = (number, byte_column(text, start), number, byte_column(text, len(text.rstrip())))
        if pending:
            last = items.pop()
            items.append(scalar(f"{last.text} {words}".strip(), (*last.at[:2], *at[2:])))
        elif words:
            items.append(scalar(words, at))
        pending = goes_on and bool(items)
    return Node("sequence", (1, 0, max(len(source.lines), 1), 0), items=tuple(items))
