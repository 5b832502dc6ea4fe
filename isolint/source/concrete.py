"""One statement as concrete syntax: cut out of the file by its `ast` position, and parsed on its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from isolint.finding import Span
from isolint.late import dataclass
from isolint.source.deep import run_deep
from isolint.source.text import Position, Source, UnreadableError
from isolint.source.trees import TOO_DEEP, is_overlong, parse

if TYPE_CHECKING:
    import libcst as cst

Statement = Union["cst.SimpleStatementLine", "cst.BaseCompoundStatement"]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Whole lines of a source and their tree: one statement, or the small ones that share a line.

    An indented statement stands in an `if True:` of its own, so that not a character of it moves.
    """

    span: Span
    module: cst.Module
    indented: bool

    @property
    def statement(self) -> Statement:
        """The statement, decorators included."""
        inner: Statement = self.module.body[0]
        if self.indented:
            inner = inner.body.body[0]  # type: ignore[union-attr, assignment]
        return inner

    def code(self, module: cst.Module) -> str:
        """The text for `span` once `module`, an edited copy of the excerpt's, replaces it."""
        return module.code.partition(module.default_newline)[2] if self.indented else module.code


def concrete(source: Source, position: Position) -> Statement:
    """The innermost statement that begins its own line and holds the `ast` position, as libcst's node.

    The position of a function or class gives the whole of it. Raises UnreadableError as `parse` does, or for
    a statement that is too deep for libcst, and LookupError when no statement holds the position.
    """
    return _cut(source, *_statement_lines(source, position)).statement


def excerpt(source: Source, position: Position) -> Excerpt:
    """What `concrete` gives, with all that a fix needs to edit it.

    Raises the same, and UnreadableError when libcst would change what is not edited: it loses form feeds.
    """
    first, last = _statement_lines(source, position)
    found = _cut(source, first, last)
    if found.code(found.module) != "".join(source.lines[first - 1 : last]):
        raise UnreadableError("libcst does not keep these lines as they are", first)
    return found


def _cut(source: Source, first: int, last: int) -> Excerpt:
    lines = source.lines[first - 1 : last]
    indented = lines[0][:1].isspace()
    text = "".join(lines)
    if is_overlong(text):
        raise UnreadableError(TOO_DEEP, first)
    newline = lines[0][len(lines[0].rstrip("\r\n")) :] or "\n"
    module = run_deep(lambda: _parse(f"if True:{newline}{text}" if indented else text))
    end = (last + 1, 1) if lines[-1].endswith(("\r", "\n")) else (last, len(lines[-1]) + 1)
    return Excerpt(Span(first, 1, *end), module, indented)


def _parse(text: str) -> cst.Module:
    import libcst

    return libcst.parse_module(text)


def _statement_lines(source: Source, position: Position) -> tuple[int, int]:
    """The lines of the innermost row of statements that begins its line and holds the position."""
    found = None
    bodies = [parse(source).body]
    while row := next((row for body in bodies for row in _rows(body) if _holds(row, position)), None):
        if _begins_line(row[0], source.lines[_first_line(row[0]) - 1]):
            found = _first_line(row[0]), _last_line(row[-1])
        bodies = [body for statement in row for body in _bodies(statement)]
    if found is None:
        raise LookupError(f"no statement at line {position[0]} of {source.path}")
    return found


def _rows(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """The statements of a body; those that share a line stay together."""
    row: list[ast.stmt] = []
    for statement in body:
        if row and _first_line(statement) > _last_line(row[-1]):
            yield row
            row = []
        row.append(statement)
    yield row


def _holds(row: list[ast.stmt], position: Position) -> bool:
    line, _, end_line, _ = position
    return _first_line(row[0]) <= line and end_line <= _last_line(row[-1])


def _begins_line(statement: ast.stmt, line: str) -> bool:
    if getattr(statement, "decorator_list", None):
        return line.lstrip().startswith("@")
    before, rest = line[: statement.col_offset], line[statement.col_offset :]
    is_elif = isinstance(statement, ast.If) and rest.startswith("elif")
    return not before.strip() and not is_elif


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks directly inside a compound statement."""
    clauses = [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    for clause in (statement, *clauses):
        blocks = (getattr(clause, name, []) for name in ("body", "orelse", "finalbody"))
        yield from (block for block in blocks if block)
