"""What the tests put in place of the application's own: patched names, rebound factories, pinned variables."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts import syntax as s
from isolint.facts.config import PytestConfig
from isolint.facts.evaluate import Evaluator
from isolint.facts.fixtures import Fixtures
from isolint.facts.project import Module
from isolint.facts.scopes import expressions, statements, walk
from isolint.facts.show import dotted
from isolint.facts.values import (
    UNKNOWN,
    Frame,
    Hop,
    Literal,
    ModuleValue,
    Reference,
    Table,
    Trail,
    Value,
    options,
    via,
)

_SETTERS = frozenset({"setattr", "patch", "object"})
_CONFIGURE_HOOKS = frozenset(
    {"pytest_configure", "pytest_load_initial_conftests", "pytest_sessionstart", "pytest_addoption"}
)

Place = tuple[str, int]  # path and line of a module-level binding


class Replacements:
    """Reads the test modules and conftests that govern a file."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures, config: PytestConfig) -> None:
        self.evaluator = evaluator
        self.project = evaluator.project
        self.fixtures = fixtures
        self.config = config
        self._replaced: dict[str, tuple[frozenset[Place], frozenset[Place]]] = {}
        self._pins: dict[str, dict[str, Value]] = {}

    # -- patched names

    def is_replaced(self, path: str, trail: Trail, *, imported: bool = False) -> bool:
        """Whether the tests of a file replace a name that a trail leads through.

        `imported` asks only for replacements made while conftests are imported: a name taken by
        `from module import name` is bound before any fixture runs.
        """
        return self.replaces(path, [(hop.path, hop.at[0]) for hop in trail], imported=imported)

    def replaces(self, path: str, places: list[Place], *, imported: bool = False) -> bool:
        """The same for places: the lines in which module-level names are bound."""
        for module in self.fixtures.chain(path):
            early, late = self._in_module(module)
            if not (early if imported else early | late).isdisjoint(places):
                return True
        return False

    def _in_module(self, module: Module) -> tuple[frozenset[Place], frozenset[Place]]:
        if module.path not in self._replaced:
            frame = self.evaluator.module_frame(module)
            early = frozenset(self._places(module.facts.body, frame))
            late: set[Place] = set()
            for function in module.functions:
                inside = self.evaluator.function_frame(module, function)
                found = set(self._places(function.body, inside))
                found |= set(self._decorated(function, frame))
                late |= found
                early = early | found if function.name in _CONFIGURE_HOOKS else early
            for cls in module.classes:
                late |= {place for d in cls.decorators for place in self._call_places(d, frame)}
            self._replaced[module.path] = (early, frozenset(late))
        return self._replaced[module.path]

    def _decorated(self, function: s.Function, frame: Frame) -> Iterator[Place]:
        for decorator in function.decorators:
            yield from self._call_places(decorator, frame)

    def _places(self, body: s.Block, frame: Frame) -> Iterator[Place]:
        for node in statements(body):
            if isinstance(node, s.Function | s.Class):
                continue
            if isinstance(node, s.Assign):
                for target in node.targets:
                    if isinstance(target, s.Attribute):
                        yield from self._attribute(target.value, target.name, frame)
            for expression in expressions(node):
                for inner in walk(expression):
                    yield from self._call_places(inner, frame)

    def _call_places(self, node: s.Expression, frame: Frame) -> Iterator[Place]:
        """The names that `monkeypatch.setattr`, `patch`, `patch.object` or `factory.configure` replace."""
        if not isinstance(node, s.Call):
            return
        name = (dotted(node.function) or "").rpartition(".")[2]
        if name == "configure" and isinstance(node.function, s.Attribute):
            yield from self._hops(self.evaluator.evaluate(node.function.value, frame))
        if name not in _SETTERS or not node.arguments:
            return
        first = self.evaluator.evaluate(node.arguments[0], frame)
        if isinstance(first, Literal) and isinstance(first.value, str):
            yield from self._named(first.value, frame)
        elif len(node.arguments) > 1:
            second = self.evaluator.evaluate(node.arguments[1], frame)
            if isinstance(second, Literal) and isinstance(second.value, str):
                yield from self._attribute(node.arguments[0], second.value, frame)

    def _named(self, name: str, frame: Frame) -> Iterator[Place]:
        parts = tuple(name.split("."))
        resolved = self.project.resolve(frame.module, parts) if all(parts) else None
        if resolved is not None and resolved.module is not None and resolved.rest:
            yield from self._binding(resolved.module, resolved.rest[0])

    def _attribute(self, owner: s.Expression, name: str, frame: Frame) -> Iterator[Place]:
        for value in options(self.evaluator.evaluate(owner, frame)):
            if isinstance(value, ModuleValue):
                yield from self._binding(value.module, name)
            else:
                yield from self._hops(value)

    def _binding(self, module: Module, name: str) -> Iterator[Place]:
        for binding in module.names.bindings.get(name, ()):
            yield (module.path, binding.line)
            if binding.kind == "import":
                yield from self._hops(self.evaluator.imported(binding, module))

    def _hops(self, value: Value) -> Iterator[Place]:
        """The place a handle or settings object is bound in, so that patching a part of it counts."""
        for option in options(value):
            for hop in option.trail[:1]:
                yield (hop.path, hop.at[0])

    # -- pinned variables

    def pins(self, path: str) -> dict[str, Value]:
        """The variables that the tests of a file set before the application can read them."""
        if path not in self._pins:
            found: dict[str, Value] = {k: Literal(v) for k, v in self.config.environment.items()}
            for module in reversed(self.fixtures.chain(path)):
                found.update(self._set_by(module))
            self._pins[path] = found
        return self._pins[path]

    def _set_by(self, module: Module) -> Iterator[tuple[str, Value]]:
        frame = self.evaluator.module_frame(module)
        for node in statements(module.facts.body):
            if isinstance(node, s.Import) and self._imports_product(module, node):
                break
            yield from self.written(node, frame)
        for function in module.functions:
            if function.name in _CONFIGURE_HOOKS:
                inside = self.evaluator.function_frame(module, function)
                for node in statements(function.body):
                    yield from self.written(node, inside)

    def _imports_product(self, module: Module, node: s.Import) -> bool:
        for bindings in module.names.bindings.values():
            for binding in bindings:
                if binding.node is node and not binding.type_checking:
                    found = self.project.import_target(module, binding).module
                    if found is not None and not found.is_test:
                        return True
        return False

    def written(self, node: s.Statement, frame: Frame) -> Iterator[tuple[str, Value]]:
        """`os.environ[...] = value`, `.setdefault`, `.update` and `setenv` in one statement."""
        if isinstance(node, s.Assign) and node.value is not None and node.operator == "=":
            for target in node.targets:
                if isinstance(target, s.Subscript) and self._is_environment(target.value, frame):
                    yield from self._pinned(target.index, node.value, frame, node.at)
        if not isinstance(node, s.Evaluate) or not isinstance(node.value, s.Call):
            return
        call = node.value
        if not isinstance(call.function, s.Attribute):
            return
        name = call.function.name
        if name == "setenv" or (name == "setdefault" and self._is_environment(call.function.value, frame)):
            if len(call.arguments) > 1:
                yield from self._pinned(call.arguments[0], call.arguments[1], frame, node.at)
        elif name == "update" and self._is_environment(call.function.value, frame):
            yield from self._updated(call, frame, node.at)

    def _updated(self, call: s.Call, frame: Frame, at: s.Position) -> Iterator[tuple[str, Value]]:
        hop = Hop(frame.module.path, at, "os.environ.update(…)")
        for argument in call.arguments:
            table = self.evaluator.evaluate(argument, frame)
            if isinstance(table, Table):
                yield from ((key, via(value, hop)) for key, value in table.entries)
        for key, value in call.keywords:
            if key:
                yield key, via(self.evaluator.evaluate(value, frame), hop)

    def _pinned(
        self, key: s.Expression, value: s.Expression, frame: Frame, at: s.Position
    ) -> Iterator[tuple[str, Value]]:
        name = self.evaluator.evaluate(key, frame)
        if isinstance(name, Literal) and isinstance(name.value, str):
            hop = Hop(frame.module.path, at, f"{name.value} is pinned here")
            found = self.evaluator.evaluate(value, frame)
            yield name.value, via(found if found != Literal(None) else UNKNOWN, hop)

    def _is_environment(self, node: s.Expression, frame: Frame) -> bool:
        value = self.evaluator.evaluate(node, frame)
        return isinstance(value, Reference) and f"{value.name}.[]" in self.evaluator.vocabulary.readers
