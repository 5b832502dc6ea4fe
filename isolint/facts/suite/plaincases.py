"""Test cases that write through Django's ORM without Django's transaction around each test."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Hop,
    Instance,
    Reference,
    Thing,
    Trail,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression
from isolint.facts.program.show import dotted, show
from isolint.facts.running.relevance import calls_in
from isolint.facts.suite.fixtures import SET_UP, TEAR_DOWN, Fixture, Fixtures
from isolint.facts.suite.reach import Reach
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.suite.rowwords import RowWords

DEEPEST = 3
_PLAIN = frozenset({"unittest.TestCase", "unittest.case.TestCase", "unittest.IsolatedAsyncioTestCase"})
_MODELS = ("django", "db", "models")
_DATABASE = frozenset("db transactional_db django_db_reset_sequences django_db_serialized_rollback".split())
_ROLLS_BACK = frozenset(
    {"atomic", "rollback", "set_rollback", "set_autocommit", "savepoint_rollback", "flush"}
)
_CLEANS = frozenset({"delete", "_raw_delete", "truncate", "flush", "rollback", "call_command", "adelete"})
_UNBLOCKS = "django_db_blocker"


@dataclass(frozen=True, slots=True, eq=False)
class Unwrapped:
    """A test case, or fixture of a broad scope, whose rows stay: `write` is the code that makes the first one."""

    at: s.Position
    name: str
    base: str
    write: str
    trail: Trail


class PlainCases:
    """Finds them."""

    def __init__(self, fixtures: Fixtures, reach: Reach) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.reach = reach
        self._active: set[int] = set()

    @cached_property
    def words(self) -> RowWords:
        from isolint.facts.suite.rowwords import RowWords

        return RowWords(self.reach, self._is_factory)

    def classes(self, module: Module) -> Iterator[Unwrapped]:
        """The classes of a test module that are plain test cases of unittest and make rows all the same."""
        own = self.fixtures.project.resolve(module, _MODELS)
        if own.module is not None and not own.rest:
            return  # the project is Django itself: its own test cases, too, derive from unittest's
        for cls in module.classes:
            value = ClassValue(module, cls, self.evaluator.module_frame(module))
            base = self._plain_base(value)
            if not base or not any(True for _ in _tests(cls)):
                continue
            methods = self._writing_methods(value)
            if methods and not self._is_wrapped(module, cls):
                write = next(self._writes_of(value, methods), None)
                if write is not None and not self._cleans_up(value):
                    hop = Hop(write[0].module.path, write[1].at, show(write[1]))
                    yield Unwrapped(cls.name_at, cls.name, base, show(write[1].function), (hop,))

    def fixtures_of(self, module: Module) -> Iterator[tuple[Unwrapped, Fixture]]:
        """The fixtures of modules and classes that unblock the database, make rows and leave them there."""
        for function in module.functions:
            fixture = self.fixtures.fixture(module, function, module.methods.get(id(function)))
            if fixture is None or fixture.scope not in ("module", "class", "package"):
                continue
            if _UNBLOCKS not in fixture.requests or not _CLEANS.isdisjoint(_called(function.body)):
                continue
            if not _ROLLS_BACK.isdisjoint(_called(function.body)):
                continue
            frame = self.evaluator.function_frame(module, function)
            write = next(self._writes(function.body, frame, "", module), None)
            if write is not None:
                yield Unwrapped(write[1].at, function.name, "", show(write[1].function), ()), fixture

    # -- the class

    def _plain_base(self, value: ClassValue) -> str:
        """The base that makes a class a plain test case; "" for Django's, and where any base cannot be told."""
        classes, external = instances.lineage(self.evaluator, value)
        for each in classes:
            for base in each.node.bases:
                found = options(self.evaluator.evaluate(base, each.frame))
                if not all(isinstance(option, ClassValue | Reference) for option in found):
                    return ""
        others = [
            name for name in external if name not in _PLAIN and name not in ("object", "builtins.object")
        ]
        plain = [name for name in external if name in _PLAIN]
        return plain[0] if plain and not others else ""

    def _is_wrapped(self, module: Module, cls: s.Class) -> bool:
        """Whether pytest-django gives every test of a class a transaction: by a mark, or a fixture for all."""
        marks = [*cls.decorators]
        for body in (module.facts.body, cls.body):
            for node in body:
                if not isinstance(node, s.Assign) or node.value is None:
                    continue
                if any(isinstance(t, s.Name) and t.id == "pytestmark" for t in node.targets):
                    value = node.value
                    marks += value.items if isinstance(value, s.Sequence) else [value]
        if any("django_db" in (dotted(m.function if isinstance(m, s.Call) else m) or "") for m in marks):
            return True
        test = next(_tests(cls), None)
        if test is None:
            return True
        named = {*self.fixtures.marked(module, test, cls)}
        for fixture in self.fixtures.closure(module, test, cls):
            named |= {fixture.name, *fixture.requests}
        return not _DATABASE.isdisjoint(named)

    def _cleans_up(self, value: ClassValue) -> bool:
        """Whether a class takes away what it has made, or wraps its tests itself."""
        for cls in instances.lineage(self.evaluator, value)[0]:
            for node in cls.node.body:
                if isinstance(node, s.Function):
                    called = _called(node.body)
                    if not _ROLLS_BACK.isdisjoint(called) or "addCleanup" in called:
                        return True
                    if node.name in (*TEAR_DOWN, "run", "__call__") and (node.body and called):
                        return True
        return False

    # -- rows

    def _writing_methods(self, value: ClassValue) -> list[tuple[ClassValue, s.Function]]:
        """The set-ups and tests of a class that may make rows, as far as names tell."""
        return [
            (cls, node)
            for cls in instances.lineage(self.evaluator, value)[0]
            for node in cls.node.body
            if isinstance(node, s.Function)
            and (node.name in SET_UP or node.name.startswith("test"))
            and self.words.function(cls.module, node, value.module)
        ]

    def _writes_of(
        self, value: ClassValue, methods: list[tuple[ClassValue, s.Function]]
    ) -> Iterator[tuple[Frame, s.Call]]:
        instance = Instance(value)
        for cls, node in methods:
            method = instances.method(self.evaluator, instance, node.name)
            if method is not None and isinstance(method.function, s.Function):
                frame = self.evaluator.call_frame(method, None, method.frame)
                yield from self._writes(method.function.body, frame, _patched(node, cls.node), value.module)

    def _writes(
        self, body: s.Block, frame: Frame, patched: str, seen_from: Module, depth: int = 0
    ) -> Iterator[tuple[Frame, s.Call]]:
        """The calls that make rows, in a body and the code of the tests that it calls."""
        for node in calls_in(body):
            model = self._made(node, frame)
            if model:
                if model not in patched:
                    yield frame, node
                continue
            if depth == DEEPEST or not self.words.call(node, frame.module, seen_from):
                continue
            for callee in options(self.evaluator.evaluate(node.function, frame)):
                function = callee.function if isinstance(callee, FunctionValue) else None
                if not isinstance(function, s.Function) or id(function) in self._active:
                    continue
                if isinstance(callee, FunctionValue) and callee.module.is_test:
                    self._active.add(id(function))
                    inside = self.evaluator.call_frame(callee, node, frame)
                    writes = self._writes(function.body, inside, patched, seen_from, depth + 1)
                    if any(True for _ in writes):
                        yield frame, node
                    self._active.discard(id(function))

    def _made(self, node: s.Call, frame: Frame) -> str:
        """The model that a call makes a row of, "" for any other call."""
        from isolint.facts.suite import rowwords

        match node.function:
            case s.Attribute(value=s.Attribute(value=model, name="objects"), name=name) if (
                name in rowwords.MANAGER
            ):
                return self._model(self.evaluator.evaluate(model, frame), show(model))
            case s.Attribute(value=made, name="save" | "asave"):
                for option in options(self.evaluator.evaluate(made, frame)):
                    if isinstance(option, Instance) and option.call is not None:
                        return self._model(option.of, option.of.node.name)
                return ""
            case s.Attribute(value=factory, name=name) if name in rowwords.FACTORY:
                return self._factory(factory, frame)
            case s.Name() as factory:
                return self._factory(factory, frame)
        return ""

    def _factory(self, node: s.Expression, frame: Frame) -> str:
        for option in options(self.evaluator.evaluate(node, frame)):
            if isinstance(option, ClassValue) and (name := self._factory_name(option)):
                return name
        return ""

    def _factory_name(self, cls: ClassValue) -> str:
        external = instances.lineage(self.evaluator, cls)[1]
        return cls.node.name if any(name.endswith("DjangoModelFactory") for name in external) else ""

    def _is_factory(self, module: Module, name: str) -> bool:
        """Whether a module's name may be a factory's class."""
        found = options(self.evaluator.module_name(module, name))
        return any(isinstance(option, ClassValue) and self._factory_name(option) for option in found)

    def _model(self, value: Value, name: str) -> str:
        for option in options(value):
            match option:
                case ClassValue():
                    external = instances.lineage(self.evaluator, option)[1]
                    if any(base.startswith("django.") for base in external):
                        return option.node.name
                case Reference(name=full) if full.startswith("django.contrib."):
                    return full.rpartition(".")[2]
                case Thing(made_by="django.contrib.auth.get_user_model"):
                    return name
        return ""


def _tests(cls: s.Class) -> Iterator[s.Function]:
    return (node for node in cls.body if isinstance(node, s.Function) and node.name.startswith("test"))


def _called(body: s.Block) -> set[str]:
    """The last names of what a body mentions."""
    found = set()
    for node in every_expression(body):
        if isinstance(node, s.Attribute):
            found.add(node.name)
        elif isinstance(node, s.Name):
            found.add(node.id)
    return found


def _patched(function: s.Function, cls: s.Class) -> str:
    """The names that patches of a test hold, as one text."""
    nodes = [*function.decorators, *cls.decorators, *every_expression(function.body)]
    calls = [n for n in nodes if isinstance(n, s.Call) and "patch" in show(n.function)]
    return " ".join(show(argument) for call in calls for argument in call.arguments)
