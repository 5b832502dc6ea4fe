"""Where in a tree of `ast` a position lies: in which statement of which block, in which function."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from isolint.late import dataclass
from isolint.source import Position

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Spot:
    """A statement, the block it stands in, and the statements around it from the outermost on."""

    statement: ast.stmt
    block: list[ast.stmt]
    around: tuple[ast.stmt, ...]

    @property
    def first_line(self) -> int:
        return first_line(self.statement)

    @property
    def last_line(self) -> int:
        return last_line(self.statement)

    @property
    def is_one_line(self) -> bool:
        return self.statement.lineno == self.statement.end_lineno

    @property
    def has_lines_alone(self) -> bool:
        """Whether no other statement shares a line with it."""
        index = self.block.index(self.statement)
        before = self.around[-1].lineno if self.around else 0
        if index:
            before = last_line(self.block[index - 1])
        after = first_line(self.block[index + 1]) if index + 1 < len(self.block) else self.last_line + 1
        return before < self.first_line and self.last_line < after


def spot(tree: ast.Module, at: Position) -> Spot | None:
    """The innermost statement that holds a position."""
    found: Spot | None = None
    block: list[ast.stmt] | None = tree.body
    around: tuple[ast.stmt, ...] = ()
    while block is not None:
        inner = next((statement for statement in block if holds(statement, at)), None)
        if inner is None:
            return found
        found = Spot(inner, block, around)
        around = (*around, inner)
        block = next((b for b in blocks(inner) if any(holds(statement, at) for statement in b)), None)
    return found


def function_at(tree: ast.Module, at: Position) -> AnyFunction | None:
    """The innermost function around a position, or at it."""
    found = spot(tree, at)
    if found is None:
        return None
    candidates = (*found.around, found.statement)
    return next((node for node in reversed(candidates) if isinstance(node, AnyFunction)), None)


def holds(statement: ast.stmt, at: Position) -> bool:
    """Whether a position lies within a statement, its decorators included."""
    start = (first_line(statement), 0 if decorators(statement) else statement.col_offset)
    return start <= at[:2] and at[2:] <= (last_line(statement), statement.end_col_offset or 0)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks directly inside a compound statement."""
    clauses = [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    for owner in (statement, *clauses):
        for name in ("body", "orelse", "finalbody"):
            if block := getattr(owner, name, []):
                yield block


def decorators(statement: ast.stmt) -> list[ast.expr]:
    """The decorators of a function or class."""
    found: list[ast.expr] = getattr(statement, "decorator_list", [])
    return found


def first_line(statement: ast.stmt) -> int:
    """The line a statement begins on, its decorators included."""
    return min([statement.lineno, *(decorator.lineno for decorator in decorators(statement))])


def last_line(statement: ast.stmt) -> int:
    """The line a statement ends on."""
    return statement.end_lineno or statement.lineno


def position(node: ast.expr | ast.stmt | ast.arg | ast.alias) -> Position:
    """The position of a node."""
    end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return (node.lineno, node.col_offset, end_line, end)
