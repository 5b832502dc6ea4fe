"""Code that runs when a fixture or test is over: behind the `yield`, in a `finally`, or as a clean-up."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile
from isolint.edits.places import position

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def yielded(file: PythonFile, function: AnyFunction, code: str) -> Edits | None:
    """The edits that run code behind the `yield` of a fixture; a `return` at its end becomes one.

    None where the end of the fixture cannot be told: it yields in several places, or returns before its end.
    """
    own = list(_own_nodes(function))
    yields = [node for node in own if isinstance(node, ast.Yield)]
    returns = [node for node in own if isinstance(node, ast.Return)]
    last = function.body[-1]
    if len(yields) == 1 and not returns:
        outer = next((node for node in function.body if _holds(node, yields[0])), None)
        if outer is None or not isinstance(outer, ast.Expr | ast.Assign | ast.With | ast.AsyncWith):
            return None
        return file.insert_after(position(outer), code)
    if yields or function.returns is not None:
        return None
    if returns == [last] and isinstance(last, ast.Return):
        value = "" if last.value is None else f" {file.code(last.value)}"
        return file.replace_statement(position(last), f"yield{value}\n{code}")
    if not returns:
        return file.insert_after(position(last), f"yield\n{code}")
    return None


def finished(file: PythonFile, function: AnyFunction, first: ast.stmt, code: str) -> Edits | None:
    """The edits that run code at the end of a test, whatever becomes of the statements behind `first`."""
    body = function.body
    if first not in body or first is body[-1]:
        return None
    following = body[body.index(first) + 1]
    return file.wrap_in_try(position(following), position(body[-1]), code)


def _holds(node: ast.AST, wanted: ast.AST) -> bool:
    return any(inner is wanted for inner in ast.walk(node))


def _own_nodes(function: AnyFunction) -> list[ast.AST]:
    """What belongs to a function and to none that is defined in it."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = [*function.body]
    while pending:
        node = pending.pop()
        found.append(node)
        if not isinstance(node, AnyFunction | ast.Lambda | ast.ClassDef):
            pending += ast.iter_child_nodes(node)
    return found
