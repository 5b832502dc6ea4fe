"""An assignment or deletion written as a call that does the same and can undo it."""

from __future__ import annotations

import ast
import re

from isolint.edits.places import position
from isolint.edits.text import Edits, Text
from isolint.finding import Span

_EQUALS = re.compile(r"[\s\\]*=[ \t]*")


def value_as_argument(text: Text, statement: ast.Assign, before: str, after: str) -> Edits | None:
    """The edits that put `before` in the place of the target and `after` behind the value, which stays as it is.

    None where there are several targets, or where the value could not stand as an argument.
    """
    if len(statement.targets) != 1 or isinstance(statement.value, ast.Yield | ast.YieldFrom | ast.NamedExpr):
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
