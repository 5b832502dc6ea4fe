"""What undoes a call, as it is written in the style of its file."""

from __future__ import annotations

import ast
import re
from functools import cached_property

from isolint.edits import Edits, PythonFile
from isolint.edits.logs import told
from isolint.edits.places import AnyFunction, Spot, spot
from isolint.facts.lifetime.undoing import Undo
from isolint.late import dataclass, regex
from isolint.source import Position

_CREATES = regex(
    r"""(?P<mark>["'])(?P<statement>(?P<create>CREATE) (?P<object>SCHEMA|DATABASE) (?P<condition>IF NOT EXISTS )?"""
    r"""(?P<name>[^"'\s;]+));?(?P=mark)""",
    re.IGNORECASE,
)
_WRAPPERS = frozenset({"Path", "str", "realpath", "resolve"})


@dataclass(frozen=True)
class Undone:
    """What undoes a call in a file, in words of the file.

    `handle` is the name that stands for the receiver of the call, where that is not to be written once more.
    """

    file: PythonFile
    undo: Undo
    handle: str = ""

    @property
    def at(self) -> Position:
        return self.undo.call.at

    @cached_property
    def call(self) -> ast.Call | None:
        node = self.file.node(self.at)
        node = node.value if isinstance(node, ast.Await) else node
        return node if isinstance(node, ast.Call) else None

    @cached_property
    def spot(self) -> Spot | None:
        return spot(self.file.tree, self.at)

    @cached_property
    def function(self) -> AnyFunction | None:
        return self.file.function(self.at)

    # -- what is written

    @property
    def callee(self) -> tuple[str, list[str], Edits] | None:
        """What is called to undo it, with which arguments, and the imports that it needs; None if not known."""
        if self.call is None or self.spot is None:
            return None
        last = self.undo.function.rpartition(".")[2]
        called = self.file.code(self.call.func).rpartition(".")[2]
        if self.undo.kind == "receiver" and called != self.undo.creator:
            return self._handed_over(self.call, last)
        match self.undo.kind, self.call.func:
            case "receiver", ast.Attribute(value=owner):
                arguments = self._arguments(self.call)
                known = self.handle or self.file.code(owner)
                return None if arguments is None else (f"{known}.{last}", arguments, ())
            case "receiver", ast.Name():
                arguments, module = self._arguments(self.call), self._imported_from(self.call.func.id)
                imports = self.file.add_import(f"from {module} import {last}") if module else None
                return None if arguments is None or imports is None else (last, arguments, imports)
            case "result", _:
                made = self.result
                return None if made is None else (f"{made}.{last}", [], ())
            case "function", _:
                return self._remover(last)
        return None

    def _handed_over(self, call: ast.Call, last: str) -> tuple[str, list[str], Edits] | None:
        """`connection.run_sync(metadata.drop_all)`: the opposite handed to what is called."""
        given = call.args[0] if len(call.args) == 1 and not call.keywords else None
        if not isinstance(given, ast.Attribute) or given.attr != self.undo.creator:
            return None
        return self.file.code(call.func), [f"{self.file.code(given.value)}.{last}"], ()

    def _remover(self, last: str) -> tuple[str, list[str], Edits] | None:
        """`shutil.rmtree(folder)`: what removes what the call gives back."""
        module, made = self.undo.function.rpartition(".")[0], self.removed
        imports = self.file.add_import(f"import {module}")
        if made is None or imports is None:
            return None
        extra = ["ignore_errors=True"] if last == "rmtree" else []
        return f"{module}.{last}", [made, *extra], imports

    def _arguments(self, call: ast.Call) -> list[str] | None:
        if self.undo.name is not None:
            name = self.file.node(self.undo.name.at)
            if not isinstance(name, ast.Name | ast.Attribute | ast.Constant):
                return None
            code = self.file.code(name)
            return [f"{self.undo.keyword}={code}" if self.undo.keyword else code]
        if len(call.args) + len(call.keywords) > 1 or any(isinstance(a, ast.Starred) for a in call.args):
            return None
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not all(isinstance(each, ast.Name | ast.Attribute) for each in given):
            return None
        return [
            *(self.file.code(each) for each in call.args),
            *(f"{keyword.arg}={self.file.code(keyword.value)}" for keyword in call.keywords if keyword.arg),
        ]

    def _imported_from(self, name: str) -> str:
        for node in self.file.tree.body:
            if not isinstance(node, ast.ImportFrom) or node.level:
                continue
            if any((alias.asname or alias.name) == name for alias in node.names):
                return node.module or ""
        return ""

    @property
    def result(self) -> str | None:
        """What the result of the call is known by, as code."""
        target = self._target
        return self.file.code(target) if isinstance(target, ast.Name | ast.Attribute) else None

    @property
    def removed(self) -> str | None:
        """What a temporary file or directory is removed by: its path."""
        target = self._target
        if isinstance(target, ast.Tuple) and len(target.elts) == 2:
            path = target.elts[1]
            is_kept = isinstance(path, ast.Name | ast.Attribute) and self.file.code(path) != "_"
            return self.file.code(path) if is_kept else None
        if not isinstance(target, ast.Name | ast.Attribute):
            return None
        is_file = self.undo.resource == "temporary file"
        return f"{self.file.code(target)}.name" if is_file else self.file.code(target)

    @property
    def _target(self) -> ast.expr | None:
        """What the statement around the call binds to its result."""
        statement = self.spot.statement if self.spot is not None else None
        match statement:
            case ast.Assign(targets=[target], value=value) if self._is_result(value):
                return target
            case ast.With(items=items) | ast.AsyncWith(items=items):
                return next((i.optional_vars for i in items if i.context_expr is self.call), None)
        return None

    def _is_result(self, value: ast.expr) -> bool:
        value = value.value if isinstance(value, ast.Await) else value
        if value is self.call:
            return True
        match value:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[inner], keywords=[]):
                return name in _WRAPPERS and self._is_result(inner)
        return False

    def code(self) -> tuple[str, Edits] | None:
        """The statement that undoes it, with what it needs imported."""
        awaited = "await " if self._is_awaited else ""
        if self.undo.kind in ("statement", "construct"):
            opposite = self._opposite()
            return None if opposite is None else (f"{awaited}{opposite[0]}{self._committed}", opposite[1])
        callee = self.callee
        if callee is None:
            return None
        waited = f"\n{callee[0].rpartition('.')[0]}.{self._waits}()" if self._waits else ""
        return f"{awaited}{callee[0]}({', '.join(callee[1])}){waited}", callee[2]

    @property
    def _waits(self) -> str:
        """What waits for the end of a process that is told to end."""
        if self.undo.resource != "process":
            return ""
        return "wait" if self.undo.kind == "result" else "join"

    def _opposite(self) -> tuple[str, Edits] | None:
        """The call with the statement that drops in the place of the one that creates."""
        if self.call is None or not self.call.args:
            return None
        written, given = self.file.code(self.call), self.call.args[0]
        if self.undo.kind == "construct":
            return self._opposite_construct(written, given)
        found = list(_CREATES.finditer(written))
        if len(found) != 1 or (found[0]["object"].upper() == "SCHEMA" and not self.undo.postgresql):
            return None
        if found[0]["condition"] and not self.undo.sure:
            return None
        keyword = "DROP" if found[0]["create"].isupper() else "drop"
        rest = " CASCADE" if keyword.isupper() else " cascade"
        is_schema = found[0]["object"].upper() == "SCHEMA"
        dropped = f"{keyword} {found[0]['object']} {found[0]['name']}{rest if is_schema else ''}"
        start, end = found[0].span("statement")
        return written[:start] + dropped + written[end:], ()

    def _opposite_construct(self, written: str, given: ast.expr) -> tuple[str, Edits] | None:
        last = self.undo.function.rpartition(".")[2]
        if not isinstance(given, ast.Call) or not isinstance(given.func, ast.Name) or not given.args:
            return None
        module, name = self._imported_from(given.func.id), given.args[0]
        if not module or not isinstance(name, ast.Name | ast.Attribute | ast.Constant):
            return None
        imports = self.file.add_import(f"from {module} import {last}")
        cascade = ", cascade=True" if self.undo.resource == "schema" else ""
        dropped = f"{last}({self.file.code(name)}{cascade})"
        return None if imports is None else (written.replace(self.file.code(given), dropped), imports)

    @property
    def _is_awaited(self) -> bool:
        around = self.function or self.file.tree
        return any(isinstance(node, ast.Await) and node.value is self.call for node in ast.walk(around))

    @property
    def _committed(self) -> str:
        """The commit that follows the statement in its block, or in the one around."""
        if self.spot is None:
            return ""
        for statement in self.spot.block[self.spot.block.index(self.spot.statement) + 1 :]:
            if isinstance(statement, ast.Expr) and self.file.code(statement).endswith(".commit()"):
                return f"\n{self.file.code(statement)}"
        return ""

    def _logged(self, code: str) -> tuple[str, Edits] | None:
        """Code whose failure is told in the log and fails no test, where a server is asked; other code as it is."""
        if not self.undo.shared:
            return code, ()
        line = told(self.file, f"could not remove the {self.undo.resource}")
        if line is None:
            return None
        lines = code.replace("\n", "\n    ")
        return f"try:\n    {lines}\nexcept Exception:\n    {line[0]}", line[1]
