"""Makefiles as far as they start programs: for each target the lines of its recipe."""

from __future__ import annotations

from isolint.documents.nodes import Entry, Node, Position, byte_column, scalar
from isolint.late import regex
from isolint.source import Source

_TARGET = regex(r"(?P<name>[A-Za-z0-9_][\w./ -]*?)\s*::?(?![=])")


def read(source: Source) -> Node:
    """The rules as a mapping from the target to a sequence of commands; a line that ends in `\\` goes on."""
    entries: list[Entry] = []
    recipe: list[Node] = []
    name, at = "", (1, 0, 1, 0)
    pending = False
    for number, raw in enumerate(source.lines, start=1):
        text = raw.rstrip("\r\n")
        if text.startswith("\t"):
            command = text.strip().removesuffix("\\").rstrip()
            place = (number, 1, number, byte_column(text, len(text)))
            if pending:
                last = recipe.pop()
                recipe.append(scalar(f"{last.text} {command}", _until(last.at, place)))
            else:
                recipe.append(scalar(command, place))
            pending = text.endswith("\\")
            continue
        found = _TARGET.match(text)
        if found is None:
            continue
        if name:
            entries.append(_rule(name, at, recipe))
        name, recipe, pending = found["name"], [], False
        at = (number, 0, number, byte_column(text, found.end("name")))
    if name:
        entries.append(_rule(name, at, recipe))
    return Node("mapping", (1, 0, max(len(source.lines), 1), 0), entries=tuple(entries))


def _rule(name: str, at: Position, recipe: list[Node]) -> Entry:
    whole = _until(at, recipe[-1].at) if recipe else at
    return Entry(name, at, Node("sequence", whole, items=tuple(recipe)))


def _until(start: Position, end: Position) -> Position:
    return (start[0], start[1], end[2], end[3])
