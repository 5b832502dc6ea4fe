"""An assignment or deletion written as a call that does the same and can undo it."""

from __future__ import annotations

import ast

from isolint.edits.places import position
from isolint.edits.text import Edits, Text, call
from isolint.finding import Span
from isolint.late import regex

_VALUE = "_the_value_"
_EQUALS = regex(r"[\s\\]*=[ \t]*")


def value_as_argument(text: Text, statement: ast.Assign, before: str, after: str) -> Edits | None:
    """The edits that put `before` in the place of the target and `after` behind the value, which stays as it is.

    None where there are several targets, or where the value could not stand as an argument.
    """
    if not _is_plain(statement):
        return None
    whole, target = text.span(position(statement)), text.span(position(statement.targets[0]))
    rest = text.between(Span(target.end_line, target.end_column, whole.end_line, whole.end_column))
    found = _EQUALS.match(rest)
    if found is None or "\n" in found[0] or "\\" in found[0]:
        return None
    if isinstance(statement.value, ast.Tuple) and not rest[found.end() :].startswith("("):
        return None
    start = Span(whole.line, whole.column, target.end_line, target.end_column + found.end())
    return (text.replace(start, before), text.insert(whole.end_line, whole.end_column, after))


def _is_plain(statement: ast.Assign) -> bool:
    """Whether there is one target, and a value that could stand as an argument."""
    is_odd = isinstance(statement.value, ast.Yield | ast.YieldFrom | ast.NamedExpr)
    return len(statement.targets) == 1 and not is_odd


def on_more_lines(text: Text, statement: ast.Assign, before: str, after: str) -> str | None:
    """The call on lines of its own, where it would be too long for one, or its value stands in brackets below.

    None where the call fits behind the target, or where the value has several lines, or comments.
    """
    whole, value = text.span(position(statement)), text.span(position(statement.value))
    if not _is_plain(statement) or isinstance(statement.value, ast.Tuple):
        return None
    source = f"{before}{_VALUE}{after}"
    try:
        made = ast.parse(source, mode="eval").body
    except SyntaxError:
        return None
    written = text.between(value)
    if not isinstance(made, ast.Call) or value.line != value.end_line:
        return None
    around = text.between(whole).replace(written, "", 1)
    column = whole.column - 1
    is_long = column + len(before) + len(written) + len(after) > text.limit
    if "#" in around or "\\" in around or not (is_long or whole.line != whole.end_line):
        return None
    parts = [ast.get_source_segment(source, argument) or "" for argument in made.args]
    if _VALUE not in parts:
        return None
    parts = [written if part == _VALUE else part for part in parts]
    parts += [f"{word.arg}={ast.get_source_segment(source, word.value)}" for word in made.keywords]
    return call(ast.unparse(made.func), parts, text.limit - column)
