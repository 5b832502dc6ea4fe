"""What each worker of pytest-xdist makes for itself: the worker in the name, asked of pytest or the environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cached_property

from isolint.edits import Edits, PythonFile
from isolint.edits.places import AnyFunction, position, spot
from isolint.facts.lifetime.workers import Blind
from isolint.late import dataclass, regex
from isolint.remedies.marking import bound_in, bound_once, is_in_function, said_within, taken

VARIABLE = "PYTEST_XDIST_WORKER"
_READERS = frozenset({"os.environ.get", "environ.get", "os.getenv", "getenv"})
_WORD = regex(r"[\w-]{3,}")


def of_each_worker(file: PythonFile, blind: Blind, is_said: Callable[[str], bool]) -> Edits | None:
    """The edits that put the worker into the name of what each worker makes or empties.

    `is_said` tells whether another file holds a word. None where it cannot be told who else relies on the name.
    """
    function = file.function(blind.at)
    return None if function is None else _Naming(file, blind, is_said, function).edits()


@dataclass(frozen=True)
class _Naming:
    """One name in its file, and the fixture or hook that uses it."""

    file: PythonFile
    blind: Blind
    is_said: Callable[[str], bool]
    function: AnyFunction

    def edits(self) -> Edits | None:
        if self.blind.name and (not _WORD.fullmatch(self.blind.name) or self.is_said(self.blind.name)):
            return None
        constant = self._constant
        if constant is not None:
            return self._by_constant(*constant)
        return self._by_literals() if self.blind.name else None

    @cached_property
    def _part(self) -> re.Pattern[str]:
        """The name as a word of its own."""
        return re.compile(rf"(?<![\w-]){re.escape(self.blind.name)}(?![\w-])")

    @cached_property
    def _written(self) -> list[ast.expr]:
        """The strings of the file that say the name, those of its documentation left out."""
        if not self.blind.name:
            return []
        inside = {
            id(p) for n in ast.walk(self.file.tree) if isinstance(n, ast.JoinedStr) for p in ast.walk(n)
        }
        found = [
            node
            for parent in ast.walk(self.file.tree)
            if not isinstance(parent, ast.Expr)
            for node in ast.iter_child_nodes(parent)
            if isinstance(node, ast.JoinedStr)
            or (isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside)
        ]
        return sorted((n for n in found if self._part.search(self.file.code(n))), key=position)

    # -- literals of the function

    def _by_literals(self) -> Edits | None:
        """Each string of the function with the worker behind the name, or with a variable for both."""
        written = self._written
        if not written or any(self.file.function(position(node)) is not self.function for node in written):
            return None
        if not all(is_in_function(self.file, node) for node in written):
            return None
        worker = self._worker(written[0])
        if worker is None:
            return None
        code, edits = worker
        name = f"{self.blind.name}{self._dash}"
        if len(written) == 1:
            return self._put(written, f"\1{{{code}}}", edits)
        bound = bound_once(
            self.file, written, ("name", "own_name"), f"f{self.file.string(f'{name}{{{code}}}')}"
        )
        return None if bound is None else self._put(written, bound[0], (*edits, *bound[1]))

    @property
    def _dash(self) -> str:
        return "-" if "-" in self.blind.name else "_"

    def _put(self, written: list[ast.expr], code: str, edits: Edits) -> Edits | None:
        """Replace the name in strings: by a variable, or, where the code begins with `\1`, by itself and a suffix."""
        replaced: list[Edits] = []
        for node in written:
            is_alone = isinstance(node, ast.Constant) and node.value == self.blind.name
            if is_alone and not code.startswith("\1"):
                replaced.append((self.file.replace(position(node), code),))
                continue
            new = said_within(self.file, node, self._part)
            if new is None:
                return None
            suffixed = f"{self.blind.name}{self._dash}{code[1:]}"
            text = new("\1").replace("{\1}", suffixed) if code.startswith("\1") else new(code)
            replaced.append((self.file.replace(position(node), text),))
        return (*edits, *(edit for each in replaced for edit in each))

    def _worker(self, first: ast.expr) -> tuple[str, Edits] | None:
        """The code for the worker's name in the function, and what makes it known there."""
        if not self.function.name.startswith("pytest_"):
            asked = self.file.add_parameter(self.blind.at, "worker_id")
            return None if asked is None else ("worker_id", asked)
        found, imports = spot(self.file.tree, position(first)), self.file.add_import("import os")
        if found is None or imports is None or "worker" in taken(self.file, self.function):
            return None
        line = f"worker = {self._asked}"
        outer = next(s for s in self.function.body if s is found.statement or s in found.around)
        added = self.file.insert_before(position(outer)[:2] * 2, line)
        return None if added is None else ("worker", (*added, *imports))

    @property
    def _asked(self) -> str:
        return f"os.environ.get({self.file.string(VARIABLE)}, {self.file.string('master')})"

    # -- a constant of the module

    @cached_property
    def _constant(self) -> tuple[str, ast.Assign] | None:
        """The constant of the module that says the name, or reads it from the environment, and the function uses."""
        used = {n.id for n in ast.walk(self.function) if isinstance(n, ast.Name)}
        call = spot(self.file.tree, self.blind.at)
        near = (
            {n.id for n in ast.walk(call.statement) if isinstance(n, ast.Name)} if call is not None else set()
        )
        for node in self.file.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in used:
                    is_literal = [value] == self._written
                    is_asked = not self.blind.name and name in near and self._is_asked(value)
                    if is_literal or is_asked:
                        return name, node
        return None

    def _is_asked(self, value: ast.expr) -> bool:
        """Whether a value is an address of the environment, to which something can be appended."""
        if not isinstance(value, ast.Call) or ast.unparse(value.func) not in _READERS or len(value.args) != 2:
            return False
        default = value.args[1]
        return isinstance(default, ast.Constant) and not re.search(r"[?&]|\.\w+\Z|/\Z", str(default.value))

    def _by_constant(self, name: str, assigned: ast.Assign) -> Edits | None:
        """In the function alone where it alone uses the constant, else in the constant itself."""
        uses = [n for n in ast.walk(self.file.tree) if isinstance(n, ast.Name) and n.id == name]
        uses = sorted((n for n in uses if isinstance(n.ctx, ast.Load)), key=position)
        stored = [n for n in ast.walk(self.file.tree) if isinstance(n, ast.Name) and n.id == name]
        if len(stored) - len(uses) != 1 or any(self.file.code(use) != name for use in uses):
            return None
        own = [use for use in uses if self.file.function(position(use)) is self.function]
        if own == uses and not self.is_said(name):
            return self._beside_constant(name, own)
        return self._in_constant(assigned) if self.blind.name else None

    def _beside_constant(self, name: str, uses: list[ast.Name]) -> Edits | None:
        """A variable of the function made of the constant and the worker."""
        worker = self._worker(uses[0])
        if worker is None or not name.isupper():
            return None
        text = self.file.string(f"{{{name}}}{self._dash}{{{worker[0]}}}")
        bound = bound_once(self.file, uses, (name.lower(), f"own_{name.lower()}"), f"f{text}")
        if bound is None:
            return None
        replaced = (self.file.replace(position(use), bound[0]) for use in uses)
        return (*worker[1], *bound[1], *replaced)

    def _in_constant(self, assigned: ast.Assign) -> Edits | None:
        """The constant made of the name and the worker that the environment tells of."""
        new, imports = said_within(self.file, assigned.value, self._part), self.file.add_import("import os")
        if new is None or imports is None or "WORKER" in bound_in(self.file.tree.body):
            return None
        added = self.file.insert_before(position(assigned)[:2] * 2, f"WORKER = {self._asked}")
        text = new("\1").replace("{\1}", f"{self.blind.name}{self._dash}{{WORKER}}")
        return (
            None if added is None else (*added, self.file.replace(position(assigned.value), text), *imports)
        )
