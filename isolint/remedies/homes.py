"""The module of the suite that holds what is the tests' own: a conftest, there or to be made."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from isolint.edits import Edits, PythonFile
from isolint.edits.imports import by_kind
from isolint.edits.places import first_line, last_line
from isolint.facts.knowledge import Knowledge
from isolint.finding import Edit, Span
from isolint.source import Position

_TEST_FOLDERS = ("tests", "test", "testing")
_BLOCKS = ("def ", "async def ", "class ", "@")
_LONGEST = 88


class Home:
    """A conftest that code is added to, or support code with what is there already.

    `python` gives the editor of a file that is there; `known_as` is the name that others are known to import it by.
    """

    def __init__(
        self, know: Knowledge, path: str, python: Callable[[str], PythonFile], known_as: str = ""
    ) -> None:
        self.know = know
        self.path = path
        self.exists = path in know.project.files
        self._python = python
        self._known_as = known_as

    @property
    def is_conftest(self) -> bool:
        """Whether code may be added to it."""
        return self.path.rpartition("/")[2] == "conftest.py"

    @cached_property
    def file(self) -> PythonFile:
        return self._python(self.path)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that are bound at its top."""
        module = self.know.project.module(self.path)
        return frozenset() if module is None else frozenset(module.names.bindings)

    @cached_property
    def dotted(self) -> str | None:
        """What other tests import it by, None where they cannot."""
        if self._known_as:
            return self._known_as
        if "--import-mode=importlib" in self.know.config.words("addopts"):
            return None
        folder, parts = self.path.rpartition("/")[0], [self.path.rpartition("/")[2].removesuffix(".py")]
        while folder and f"{folder}/__init__.py" in self.know.project.files:
            folder, _, name = folder.rpartition("/")
            parts.insert(0, name)
        if len(parts) > 1:
            return ".".join(parts)
        others = (p for p in self.know.project.files if p.rpartition("/")[2] == "conftest.py")
        apart = [p for p in others if f"{p.rpartition('/')[0]}/__init__.py" not in self.know.project.files]
        return "conftest" if apart in ([self.path], []) else None

    def add(
        self,
        imports: Iterable[str],
        code: str,
        after: ast.stmt | None = None,
        drops: Sequence[Position] = (),
    ) -> Edits | None:
        """Add imports and code to it, below a statement, else below its imports; take the imports `drops` out."""
        wanted = merged(imports)
        if not self.exists:
            gap = ("", "") if code.startswith(_BLOCKS) else ("",)
            text = "\n".join((*self.in_paragraphs(wanted), *gap, code, ""))
            return (Edit(self.path, Span(1, 1, 1, 1), text),)
        changed = self._dropped(drops, wanted)
        anchor = after or self._anchor()
        if changed is None:
            return None
        if anchor is None:
            block = "\n".join((*self.in_paragraphs(wanted), "", code))
            end = self.file.tree.body[-1] if self.file.tree.body else None
            if end is None:
                return (self.file.text.insert(len(self.file.text.lines) + 1, 1, f"{block}\n"),)
            return (*changed, self.file.text.lines_after(last_line(end), f"\n{block}", ""))
        edits: list[Edit] = []
        for statement in wanted:
            added = self.file.add_import(statement, first_party=self._is_own(statement))
            if added is None:
                return None
            edits += added
        return (
            *changed,
            *joined(edits),
            self._placed(self.file.stepped(code), anchor, is_after=after is not None),
        )

    def _dropped(self, drops: Sequence[Position], wanted: list[str]) -> Edits | None:
        """The edits that take imports out; what is wanted from the same modules is taken in by them."""
        together: dict[ast.ImportFrom, list[Position]] = {}
        for place in drops:
            spot = self.file.statement(place)
            if spot is None or spot.around or not isinstance(spot.statement, ast.ImportFrom):
                return None
            together.setdefault(spot.statement, []).append(place)
        edits: list[Edit] = []
        for node, places in together.items():
            head = f"from {node.module} import "
            same = next((line for line in wanted if line.startswith(head) and not node.level), "")
            if same:
                wanted.remove(same)
            names = same.removeprefix(head).split(", ") if same else []
            changed = self.file.change_import(node, places, names)
            if changed is None:
                return None
            edits += changed
        return tuple(edits)

    def _placed(self, code: str, anchor: ast.stmt, *, is_after: bool) -> Edit:
        if is_after:
            blank = "\n\n" if code.startswith(_BLOCKS) else ""
            return self.file.text.lines_after(last_line(anchor), f"{blank}{code}", "")
        is_block = isinstance(anchor, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        is_block = is_block or code.splitlines()[-1].startswith((" ", "\t"))
        return self.file.text.lines_before(
            self.file.text.commented(first_line(anchor)), code, "", 2 if is_block else 1
        )

    def statement_of(self, name: str) -> ast.stmt | None:
        """The statement at its top that binds a name, or the last of the assignments right below that one."""
        found: ast.stmt | None = None
        for node in self.file.tree.body:
            if found is not None and not (
                isinstance(node, ast.Assign) and node.lineno == (found.end_lineno or 0) + 1
            ):
                break
            if found is not None or (isinstance(node, ast.Assign) and name in map(_target, node.targets)):
                found = node
        return found

    def _is_own(self, statement: str) -> bool:
        node = ast.parse(statement).body[0]
        name = (node.module if isinstance(node, ast.ImportFrom) else None) or ""
        module = self.know.project.module(self.path)
        parts = tuple(name.split(".")) if name else ()
        if module is None or not parts:
            return False
        return self.know.project.locate(module, parts) is not None

    def in_paragraphs(self, imports: Iterable[str]) -> list[str]:
        """Imports in three paragraphs: of the standard library, of others, of the project; plain ones first."""
        found: dict[int, list[str]] = {}
        for line in sorted(imports, key=lambda line: (line.startswith("from "), line)):
            top = line.split()[1].partition(".")[0]
            own = any(
                path.startswith((f"{top}/", f"src/{top}/", f"{top}.py")) for path in self.know.project.files
            )
            found.setdefault(0 if top in sys.stdlib_module_names else 2 if own else 1, []).append(line)
        paragraphs = ["\n".join(found[section]) for section in sorted(found)]
        return ["\n\n".join(paragraphs)] if paragraphs else []

    def _anchor(self) -> ast.stmt | None:
        """The first statement below the imports."""
        body = self.file.tree.body
        last = max(
            (i for i, node in enumerate(body) if isinstance(node, ast.Import | ast.ImportFrom)), default=-1
        )
        if last < 0 and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            last = 0
        following = body[last + 1 :]
        return following[0] if following else None


def home_of(know: Knowledge, path: str, python: Callable[[str], PythonFile]) -> Home:
    """The conftest for what the tests of a file have of their own: the outermost above it, else a new one."""
    above = [module.path for module in know.project.conftests(path)]
    if above:
        return Home(know, above[0], python)
    folders = path.split("/")[:-1]
    for depth, name in enumerate(folders):
        if name in _TEST_FOLDERS:
            return Home(know, "/".join((*folders[: depth + 1], "conftest.py")), python)
    return Home(know, "/".join((*folders, "conftest.py")), python)


def _target(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def merged(imports: Iterable[str]) -> list[str]:
    """Imports of names, one for each module."""
    plain: list[str] = []
    names: dict[str, list[str]] = {}
    for statement in dict.fromkeys(imports):
        module, found, name = statement.partition(" import ")
        if found:
            names.setdefault(module, []).append(name)
        else:
            plain.append(statement)
    return [*plain, *(f"{module} import {', '.join(sorted(n, key=by_kind))}" for module, n in names.items())]


def joined(edits: Sequence[Edit]) -> list[Edit]:
    """Edits in which the paragraphs that are inserted at one place are one; the standard library's stand first."""
    found: dict[tuple[str, Span], str] = {}
    last: dict[tuple[str, Span], bool] = {}
    for edit in sorted(edits, key=_import_order):
        key, is_other = (edit.path, edit.span), _import_order(edit)[0]
        before = found.get(key, "")
        content = edit.content
        end = "\r\n" if "\r\n" in content else "\n"
        if before.endswith(end * 2) and last[key] == is_other:
            before = before.removesuffix(end)
        elif before.startswith(end):
            content = content.removeprefix(end)
        found[key], last[key] = before + content, is_other
    return [Edit(path, span, content) for (path, span), content in found.items()]


def _import_order(edit: Edit) -> tuple[bool, bool, str]:
    words = edit.content.split()
    is_import = len(words) > 1 and words[0] in ("import", "from")
    is_other = is_import and words[1].partition(".")[0] not in sys.stdlib_module_names
    return is_other, edit.content.lstrip().startswith("from "), edit.content


def call_code(function: str, arguments: list[str]) -> str:
    """A call on one line, or with an argument a line where that is too long."""
    short = f"{function}({', '.join(arguments)})"
    if len(short) <= _LONGEST or not arguments:
        return short
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"{function}(\n{lines})"
