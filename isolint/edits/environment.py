"""Variables of the environment that a test sets: by `monkeypatch`, in the place of what it does itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.edits.places import Spot, position
from isolint.edits.text import Edits, call
from isolint.finding import Edit
from isolint.source import Position

if TYPE_CHECKING:
    from isolint.edits.python import PythonFile


def set_by_monkeypatch(file: PythonFile, at: Position) -> Edits | None:
    """The edits that let `monkeypatch` set variables; see `PythonFile.set_by_monkeypatch`."""
    found = file.statement(at)
    variables = list(_variables(found.statement, file)) if found is not None else []
    room = file.text.limit - len(file.text.indentation(at[0]))
    calls = [call("monkeypatch.setenv", variable, room) for variable in variables]
    replaced = file.replace_statement(at, "\n".join(calls)) if calls else None
    if found is None or replaced is None:
        return None
    outer = _in_function(found)
    if outer is None:
        return replaced
    return (*replaced, *_taken_back(file, *outer, [name for name, _ in variables]))


def _in_function(found: Spot) -> tuple[list[ast.stmt], int] | None:
    """The block of the function around a statement, and where it stands there, by itself or within `with`."""
    inner = found.statement
    for node in reversed(found.around):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node.body, node.body.index(inner)
        if not isinstance(node, ast.With | ast.AsyncWith):
            return None
        inner = node
    return None


def _variables(statement: ast.stmt, file: PythonFile) -> Iterator[tuple[str, str]]:
    """The names and values that a write to the environment sets, as code; nothing where not all can be told."""
    match statement:
        case ast.Assign(targets=[ast.Subscript(slice=name)], value=value):
            yield file.code(name), file.code(value)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="update"), args=[], keywords=given)) if _named(
            given
        ):
            yield from ((file.string(str(each.arg)), file.code(each.value)) for each in given)
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(attr="update"), args=[ast.Dict(keys, values)], keywords=[])
        ) if all(keys):
            yield from ((file.code(k), file.code(v)) for k, v in zip(keys, values, strict=True) if k)


def _named(keywords: list[ast.keyword]) -> bool:
    return all(keyword.arg for keyword in keywords)


def _taken_back(file: PythonFile, block: list[ast.stmt], start: int, names: list[str]) -> Edits:
    """The edits of what takes these variables back below the statement of a block that sets them."""
    end = len(block)
    while end and (_removed(block[end - 1], file) or _restored(block[end - 1], block, start, file)):
        end -= 1
    edits: list[Edit] = []
    for index in range(start + 1, len(block)):
        node = block[index]
        removal, restored = _removed(node, file), _restored(node, block, start, file)
        if removal is not None and removal[0] in names:
            name, option = removal
            replaced = file.replace_statement(position(node), f"monkeypatch.delenv({name}{option})")
            edits += (file.remove_from_end(position(node)) if index >= end else replaced) or ()
        elif restored is not None and restored[0] in names and index >= end:
            edits += file.remove_from_end(position(node)) or ()
            edits += file.remove(position(restored[1])) or ()
    return tuple(edits)


def _removed(node: ast.stmt, file: PythonFile) -> tuple[str, str] | None:
    """The variable that a statement removes, with the option of `delenv` for one that need not be there."""
    match node:
        case ast.Delete(targets=[ast.Subscript(value=table, slice=name)]) if _is_environ(table, file):
            return file.code(name), ""
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=table, attr="pop"), args=[name, *rest], keywords=[])
        ) if _is_environ(table, file):
            return file.code(name), ", raising=False" if rest else ""
    return None


def _restored(
    node: ast.stmt, block: list[ast.stmt], start: int, file: PythonFile
) -> tuple[str, ast.stmt] | None:
    """The variable that a statement sets to what it was, with the statement that kept that for nothing else."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=table, slice=name)], value=ast.Name(id=kept)) if (
            _is_environ(table, file)
        ):
            inside = [inner for each in block for inner in ast.walk(each) if isinstance(inner, ast.Name)]
            uses = [inner for inner in inside if inner.id == kept]
            keeping = [each for each in block[:start] if _keeps(each, kept)]
            if len(keeping) == 1 and len(uses) == 2:
                return file.code(name), keeping[0]
    return None


def _keeps(node: ast.stmt, name: str) -> bool:
    """Whether a statement keeps a variable's value under a name: `before = os.environ.get("X")`."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=kept)],
            value=ast.Call(func=ast.Attribute(attr="get" | "getenv")) | ast.Subscript(),
        ):
            return kept == name
    return False


def _is_environ(table: ast.expr, file: PythonFile) -> bool:
    return file.code(table).rpartition(".")[2] == "environ"
