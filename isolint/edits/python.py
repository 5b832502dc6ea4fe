"""A Python file that is to be edited, in its own style."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property

from isolint import source
from isolint.edits import calls, classes, entries, environment, imports, names, parameters
from isolint.edits.places import AnyFunction, Spot, first_line, function_at, last_line, position, spot
from isolint.edits.prefixed import prefixed
from isolint.edits.text import Edits, Text, indented
from isolint.finding import Edit, Span
from isolint.source import Position, Source


class PythonFile:
    r"""Builds edits of a Python file.

    Positions are `ast`'s, as the facts give them. Code that is given has \n as line ends and four blanks as
    indentation; it is written with the file's own.
    """

    def __init__(self, given: Source) -> None:
        self.text = Text(given)
        self.path = given.path

    @cached_property
    def tree(self) -> ast.Module:
        return source.parse(self.text.source)

    @cached_property
    def indent(self) -> str:
        """What one step of indentation is in this file."""
        for node in ast.walk(self.tree):
            if isinstance(node, AnyFunction | ast.ClassDef | ast.If | ast.With | ast.For | ast.Try):
                inner, outer = node.body[0], first_line(node)
                if first_line(inner) > node.lineno:
                    step = self.text.indentation(first_line(inner))[len(self.text.indentation(outer)) :]
                    return step or "    "
        return "    "

    @cached_property
    def quote(self) -> str:
        """The quotation mark that most short strings of the file have."""
        written = [
            self.code(position(node)).lstrip("rRbBuUfF")[:1]
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.lineno == node.end_lineno
        ]
        return "'" if written.count("'") > written.count('"') else '"'

    def code(self, at: Position | ast.expr | ast.stmt) -> str:
        r"""What is written at a position, or for a node, brackets around it left out; its lines end with \n."""
        written = self.text.at(at if isinstance(at, tuple) else position(at))
        return written.replace("\r\n", "\n").replace("\r", "\n")

    def string(self, value: str) -> str:
        """A string literal in the file's quotation marks."""
        written = repr(value)
        is_plain = written[0] == self.quote or self.quote in value
        return written if is_plain else f"{self.quote}{written[1:-1]}{self.quote}"

    def prefixed(self, node: ast.expr, prefix: str, *, is_path: bool) -> str | None:
        """The code of a name, or of a path and its last part, with something before it; None where it is none."""
        found = prefixed(node, self.code, prefix, is_path=is_path)
        return found.replace(f'"{prefix}" + ', f"{self.string(prefix)} + ") if found is not None else None

    def position(self, node: ast.expr | ast.stmt) -> Position:
        """Where a node stands."""
        return position(node)

    def key(self, value_at: Position) -> ast.expr | None:
        """The key under which a dict holds what stands at a position, or an assignment puts it: `d["key"] = ...`."""
        return entries.key(self.tree, value_at)

    def add_entry(self, beside: Position, key: str, value: str) -> Edits | None:
        """Let a dict hold something more, right after the value at a position."""
        name = self.string(key)
        found = entries.dict_around(self.tree, beside)
        if found is not None:
            return entries.insert(self.text, found, beside, f"{name}: {value}")
        spot = self.statement(beside)
        match spot.statement if spot is not None else None:
            case ast.Assign(targets=[ast.Subscript(value=holder)], value=given) if position(given) == beside:
                return self.insert_after(beside, f"{self.code(holder)}[{name}] = {value}")
        return None

    def add_arguments(self, call: ast.Call, *arguments: str) -> Edits | None:
        """Give a call more arguments, behind those that it has."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not given:
            return None
        last = max(given, key=lambda node: (node.end_lineno, node.end_col_offset))
        holder = next((keyword for keyword in call.keywords if keyword.value is last), last)
        return entries.append(self.text, position(call), position(last), holder.lineno, ", ".join(arguments))

    def function(self, at: Position) -> AnyFunction | None:
        """The innermost function around a position, as `ast` reads it."""
        return function_at(self.tree, at)

    def statement(self, at: Position) -> Spot | None:
        """The innermost statement around a position, with the block it stands in."""
        return spot(self.tree, at)

    def node(self, at: Position) -> ast.expr | ast.stmt | None:
        """What `ast` reads at exactly that position: a statement, or the outermost expression."""
        holder = function_at(self.tree, at) or self.tree
        for node in ast.walk(holder):
            if isinstance(node, ast.expr | ast.stmt) and position(node) == at:
                return node.value if isinstance(node, ast.Expr) else node
        return None

    def replace(self, at: Position, content: str) -> Edit:
        """Put an expression or statement in the place of what stands at a position."""
        return self.text.replace(self.text.span(at), content)

    def replace_expression(self, at: Position, code: str) -> Edit:
        """Put an expression of several lines in the place of another; they are indented as the first one is."""
        first, *rest = self.stepped(code).split("\n")
        indentation = self.text.indentation(at[0])
        return self.replace(at, "\n".join([first, *(f"{indentation}{line}" for line in rest)]))

    def is_too_long(self, at: Position, code: str) -> bool:
        """Whether the line at a position would be longer than all others with this code in its place."""
        span = self.text.span(at)
        rest = self.text.lines[span.end_line - 1][span.end_column - 1 :].partition("  #")[0].rstrip()
        others = [*self.text.lines[: span.line - 1], *self.text.lines[span.end_line :]]
        longest = max((len(line.rstrip()) for line in others), default=0)
        return span.column - 1 + len(code) + len(rest) > min(max(88, longest), 120)

    def move_to_set_up(self, at: Position, method: str) -> Edits | None:
        """Let a method of a test class set what its body sets at a position, so that each test has its own.

        None where more than the tests of the class speaks of it.
        """
        return classes.move(self.text, self.tree, at, method, self.indent)

    def set_by_monkeypatch(self, at: Position) -> Edits | None:
        """Let `monkeypatch` set the variables that the statement at a position sets, and take them back.

        What takes them back at the end of the function goes, since it would run only if nothing fails before; what
        takes them back on the way is done by `monkeypatch`, too.
        """
        return environment.set_by_monkeypatch(self, at)

    def insert_behind(self, node: ast.expr, content: str) -> Edit:
        """Insert something right behind an expression."""
        span = self.text.span(position(node))
        return self.text.insert(span.end_line, span.end_column, content)

    def replace_statement(self, at: Position, code: str) -> Edits | None:
        """Put one statement or several in the place of the one around a position, in its indentation."""
        found = spot(self.tree, at)
        if found is None or ("\n" in code and not found.has_lines_alone):
            return None
        first, *rest = self.stepped(code).split("\n")
        indentation = self.text.indentation(found.first_line)
        lines = [first, *(indented(line, indentation) for line in rest)]
        return (self.replace(position(found.statement), "\n".join(lines)),)

    def insert_before(self, at: Position, code: str, blank: int = 0) -> Edits | None:
        """Insert statements before the one around a position, with its indentation, and so many empty lines.

        They come before the comments right above it, which speak of it.
        """
        found = spot(self.tree, at)
        if found is None or not found.has_lines_alone:
            return None
        indentation = self.text.indentation(found.first_line)
        line = self.text.commented(found.first_line)
        return (self.text.lines_before(line, self.stepped(code), indentation, blank),)

    def insert_after(self, at: Position, code: str) -> Edits | None:
        """Insert statements after the one around a position, with its indentation."""
        found = spot(self.tree, at)
        if found is None or not found.has_lines_alone:
            return None
        indentation = self.text.indentation(found.first_line)
        return (self.text.lines_after(found.last_line, self.stepped(code), indentation),)

    def value_as_argument(self, at: Position, before: str, after: str = ")") -> Edits | None:
        """Make the assignment around a position a call: `before` comes in the place of its one target and `=`."""
        found = spot(self.tree, at)
        if found is None or not isinstance(found.statement, ast.Assign):
            return None
        longer = calls.on_more_lines(self.text, found.statement, before, after)
        if longer is not None and found.has_lines_alone:
            return self.replace_statement(position(found.statement), longer)
        return calls.value_as_argument(self.text, found.statement, before, after)

    def remove(self, at: Position) -> Edits | None:
        """Remove the statement around a position; one that is alone in its block becomes `pass`."""
        found = spot(self.tree, at)
        if found is None or not found.has_lines_alone:
            return None
        if len(found.block) == 1 and found.around:
            start = Span(found.first_line, len(self.text.indentation(found.first_line)) + 1, 0, 0)
            end = self.text.span(position(found.statement))
            span = Span(start.line, start.column, end.end_line, end.end_column)
            return (self.text.replace(span, "pass"),)
        return (self.text.without_lines(found.first_line, found.last_line),)

    def remove_from_end(self, at: Position) -> Edits | None:
        """Remove the statement around a position, which ends its block, with the comments and empty lines above it."""
        found = spot(self.tree, at)
        index = found.block.index(found.statement) if found is not None else 0
        if found is None or not index or not found.has_lines_alone:
            return None
        return (self.text.without_lines(last_line(found.block[index - 1]) + 1, found.last_line),)

    def wrap_in_try(self, first: Position, last: Position, finally_code: str) -> Edits | None:
        """Put the statements from one position to another into a `try`, with `finally_code` in its `finally`.

        What stands between them in the same block is moved with them; the lines within strings stay as they are.
        """
        start, end = spot(self.tree, first), spot(self.tree, last)
        if start is None or end is None:
            return None
        holders = (*end.around, end.statement)
        statement = next((node for node in start.block if node in holders), None)
        if statement is None or not start.has_lines_alone or last_line(statement) < start.first_line:
            return None
        chosen = start.block[start.block.index(start.statement) : start.block.index(statement) + 1]
        if not Spot(statement, start.block, start.around).has_lines_alone:
            return None
        first_line = self.text.commented(start.first_line)
        indentation = self.text.indentation(start.first_line)
        finish = f"finally:\n{indented(self.stepped(finally_code), self.indent)}"
        return (
            self.text.insert(first_line, 1, f"{indentation}try:\n{self._step(first_line)}"),
            *self.steps(chosen, first_line + 1, last_line(statement)),
            self.text.lines_after(last_line(statement), finish, indentation),
        )

    def add_parameter(self, at: Position, name: str) -> Edits | None:
        """Let the function around a position ask for a parameter, a fixture of pytest's; not if anybody calls it."""
        found = function_at(self.tree, at)
        if found is None or self._is_called(found.name):
            return None
        return parameters.add(self.text, found, name, self._annotation(name), self.indent)

    def _annotation(self, name: str) -> str:
        """How the file would annotate a fixture of pytest's, "" where it has no name for its type."""
        imports_pytest = any(
            isinstance(node, ast.Import) and any((a.name, a.asname) == ("pytest", None) for a in node.names)
            for node in self.tree.body
        )
        return "pytest.MonkeyPatch" if name == "monkeypatch" and imports_pytest else ""

    def _is_called(self, name: str) -> bool:
        called = (node.func for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return any(name in (getattr(each, "id", ""), getattr(each, "attr", "")) for each in called)

    def add_import(self, statement: str, *, first_party: bool = False) -> Edits | None:
        """Import something at the top of the module: `import a.b`, `import a as b` or `from a import b, c`.

        It goes where the file's order wants it; `first_party` tells that it is the project's own.
        """
        return imports.add(self.text, self.tree, statement, first_party)

    def remove_import(self, *places: Position) -> Edits | None:
        """Take the names at these positions, all of one import statement, out of it, or the whole with its last."""
        return imports.remove(self.text, self.tree, places)

    def change_import(
        self, node: ast.ImportFrom, places: Sequence[Position], names: Sequence[str]
    ) -> Edits | None:
        """Take the names at these positions out of an import, and others in."""
        return imports.change(self.text, node, places, names)

    def binds(self, name: str) -> bool:
        """Whether a name means anything in the file that is not imported from `unittest`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "unittest":
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                if any(name == (alias.asname or alias.name) for alias in node.names):
                    return True
            elif name in (getattr(node, "arg", ""), getattr(node, "name", "")) or _is_stored(node, name):
                return True
        return False

    def rename(self, at: Position, name: str, new: str) -> Edits | None:
        """Rename all uses of a name that is bound at a position, wherever it is not another scope's.

        The binding itself, an import say, is left to the caller. None where the new name is taken, or where the
        old one is bound in another way too or spoken of in a string.
        """
        return names.rename(self.text, self.tree, at, name, new)

    def stepped(self, code: str) -> str:
        """Code that is indented by four blanks, as it is to be indented in this file."""
        if self.indent == "    ":
            return code
        lines = []
        for line in code.split("\n"):
            rest = line.lstrip(" ")
            steps, odd = divmod(len(line) - len(rest), 4)
            lines.append(self.indent * steps + " " * odd + rest)
        return "\n".join(lines)

    def steps(self, statements: list[ast.stmt], first: int, last: int) -> Edits:
        """The edits that move lines one step to the right, but for those that begin within a string."""
        inside: set[int] = set()
        for statement in statements:
            for node in ast.walk(statement):
                is_text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
                if isinstance(node, ast.expr) and (
                    is_text or type(node).__name__ in ("JoinedStr", "TemplateStr")
                ):
                    inside.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
        return tuple(
            self.text.insert(line, 1, self.indent)
            for line in range(first, last + 1)
            if line not in inside and self._step(line)
        )

    def _step(self, line: int) -> str:
        return self.indent if self.text.lines[line - 1].strip() else ""


def _is_stored(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
