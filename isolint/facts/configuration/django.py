"""Django's settings as the tests see them, and what fixtures of pytest-django do with its databases.

What stock pytest-django 4 does is read from its sources: `django_db_setup` creates `test_<NAME>` (or TEST's NAME) for
every alias, and `django_db_modify_db_settings_parallel_suffix` gives each xdist worker a database of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import UNKNOWN, Literal, Method, Text, Value, Variable, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import bare
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.fixtures import Fixture, Fixtures
from isolint.facts.targets.lattice import Level, is_test_name, place
from isolint.late import dataclass, regex

if TYPE_CHECKING:
    from isolint.facts.configuration.databases import Settings, Written

_SUFFIXES = {
    "django_db_modify_db_settings": (
        "django_db_modify_db_settings",
        "django_db_modify_db_settings_parallel_suffix",
        "django_db_modify_db_settings_xdist_suffix",
    ),
    "django_db_modify_db_settings_parallel_suffix": (
        "django_db_modify_db_settings_parallel_suffix",
        "django_db_modify_db_settings_xdist_suffix",
    ),
    "django_db_modify_db_settings_xdist_suffix": ("django_db_modify_db_settings_xdist_suffix",),
}
_WORKER_WORDS = frozenset(
    {"worker_id", "workerinput", "workerid", "PYTEST_XDIST_WORKER", "get_xdist_worker_id"}
)
# A module is not found from itself, and settings may be called like a test.
_MOST_LOOKED_FROM = 8
_MAKES_DATABASES = frozenset(
    {"setup_databases", "create_test_db", "create_test_database", "setup_test_databases"}
)
_DATABASE_FIXTURES = frozenset(
    "db transactional_db django_db_reset_sequences django_db_serialized_rollback live_server".split()
)
_DJANGO_CASES = regex(r"(?:^|\.)(?:Transaction|Live\w*|Static\w*|API|Tenant|Fast\w*)?TestCase$")


@dataclass(frozen=True, slots=True)
class Database:
    """What the settings say of a database: its name and, where there is one, that of its test database.

    `entry` is all that is said of it, `given` and `test` are the two names as they are written; `engine` is the
    module of its backend, "" where it cannot be told.
    """

    alias: str
    entry: Settings
    name: Value
    given: Written
    test_name: Value | None = None
    test: Written | None = None
    engine: str = ""

    @property
    def is_served(self) -> bool:
        """Whether it is known to lie on a server, where its name is a name and not the path of a file."""
        return self.engine != "" and not self.is_file

    @property
    def is_file(self) -> bool:
        """Whether it is known to be a file, or nothing."""
        return self.engine.endswith(("sqlite3", "spatialite", "dummy"))


class Django:
    """Reads Django's settings modules without importing them, and the fixtures that bypass their test databases."""

    def __init__(self, config: PytestConfig, evaluator: Evaluator, fixtures: Fixtures) -> None:
        self.config = config
        self.evaluator = evaluator
        self.project = evaluator.project
        self.fixtures = fixtures

    # -- fixtures

    def lost_suffix(self, fixture: Fixture) -> str | None:
        """The fixture of pytest-django that an overriding one has to ask for and does not; None if all is well."""
        wanted = _SUFFIXES.get(fixture.name)
        if wanted is None or not fixture.module.is_test or any(name in wanted for name in fixture.requests):
            return None
        if self._speaks_of_workers(fixture.function):
            return None
        return wanted[0] if fixture.name != "django_db_modify_db_settings" else wanted[1]

    def _speaks_of_workers(self, function: s.Function) -> bool:
        if any(parameter.name in _WORKER_WORDS for parameter in function.parameters):
            return True
        for node in statements(function.body):
            for expression in expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Constant) and inner.value in _WORKER_WORDS:
                        return True
                    if isinstance(inner, s.Name | s.Attribute) and bare(inner) in _WORKER_WORDS:
                        return True
        return False

    def bypasses_set_up(self, fixture: Fixture) -> bool:
        """Whether an overriding `django_db_setup` leaves the tests on the application's own database."""
        if fixture.name != "django_db_setup" or not fixture.module.is_test:
            return False
        if fixture.name in fixture.requests or not self._is_used_below(fixture.module):
            return False
        if any(name in _MAKES_DATABASES for name in self._called(fixture.module, fixture.function)):
            return False
        return not self._points_elsewhere(fixture)

    def _called(self, module: Module, function: s.Function, depth: int = 0) -> Iterator[str]:
        """The names of what a function calls, and of what the first-party functions call that it calls."""
        frame = self.evaluator.function_frame(module, function)
        for call in calls_in(function.body):
            yield last_name(call)
            callee = self.evaluator.evaluate(call.function, frame)
            inner = getattr(callee, "function", None)
            if depth < 2 and isinstance(inner, s.Function):
                yield from self._called(getattr(callee, "module", module), inner, depth + 1)

    def _points_elsewhere(self, fixture: Fixture) -> bool:
        """Whether the fixture, or the settings, name a database for tests."""
        from isolint.facts.configuration.databases import Reading, databases

        frame = self.evaluator.function_frame(fixture.module, fixture.function)
        own = Reading(self.evaluator, frame)
        own.follow(fixture.function.body)
        named = [self._name(entry) for _, entry in databases(own.settings)]
        if not named:
            named = [database.name for database in self.databases if database.alias == "default"]
        return bool(named) and all(_is_for_tests(name) for name in named)

    def _name(self, entry: Written | Settings) -> Value:
        """What a database is called by, or its server if that is one for tests by its name."""
        from isolint.facts.configuration.databases import Settings, Written

        if not isinstance(entry, Settings):
            return UNKNOWN
        values = [self._value(each) for each in map(entry.get, ("HOST", "NAME")) if isinstance(each, Written)]
        tests = (value for value in values if is_test_name(text(value) or ""))
        name = entry.look(("NAME",))
        return next(tests, self._value(name) if isinstance(name, Written) else UNKNOWN)

    def _value(self, written: Written) -> Value:
        """What a setting holds; of the NAME in what makes a dict of a URL this URL."""
        return self.evaluator.evaluate(written.node, written.frame)

    def _is_used_below(self, conftest: Module) -> bool:
        """Whether any test below a conftest asks for Django's database."""
        folder = conftest.path.rpartition("/")[0]
        for path in sorted(self.project.files):
            if not folder or path.startswith(f"{folder}/"):
                module = self.project.module(path) if self.project.is_test(path) else None
                if module is not None and self._uses_database(module):
                    return True
        return False

    def _uses_database(self, module: Module) -> bool:
        marks = [b.value for b in module.names.bindings.get("pytestmark", ()) if b.value is not None]
        for function in module.functions:
            marks += function.decorators
            if any(p.name in _DATABASE_FIXTURES for p in function.parameters):
                return True
        for cls in module.classes:
            marks += cls.decorators
            if any(_DJANGO_CASES.search(bare(base)) and "unittest" not in _owner(base) for base in cls.bases):
                return True
        return any(bare(inner) == "django_db" for mark in marks for inner in walk(mark))

    # -- settings

    @cached_property
    def settings_module(self) -> Module | None:
        """The settings module that the tests run with, as pytest's configuration, tox or manage.py have it."""
        name = self._named_by_pytest() or self._named_by_manage()
        if not name:
            return None
        tests = (path for path in sorted(self.project.files) if self.project.is_test(path))
        for path in ("manage.py", *islice(tests, _MOST_LOOKED_FROM)):
            seen_from = self.project.module(path)
            resolved = (
                self.project.resolve(seen_from, tuple(name.split("."))) if seen_from is not None else None
            )
            if resolved is not None and not resolved.rest:
                return resolved.module
        return None

    def _named_by_pytest(self) -> str:
        words = self.config.words("addopts")
        for index, word in enumerate(words):
            if word.startswith("--ds="):
                return word.removeprefix("--ds=")
            if word == "--ds" and index + 1 < len(words):
                return words[index + 1]
        given = self.config.values.get("DJANGO_SETTINGS_MODULE")
        return self.config.environment.get("DJANGO_SETTINGS_MODULE") or (
            given if isinstance(given, str) else ""
        )

    def _named_by_manage(self) -> str:
        module = self.project.module("manage.py")
        for call in calls_in(module.facts.body) if module is not None else ():
            match call.arguments:
                case (s.Constant(value="DJANGO_SETTINGS_MODULE"), s.Constant(value=str(name))):
                    return name
        return ""

    @cached_property
    def settings_modules(self) -> tuple[Module, ...]:
        """The settings module that the tests run with and those that it imports its settings from."""
        found = [self.settings_module] if self.settings_module is not None else []
        for module in found:
            for node in statements(module.facts.body):
                if isinstance(node, s.Import) and any(entry.name == "*" for entry in node.names):
                    source = self.project.source_module(module, node).module
                    if source is not None and source not in found:
                        found.append(source)
        return tuple(found)

    def databases_shared_with_tests(self, module: Module) -> Iterator[Database]:
        """The databases whose test database has their own name, as far as this module says so."""
        for database in self.databases:
            test, name = database.test, database.name
            if test is None or database.test_name is None or test.module is not module:
                continue
            is_same = test.is_same(database.given) or _is_same(database, database.test_name)
            if is_same and not _is_for_tests(name):
                yield database

    @cached_property
    def databases(self) -> tuple[Database, ...]:
        """The databases of the settings, those that they take over from `from .base import *` included."""
        return tuple(self._databases(self.settings_module)) if self.settings_module is not None else ()

    def _databases(self, module: Module) -> Iterator[Database]:
        from isolint.facts.configuration.databases import Reading, Settings, Written, databases

        reading = Reading(self.evaluator, self.evaluator.module_frame(module))
        reading.follow(module.facts.body)
        for alias, said in databases(reading.settings):
            entry = said if isinstance(said, Settings) else Settings()
            entry.base = entry.base or (said if isinstance(said, Written) else None)
            given, test = entry.look(("NAME",)), entry.get("TEST")
            written = test.get("NAME") if isinstance(test, Settings) else None
            backend = entry.look(("ENGINE",))
            engine = (text(self._value(backend)) if isinstance(backend, Written) else None) or ""
            if isinstance(given, Written) and isinstance(written, Written):
                value = self._value(written)
                yield Database(alias, entry, self._value(given), given, value, written, engine)
            elif isinstance(given, Written):
                yield Database(alias, entry, self._value(given), given, engine=engine)


def _is_for_tests(name: Value) -> bool:
    return place(name, {}, product=False).level <= Level.TEST_SHAPED


def _is_same(database: Database, other: Value) -> bool:
    """Whether the name of a database is known to be another one, too."""
    one = database.name
    if database.given.part:
        url = text(one.default) if isinstance(one, Variable) and one.default is not None else text(one)
        name = text(other)
        return url is not None and name is not None and url.partition("://")[2].endswith(f"/{name}")
    if isinstance(one, Literal | Text | Variable | Method):
        return one == other or (text(one) is not None and text(one) == text(other))
    return False


def _owner(node: s.Expression) -> str:
    return bare(node.value) if isinstance(node, s.Attribute) else ""
