"""Another name for what is bound once, wherever it is used and not another scope's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from isolint.edits.places import AnyFunction, function_at, position
from isolint.edits.text import Edits, Text
from isolint.source import Position

_Scope = ast.AST
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def rename(text: Text, tree: ast.Module, at: Position, name: str, new: str) -> Edits | None:
    """The edits of all uses of the name that is bound at a position; see `PythonFile.rename`."""
    home: _Scope = function_at(tree, at) or tree
    if isinstance(home, AnyFunction) and home.name == name:
        return None
    if any(_mentions(node, name) or new in _names(node) for node in ast.walk(tree)):
        return None
    uses: list[ast.Name] = []
    if not _gather(home, name, uses, at) or any(_is_astray(text, use, name) for use in uses):
        return None
    return tuple(text.replace(text.span(position(use)), new) for use in uses)


def _is_astray(text: Text, use: ast.Name, name: str) -> bool:
    """Whether the place of a use is not known: within f-strings, `ast` tells it from 3.12 on only."""
    return text.at(position(use)) != name


def _names(node: ast.AST) -> tuple[str, ...]:
    """The names that a node binds or uses."""
    match node:
        case ast.Name():
            return (node.id,)
        case ast.arg():
            return (node.arg,)
        case ast.alias():
            return (node.asname or node.name.partition(".")[0],)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler():
            return (node.name,) if node.name else ()
        case ast.MatchAs() | ast.MatchStar():
            return (node.name,) if node.name else ()
        case ast.MatchMapping():
            return (node.rest,) if node.rest else ()
    return ()


def _mentions(node: ast.AST, name: str) -> bool:
    """Whether a name is spoken of where it cannot be followed: `global`, `nonlocal`, `__all__`, annotations."""
    if isinstance(node, ast.Global | ast.Nonlocal):
        return name in node.names
    if isinstance(node, ast.Assign):
        is_all = any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
        return is_all and _says(node.value, name)
    notes = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return any(isinstance(note, ast.AST) and _says(note, name) for note in notes)


def _says(node: ast.AST, name: str) -> bool:
    """Whether a string below a node holds the name as a word."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(
        isinstance(inner, ast.Constant) and isinstance(inner.value, str) and word.search(inner.value)
        for inner in ast.walk(node)
    )


def _gather(scope: _Scope, name: str, uses: list[ast.Name], at: Position) -> bool:
    """Add the uses of the name in a scope and those below it; False where it is bound there in another way, too."""
    for node in _own(scope):
        if isinstance(node, ast.Name):
            if node.id == name:
                uses.append(node)
        elif _is_scope(node):
            binds = name in _names(node) if isinstance(node, AnyFunction | ast.ClassDef) else False
            if binds or not (_hides(node, name) or _gather(node, name, uses, at)):
                return False
            if _hides(node, name):
                _outside(node, name, uses)
        elif name in _names(node) and not _lies_at(node, at):
            return False
    return True


def _outside(scope: _Scope, name: str, uses: list[ast.Name]) -> None:
    """Add the uses in what a hiding scope evaluates in the one around it: decorators, defaults, annotations."""
    for part in _heads(scope):
        uses += [node for node in ast.walk(part) if isinstance(node, ast.Name) and node.id == name]


def _hides(scope: _Scope, name: str) -> bool:
    """Whether a scope binds the name itself."""
    for node in _own(scope, heads=False):
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
            return True
        if not isinstance(node, ast.Name) and name in _names(node):
            return True
    return False


def _own(scope: _Scope, *, heads: bool = True) -> Iterator[ast.AST]:
    """What lies in a scope and in none below it; the scopes below are among it themselves."""
    skipped = set() if heads else {id(part) for part in _heads(scope)}
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop(0)
        if id(node) in skipped:
            continue
        yield node
        if not _is_scope(node):
            pending = [*ast.iter_child_nodes(node), *pending]


def _heads(scope: _Scope) -> list[ast.AST]:
    """What belongs to a scope's statement and is evaluated around it."""
    if isinstance(scope, ast.ClassDef):
        return [*scope.decorator_list, *scope.bases, *scope.keywords]
    if isinstance(scope, AnyFunction | ast.Lambda):
        arguments = scope.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        notes = [each.annotation for each in every if each.annotation is not None]
        defaults = [each for each in (*arguments.defaults, *arguments.kw_defaults) if each is not None]
        extra = [] if isinstance(scope, ast.Lambda) else [*scope.decorator_list]
        returned = [scope.returns] if isinstance(scope, AnyFunction) and scope.returns is not None else []
        return [*extra, *notes, *defaults, *returned]
    if isinstance(scope, _COMPREHENSIONS):
        return [scope.generators[0].iter]
    return []


def _is_scope(node: ast.AST) -> bool:
    return isinstance(
        node, (*_COMPREHENSIONS, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    )


def _lies_at(node: ast.AST, at: Position) -> bool:
    if isinstance(node, ast.alias | ast.arg):
        place = position(node)
        return place[:2] == at[:2] or (at[:2] <= place[:2] and place[2:] <= at[2:])
    return False
