"""Imports of the standard library that fixes leave without a use."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from isolint import source
from isolint.edits import Edits, PythonFile
from isolint.edits.places import position
from isolint.finding import Edit
from isolint.source import Source


def unused_imports(before: Source, after: Source) -> Edits:
    """The edits that remove what `before` used and `after` only imports; lines with a comment stay."""
    file = PythonFile(after)
    was_used, is_used = _used(source.parse(before)), _used(file.tree)
    found: list[Edit] = []
    for statement in file.tree.body:
        names = set(_standard_names(statement))
        if not names or "#" in after.lines[statement.lineno - 1]:
            continue
        if names <= was_used and not names & is_used:
            found += _without(file, statement)
    return tuple(found)


def _without(file: PythonFile, statement: ast.stmt) -> Edits:
    """Remove a statement, and the empty line after one that was a paragraph of its own."""
    lines = file.text.lines
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    is_paragraph = first == 1 or not lines[first - 2].strip()
    if is_paragraph and last < len(lines) and not lines[last].strip():
        return (file.text.without_lines(first, last + 1),)
    return file.remove(position(statement)) or ()


def _standard_names(statement: ast.stmt) -> Iterator[str]:
    """The names that an import of the standard library binds."""
    if isinstance(statement, ast.Import):
        if all(alias.name.partition(".")[0] in sys.stdlib_module_names for alias in statement.names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom) and _top(statement) in sys.stdlib_module_names - {
        "__future__"
    }:
        yield from (alias.asname or alias.name for alias in statement.names)


def _top(statement: ast.ImportFrom) -> str:
    return "" if statement.level else (statement.module or "").partition(".")[0]


def _used(tree: ast.Module) -> frozenset[str]:
    """Every name that is used, and every word that stands alone in a string."""
    nodes = list(ast.walk(tree))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    strings = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return frozenset(names.union(*(text.replace(".", " ").replace("[", " ").split() for text in strings)))
