"""Code that a conftest runs before anything loads the application."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from isolint.edits import Edits
from isolint.edits.places import first_line, last_line
from isolint.finding import Edit, Span
from isolint.remedies.homes import Home, joined

AnyImport = ast.Import | ast.ImportFrom


def put_early(home: Home, imports: Sequence[str], code: str) -> Edits | None:
    """The edits that put code, below the imports it needs, above all that may load the application.

    These imports are of other libraries than the project's. None where the conftest loads the application before it
    imports one of them, or nowhere.
    """
    if not home.exists:
        lines = [*home.in_paragraphs(imports), "", code, ""]
        return (Edit(home.path, Span(1, 1, 1, 1), "\n".join(lines)),)
    file, found = home.file, _above(home)
    if found is None:
        return None
    above, anchor = found
    line = first_line(anchor)
    missing = [each for each in imports if not any(_brings(node, each) for node in above)]
    if not above and missing:
        return (file.text.lines_before(line, "\n".join((*home.in_paragraphs(missing), "", code)), "", 1),)
    edits: list[Edit] = []
    for each in missing:
        asked = file.add_import(each)
        if not asked or any(edit.span.line >= line for edit in asked):
            return None
        edits += asked
    return (*joined(edits), file.text.lines_before(line, code, "", 1))


def _above(home: Home) -> tuple[list[AnyImport], ast.stmt] | None:
    """The imports that load nothing of the project, and the statement below them."""
    above: list[AnyImport] = []
    for node in home.file.tree.body:
        if isinstance(node, AnyImport) and not is_own(home, node):
            above.append(node)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return above, node
    return None


def at_the_end(home: Home, code: str) -> Edit:
    """The edit that adds a function to a conftest that is there."""
    body = home.file.tree.body
    return home.file.text.lines_after(last_line(body[-1]), f"\n\n{home.file.stepped(code)}", "")


def is_own(home: Home, node: AnyImport) -> bool:
    """Whether an import of a conftest loads a module of the project."""
    if isinstance(node, ast.ImportFrom) and node.level:
        return True
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    module = home.know.project.module(home.path)
    return module is None or any(
        home.know.project.locate(module, tuple(name.split(".")[:1])) is not None for name in names
    )


def _brings(node: AnyImport, statement: str) -> bool:
    """Whether an import binds all that another would."""
    wanted = ast.parse(statement).body[0]
    if not isinstance(wanted, AnyImport) or type(node) is not type(wanted):
        return False
    if (
        isinstance(node, ast.ImportFrom)
        and isinstance(wanted, ast.ImportFrom)
        and node.module != wanted.module
    ):
        return False
    names = {(alias.name, alias.asname) for alias in node.names}
    return {(alias.name, alias.asname) for alias in wanted.names} <= names
