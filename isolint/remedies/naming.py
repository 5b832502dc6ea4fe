"""Stores that tests make under a name of the run's own."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile
from isolint.edits.places import position
from isolint.remedies.marking import bound_once, constant, is_in_function, literals, run_mark
from isolint.source import Position


def uniquely_named(file: PythonFile, at: Position, resource: str, name: str) -> Edits | None:
    """The edits that let the name of a resource, which is used at a position, end in a part of the run's own.

    A URL counts as the name of the database in it. None where the file says the name in another way, too.
    """
    written, mark, last = literals(file.tree, name), run_mark(file), name.rpartition("/")[2]
    others = [n for n in ast.walk(file.tree) if isinstance(n, ast.Constant) and _says(n.value, last)]
    if mark is None or not written or len(others) != len(written):
        return None
    dash = "-" if resource == "bucket" or "-" in last else "_"
    unique = f"f{file.string(f'{name}{dash}{{{mark.code}}}')}"
    known = constant(file, file.node(at), name)
    if known is not None:
        return (file.replace(position(known), unique), *mark.imports) if written == [known] else None
    edits = _in_function(file, written, resource, unique)
    return None if edits is None else (*edits, *mark.imports)


def _in_function(file: PythonFile, written: list[ast.Constant], resource: str, unique: str) -> Edits | None:
    """The literals of one function replaced by a variable that is made before the first."""
    if len(written) == 1:
        node = written[0]
        return (file.replace(position(node), unique),) if is_in_function(file, node) else None
    wanted = ("url", "database_url") if "://" in unique else ("name", f"{resource}_name")
    bound = bound_once(file, written, wanted, unique)
    if bound is None:
        return None
    name, added = bound
    return (*added, *(file.replace(position(node), name) for node in written))


def _says(value: object, name: str) -> bool:
    return isinstance(value, str) and name in value
