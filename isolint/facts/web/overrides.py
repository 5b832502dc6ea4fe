"""What tests put in place of an application's dependencies: `app.dependency_overrides`, and where it is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Instance,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.fixtures import MODULE_SET_UP, SET_UP, Fixtures
from isolint.late import dataclass

ATTRIBUTE = "dependency_overrides"
_HOOKS = ("pytest_configure", "pytest_sessionstart", "pytest_runtest_setup")
_ENTERED = ("__init__", "__enter__", "__aenter__")


@dataclass(slots=True)
class Overrides:
    """Dependency -> what stands in for it, by identity. `all` says that there are some that cannot be told."""

    values: dict[int, Value] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    all: bool = False

    def add(self, other: Overrides) -> None:
        """Put others on top."""
        self.values.update(other.values)
        self.names += [name for name in other.names if name not in self.names]
        self.all = self.all or other.all


def identity(value: Value) -> int | None:
    """What tells a dependency apart: its function or class."""
    match value:
        case FunctionValue():
            return id(value.function)
        case ClassValue():
            return id(value.node)
        case Handle() if value.trail:
            return hash((value.trail[-1].path, value.trail[-1].at))
    return None


class OverridesInForce:
    """Reads the overrides that functions and modules of the tests set."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures) -> None:
        self.evaluator = evaluator
        self.fixtures = fixtures
        self._functions: dict[int, Overrides] = {}
        self._modules: dict[str, Overrides] = {}

    # -- where

    def around(self, module: Module, function: s.Function | None) -> Overrides:
        """The overrides in force in a function of a test module: its own, its fixtures', those set for good."""
        found = Overrides()
        for seen in self.fixtures.chain(module.path):
            found.add(self.of_module(seen))
        if function is None:
            return found
        enclosing: s.Function | None = function
        while enclosing is not None:
            self._with_fixtures(module, enclosing, found)
            enclosing = module.enclosing.get(id(enclosing))
        return found

    def _with_fixtures(self, module: Module, function: s.Function, found: Overrides) -> None:
        owner = module.methods.get(id(function))
        for fixture in self.fixtures.closure(module, function, owner):
            found.add(self.of_function(fixture.module, fixture.function))
        if owner is not None:
            value = ClassValue(module, owner, self.evaluator.module_frame(module))
            for cls in instances.lineage(self.evaluator, value)[0]:
                for node in cls.node.body:
                    if isinstance(node, s.Function) and node.name in SET_UP:
                        found.add(self.of_function(cls.module, node))
        found.add(self.of_function(module, function))

    def of_module(self, module: Module) -> Overrides:
        """What importing a test module, its hooks and its set-up functions override."""
        if module.path not in self._modules:
            self._modules[module.path] = found = Overrides()
            for imported in self._imported(module):
                found.add(self.of_module(imported))
            self._read(module.facts.body, self.evaluator.module_frame(module), found)
            for node in module.facts.body:
                if isinstance(node, s.Function) and (node.name in MODULE_SET_UP or node.name in _HOOKS):
                    found.add(self.of_function(module, node))
        return self._modules[module.path]

    def _imported(self, module: Module) -> Iterator[Module]:
        """The test modules that a test module imports from."""
        seen: set[str] = set()
        for bindings in module.names.bindings.values():
            for binding in bindings:
                if binding.kind == "import" and not binding.type_checking:
                    found = self.evaluator.project.import_target(module, binding).module
                    if found is not None and found.is_test and found.path not in seen:
                        seen.add(found.path)
                        yield found

    def of_function(self, module: Module, function: s.Function) -> Overrides:
        """What running a function overrides, itself and through the functions it calls."""
        key = id(function)
        if key not in self._functions:
            self._functions[key] = found = Overrides()
            frame = self.evaluator.function_frame(module, function)
            self._read(function.body, frame, found)
        return self._functions[key]

    # -- what

    def _read(self, body: s.Block, frame: Frame, found: Overrides) -> None:
        for node in statements(body):
            if isinstance(node, s.Function | s.Class):
                continue
            if isinstance(node, s.Assign):
                self._assigned(node, frame, found)
            for expression in expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Call):
                        self._called(inner, frame, found)

    def _assigned(self, node: s.Assign, frame: Frame, found: Overrides) -> None:
        for target in node.targets:
            match target:
                case s.Subscript(value=table, index=key) if _is_table(table) and node.value is not None:
                    self._put(key, node.value, frame, found)
                case s.Attribute(name=name) if name == ATTRIBUTE and node.value is not None:
                    self._all_of(node.value, frame, found)

    def _called(self, call: s.Call, frame: Frame, found: Overrides) -> None:
        name = last_name(call)
        if isinstance(call.function, s.Attribute) and _is_table(call.function.value):
            if name == "update" and call.arguments:
                self._all_of(call.arguments[0], frame, found)
            elif name in ("setdefault", "__setitem__") and len(call.arguments) > 1:
                self._put(call.arguments[0], call.arguments[1], frame, found)
        elif name in ("setitem", "dict") and call.arguments:
            self._by_patch(call, frame, found)
        elif name:
            self._by_helper(call, frame, found)
            if "overrid" in name.lower():
                self._by_library(call, frame, found)

    def _by_patch(self, call: s.Call, frame: Frame, found: Overrides) -> None:
        """`monkeypatch.setitem(app.dependency_overrides, key, value)` and `patch.dict`."""
        first, *rest = call.arguments
        if _is_table(first) and len(rest) > 1:
            self._put(rest[0], rest[1], frame, found)
        elif _is_table(first) and rest:
            self._all_of(rest[0], frame, found)

    def _by_library(self, call: s.Call, frame: Frame, found: Overrides) -> None:
        """`override(get_db, fake)` of a library that does it: what it is handed is in hand."""
        for argument in call.arguments:
            if isinstance(argument, s.Mapping):
                self._all_of(argument, frame, found)
            for option in options(self.evaluator.evaluate(argument, frame)):
                known = identity(option)
                if known is not None:
                    found.values.setdefault(known, UNKNOWN)

    def _by_helper(self, call: s.Call, frame: Frame, found: Overrides) -> None:
        for option in options(self.evaluator.evaluate(call.function, frame)):
            if isinstance(option, FunctionValue) and isinstance(option.function, s.Function):
                if option.module.is_test or _mentions(option.function):
                    found.add(self.of_function(option.module, option.function))
            elif isinstance(option, ClassValue) and option.module.is_test:
                for method in instances.methods(self.evaluator, Instance(option), _ENTERED):
                    if isinstance(method.function, s.Function):
                        found.add(self.of_function(method.module, method.function))

    def _all_of(self, node: s.Expression, frame: Frame, found: Overrides) -> None:
        if not isinstance(node, s.Mapping):
            found.all = True
            return
        for key, value in node.items:
            if key is None:
                found.all = True
            else:
                self._put(key, value, frame, found)

    def _put(self, key: s.Expression, value: s.Expression, frame: Frame, found: Overrides) -> None:
        given = self.evaluator.evaluate(value, frame)
        for option in options(self.evaluator.evaluate(key, frame)):
            known = identity(option)
            if known is None:
                found.all = True
                continue
            found.values[known] = given
            name = _name(option)
            if name and name not in found.names:
                found.names.append(name)


def _is_table(node: s.Expression) -> bool:
    return isinstance(node, s.Attribute) and node.name == ATTRIBUTE


def _mentions(function: s.Function) -> bool:
    return any(
        isinstance(inner, s.Attribute) and inner.name == ATTRIBUTE
        for node in statements(function.body)
        for expression in expressions(node)
        for inner in walk(expression)
    )


def _name(value: Value) -> str:
    match value:
        case FunctionValue(function=s.Function(name=name)) | ClassValue(node=s.Class(name=name)):
            return name
    return ""
