"""The places rules listen to, in the test modules of a project."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.facts.configuration.django import Django
from isolint.facts.configuration.files import Document
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, expressions, statements, walk
from isolint.facts.program.show import dotted
from isolint.facts.running.relevance import called_in
from isolint.facts.suite.fixtures import MODULE_SET_UP, SET_UP, Fixture, Fixtures
from isolint.facts.targets.lattice import tokens
from isolint.late import dataclass

_TEST_WORDS = frozenset({"test", "tests", "selftest", "doctest", "testmod"})
HOOKS = frozenset(
    "pytest_configure pytest_sessionstart pytest_sessionfinish pytest_runtest_setup pytest_runtest_call "
    "pytest_runtest_teardown pytest_runtest_protocol pytest_collection_modifyitems pytest_unconfigure".split()
)


@dataclass(frozen=True, eq=False)
class File:
    """A test module, conftest, piece of test support, or a module with a self-test."""

    module: Module

    @property
    def at(self) -> s.Position:
        return (1, 0, 1, 0)


@dataclass(frozen=True, eq=False)
class Import:
    """One name bound by an import, in a module or a function; `import_module("...")` assigned to a name counts."""

    module: Module
    binding: Binding
    function: s.Function | None

    @property
    def at(self) -> s.Position:
        return self.binding.imported.at if self.binding.imported is not None else self.binding.node.at


@dataclass(frozen=True, eq=False)
class Test:
    """A test function or method."""

    module: Module
    function: s.Function
    owner: s.Class | None

    @property
    def at(self) -> s.Position:
        return self.function.name_at


@dataclass(frozen=True, eq=False)
class FixtureSite:
    """A fixture where it is defined."""

    module: Module
    fixture: Fixture

    @property
    def function(self) -> s.Function:
        return self.fixture.function

    @property
    def at(self) -> s.Position:
        return self.fixture.function.name_at


@dataclass(frozen=True, eq=False)
class SetUp:
    """Code that runs around tests without being asked for: `setUp` and its kin, module set-up, a pytest hook.

    `kind` is "method", "module" or "hook".
    """

    module: Module
    function: s.Function
    owner: s.Class | None
    kind: str

    @property
    def at(self) -> s.Position:
        return self.function.name_at


@dataclass(frozen=True, eq=False)
class Function:
    """Any function of a test module."""

    module: Module
    function: s.Function

    @property
    def at(self) -> s.Position:
        return self.function.name_at


@dataclass(frozen=True, eq=False)
class SelfTest:
    """The block below `if __name__ == "__main__":` of a module."""

    module: Module
    node: s.If

    @property
    def at(self) -> s.Position:
        return self.node.at


@dataclass(frozen=True, eq=False)
class ConfigFile:
    """A configuration file that decides how the tests run."""

    document: Document

    @property
    def at(self) -> s.Position:
        return (1, 0, 1, 0)


@dataclass(frozen=True, eq=False)
class SettingsModule:
    """A settings module of Django's that the tests run with, or that such a one imports its settings from."""

    module: Module

    @property
    def at(self) -> s.Position:
        return (1, 0, 1, 0)


Site = File | Import | Test | FixtureSite | SetUp | Function | SelfTest | ConfigFile | SettingsModule


