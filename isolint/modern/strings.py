"""String literals: adjacent ones joined, f-strings and template strings taken apart."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import libcst as cst
from libcst.metadata import CodePosition

from isolint.late import regex
from isolint.modern.places import Places, shifted

Convert = Callable[[cst.CSTNode, Places], ast.expr]
Formatted = cst.FormattedString | cst.TemplatedString
Hole = cst.FormattedStringExpression | cst.TemplatedStringExpression
Content = cst.BaseFormattedStringContent | cst.BaseTemplatedStringContent

_BRACES = r"\{\{|\}\}"
_ESCAPE = r"\\(?:[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[^{}])"
_SPECIAL = {True: regex(_BRACES), False: regex(f"{_BRACES}|{_ESCAPE}")}


class _Text(NamedTuple):
    """A stretch of literal text; `kind` is that of the literal it comes from."""

    value: str
    kind: str | None
    start: CodePosition
    end: CodePosition


def string(node: cst.BaseString, at: Places, convert: Convert) -> ast.expr:
    """A string literal, or several in a row; `convert` converts the expressions in the holes."""
    literals = list(_literals(node))
    if any(isinstance(literal, (cst.FormattedString, cst.TemplatedString)) for literal in literals):
        pieces = (piece for literal in literals for piece in _pieces(literal, at, convert))
        return ast.JoinedStr(values=list(_joined(pieces, at)), **at(node))
    simple = [literal for literal in literals if isinstance(literal, cst.SimpleString)]
    values = [ast.literal_eval(literal.value) for literal in simple]
    value = values[0][:0].join(values)
    return ast.Constant(value=value, kind=_kind(simple[0]), **at(node))


def _literals(node: cst.BaseString) -> Iterator[cst.BaseString]:
    while isinstance(node, cst.ConcatenatedString):
        yield node.left
        node = node.right
    yield node


def _kind(literal: cst.SimpleString) -> str | None:
    return "u" if literal.value.startswith("u") else None


def _pieces(literal: cst.BaseString, at: Places, convert: Convert) -> Iterator[_Text | ast.expr]:
    if isinstance(literal, cst.SimpleString):
        value = ast.literal_eval(literal.value)
        yield _Text(value, _kind(literal), at.start(literal), at.end(literal))
    elif isinstance(literal, (cst.FormattedString, cst.TemplatedString)):
        yield from _contents(literal.parts, "r" in literal.start.lower(), at, convert)


def _contents(
    parts: Sequence[Content], raw: bool, at: Places, convert: Convert
) -> Iterator[_Text | ast.expr]:
    for part in parts:
        if isinstance(part, (cst.FormattedStringText, cst.TemplatedStringText)):
            yield _Text(_unescaped(part.value, raw), None, at.start(part), at.end(part))
        elif isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
            if part.equal is not None:
                yield _shown(part, at)
            yield _hole(part, raw, at, convert)


def _unescaped(text: str, raw: bool) -> str:
    """What the text between two holes stands for."""
    return _SPECIAL[raw].sub(_character, text)


def _character(special: re.Match[str]) -> str:
    code = special[0]
    return code[0] if code in ("{{", "}}") else str(ast.literal_eval(f'"{code}"'))


def _shown(hole: Hole, at: Places) -> _Text:
    """The text that `{x = }` shows before the value."""
    assert hole.equal is not None
    parts = (hole.whitespace_before_expression, hole.expression, hole.whitespace_after_expression, hole.equal)
    code = "".join(at.code(part) for part in parts)
    return _Text(code, None, at.start(parts[0]), at.end(hole.equal.whitespace_after))


def _hole(hole: Hole, raw: bool, at: Places, convert: Convert) -> ast.FormattedValue:
    conversion = hole.conversion
    if conversion is None and hole.equal is not None and hole.format_spec is None:
        conversion = "r"
    return ast.FormattedValue(
        value=convert(hole.expression, at),
        conversion=ord(conversion) if conversion else -1,
        format_spec=_format(hole, raw, at, convert),
        **at(hole),
    )


def _format(hole: Hole, raw: bool, at: Places, convert: Convert) -> ast.JoinedStr | None:
    """The format specification of a hole, from its colon to the closing brace."""
    if hole.format_spec is None:
        return None
    closing = shifted(at.end(hole), -1)
    colon = shifted(at.start(hole.format_spec[0]) if hole.format_spec else closing, -1)
    pieces = _contents(hole.format_spec, raw, at, convert)
    return ast.JoinedStr(values=list(_joined(pieces, at)), **at.between(colon, closing))


def _joined(pieces: Iterable[_Text | ast.expr], at: Places) -> Iterator[ast.expr]:
    """The pieces with neighbouring texts made into one constant, and empty ones dropped."""
    texts: list[_Text] = []
    for piece in pieces:
        if isinstance(piece, _Text):
            texts.append(piece)
        else:
            yield from _constant(texts, at)
            texts = []
            yield piece
    yield from _constant(texts, at)


def _constant(texts: Sequence[_Text], at: Places) -> Iterator[ast.Constant]:
    if value := "".join(text.value for text in texts):
        place = at.between(texts[0].start, texts[-1].end)
        yield ast.Constant(value=value, kind=texts[0].kind, **place)
