"""One more import at the top of a module, where the module's own order wants it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from isolint.edits.places import last_line, position, spot
from isolint.edits.text import Edits, Text
from isolint.finding import Span
from isolint.late import dataclass
from isolint.source import Position

AnyImport = ast.Import | ast.ImportFrom
_FUTURE, _STANDARD, _OTHERS, _OWN = range(4)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An import statement that is to be there."""

    node: AnyImport
    code: str
    section: int

    @property
    def alias(self) -> ast.alias:
        return self.node.names[0]


def add(text: Text, tree: ast.Module, statement: str, first_party: bool) -> Edits | None:
    """The edits that import names of one module at the top of another; none where they are imported there already."""
    node = ast.parse(statement).body[0]
    if not isinstance(node, AnyImport):
        raise ValueError(f"not an import: {statement}")
    there = _imports(tree)
    section = _OWN if first_party else _section(node)
    parts = [_one_of(node, alias, section) for alias in node.names]
    missing = [wanted for wanted in parts if not any(_binds(each, wanted) for each in there)]
    if not missing:
        return ()
    for each in there:
        if isinstance(each, ast.ImportFrom) and _is_from(each, node) and each.names[0].name != "*":
            return tuple(edit for wanted in missing for edit in _among_the_names(text, each, wanted))
    node.names = [wanted.alias for wanted in missing]
    return _as_a_line(text, tree, there, _Wanted(node, ast.unparse(node), section))


def _one_of(node: AnyImport, alias: ast.alias, section: int) -> _Wanted:
    """The import of one of several names."""
    if isinstance(node, ast.Import):
        one: AnyImport = ast.Import([alias])
    else:
        one = ast.ImportFrom(node.module, [alias], node.level)
    return _Wanted(one, ast.unparse(one), section)


def remove(text: Text, tree: ast.Module, places: Sequence[Position]) -> Edits | None:
    """The edits that take names of one import out of it; see `PythonFile.remove_import`."""
    found = spot(tree, places[0])
    node = None if found is None else found.statement
    if found is None or not isinstance(node, AnyImport) or not found.has_lines_alone:
        return None
    starts = {place[:2] for place in places}
    gone = [alias for alias in node.names if position(alias)[:2] in starts]
    if len(gone) != len(starts):
        return None
    if len(gone) == len(node.names):
        is_only = len(found.block) == 1 and bool(found.around)
        return None if is_only else (text.without_lines(found.first_line, found.last_line),)
    return tuple(text.replace(span, "") for span in _runs(text, node.names, gone))


def change(
    text: Text, node: ast.ImportFrom, places: Sequence[Position], names: Sequence[str]
) -> Edits | None:
    """The edits that take names out of an import and others in; see `PythonFile.change_import`."""
    starts = {place[:2] for place in places}
    kept = [alias for alias in node.names if position(alias)[:2] not in starts]
    new = [name for name in names if name not in {text.at(position(alias)) for alias in kept}]
    whole = text.span(position(node))
    if not kept and not new:
        return (text.without_lines(whole.line, whole.end_line),)
    head = text.between(whole).partition("import")[0]
    if whole.line == whole.end_line:
        written = sorted([*(text.at(position(alias)) for alias in kept), *new], key=by_kind) if new else []
        written = written or [text.at(position(alias)) for alias in kept]
        return (text.replace(whole, f"{head}import {', '.join(written)}"),)
    lines = [text.lines[text.span(position(alias)).line - 1].strip() for alias in kept]
    if not all(line.partition("#")[0].rstrip().rstrip(",").isidentifier() for line in lines):
        return None
    lines = sorted([*lines, *(f"{name}," for name in new)], key=by_kind) if new else lines
    last = text.lines[whole.end_line - 1][: whole.end_column - 1].lstrip()
    entries = "".join(f"    {line}\n" for line in lines)
    return (text.replace(whole, f"{head}import (\n{entries}{last}"),) if last == ")" else None


def by_kind(name: str) -> tuple[int, str]:
    """The order of imported names: constants, classes, all else."""
    plain = name.partition(",")[0]
    return (0 if plain.isupper() and len(plain) > 1 else 1 if plain[:1].isupper() else 2, name)


def _runs(text: Text, names: Sequence[ast.alias], gone: Sequence[ast.alias]) -> Iterator[Span]:
    """The spans that hold these names of an import and a comma each: that behind, at the end that before them."""
    kept = [index for index, alias in enumerate(names) if alias not in gone]
    for index, alias in enumerate(names):
        own = text.span(position(alias))
        if alias in gone and index < kept[-1]:
            following = text.span(position(names[index + 1]))
            yield Span(own.line, own.column, following.line, following.column)
    if kept[-1] + 1 < len(names):
        last, end = text.span(position(names[kept[-1]])), text.span(position(names[-1]))
        span = Span(last.end_line, last.end_column, end.end_line, end.end_column)
        if "#" in text.between(span):
            span = Span(last.end_line + 1, 1, end.end_line + 1, 1)
        yield span


def _imports(tree: ast.Module) -> list[AnyImport]:
    """The imports of a module's own block, up to its first function or class."""
    found: list[AnyImport] = []
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            break
        if isinstance(statement, AnyImport):
            found.append(statement)
    return found


