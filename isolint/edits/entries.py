"""The entries of dicts as they are written."""

from __future__ import annotations

import ast
import re

from isolint.edits.places import position
from isolint.edits.text import Edits, Text
from isolint.finding import Span
from isolint.late import regex
from isolint.source import Position

_LAST_WITH_COMMA = regex(r"[ \t]*,[ \t]*(?:#.*)?$")
_LAST = regex(r"[ \t]*(?:#.*)?$")
_INSIDE = regex(r"[ \t]*[,}]")


def dict_around(tree: ast.Module, value_at: Position) -> ast.Dict | None:
    """The dict that holds what stands at a position as the value of a key."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict) and any(position(value) == value_at for value in node.values):
            return node
    return None


def key(tree: ast.Module, value_at: Position) -> ast.expr | None:
    """The key of what stands at a position: of a dict, or of the one place that it is assigned to."""
    holder = dict_around(tree, value_at)
    if holder is not None:
        pairs = zip(holder.keys, holder.values, strict=True)
        return next((name for name, value in pairs if position(value) == value_at), None)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Subscript(slice=name)], value=value) if position(value) == value_at:
                return name
    return None


def append(text: Text, call: Position, last: Position, line: int, arguments: str) -> Edits | None:
    """Insert arguments behind the last one of a call, whose first line is `line`."""
    whole, span = text.span(call), text.span(last)
    rest = text.between(Span(span.end_line, span.end_column, whole.end_line, whole.end_column))
    if rest in (")", ",)"):
        return (text.insert(span.end_line, span.end_column, f", {arguments}"),)
    if line == whole.line or not re.fullmatch(r",?[ \t]*(?:#.*)?\s*\)", rest):
        return None
    added = text.lines_after(span.end_line, f"{arguments},", text.indentation(line))
    return (added,) if rest.startswith(",") else (text.insert(span.end_line, span.end_column, ","), added)


def insert(text: Text, holder: ast.Dict, beside: Position, entry: str) -> Edits | None:
    """Insert an entry after the value at a position, in a line of its own where that one has one."""
    span = text.span(beside)
    line = text.lines[span.end_line - 1].rstrip("\r\n")
    rest = line[span.end_column - 1 :]
    index = next(i for i, value in enumerate(holder.values) if position(value) == beside)
    name = holder.keys[index]
    if name is not None and not text.lines[name.lineno - 1][: text.span(position(name)).column - 1].strip():
        indentation = text.indentation(name.lineno)
        if _LAST_WITH_COMMA.match(rest):
            return (text.lines_after(span.end_line, f"{entry},", indentation),)
        if _LAST.match(rest) and index == len(holder.values) - 1:
            comma = text.insert(span.end_line, span.end_column, ",")
            return (comma, text.lines_after(span.end_line, entry, indentation))
    return (text.insert(span.end_line, span.end_column, f", {entry}"),) if _INSIDE.match(rest) else None
