"""What tests set only while they run, in time for code that looks when it is called: variables, the directory."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Address, Method, Text, Union, Value, Variable, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import dotted
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.fixtures import Fixtures

_MOVES = frozenset({"chdir", "as_cwd", "isolated_filesystem"})


class LatePins:
    """Gathers the variables that the functions of test modules set, whatever to."""

    def __init__(self, fixtures: Fixtures) -> None:
        self.fixtures = fixtures
        self._of: dict[str, frozenset[str]] = {}

    def sets(self, path: str, url: Value | None) -> bool:
        """Whether code that governs the tests of a file sets a variable that a URL is read from."""
        wanted = set(variables(url))
        return bool(wanted) and any(
            not wanted.isdisjoint(self.of(module)) for module in self.fixtures.chain(path)
        )

    def moves(self, path: str, url: Value | None) -> bool:
        """Whether a URL is a path relative to a working directory that the tests of a file change."""
        return _is_relative(url) and any(
            last_name(call) in _MOVES
            for module in self.fixtures.chain(path)
            for function in module.functions
            for call in calls_in(function.body)
        )

    def of(self, module: Module) -> frozenset[str]:
        """The names of the variables that a module's functions set in the environment."""
        if module.path not in self._of:
            found: set[str] = set()
            for function in module.functions:
                for node in statements(function.body):
                    found.update(_set_by(node))
                for decorator in function.decorators:
                    found.update(_set_in(decorator))
            self._of[module.path] = frozenset(found)
        return self._of[module.path]


def _is_relative(url: Value | None) -> bool:
    known = text(url.default) if isinstance(url, Variable) and url.default is not None else None
    known = known if url is None or known is not None else text(url)
    if known is None or not known.startswith("sqlite"):
        return known is not None and "://" not in known and not known.startswith(("/", "~"))
    return not known.partition(":///")[2].startswith("/")


def variables(value: Value | None) -> Iterator[str]:
    """The names of the variables that a value is made of."""
    match value:
        case Variable():
            yield value.name
            yield from variables(value.default)
        case Text(parts=parts) | Union(options=parts):
            for part in parts:
                yield from variables(part)
        case Address():
            yield from variables(value.base)
            for _, part in value.components:
                yield from variables(part)
        case Method():
            yield from variables(value.receiver)


def _set_by(node: s.Statement) -> Iterator[str]:
    if isinstance(node, s.Function | s.Class):
        return
    if isinstance(node, s.Assign):
        for target in node.targets:
            match target:
                case s.Subscript(value=table, index=s.Constant(value=str(name))) if _is_environment(table):
                    yield name
    for expression in expressions(node):
        yield from _set_in(expression)


def _set_in(expression: s.Expression) -> Iterator[str]:
    for call in walk(expression):
        if not isinstance(call, s.Call):
            continue
        name = last_name(call)
        owner = call.function.value if isinstance(call.function, s.Attribute) else None
        of_environment = owner is not None and _is_environment(owner)
        if (name == "setenv" or (of_environment and name in ("setdefault", "update"))) and call.arguments:
            yield from _names(call.arguments[0])
        elif name in ("dict", "setitem") and len(call.arguments) > 1 and _is_environment(call.arguments[0]):
            yield from _names(call.arguments[1])
        if of_environment or name == "dict":
            yield from (key for key, _ in call.keywords if key)


def _names(node: s.Expression) -> Iterator[str]:
    match node:
        case s.Constant(value=str(name)):
            yield name
        case s.Mapping(items=items):
            yield from (k.value for k, _ in items if isinstance(k, s.Constant) and isinstance(k.value, str))


def _is_environment(node: s.Expression) -> bool:
    return (dotted(node) or "").rpartition(".")[2] == "environ" or (
        isinstance(node, s.Constant) and node.value == "os.environ"
    )
