"""The code of a name that says that it is a test's, made of the code of another name."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from isolint.late import regex

Code = Callable[[ast.expr], str]

_PLAIN = regex(r"(?P<mark>[fF]?(?P<quote>['\"]))(?P<text>[^\\\n]*)(?P=quote)", re.DOTALL)
_OF_PATHS = frozenset({"str", "Path", "join", "joinpath"})
_MAY_BE_NOTHING = frozenset({"get", "getenv"})


def prefixed(node: ast.expr, code: Code, prefix: str, *, is_path: bool) -> str | None:
    """The code of a string, or of a path and its last part, with something before it; None where it is none."""
    written = code(node)
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return _literal(written, prefix, is_path=is_path)
        case ast.BinOp(op=ast.Div(), right=right):
            return _with(written, code(right), prefixed(right, code, prefix, is_path=True))
        case ast.BinOp(op=ast.Add(), left=left) if not is_path:
            first = prefixed(left, code, prefix, is_path=False)
            return (
                None
                if first is None or not written.startswith(code(left))
                else first + written[len(code(left)) :]
            )
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[*_, last]) if (
            name in _OF_PATHS
        ):
            return _with(written, code(last), prefixed(last, code, prefix, is_path=True))
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[_], keywords=[]) if (
            name in _MAY_BE_NOTHING
        ):
            return None
        case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call() if not is_path:
            return f'"{prefix}" + {written}'
    return None


def _literal(written: str, prefix: str, *, is_path: bool) -> str | None:
    found = _PLAIN.fullmatch(written)
    if found is None:
        return None
    folder, slash, last = found["text"].rpartition("/") if is_path else ("", "", found["text"])
    if not last or (is_path and "f" in found["mark"].lower()):
        return None
    return f"{found['mark']}{folder}{slash}{prefix}{last}{found['quote']}"


def _with(written: str, last: str, new: str | None) -> str | None:
    """The code with its last part replaced, which only brackets may follow."""
    start = written.rfind(last)
    rest = written[start + len(last) :]
    return None if new is None or rest.strip(") ,\n") else f"{written[:start]}{new}{rest}"
