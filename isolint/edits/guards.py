"""Clean-up that is to run in any case: moved into the `finally` of a `try`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from isolint.edits.logs import told
from isolint.edits.places import AnyFunction, blocks, first_line, holds, last_line
from isolint.edits.python import PythonFile
from isolint.edits.text import Edits
from isolint.finding import Span
from isolint.late import dataclass, regex
from isolint.source import Position

_CLEANING = regex(
    r"(stop|close|delete|drop|remove|rmtree|rmdir|unlink|terminate|kill|join|wait|shutdown|clear|reset|pop|dispose|"
    r"disconnect|deactivate|disable|restore|clean|cleanup|teardown|tear|rollback|off|undo|uninstall|unsubscribe|"
    r"unregister|unpatch|unfreeze|truncate|cancel|discard|rmdir|purge|destroy|flushall|flushdb)(_|\Z)"
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """The edits; `is_tail` tells that the clean-up was the end of its block already."""

    edits: Edits
    is_tail: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """A statement around a place, or at it, in its block."""

    block: list[ast.stmt]
    statement: ast.stmt

    @property
    def index(self) -> int:
        return self.block.index(self.statement)


def guard(
    file: PythonFile, begin: Position, undo: Position, *, inclusive: bool = False, resource: str = ""
) -> Guarded | None:
    """Put what follows a beginning (or, `inclusive`, the statement itself) into a `try`, its clean-up in the `finally`.

    Clean-up is what undoes it at `undo`, with what is cleaned up before and behind it. None where the clean-up
    is no statement of the same block, shares lines with others, or needs what is made between. Of a `resource`
    the clean-up may fail: that is told in the log, and fails no test.
    """
    found = _common(file.tree, begin, undo)
    if found is None:
        return None
    start, end = found
    is_own = isinstance(start.statement, ast.With | ast.AsyncWith) or _is_simple(start.statement)
    first = start.index + (not inclusive)
    block, last = start.block, end.index
    if not is_own or first >= last or not (_undoes(end.statement) or _is_simple(end.statement)):
        return None
    clean = last
    while clean - 1 > first and _undoes(block[clean - 1]):
        clean -= 1
    while last + 1 < len(block) and _undoes(block[last + 1]):
        last += 1
    body, cleanup = block[first:clean], block[clean : last + 1]
    if _bound(body) & _used(cleanup) or not _lines_are_alone(block, first, last, file):
        return None
    line = told(file, f"could not remove the {resource}") if resource else ("", ())
    if line is None:
        return None
    return Guarded((*_moved(file, body, cleanup, line[0]), *line[1]), last + 1 == len(block))


def begin_earlier(file: PythonFile, begin: Position, undo: Position) -> Edits | None:
    """Move what stands between a beginning and the `try` that cleans it up into that `try`."""
    path = list(_path(file.tree, undo))
    start = next(reversed(list(_path(file.tree, begin))), None)
    late = next((step for step in path if isinstance(step.statement, ast.Try)), None)
    if (
        start is None
        or late is None
        or late.block is not start.block
        or not isinstance(late.statement, ast.Try)
    ):
        return None
    moved = start.block[start.index + 1 : late.index]
    line = late.statement.lineno
    if not moved or late.statement.handlers or file.text.lines[line - 1].strip() != "try:":
        return None
    if _bound(moved) & _used(late.statement.finalbody):
        return None
    if not _lines_are_alone(start.block, start.index + 1, late.index, file):
        return None
    top = file.text.commented(first_line(moved[0]))
    return (
        file.text.insert(top, 1, f"{file.text.indentation(top)}try:\n{file.indent}"),
        *file.steps(moved, top + 1, line - 1),
        file.text.without_lines(line, line),
    )


def _moved(file: PythonFile, body: list[ast.stmt], cleanup: list[ast.stmt], told: str) -> Edits:
    top = file.text.commented(first_line(body[0]))
    line, bottom = first_line(cleanup[0]), last_line(cleanup[-1])
    lines, indentation = file.text.lines, file.text.indentation(top)
    while lines[line - 2].lstrip().startswith("#") and line - 1 > last_line(body[-1]):
        line -= 1
    blank = line
    while not lines[blank - 2].strip() and blank - 1 > last_line(body[-1]):
        blank -= 1
    finish = f"{indentation}finally:\n{file.indent}"
    moved = file.steps(cleanup, line + 1, bottom)
    if told:
        inner = f"{indentation}{file.indent}"
        finish = f"{indentation}finally:\n{inner}try:\n{file.indent * 2}"
        handler = file.text.lines_after(bottom, f"except Exception:\n{file.indent}{told}", inner)
        moved = (*(replace(each, content=each.content * 2) for each in moved), handler)
    return (
        file.text.insert(top, 1, f"{indentation}try:\n{file.indent}"),
        *file.steps(body, top + 1, blank - 1),
        file.text.replace(Span(blank, 1, line, 1), finish),
        *moved,
    )


def _common(tree: ast.Module, begin: Position, undo: Position) -> tuple[_Step, _Step] | None:
    """The statements of the innermost block that holds both places, each around one of them."""
    ends = {id(step.block): step for step in _path(tree, undo)}
    found = None
    for step in _path(tree, begin):
        if id(step.block) in ends:
            found = step, ends[id(step.block)]
    return found


def _path(tree: ast.Module, at: Position) -> Iterator[_Step]:
    """The statements around a place, from the outermost to the one it stands in."""
    block: list[ast.stmt] | None = tree.body
    while block is not None:
        inner = next((statement for statement in block if holds(statement, at)), None)
        if inner is None:
            return
        yield _Step(block, inner)
        block = next((b for b in blocks(inner) if any(holds(statement, at) for statement in b)), None)


def _is_simple(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign | ast.Delete)


def _undoes(node: ast.stmt) -> bool:
    """Whether a statement cleans up: a call named for it, `del`, or a block of nothing else."""
    match node:
        case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            return any(_CLEANING.match(word) for word in _starts(name))
        case ast.Delete():
            return True
        case (
            ast.With(body=body) | ast.AsyncWith(body=body) | ast.If(body=body, orelse=[]) | ast.For(body=body)
        ):
            return all(_undoes(inner) for inner in body)
    return False


def _starts(name: str) -> Iterator[str]:
    """The name from each of its words on."""
    name = name.lstrip("_").lower()
    yield name
    while "_" in name:
        name = name.partition("_")[2]
        yield name


def _bound(statements: Iterable[ast.stmt]) -> set[str]:
    """The names that statements bind."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    names = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    named = {n.name for n in nodes if isinstance(n, AnyFunction | ast.ClassDef)}
    imports = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
    return names | named | {(a.asname or a.name).partition(".")[0] for n in imports for a in n.names}


def _used(statements: Iterable[ast.stmt]) -> set[str]:
    nodes = (node for statement in statements for node in ast.walk(statement))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _lines_are_alone(block: list[ast.stmt], first: int, last: int, file: PythonFile) -> bool:
    """Whether no statement of these shares a line with another, and none is continued by a backslash."""
    if first == 0 and file.text.lines[first_line(block[0]) - 1].strip().startswith(
        ("def ", "class ", "if ", "with ")
    ):
        return False
    for one, other in zip(block[max(first - 1, 0) : last + 1], block[max(first, 1) : last + 2], strict=False):
        if last_line(one) >= first_line(other):
            return False
    return True
