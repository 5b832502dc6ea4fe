"""What the tests of a file put in place of the application's objects, in the places and names they replace.

Unlike a replaced handle, an object is also replaced by patching the class that makes it, the accessor that
hands it out, the library it is made with, or by resetting the global it is kept in. Fixtures of a conftest
count only where they are in force.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Instance,
    Literal,
    ModuleValue,
    Reference,
    Table,
    Trail,
    Value,
    options,
)
from isolint.facts.order.replacements import Place, Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import dotted
from isolint.facts.running.opened import Opening
from isolint.facts.running.relevance import calls_in
from isolint.facts.suite.fixtures import Fixture, Fixtures
from isolint.facts.targets.lattice import tokens
from isolint.late import dataclass

_SETTERS = frozenset({"setattr", "setitem", "patch", "object", "multiple"})
_FORGETS = frozenset({"cache_clear", "clear_cache"})


@dataclass(frozen=True, slots=True, eq=False)
class Diverted:
    """The lines that bind what is replaced, the library names, and the environment variables that are set."""

    places: frozenset[Place]
    libraries: frozenset[str]
    variables: frozenset[str]

    def covers(self, opening: Opening, trail: Trail) -> bool:
        """Whether a way to a store leads through something replaced."""
        lines = {(hop.path, hop.at[0]) for hop in (*opening.chain, *trail)}
        if not self.places.isdisjoint(opening.places | lines):
            return True
        return any(
            name == patched or name.startswith(f"{patched}.") or patched.startswith(f"{name}.")
            for name in opening.libraries
            for patched in self.libraries
        )


class Diversions:
    """Reads a test file, the fixtures in force in it and the test support it imports."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures, replacements: Replacements) -> None:
        self.evaluator = evaluator
        self.fixtures = fixtures
        self.replacements = replacements
        self._read: dict[str, Diverted] = {}

    def of(self, module: Module, functions: list[s.Function] | None = None) -> Diverted:
        """What is replaced for the tests of a file, or by the `functions` of its self-tests."""
        if module.path not in self._read:
            places: set[Place] = set()
            libraries: set[str] = set()
            variables: set[str] = set()
            for body, frame in self._bodies(module, functions):
                for found in self._replaced(body, frame):
                    if isinstance(found, str):
                        libraries.add(found)
                    else:
                        places.add(found)
                for node in statements(body):
                    variables.update(name for name, _ in self.replacements.environment.written(node, frame))
                    variables.update(self._patched_variables(node, frame))
            self._read[module.path] = Diverted(frozenset(places), frozenset(libraries), frozenset(variables))
        return self._read[module.path]

    # -- the code that counts

    def _bodies(self, module: Module, functions: list[s.Function] | None) -> Iterator[tuple[s.Block, Frame]]:
        seen: set[int] = set()
        if functions is not None:
            for function in functions:
                yield from self._of_function(module, function, seen)
            return
        yield from self._of_module(module, seen, in_force=None)
        force = {id(f.function) for f in self._in_force(module)}
        for fixture in self._in_force(module):
            yield from self._of_function(fixture.module, fixture.function, seen)
        for seen_module in [*self.fixtures.chain(module.path)[1:], *self._support(module)]:
            yield from self._of_module(seen_module, seen, in_force=force)

    def _of_module(
        self, module: Module, seen: set[int], in_force: set[int] | None
    ) -> Iterator[tuple[s.Block, Frame]]:
        frame = self.evaluator.module_frame(module)
        yield module.facts.body, frame
        for function in module.functions:
            is_fixture = in_force is not None and self._is_fixture(module, function)
            if not is_fixture or (in_force is not None and id(function) in in_force):
                yield from self._of_function(module, function, seen)
        for cls in module.classes:
            yield tuple(s.Evaluate(d, d.at) for d in cls.decorators), frame
            yield cls.body, frame

    def _is_fixture(self, module: Module, function: s.Function) -> bool:
        owner = module.methods.get(id(function))
        return bool(function.decorators) and self.fixtures.fixture(module, function, owner) is not None

    def _of_function(
        self, module: Module, function: s.Function, seen: set[int]
    ) -> Iterator[tuple[s.Block, Frame]]:
        if id(function) in seen:
            return
        seen.add(id(function))
        decorators = tuple(s.Evaluate(d, d.at) for d in function.decorators)
        yield decorators, self.evaluator.module_frame(module)
        yield function.body, self.evaluator.function_frame(module, function)

    def _in_force(self, module: Module) -> tuple[Fixture, ...]:
        """The fixtures that run for some test of a module."""
        names: dict[str, None] = {}
        for function in module.functions:
            names.update((p.name, None) for p in function.parameters)
            owner = module.methods.get(id(function))
            names.update((name, None) for name in self.fixtures.marked(module, function, owner))
        found = [f for name in names if (f := self.fixtures.find(name, module)) is not None]
        for cls in module.classes:
            found += self.fixtures.autouse(module, cls)
        return self.fixtures.transitive([*self.fixtures.autouse(module), *found])

    def _support(self, module: Module) -> Iterator[Module]:
        """The test modules that a test module imports."""
        seen: set[str] = {module.path}
        for bindings in module.names.bindings.values():
            for binding in bindings:
                if binding.kind == "import":
                    found = self.fixtures.project.import_target(module, binding).module
                    if found is not None and found.is_test and found.path not in seen:
                        seen.add(found.path)
                        yield found

    # -- what it replaces

    def _replaced(self, body: s.Block, frame: Frame) -> Iterator[Place | str]:
        for node in statements(body):
            if isinstance(node, s.Function | s.Class):
                continue
            if isinstance(node, s.Assign):
                for target in node.targets:
                    yield from self._assigned(target, node, frame)
            for expression in expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Call):
                        yield from self._called(inner, frame)

    def _assigned(self, target: s.Expression, node: s.Assign, frame: Frame) -> Iterator[Place | str]:
        match target:
            case s.Attribute():
                yield from self._attribute(target.value, target.name, frame)
            case s.Subscript(value=s.Attribute(name="modules"), index=s.Constant(value=str(name))):
                yield name
            case s.Name() if frame.function is not None and node.value is not None:
                if target.id in self.evaluator.names(frame).globals and not _hands_out(
                    frame.function, target.id
                ):
                    yield from _binding_lines(frame.module, target.id)

    def _called(self, call: s.Call, frame: Frame) -> Iterator[Place | str]:
        name = (dotted(call.function) or "").rpartition(".")[2]
        if name in _FORGETS and isinstance(call.function, s.Attribute):
            yield from self._function_lines(self.evaluator.evaluate(call.function.value, frame))
        elif "reset" in tokens(name):
            yield from self._forgotten(self.evaluator.evaluate(call.function, frame))
        elif name == "dict" and len(call.arguments) > 1:
            yield from self._modules(call, frame)
        elif name in _SETTERS and call.arguments:
            yield from self._set(call, frame)

    def _set(self, call: s.Call, frame: Frame) -> Iterator[Place | str]:
        first = self.evaluator.evaluate(call.arguments[0], frame)
        second = (
            self.evaluator.evaluate(call.arguments[1], frame) if len(call.arguments) > 1 else Literal(None)
        )
        if isinstance(first, Literal) and isinstance(first.value, str):
            yield from self._named(first.value, frame)
        elif isinstance(second, Literal) and isinstance(second.value, str):
            if first == Reference("sys.modules"):
                yield second.value
            yield from self._attribute(call.arguments[0], second.value, frame)

    def _modules(self, call: s.Call, frame: Frame) -> Iterator[str]:
        """`patch.dict(sys.modules, {...})`."""
        first = self.evaluator.evaluate(call.arguments[0], frame)
        table = self.evaluator.evaluate(call.arguments[1], frame)
        if first in (Reference("sys.modules"), Literal("sys.modules")) and isinstance(table, Table):
            yield from (key for key, _ in table.entries)

    def _patched_variables(self, node: s.Statement, frame: Frame) -> Iterator[str]:
        """`patch.dict(os.environ, {...})`."""
        for expression in expressions(node):
            for inner in walk(expression):
                match inner:
                    case s.Call(function=s.Attribute(name="dict"), arguments=(_, table, *_)):
                        value = self.evaluator.evaluate(table, frame)
                        if isinstance(value, Table):
                            yield from (key for key, _ in value.entries)
                    case s.Call(
                        function=s.Attribute(name="setenv"), arguments=(s.Constant(value=str(key)), *_)
                    ):
                        yield key

    def _named(self, name: str, frame: Frame) -> Iterator[Place | str]:
        """What the dotted name given to `patch` stands for."""
        parts = tuple(name.split("."))
        resolved = self.fixtures.project.resolve(frame.module, parts) if all(parts) else None
        if resolved is None or resolved.module is None:
            yield name
            return
        if resolved.rest:
            yield from _binding_lines(resolved.module, resolved.rest[0])
        if len(resolved.rest) > 1:
            value = self.evaluator.module_name(resolved.module, resolved.rest[0])
            yield from self._parts(value, resolved.rest[1])

    def _attribute(self, owner: s.Expression, name: str, frame: Frame) -> Iterator[Place | str]:
        for value in options(self.evaluator.evaluate(owner, frame)):
            if isinstance(value, ModuleValue):
                yield from _binding_lines(value.module, name)
            else:
                yield from self._parts(value, name)

    def _parts(self, value: Value, name: str) -> Iterator[Place | str]:
        """The lines of a class that define an attribute, and those that bind the object itself."""
        for option in options(value):
            if isinstance(option, Reference):
                yield f"{option.name}.{name}"
            if isinstance(option, ModuleValue):
                yield from _binding_lines(option.module, name)
            cls = option.of if isinstance(option, Instance) else option
            if isinstance(cls, ClassValue):
                for ancestor in instances.lineage(self.evaluator, cls)[0]:
                    yield from _attribute_lines(self.evaluator, ancestor, name)
            yield from ((hop.path, hop.at[0]) for hop in option.trail[:1])

    def _function_lines(self, value: Value) -> Iterator[Place]:
        for option in options(value):
            if isinstance(option, FunctionValue):
                yield (option.module.path, option.function.at[0])

    def _forgotten(self, value: Value) -> Iterator[Place | str]:
        """The globals and class attributes that a `reset_...()` of the application empties, and its helpers."""
        for option in options(value):
            if isinstance(option, FunctionValue) and isinstance(option.function, s.Function):
                yield from self._emptied(option.module, option.function)

    def _emptied(self, module: Module, function: s.Function) -> Iterator[Place | str]:
        frame = self.evaluator.function_frame(module, function)
        for name in self.evaluator.names(frame).globals:
            yield from _binding_lines(module, name)
        for node in statements(function.body):
            if isinstance(node, s.Assign):
                for target in node.targets:
                    if isinstance(target, s.Attribute):
                        yield from self._attribute(target.value, target.name, frame)
        for call in calls_in(function.body):
            if isinstance(call.function, s.Attribute) and call.function.name in _FORGETS:
                yield from self._function_lines(self.evaluator.evaluate(call.function.value, frame))


def _hands_out(function: s.Function | s.Lambda, name: str) -> bool:
    """Whether a function returns a name: the accessor itself."""
    if isinstance(function, s.Lambda):
        return False
    returned = [node.value for node in statements(function.body) if isinstance(node, s.Return)]
    return any(isinstance(value, s.Name) and value.id == name for value in returned)


def _binding_lines(module: Module, name: str) -> Iterator[Place]:
    for binding in module.names.bindings.get(name, ()):
        yield (module.path, binding.line)


def _attribute_lines(evaluator: Evaluator, cls: ClassValue, name: str) -> Iterator[Place]:
    for binding in evaluator.names(instances.body_frame(cls)).bindings.get(name, ()):
        yield (cls.module.path, binding.line)
    for _, node in evaluator.assignments(cls.node).get(name, ()):
        yield (cls.module.path, node.at[0])
