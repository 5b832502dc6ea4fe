"""The statements at the top of a Python file, each with the names that it gives, and the words that it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from isolint.facts.program.importwords import renamed_in, words_in
from isolint.late import dataclass

_IMPLIED = frozenset(
    "pytest_plugins pytestmark collect_ignore collect_ignore_glob urlpatterns setUpModule tearDownModule setup_module "
    "teardown_module setup_function teardown_function load_tests "
    "django_db_setup".split()  # a plugin's fixture, which tests come to by the names of others of the plugin's
)
_HARMLESS = frozenset(
    "pytest pytest_asyncio fixture contextlib contextmanager asynccontextmanager functools cache lru_cache wraps "
    "dataclass dataclasses staticmethod classmethod property unittest mock patch override_settings modify_settings "
    "isolate_apps skipIf skipUnless tag freeze_time".split()
)
_COMPUTED = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)

IsOwn = Callable[[ast.Import | ast.ImportFrom], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A statement: the names that it gives, the words in it, whether it matters to those who speak of none of them."""

    names: frozenset[bytes]
    words: frozenset[bytes]
    implied: bool
    node: ast.stmt

    @property
    def is_import(self) -> bool:
        """Whether it does no more than to import."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def is_collected(self) -> bool:
        """Whether a file that takes all of another's names may run it as a test."""
        return isinstance(self.node, ast.ClassDef) or any(name.startswith(b"test") for name in self.names)


def units(data: bytes, is_own: IsOwn, everywhere: frozenset[bytes] = frozenset()) -> tuple[Unit, ...] | None:
    """The statements at the top of a file, None if it cannot be parsed. `is_own` tells imports from the project.

    `everywhere` are the names of the fixtures that the configuration puts around every test.
    """
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = data.splitlines()
    body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
    return tuple(_unit(node, lines, is_own, everywhere) for node in body)


def differing(old: Iterable[Unit], new: Iterable[Unit]) -> tuple[Unit, ...]:
    """The statements of two versions of a file that are not the same in both, wherever they stand."""
    before, after = _by_name(old), _by_name(new)
    found: list[Unit] = []
    for key in before.keys() | after.keys():
        was, is_ = before.get(key, []), after.get(key, [])
        if [ast.dump(unit.node) for unit in was] != [ast.dump(unit.node) for unit in is_]:
            found += [*was, *is_]
    return tuple(found)


def _by_name(units_: Iterable[Unit]) -> dict[object, list[Unit]]:
    found: dict[object, list[Unit]] = {}
    for unit in units_:
        found.setdefault(unit.names, []).append(unit)
    return found


def _unit(node: ast.stmt, lines: list[bytes], is_own: IsOwn, everywhere: frozenset[bytes]) -> Unit:
    first = node.lineno
    names: list[str] = []
    renamed: frozenset[bytes] = frozenset()
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            first = min([first, *(each.lineno for each in node.decorator_list)])
            names = [node.name]
            header = b"\n".join(lines[first - 1 : node.lineno])
            implied = _is_implied(node, header)
            renamed = renamed_in(header) if node.decorator_list else renamed
        case ast.Import() | ast.ImportFrom():
            names = [(entry.asname or entry.name).partition(".")[0] for entry in node.names]
            implied = "*" in names or is_own(node)
        case ast.Assign(targets=targets) if all(isinstance(target, ast.Name) for target in targets):
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            implied = _is_computed(node.value)
        case ast.AnnAssign(target=ast.Name(id=name)):
            names = [name]
            implied = node.value is not None and _is_computed(node.value)
        case _:
            implied = True
    said = words_in(b"\n".join(lines[first - 1 : node.end_lineno]))
    given = renamed.union(name.encode() for name in names)
    implied = implied or not everywhere.isdisjoint(given)
    return Unit(
        given,
        said,
        implied or any(name in _IMPLIED or name.startswith(("pytest_", "__")) for name in names),
        node,
    )


def _is_implied(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, header: bytes) -> bool:
    """Whether a definition does more than to give its name a meaning: a fixture around everything, a registration."""
    if b"autouse" in header or (isinstance(node, ast.ClassDef) and node.keywords):
        return True
    if node.name.startswith(("test", "Test")):
        return False
    roots = [re.match(r"\w+", ast.unparse(each)) for each in node.decorator_list]
    return any(root is None or root[0] not in _HARMLESS for root in roots)


def _is_computed(value: ast.expr) -> bool:
    return any(isinstance(inner, _COMPUTED) for inner in ast.walk(value))
