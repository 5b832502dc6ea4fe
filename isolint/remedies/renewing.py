"""Values of unique columns that are another one in every run, named once where a test says them again."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from isolint.edits import Edits, PythonFile
from isolint.edits.places import AnyFunction, first_line, position, spot
from isolint.facts.rows.collisions import Collision
from isolint.late import dataclass, regex
from isolint.remedies.marking import (
    Mark,
    bound_in,
    bound_once,
    constant,
    is_in_function,
    run_mark,
    said_within,
    uuid4_of,
)
from isolint.source import Position

_PLAIN = regex(r"""(?P<quote>["'])(?P<text>[^\\\n]+)(?P=quote)""")
_UUID = regex(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_WORD = regex(r"[^\W\d_]+")
_EXTENSION = regex(r"(?<=\w)\.[a-z][a-z0-9]{0,3}\Z")
_LENGTH = regex(r"(?:max_length|length)\s*=\s*(\d+)|(?:String|Unicode|CHAR|VARCHAR|CharField)\(\s*(\d+)")
_OF_A_KIND = regex(r"Integer|Enum|Date|Time|INET|IPAddress|Numeric|BigInt|Uuid|UUID|IntField|choices=")
_MARK_LENGTH = 9
Said = Callable[[str, str], bool]


@dataclass(frozen=True)
class _Mention:
    """Where a value is said: alone, or as a part of the path that a string holds."""

    node: ast.expr
    new: Callable[[str], str]


@dataclass(frozen=True)
class Renewal:
    """One value of a column, in the file that says it. `file` is of the test, `editor` of the constant's file."""

    found: Collision
    file: PythonFile
    editor: Callable[[str], PythonFile]
    writers: frozenset[Position]
    is_said: Said

    def edits(self) -> Edits | None:
        """The edits that make it unique; None where it cannot be told what else depends on it."""
        node, mark = self.file.node(self.found.at), run_mark(self.file)
        if not isinstance(node, ast.expr) or mark is None or not self._fits(str(self.found.value)):
            return None
        if self.found.counted:
            return self._counted(node, mark)
        if isinstance(node, ast.Constant) and node.value == self.found.value:
            return self._renewed(node)
        known = constant(self.file, node, self.found.value)
        if known is not None:
            return self._constant(self.file, known)
        imported = self._imported_constant()
        if imported is not None or not isinstance(node, ast.Name):
            return imported
        return self._parameter(node, mark)

    # -- one value and its forms

    def _fits(self, value: str) -> bool:
        """Whether the column, as the model declares it, can hold a longer text."""
        for hop in self.found.trail:
            if not re.match(rf"{re.escape(self.found.column)}\b.*(unique|primary_key|pk)", hop.text):
                continue
            code = self.editor(hop.path).code(hop.at)
            sizes = [int(found[1] or found[2]) for found in _LENGTH.finditer(code)]
            if _OF_A_KIND.search(code) and not _UUID.fullmatch(value):
                return False
            if sizes and len(value) + _MARK_LENGTH > min(sizes) and not _UUID.fullmatch(value):
                return False
        return True

    @staticmethod
    def _unique(file: PythonFile, node: ast.Constant) -> Mark | None:
        """The literal with a part of the run's own in it, in the form of what it is: an address, a file, a word."""
        written, uuid4, mark = _PLAIN.fullmatch(file.code(node)), uuid4_of(file), run_mark(file)
        if written is None or uuid4 is None or mark is None:
            return None
        value, quote = written["text"], written["quote"]
        if _UUID.fullmatch(value):
            return Mark(f"str({uuid4.code}())", uuid4.imports)
        if not _may_grow(value):
            return None
        place = _end_of_name(value)
        dash = next((each for each in ("_", " ") if each in value and "-" not in value), "-")
        before, behind = (
            part.replace("{", "{{").replace("}", "}}") for part in (value[:place], value[place:])
        )
        return Mark(f"f{quote}{before}{dash}{{{mark.code}}}{behind}{quote}", mark.imports)

    def _counted(self, node: ast.expr, mark: Mark) -> Edits | None:
        """`f"P-{next(numbers)}"` with a part before the number."""
        code = self.file.code(node)
        before, hole, behind = code.partition("{next(")
        if not isinstance(node, ast.JoinedStr) or not re.match(r"f[\"'][^{]*\Z", before) or not hole:
            return None
        new = f"{before}{{{mark.code}}}-{hole}{behind}"
        return (self.file.replace(self.found.at, new), *mark.imports)

    def _parameter(self, node: ast.Name, mark: Mark) -> Edits | None:
        """A parameter that the values of `parametrize` fill."""
        function, name = self.file.function(self.found.at), node.id
        if function is None or not _is_parametrized(function, name, self.found.value):
            return None
        if sum(name == each.id for each in ast.walk(function) if isinstance(each, ast.Name)) > 1:
            return None
        is_address = "@" in self.found.value
        parts = (f"{{{mark.code}}}", f"{{{name}}}")
        text = "-".join(parts if is_address else reversed(parts))
        return (self.file.replace(self.found.at, f"f{self.file.string(text)}"), *mark.imports)

    # -- where it is said

    def _renewed(self, node: ast.Constant) -> Edits | None:
        """A literal in its place, or bound once before all that say it."""
        unique, mentions = self._unique(self.file, node), self._mentions
        if unique is None or not mentions or self._is_said_elsewhere(node):
            return None
        function = self.file.function(position(node))
        if not is_in_function(self.file, node) or function is None:
            return self._bound_by_module(mentions, unique)
        own = [each for each in mentions if self.file.function(position(each.node)) is function]
        if len(own) < len(mentions) and not self._are_writers([m for m in mentions if m not in own]):
            return self._bound_by_set_up(function, mentions, unique) or self._bound_by_module(
                mentions, unique
            )
        if len(own) == 1 and not self.file.is_too_long(position(node), unique.code):
            return (self.file.replace(position(node), unique.code), *unique.imports)
        bound = bound_once(self.file, [each.node for each in own], self._names, unique.code)
        return None if bound is None else (*bound[1], *self._said(own, bound[0]), *unique.imports)

    @property
    def _names(self) -> tuple[str, ...]:
        return (self.found.column, f"unique_{self.found.column}")

    def _said(self, mentions: list[_Mention], name: str) -> Edits:
        return tuple(self.file.replace(position(each.node), each.new(name)) for each in mentions)

    def _constant(self, file: PythonFile, node: ast.Constant) -> Edits | None:
        """The literal behind a constant, if nothing else says it."""
        unique, mentions = self._unique(file, node), self._mentions
        if unique is None or mentions is None or [each.node for each in mentions] != [node]:
            return None
        found = spot(file.tree, position(node))
        targets = (
            found.statement.targets if found is not None and isinstance(found.statement, ast.Assign) else []
        )
        names = {each.id for each in targets if isinstance(each, ast.Name)}
        if not names or self._is_said_elsewhere(node) or _in_decorators(file.tree, names):
            return None
        return (file.replace(position(node), unique.code), *unique.imports)

    def _imported_constant(self) -> Edits | None:
        """The literal behind a constant of another file of the tests, which nothing else says."""
        for hop in self.found.trail:
            if hop.path == self.file.path or self._mentions != []:
                continue
            other = self.editor(hop.path)
            node = other.node(hop.at)
            literal = node.value if isinstance(node, ast.Assign) else node
            if isinstance(literal, ast.Constant) and literal.value == self.found.value:
                found = spot(other.tree, position(literal))
                if found is not None and not found.around:
                    return replace(self, file=other)._constant(other, literal)
        return None

    def _bound_by_module(self, mentions: list[_Mention], unique: Mark) -> Edits | None:
        """A constant of the module, before the first statement that says the value."""
        places = [each.node for each in mentions]
        if len(places) == 1 and not self.file.function(position(places[0])):
            return (self.file.replace(position(places[0]), unique.code), *unique.imports)
        name = next((n.upper() for n in self._names if n.upper() not in _all_names(self.file.tree)), None)
        first = next((n for n in self.file.tree.body if (n.end_lineno or n.lineno) >= places[0].lineno), None)
        if name is None or first is None:
            return None
        added = self._before(first, f"{name} = {unique.code}")
        return None if added is None else (*added, *self._said(mentions, name), *unique.imports)

    def _before(self, first: ast.stmt, line: str) -> Edits | None:
        """A line of the module before a statement, below the constants that are there."""
        body = self.file.tree.body
        last = body[body.index(first) - 1] if body.index(first) else first
        if not isinstance(first, AnyFunction | ast.ClassDef):
            return self.file.insert_before(position(first)[:2] * 2, line)
        if isinstance(last, ast.Assign | ast.AnnAssign):
            return self.file.insert_after(position(last)[:2] * 2, line)
        return self.file.insert_before((first_line(first), 0) * 2, line, blank=2)

    def _bound_by_set_up(self, function: AnyFunction, mentions: list[_Mention], unique: Mark) -> Edits | None:
        """An attribute that the set-up of unittest gives each test, or the class."""
        owner = next(
            (n for n in self.file.tree.body if isinstance(n, ast.ClassDef) and function in n.body), None
        )
        if (
            owner is None
            or function.name not in ("setUp", "asyncSetUp", "setUpClass")
            or not function.args.args
        ):
            return None
        receiver, column = function.args.args[0].arg, self.found.column
        attributes = {n.attr for n in ast.walk(owner) if isinstance(n, ast.Attribute)} | bound_in(owner.body)
        edits: list[Edits] = []
        for each in mentions:
            method = self.file.function(position(each.node))
            if method is None or method not in owner.body or not method.args.args:
                return None
            if not is_in_function(self.file, each.node):
                return None
            edits.append(
                (self.file.replace(position(each.node), each.new(f"{method.args.args[0].arg}.{column}")),)
            )
        own = spot(
            self.file.tree, position(next(m.node for m in mentions if m.node in set(ast.walk(function))))
        )
        if own is None or column in attributes:
            return None
        added = self.file.insert_before(
            position(own.statement)[:2] * 2, f"{receiver}.{column} = {unique.code}"
        )
        return None if added is None else (*added, *(e for each in edits for e in each), *unique.imports)

    def _are_writers(self, others: list[_Mention]) -> bool:
        """Whether all other functions that say the value write such a row themselves."""
        functions = [self.file.function(position(each.node)) for each in others]
        writing = [self.file.function(at) for at in self.writers]
        return all(function is not None and function in writing for function in functions)

    def _is_said_elsewhere(self, node: ast.Constant) -> bool:
        return self.is_said(str(node.value), self.file.path)

    @cached_property
    def _mentions(self) -> list[_Mention] | None:
        """What says the value, in the order of the file; None where it cannot be told, or not be replaced."""
        value, found = str(self.found.value), []
        for node, key, parent in _strings(self.file.tree):
            text = node.value if isinstance(node, ast.Constant) else ""
            if text == value:
                if key not in ("", self.found.column) and _WORD.fullmatch(value):
                    continue
                if isinstance(parent, ast.MatchValue | ast.JoinedStr) or not self._is_as_written(node):
                    return None
                found.append(_Mention(node, lambda name: name))
            elif _says(self.file.code(node), value):
                part = self._part(node, value)
                if part is None:
                    return None
                found.append(part)
        return sorted(found, key=lambda each: position(each.node))

    def _is_as_written(self, node: ast.expr) -> bool:
        return _PLAIN.fullmatch(self.file.code(node)) is not None

    def _part(self, node: ast.expr, value: str) -> _Mention | None:
        """A path that ends in the value, or holds it between slashes."""
        code = self.file.code(node)
        part = re.compile(rf"(?<=[/=]){re.escape(value)}(?=[/?&\"']|\Z)")
        if len(part.findall(code)) != len(re.findall(rf"\b{re.escape(value)}\b", code)):
            return None
        new = said_within(self.file, node, part)
        return None if new is None else _Mention(node, new)


def renewed(
    found: Collision,
    editor: Callable[[str], PythonFile],
    path: str,
    writers: Iterable[Collision],
    is_said: Said,
) -> Edits | None:
    """The edits that make a value of a unique column another one in every run.

    `path` is the file of the finding, `writers` are all of it that have the same value, `is_said` tells whether
    another file, which may mean the same row, says it.
    """
    same = frozenset(each.at for each in writers if each.value == found.value)
    return Renewal(found, editor(path), editor, same, is_said).edits()


def _may_grow(value: str) -> bool:
    """Whether a text is no number, code or address that only its own form makes valid."""
    words = _WORD.findall(value)
    if not words or max(map(len, words)) + len(value) < 5 or value.startswith("@"):
        return False
    return "://" not in value or "/" in value.partition("://")[2]


def _end_of_name(value: str) -> int:
    """Where the name in a text ends: before the domain of an address, before the extension of a file."""
    if "@" in value:
        return value.rindex("@")
    found = _EXTENSION.search(value)
    return found.start() if found is not None else len(value)


def _says(code: str, value: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", code) is not None


def _strings(tree: ast.Module) -> Iterator[tuple[ast.expr, str, ast.AST]]:
    """The strings of a module but for its documentation, with the key they are given under and what holds them."""
    inside = {id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values}
    for parent in ast.walk(tree):
        if isinstance(parent, ast.Expr):  # a docstring
            continue
        for node in ast.iter_child_nodes(parent):
            is_text = (
                isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside
            )
            is_format = isinstance(node, ast.JoinedStr) and not isinstance(parent, ast.FormattedValue)
            if isinstance(node, ast.expr) and (is_text or is_format):
                yield node, _key(parent, node), parent


def _key(parent: ast.AST, node: ast.expr) -> str:
    """The name under which a value is passed, held or compared; "" if none is in sight."""
    match parent:
        case ast.keyword(arg=str(name)):
            return name
        case ast.Dict(keys=keys, values=values):
            key = next((k for k, v in zip(keys, values, strict=True) if v is node), None)
            return str(key.value) if isinstance(key, ast.Constant) else ""
        case ast.Compare(left=left, comparators=[right]):
            other = left if right is node else right
            if isinstance(other, ast.Attribute):
                return other.attr
            if isinstance(other, ast.Subscript) and isinstance(other.slice, ast.Constant):
                return str(other.slice.value)
    return ""


def _is_parametrized(function: AnyFunction, name: str, value: str) -> bool:
    """Whether a decorator gives a function's parameter texts, this one among them."""
    return any(
        any(isinstance(n, ast.Constant) and str(n.value) == name for n in ast.walk(each))
        and any(isinstance(n, ast.Constant) and n.value == value for n in ast.walk(each))
        for each in function.decorator_list
    )


def _in_decorators(tree: ast.Module, names: set[str]) -> bool:
    """Whether a decorator speaks of one of these names: `pytest -n` wants the same tests in each worker."""
    decorators = [each for n in ast.walk(tree) for each in getattr(n, "decorator_list", [])]
    return any(isinstance(n, ast.Name) and n.id in names for each in decorators for n in ast.walk(each))


def _all_names(tree: ast.Module) -> set[str]:
    functions = [n for n in ast.walk(tree) if isinstance(n, AnyFunction)]
    return bound_in(tree.body).union(
        *({n.id for n in ast.walk(f) if isinstance(n, ast.Name)} for f in functions)
    )
