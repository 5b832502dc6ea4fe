"""Databases whose settings name no test database, and who would need that they did.

Django's own runner and pytest-django need no name: they take `test_<NAME>`, or memory for SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.configuration.databases import Written
from isolint.facts.configuration.django import Database, Django
from isolint.facts.meaning.values import Hop, Reference, Text, UniqueName, Value, options, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.targets.lattice import is_test_name
from isolint.late import dataclass

_HOOKS = frozenset({"pytest_configure", "pytest_sessionstart"})
_DATABASE_FIXTURES = frozenset(
    {"django_db_setup", "db", "transactional_db", "django_db_blocker", "live_server"}
)


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A database without a name for its tests: where it is set, and the one who misses it.

    `reason` is "worker" (the NAME is another one in each worker), "reader" (a test reads the NAME itself), "old"
    (the name stands in TEST_NAME, which Django no longer reads) or "" (nobody misses it); `hop` proves it.
    """

    database: Database
    at: s.Position
    reason: str
    hop: Hop | None = None

    @property
    def has_test(self) -> bool:
        """Whether the settings say something of the test database all the same, or that there is none."""
        return any(self.database.entry.get(key) is not None for key in ("TEST", "TEST_MIRROR"))


class TestNames:
    """Finds the databases of the tests' settings that have no TEST["NAME"]."""

    __test__ = False

    def __init__(self, django: Django, fixtures: Fixtures) -> None:
        self.django = django
        self.fixtures = fixtures
        self.evaluator = django.evaluator

    def missing(self, module: Module) -> Iterator[Unnamed]:
        """The databases that a settings module sets without a name for tests."""
        for database in self.django.databases:
            if database.test is not None or database.given.module is not module:
                continue
            old = database.entry.get("TEST_NAME")
            if isinstance(old, Written):
                yield Unnamed(database, old.at, "old")
            elif self._has_worker(database):
                yield Unnamed(database, database.given.at, "worker")
            elif (hop := self._reader(database.alias)) is not None:
                yield Unnamed(database, database.given.at, "reader", hop)
            elif not database.is_file:
                yield Unnamed(database, database.given.at, "")

    def _has_worker(self, database: Database) -> bool:
        """Whether the NAME is made of the worker's, and does not say that it is a test's."""
        if any(is_test_name(part) for option in options(database.name) for part in _literals(option)):
            return False
        if any(_is_of_worker(option) for option in options(database.name)):
            return True
        words = self.evaluator.vocabulary.unique_variables
        variables = {name for name, entry in words.items() if entry.scope == "worker"}
        frame = database.given.frame
        for inner in _spelled(database.given.node, frame.module):
            if isinstance(inner, s.Constant) and inner.value in variables:
                return True
        return False

    # -- who reads NAME without Django

    def _reader(self, alias: str) -> Hop | None:
        """A conftest that connects to the NAME by itself, before Django puts the test database in its place."""
        for path in sorted(self.evaluator.project.files):
            if path.rpartition("/")[2] == "conftest.py":
                module = self.evaluator.project.module(path)
                for body in self._early(module) if module is not None else ():
                    read = next((node for node in _own(body) if _reads_name(node, alias)), None)
                    if read is not None and module is not None and self._connects(module, body):
                        return Hop(path, read.at, show(read))
        return None

    def _early(self, module: Module) -> Iterator[s.Block]:
        """The bodies of a conftest that run before Django makes its test databases."""
        yield module.facts.body
        for function in module.functions:
            if function.name in _HOOKS:
                yield function.body
            fixture = self.fixtures.fixture(module, function, None) if function.decorators else None
            if fixture is not None and fixture.scope == "session" and fixture.name != "django_db_setup":
                needed = {f.name for f in self.fixtures.transitive([fixture])} | {*fixture.requests}
                if needed.isdisjoint(_DATABASE_FIXTURES):
                    yield function.body

    def _connects(self, module: Module, body: s.Block) -> bool:
        frame = self.evaluator.module_frame(module)
        makers = self.evaluator.vocabulary.handles
        words = {name.rpartition(".")[2] for name in makers}
        for call in (node for node in _own(body) if isinstance(node, s.Call) and last_name(node) in words):
            callee = self.evaluator.evaluate(call.function, frame)
            if isinstance(callee, Reference) and callee.name in makers:
                return True
        return False


def _is_of_worker(value: Value) -> bool:
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(isinstance(part, UniqueName) and part.scope == "worker" for part in parts)


def _literals(value: Value) -> Iterator[str]:
    for part in value.parts if isinstance(value, Text) else (value,):
        if (known := text(part)) is not None:
            yield known


def _spelled(node: s.Expression, module: Module) -> Iterator[s.Expression]:
    """The parts of an expression, and of those that its names are bound to in the module."""
    for inner in walk(node):
        yield inner
        if isinstance(inner, s.Name):
            for binding in module.names.bindings.get(inner.id, ()):
                yield from walk(binding.value) if binding.value is not None else ()


def _own(body: s.Block) -> Iterator[s.Expression]:
    """The expressions of a body itself."""
    for node in statements(body):
        for expression in expressions(node):
            yield from walk(expression)


def _reads_name(node: s.Expression, alias: str) -> bool:
    """`settings.DATABASES["default"]["NAME"]`."""
    match node:
        case s.Subscript(
            value=s.Subscript(value=s.Attribute(name="DATABASES"), index=s.Constant(value=found)),
            index=s.Constant(value="NAME"),
        ):
            return found == alias
    return False
