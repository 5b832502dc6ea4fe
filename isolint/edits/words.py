"""Words taken out of a setting that is a list of them, however the list is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from isolint.documents import Node
from isolint.edits.text import Edits, Text
from isolint.finding import Edit, Span
from isolint.late import regex

_REST = regex(r"\s*,?\s*(?:[#;].*)?$")


def without(text: Text, node: Node, words: Collection[str]) -> Edits | None:
    """The edits that take words out of a string, the lines of a value of INI, or a list; None if none is in it.

    One word at least has to stay: a value that is to go as a whole is its entry's business.
    """
    found: list[Edit] = []
    parts = node.items if node.kind == "sequence" else (node,)
    for index, part in enumerate(parts):
        own = part.text.split()
        if not set(own) & set(words):
            continue
        if set(own) <= set(words) and node.kind == "sequence":
            found.append(_item(text, parts, index))
        else:
            found += _inside(text, part, words)
    return tuple(found) or None


def _inside(text: Text, node: Node, words: Collection[str]) -> Iterator[Edit]:
    """Replace a scalar by one without the words, and without the blanks before them."""
    either = "|".join(map(re.escape, words))
    written = text.at(node.at)
    first = re.sub(rf"(?<=[\s\"'])(?:{either})(?:[ \t]+|(?=[\s\"']))|^(?:{either})\s+", "", written)
    shorter = re.sub(rf"\s+(?:{either})(?=[\s\"']|$)", "", written)
    yield text.replace(text.span(node.at), shorter if shorter != written else first)


def _item(text: Text, items: tuple[Node, ...], index: int) -> Edit:
    """Remove an item: its line where it has one to itself, else from its neighbour on."""
    item = items[index]
    span = text.span(item.at)
    line = text.lines[span.line - 1]
    is_alone = not line[: span.column - 1].strip() and _REST.match(line[span.end_column - 1 :])
    if is_alone and span.line == span.end_line:
        return text.without_lines(span.line, span.line)
    if index + 1 < len(items):
        after = text.span(items[index + 1].at)
        same = after.line == span.line
        end = (after.line, after.column) if same else (span.end_line, span.end_column)
        return text.replace(Span(span.line, span.column, *end), "")
    if index:
        before = text.span(items[index - 1].at)
        return text.replace(Span(before.end_line, before.end_column, span.end_line, span.end_column), "")
    return text.replace(span, "")
