"""Names that tests say, made unique: a part of the run's own in the literal, the name said once."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence

from isolint.edits import Edits, PythonFile
from isolint.edits.places import AnyFunction, Spot, first_line, last_line, position, spot
from isolint.late import dataclass, regex

_LINE = regex(r"""(?P<prefix>f?)(?P<quote>["'])(?P<text>[^\\\n]*)(?P=quote)""")
_HOLE = regex(r"\{[^}]*\}")


@dataclass(frozen=True)
class Mark:
    """The part of the run's own: `code` is an expression, `imports` what it needs."""

    code: str
    imports: Edits


def run_mark(file: PythonFile) -> Mark | None:
    """Eight digits of a uuid, by the import that the file has."""
    uuid4 = uuid4_of(file)
    return None if uuid4 is None else Mark(f"{uuid4.code}().hex[:8]", uuid4.imports)


def uuid4_of(file: PythonFile) -> Mark | None:
    """What `uuid4` is called in a file; it is imported where it is not."""
    has_module = any(isinstance(n, ast.Import) and _is_uuid(n) for n in file.tree.body)
    imports = () if has_module else file.add_import("from uuid import uuid4")
    return None if imports is None else Mark("uuid.uuid4" if has_module else "uuid4", imports)


def literals(tree: ast.AST, value: object) -> list[ast.Constant]:
    """Where a value is written out, in the order of the file."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == value]
    return sorted(found, key=position)


def bound_once(
    file: PythonFile, places: Sequence[ast.expr], wanted: Iterable[str], value: str
) -> tuple[str, Edits] | None:
    """A name for what is written at places of one function, and the statement before them that gives it its value.

    None where they lie in several functions, or all names that are wanted are taken.
    """
    function, at = file.function(position(places[0])), block_of(file, places)
    if function is None or at is None or isinstance(at.statement, AnyFunction | ast.ClassDef):
        return None
    if any(file.function(position(node)) is not function for node in places):
        return None
    names = taken(file, function)
    free = next((name for name in wanted if name not in names), None)
    added = file.insert_before(position(at.statement)[:2] * 2, f"{free} = {value}")
    return None if free is None or added is None else (free, added)


def is_in_function(file: PythonFile, node: ast.expr) -> bool:
    """Whether a node stands in the body of a function, not in its defaults or decorators."""
    found = spot(file.tree, position(node))
    return (
        found is not None
        and not isinstance(found.statement, AnyFunction | ast.ClassDef)
        and any(isinstance(each, AnyFunction) for each in found.around)
    )


def block_of(file: PythonFile, places: Sequence[ast.expr]) -> Spot | None:
    """The first statement of the innermost block that holds all places, which lie in the order of the file."""
    found = spot(file.tree, position(places[0]))
    while found is not None and found.around:
        parent = found.around[-1]
        if isinstance(parent, AnyFunction | ast.ClassDef):
            break
        last = found.block[-1]
        if all(first_line(found.statement) <= node.lineno <= last_line(last) for node in places):
            break
        outer = spot(file.tree, position(parent)[:2] * 2)
        found = outer if outer is None or outer.statement is parent else None
    return found


def said_within(file: PythonFile, node: ast.expr, part: re.Pattern[str]) -> Callable[[str], str] | None:
    """How a string of one line is written with code in the place of a part; None for other strings, or without it."""
    code = file.code(node)
    written = _LINE.fullmatch(code)
    if written is None or not part.search(code) or any(part.search(hole) for hole in _HOLE.findall(code)):
        return None
    if not written["prefix"] and ("{" in code or "}" in code):
        return None
    quote, text = written["quote"], part.sub("\0", written["text"])
    return lambda new: f"f{quote}{text}{quote}".replace("\0", f"{{{new}}}")


def taken(file: PythonFile, function: AnyFunction) -> set[str]:
    """The names that mean something in a function, or in the module around it."""
    nodes = list(ast.walk(function))
    names = {n.id for n in nodes if isinstance(n, ast.Name)} | {
        n.arg for n in nodes if isinstance(n, ast.arg)
    }
    return names | bound_in(file.tree.body)


def bound_in(body: Iterable[ast.stmt]) -> set[str]:
    """The names that the statements of a module or class bind."""
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, AnyFunction | ast.ClassDef):
            found.add(statement.name)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.alias):
                found.add((node.asname or node.name).partition(".")[0])
    return found


def constant(file: PythonFile, use: ast.expr | ast.stmt | None, value: object) -> ast.Constant | None:
    """The literal behind the name of a constant of the module, or of a class, which is bound once."""
    match use:
        case ast.Name(id=known):
            owners: list[ast.Module | ast.ClassDef] = [file.tree]
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=known):
            owners = [node for node in ast.walk(file.tree) if isinstance(node, ast.ClassDef)]
        case _:
            return None
    found = [
        node.value
        for owner in owners
        for node in owner.body
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == known for t in node.targets)
    ]
    bound = [n for n in ast.walk(file.tree) if isinstance(n, ast.Name) and n.id == known and _is_bound(n)]
    only = found[0] if len(found) == len(bound) == 1 else None
    return only if isinstance(only, ast.Constant) and only.value == value else None


def _is_bound(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _is_uuid(node: ast.Import) -> bool:
    return any(alias.name == "uuid" and not alias.asname for alias in node.names)