def _binds(there: AnyImport, wanted: _Wanted) -> bool:
    if isinstance(there, ast.ImportFrom) != isinstance(wanted.node, ast.ImportFrom):
        return False
    if isinstance(there, ast.ImportFrom) and not _is_from(there, wanted.node):
        return False
    known = {(alias.name, alias.asname or alias.name) for alias in there.names}
    return (wanted.alias.name, wanted.alias.asname or wanted.alias.name) in known


def _is_from(there: ast.ImportFrom, wanted: AnyImport) -> bool:
    return isinstance(wanted, ast.ImportFrom) and (there.module, there.level) == (wanted.module, wanted.level)


def _among_the_names(text: Text, there: ast.ImportFrom, wanted: _Wanted) -> Edits:
    """The name goes before the first that sorts after it, on a line of its own where the others have one."""
    written = wanted.code.partition(" import ")[2].strip()
    later = next((alias for alias in there.names if alias.name > wanted.alias.name), None)
    span = text.span(position(later or there.names[-1]))
    line = text.lines[span.line - 1]
    is_alone = not line[: span.column - 1].strip()
    between = f",\n{text.indentation(span.line)}" if is_alone else ", "
    if later is not None:
        return (text.insert(span.line, span.column, f"{written}{between}"),)
    return (text.insert(span.end_line, span.end_column, f"{between}{written}"),)


def _as_a_line(text: Text, tree: ast.Module, there: list[AnyImport], wanted: _Wanted) -> Edits | None:
    if not there:
        return _as_first_line(text, tree, wanted)
    sections = _sections(there)
    kin = [s for each, s in zip(there, sections, strict=True) if _is_kin(each, wanted.node)]
    if kin and wanted.section not in kin:
        wanted = replace(wanted, section=kin[0])
    before = _predecessor(there, sections, wanted)
    neighbour = before or _successor(there, sections, wanted)
    found = spot(tree, position(neighbour))
    if found is None or not found.has_lines_alone:
        return None
    is_same = sections[there.index(neighbour)] == wanted.section
    if before is not None:
        return (text.lines_after(last_line(before), wanted.code if is_same else f"\n{wanted.code}", ""),)
    return (text.lines_before(neighbour.lineno, wanted.code, "", 0 if is_same else 1),)


def _is_kin(there: AnyImport, wanted: AnyImport) -> bool:
    """Whether an import is of the same package."""
    relative = [isinstance(node, ast.ImportFrom) and bool(node.level) for node in (there, wanted)]
    return not any(relative) and _top(there) == _top(wanted)


def _top(node: AnyImport) -> str:
    name = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
    return name.partition(".")[0]


def _predecessor(there: list[AnyImport], sections: list[int], wanted: _Wanted) -> AnyImport | None:
    """The import that the new one comes after: one that sorts before it in its section, or ends one before."""
    own = [each for each, section in zip(there, sections, strict=True) if section == wanted.section]
    smaller = [each for each in _kin(own, wanted) or own if _order(each) < _order(wanted.node)]
    if own:
        return smaller[-1] if smaller else None
    return next(
        (e for e, n in zip(reversed(there), reversed(sections), strict=True) if n < wanted.section), None
    )


def _successor(there: list[AnyImport], sections: list[int], wanted: _Wanted) -> AnyImport:
    """The import that the new one comes before: the first of its package, or of its section or a later one."""
    after = [e for e, section in zip(there, sections, strict=True) if section >= wanted.section]
    own = [e for e, section in zip(there, sections, strict=True) if section == wanted.section]
    return (_kin(own, wanted) or after)[0]


def _kin(own: list[AnyImport], wanted: _Wanted) -> list[AnyImport]:
    """The imports of the same package, written in the same way."""
    return [each for each in own if type(each) is type(wanted.node) and _is_kin(each, wanted.node)]


def _sections(there: list[AnyImport]) -> list[int]:
    """The section of each import; what follows others in a paragraph of its own is the project's own."""
    found: list[int] = []
    for index, each in enumerate(there):
        section = _section(each)
        if section == _OTHERS and index and found[-1] in (_OTHERS, _OWN):
            apart = each.lineno - last_line(there[index - 1]) > 1
            section = _OWN if apart or found[-1] == _OWN else _OTHERS
        found.append(section)
    return found


def _section(node: AnyImport) -> int:
    if isinstance(node, ast.ImportFrom) and node.level:
        return _OWN
    name = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
    top = name.partition(".")[0]
    return _FUTURE if top == "__future__" else _STANDARD if top in sys.stdlib_module_names else _OTHERS


def _order(node: AnyImport) -> tuple[bool, str]:
    """Plain imports come before those of names, each by the module."""
    if isinstance(node, ast.ImportFrom):
        return (True, ("." * node.level + (node.module or "")).lower())
    return (False, node.names[0].name.lower())


def _as_first_line(text: Text, tree: ast.Module, wanted: _Wanted) -> Edits | None:
    """The only import goes below the docstring, else before the first statement."""
    body = tree.body
    if not body:
        return (text.insert(len(text.lines) + 1, 1, f"{wanted.code}\n"),)
    found = spot(tree, position(body[0]))
    if found is None or not found.has_lines_alone:
        return None
    if ast.get_docstring(tree, clean=False) is not None:
        return (text.lines_after(found.last_line, f"\n{wanted.code}", ""),)
    blank = 2 if isinstance(body[0], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else 1
    return (text.lines_before(found.first_line, wanted.code, "", blank),)
