"""Texts that are put together in code: f-strings, `%`, `.format()` and `+`, read as a pattern and what fills it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from isolint.edits.places import position
from isolint.edits.python import PythonFile
from isolint.finding import Span
from isolint.late import dataclass, regex
from isolint.source import Position

_FIELD = regex(r"\{\{|\}\}|\{(\w*)\}")
_PIECE = regex(r"""([fF]?)("{3}|'{3}|"|')(.*)\2(\s*#[^"']*)?""", re.DOTALL)
_AROUND = frozenset(" \t\n.,;()")


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with holes: `pattern` is the code of a pattern for `str.format`, `holes` where its fillings stand."""

    pattern: str
    holes: tuple[Position, ...]

    @property
    def text(self) -> str:
        """The pattern as text. Raises SyntaxError or ValueError for code that is no literal."""
        return str(ast.literal_eval(f"({self.pattern}\n)"))

    def is_whole(self, hole: Position) -> bool:
        """Whether a filling is a word of its own in the text, no part of a longer one."""
        text = self.text
        fields = [found for found in _FIELD.finditer(text) if found[0] not in ("{{", "}}")]
        return all(
            (not found.start() or text[found.start() - 1] in _AROUND)
            and text[found.end() : found.end() + 1] in ("", *_AROUND)
            for found, place in zip(fields, self.holes, strict=True)
            if place == hole
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the text, each hole as `{}`."""
        return tuple(self.text.split())


def filled(file: PythonFile, at: Position, inside: Sequence[Position]) -> Filled | None:
    """The text that is put together at a position; `inside` are the places of the holes of an f-string there.

    None where fillings are formatted, or the pieces are more than can be read.
    """
    node = file.node(at)
    found: Filled | None = None
    match node:
        case ast.JoinedStr():
            found = _of_f_string(file, at, inside)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()) as pattern, attr="format")):
            found = _of_format(file, node, pattern)
        case ast.BinOp(left=ast.Constant(value=str(text)) as left, op=ast.Mod(), right=right):
            found = _of_percent(file, left, text, right)
        case ast.BinOp(op=ast.Add()):
            found = _of_sum(file, node)
    return found if found is not None and _fits(found) else None


def _fits(found: Filled) -> bool:
    try:
        text = found.text
    except (SyntaxError, ValueError):
        return False
    rest = _FIELD.sub("", text)
    fields = [each for each in _FIELD.finditer(text) if each[0] not in ("{{", "}}")]
    return len(fields) == len(found.holes) and "{" not in rest and "}" not in rest


def _of_f_string(file: PythonFile, at: Position, inside: Sequence[Position]) -> Filled | None:
    code, start = file.code(at), file.text.span(at)
    parts, last = [], 0
    for place in inside:
        span = file.text.span(place)
        before = file.text.between(Span(start.line, start.column, span.line, span.column))
        begin = len(before.replace("\r\n", "\n").replace("\r", "\n"))
        end = begin + len(file.code(place))
        opened, closed = code[:begin].rstrip(), code[end:].lstrip()
        if not opened.endswith("{") or not closed.startswith("}"):
            return None
        parts.append(code[last : len(opened) - 1])
        last = len(code) - len(closed) + 1
    pattern = _without_prefixes("{}".join((*parts, code[last:])))
    return None if pattern is None else Filled(pattern, tuple(inside))


def _without_prefixes(code: str) -> str | None:
    """String literals, one or one to a line, without the `f` before them; None for others."""
    whole = _PIECE.fullmatch(code)
    if whole is not None and len(whole[2]) == 3 and whole[2] not in whole[3]:
        return code[len(whole[1]) :]
    lines = []
    for line in code.split("\n"):
        found = _PIECE.fullmatch(line.strip())
        if found is None or found[2] in found[3].replace("\\" + found[2], ""):
            return None
        if not found[1] and ("{" in found[3] or "}" in found[3]):
            return None
        blanks = line[: len(line) - len(line.lstrip())]
        lines.append(f"{blanks}{found[2]}{found[3]}{found[2]}{found[4] or ''}")
    return "\n".join(lines)


def _of_format(file: PythonFile, call: ast.Call, pattern: ast.Constant) -> Filled | None:
    """Only where each filling is given by position, in order, and used once."""
    names = [each[1] for each in _FIELD.finditer(str(pattern.value)) if each[0] not in ("{{", "}}")]
    in_order = [("", str(index)) for index in range(len(call.args))]
    if call.keywords or len(names) != len(call.args):
        return None
    if any(name not in known for name, known in zip(names, in_order, strict=True)):
        return None
    return Filled(file.code(pattern), tuple(position(argument) for argument in call.args))


def _of_percent(file: PythonFile, left: ast.Constant, text: str, right: ast.expr) -> Filled | None:
    values = right.elts if isinstance(right, ast.Tuple) else [right]
    if text.count("%") != text.count("%s") or text.count("%s") != len(values) or "{" in text or "}" in text:
        return None
    pattern = file.code(left).replace("%s", "{}")
    return Filled(pattern, tuple(position(value) for value in values))


def _of_sum(file: PythonFile, node: ast.BinOp) -> Filled | None:
    parts = list(_summed(node))
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    if not all(isinstance(text, str) and "{" not in text and "}" not in text for text in texts):
        return None
    pattern = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
    holes = tuple(position(part) for part in parts if not isinstance(part, ast.Constant))
    return Filled(file.string(pattern), holes)


def _summed(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _summed(node.left)
        yield from _summed(node.right)
    else:
        yield node