class Sites:
    """The sites of one module, each kind gathered when a rule asks for it."""

    def __init__(self, module: Module, fixtures: Fixtures, django: Django) -> None:
        self.module = module
        self.fixtures = fixtures
        self.django = django

    def of(self, kind: type) -> tuple[Site, ...]:
        """The sites of a kind in source order. Raises KeyError for a class that is no kind of site."""
        if kind is ConfigFile:
            return ()
        found: tuple[Site, ...] = getattr(self, _GATHERED[kind])
        return found

    def uses(self, name: str) -> tuple[s.Attribute, ...]:
        """Every `name.attribute` of the module, in source order."""
        return self._uses.get(name, ())

    @cached_property
    def _uses(self) -> dict[str, tuple[s.Attribute, ...]]:
        module = self.module
        bodies = [module.facts.body, *(f.body for f in module.functions), *(c.body for c in module.classes)]
        found: dict[str, list[s.Attribute]] = {}
        for use in attribute_uses(bodies):
            found.setdefault(dotted(use.value) or "", []).append(use)
        return {name: tuple(uses) for name, uses in found.items()}

    @cached_property
    def files(self) -> tuple[File, ...]:
        return (File(self.module),) if self.module.is_test or self.self_tests else ()

    @cached_property
    def settings_modules(self) -> tuple[SettingsModule, ...]:
        found = any(module is self.module for module in self.django.settings_modules)
        return (SettingsModule(self.module),) if found else ()

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        if not self.module.is_test:
            return ()
        found = [Import(self.module, b, None) for b in _imported(self.module.names.bindings)]
        for function in self.module.functions:
            evaluator = self.fixtures.evaluator
            names = evaluator.names(evaluator.function_frame(self.module, function))
            found += [Import(self.module, b, function) for b in _imported(names.bindings)]
        return tuple(sorted(found, key=lambda site: site.at))

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        if not self.module.is_test:
            return ()
        return tuple(
            Test(self.module, function, owner) for function, owner in self.fixtures.tests(self.module)
        )

    @cached_property
    def fixture_sites(self) -> tuple[FixtureSite, ...]:
        if not self.module.is_test:
            return ()
        found = []
        for function in self.module.functions:
            if function.decorators:
                owner = self.module.methods.get(id(function))
                fixture = self.fixtures.fixture(self.module, function, owner)
                if fixture is not None:
                    found.append(FixtureSite(self.module, fixture))
        return tuple(found)

    @cached_property
    def set_ups(self) -> tuple[SetUp, ...]:
        if not self.module.is_test:
            return ()
        return tuple(self._set_ups())

    def _set_ups(self) -> Iterator[SetUp]:
        for node in self.module.facts.body:
            if isinstance(node, s.Function) and node.name in HOOKS:
                yield SetUp(self.module, node, None, "hook")
            elif isinstance(node, s.Function) and node.name in MODULE_SET_UP:
                yield SetUp(self.module, node, None, "module")
        for cls in self.module.classes:
            for node in cls.body:
                if isinstance(node, s.Function) and node.name in SET_UP:
                    yield SetUp(self.module, node, cls, "method")

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        if not self.module.is_test:
            return ()
        return tuple(Function(self.module, function) for function in self.module.functions)

    @cached_property
    def self_tests(self) -> tuple[SelfTest, ...]:
        nodes = [n for n in self.module.facts.body if isinstance(n, s.If) and is_main(n.test)]
        return tuple(SelfTest(self.module, n) for n in nodes if self.module.is_test or self._tests(n.body))

    def _tests(self, body: s.Block) -> bool:
        """Whether a script's main block tests its module: it asserts, or calls something named for tests.

        The module's own functions that it calls are read, too.
        """
        functions = {f.name: f for f in self.module.facts.body if isinstance(f, s.Function)}
        pending, seen = [body], set[str]()
        while pending:
            current = pending.pop()
            if any(isinstance(node, s.Assert) for node in statements(current)):
                return True
            for name in called_in(current) - seen:
                seen.add(name)
                if not tokens(name).isdisjoint(_TEST_WORDS):
                    return True
                if name in functions:
                    pending.append(functions[name].body)
        return False


class DocumentSites:
    """The only site of a configuration file: itself."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def of(self, kind: type) -> tuple[Site, ...]:
        """The file, for those who listen to configuration files."""
        return (ConfigFile(self.document),) if kind is ConfigFile else ()


_GATHERED: dict[type, str] = {
    File: "files",
    Import: "imports",
    Test: "tests",
    FixtureSite: "fixture_sites",
    SetUp: "set_ups",
    Function: "functions",
    SelfTest: "self_tests",
    SettingsModule: "settings_modules",
}


def _imported(bindings: dict[str, tuple[Binding, ...]]) -> Iterator[Binding]:
    for several in bindings.values():
        for binding in several:
            if binding.type_checking:
                continue
            if binding.kind == "import" or (binding.kind == "assign" and _imports_by_name(binding.value)):
                yield binding


def _imports_by_name(value: s.Expression | None) -> bool:
    return isinstance(value, s.Call) and (dotted(value.function) or "").rpartition(".")[2] == "import_module"


def is_main(test: s.Expression) -> bool:
    """Whether a condition is `__name__ == "__main__"`."""
    match test:
        case s.Compare(
            left=s.Name(id="__name__"), operators=("==",), comparators=(s.Constant(value="__main__"),)
        ):
            return True
    return False


def attribute_uses(bodies: list[s.Block], name: str = "") -> Iterator[s.Attribute]:
    """Every `name.attribute` (without a name: every attribute of a dotted name) of these bodies, in source order."""
    found: dict[s.Position, s.Attribute] = {}
    for body in bodies:
        for node in statements(body):
            for expression in expressions(node):
                for inner in walk(expression):
                    if (
                        isinstance(inner, s.Attribute)
                        and (owner := dotted(inner.value))
                        and name in ("", owner)
                    ):
                        found.setdefault(inner.at, inner)
    yield from (found[at] for at in sorted(found))
