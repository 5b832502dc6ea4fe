"""Django's settings as the tests see them, and what fixtures of pytest-django do with its databases.

What stock pytest-django 4 does is read from its sources: `django_db_setup` creates `test_<NAME>` (or TEST's NAME) for
every alias, and `django_db_modify_db_settings_parallel_suffix` gives each xdist worker a database of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import UNKNOWN, Frame, Literal, Method, Text, Value, Variable, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.fixtures import Fixture, Fixtures
from isolint.facts.targets.lattice import Level, place

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
_MAKES_DATABASES = frozenset(
    {"setup_databases", "create_test_db", "create_test_database", "setup_test_databases"}
)
_DATABASE_FIXTURES = frozenset(
    "db transactional_db django_db_reset_sequences django_db_serialized_rollback live_server".split()
)
_DJANGO_CASES = re.compile(r"(?:^|\.)(?:Transaction|Live\w*|Static\w*|API|Tenant|Fast\w*)?TestCase$")


@dataclass(frozen=True, slots=True)
class Written:
    """A setting's expression, and where it is evaluated."""

    node: s.Expression
    frame: Frame


class Settings(dict[str, "Written | Settings"]):
    """A dict of settings as it is written: keys to expressions, or to dicts inside it."""


@dataclass(frozen=True, slots=True)
class Database:
    """What the settings say of a database: its name and, where there is one, that of its test database."""

    alias: str
    name: Value
    test_name: Value | None = None
    test: Written | None = None


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
                    if isinstance(inner, s.Name | s.Attribute) and _word(inner) in _WORKER_WORDS:
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
        frame = self.evaluator.function_frame(fixture.module, fixture.function)
        own = Settings()
        _collect(fixture.function.body, frame, own)
        settings = own.get("DATABASES")
        entries = settings.values() if isinstance(settings, Settings) else ()
        named = [self._name(entry) for entry in entries]
        if not named:
            named = [database.name for database in self.databases if database.alias == "default"]
        return bool(named) and all(_is_for_tests(name) for name in named)

    def _name(self, entry: Written | Settings) -> Value:
        name = entry.get("NAME") if isinstance(entry, Settings) else None
        return self.evaluator.evaluate(name.node, name.frame) if isinstance(name, Written) else UNKNOWN

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
            if any(
                _DJANGO_CASES.search(_word(base)) and "unittest" not in _owner(base) for base in cls.bases
            ):
                return True
        return any(_word(inner) == "django_db" for mark in marks for inner in walk(mark))

    # -- settings

    @cached_property
    def settings_module(self) -> Module | None:
        """The settings module that the tests run with, as pytest's configuration, tox or manage.py have it."""
        name = self._named_by_pytest() or self._named_by_manage()
        if not name:
            return None
        files = (path for path in sorted(self.project.files) if self.project.is_test(path))
        seen_from = next((m for path in ("manage.py", *files) if (m := self.project.module(path))), None)
        resolved = None if seen_from is None else self.project.resolve(seen_from, tuple(name.split(".")))
        return None if resolved is None or resolved.rest else resolved.module

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

    def databases_shared_with_tests(self, module: Module) -> Iterator[tuple[str, s.Position]]:
        """The databases whose test database has their own name: the alias, and where this module says so."""
        for database in self.databases:
            test, name = database.test, database.name
            if test is None or database.test_name is None or test.frame.module is not module:
                continue
            if _is_same(name, database.test_name) and not _is_for_tests(name):
                yield database.alias, test.node.at

    @cached_property
    def databases(self) -> tuple[Database, ...]:
        """The databases of the settings, those that they take over from `from .base import *` included."""
        return tuple(self._databases(self.settings_module)) if self.settings_module is not None else ()

    def _databases(self, module: Module) -> Iterator[Database]:
        for alias, entry in self._settings(module, set()).items():
            if isinstance(entry, Settings) and isinstance(entry.get("NAME"), Written):
                test = entry.get("TEST")
                written = test.get("NAME") if isinstance(test, Settings) else None
                if isinstance(written, Written):
                    value = self.evaluator.evaluate(written.node, written.frame)
                    yield Database(alias, self._name(entry), value, written)
                else:
                    yield Database(alias, self._name(entry))

    def _settings(self, module: Module, seen: set[str]) -> Settings:
        """DATABASES as the statements of a module, in their order, put it together."""
        found = Settings()
        seen.add(module.path)
        for node in statements(module.facts.body):
            if isinstance(node, s.Import) and any(entry.name in ("*", "DATABASES") for entry in node.names):
                source = self.project.source_module(module, node).module
                if source is not None and source.path not in seen:
                    found["DATABASES"] = self._settings(source, seen)
        _collect(module.facts.body, self.evaluator.module_frame(module), found)
        databases = found.get("DATABASES")
        return databases if isinstance(databases, Settings) else Settings()


def _collect(body: s.Block, frame: Frame, into: Settings) -> None:
    """Take in what a body assigns to DATABASES and to the keys below it."""
    names: dict[str, tuple[str, ...]] = {"DATABASES": ("DATABASES",)}
    for node in statements(body):
        if not isinstance(node, s.Assign) or node.value is None or node.operator != "=":
            continue
        for target in node.targets:
            path = _path(target, names)
            if path is not None:
                _put(into, path, _read(node.value, frame))
            elif isinstance(target, s.Name) and (source := _path(node.value, names)) is not None:
                names[target.id] = source


def _path(node: s.Expression, names: dict[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """The keys that `DATABASES["default"]["TEST"]`, or a name for a part of it, leads through."""
    match node:
        case s.Name(id=name):
            return names.get(name)
        case s.Attribute(name="DATABASES"):
            return ("DATABASES",)
        case s.Subscript(value=value, index=s.Constant(value=str(key))):
            path = _path(value, names)
            return None if path is None else (*path, key)
    return None


def _read(node: s.Expression, frame: Frame) -> Written | Settings:
    if not isinstance(node, s.Mapping):
        return Written(node, frame)
    found = Settings()
    for key, value in node.items:
        if isinstance(key, s.Constant) and isinstance(key.value, str):
            found[key.value] = _read(value, frame)
    return found


def _put(into: Settings, path: tuple[str, ...], value: Written | Settings) -> None:
    for key in path[:-1]:
        inner = into.get(key)
        if not isinstance(inner, Settings):
            inner = Settings()
            into[key] = inner
        into = inner
    into[path[-1]] = value


def _is_for_tests(name: Value) -> bool:
    return place(name, {}, product=False).level <= Level.TEST_SHAPED


def _is_same(one: Value, other: Value) -> bool:
    """Whether two names are known to be the same."""
    if isinstance(one, Literal | Text | Variable | Method):
        return one == other or (text(one) is not None and text(one) == text(other))
    return False


def _word(node: s.Expression) -> str:
    match node:
        case s.Name(id=name) | s.Attribute(name=name):
            return name
    return ""


def _owner(node: s.Expression) -> str:
    return _word(node.value) if isinstance(node, s.Attribute) else ""
