"""What does this expression stand for? Evaluation on demand, without running anything.

Names are followed through scopes, imports, re-exports, assignments, calls of first-party functions and
attributes of first-party classes; library calls through the vocabulary. What cannot be told is Unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isolint.facts.meaning import arguments, configured, handles, instances, libraries, strings
from isolint.facts.meaning.frames import Frames
from isolint.facts.meaning.modulenames import ModuleNames
from isolint.facts.meaning.outcomes import Outcomes, bind_arguments
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Deferred,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Items,
    Literal,
    Made,
    Method,
    ModuleValue,
    Namespace,
    Parameter,
    Reference,
    Table,
    Thing,
    Union,
    UniqueName,
    Unknown,
    Value,
    item,
    iterated,
    options,
    union,
    via,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import Binding, reaching
from isolint.facts.program.show import show

DEEPEST = 40
SHALLOW = 12
MOST_STEPS = 2_000


class Evaluator(Frames):
    """Evaluates expressions of a project. `parameter` gives the value of a fixture or other injected argument."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.vocabulary = project.vocabulary
        self.parameter: Callable[[Frame, s.Parameter], Value | None] = lambda frame, parameter: None
        self.guards: dict[int, bool] = {}  # conditions by identity: whether they check for tests
        self._assignments: dict[int, dict[str, list[tuple[s.Function, s.Assign]]]] = {}
        self.modules = ModuleNames(self)
        self._depth = 0
        self._steps = 0
        self._cut = 0
        self.outcomes = Outcomes(self)
        self._running: set[tuple[s.Expression, Frame]] = set()
        self.lineages: dict[int, tuple[tuple[ClassValue, ...], tuple[str, ...]]] = {}
        self.attributes: dict[tuple[int, int, int, str], tuple[Instance, Value]] = {}
        self.assigning: set[tuple[int, int, int, str]] = set()  # the attributes that are being found
        self.class_attributes: dict[tuple[int, str], Value] = {}
        self.inherited: dict[tuple[int, str], tuple[ClassValue, s.Function] | None] = {}

    def assignments(self, cls: s.Class) -> dict[str, list[tuple[s.Function, s.Assign]]]:
        """What the methods of a class assign to attributes of `self`."""
        key = id(cls)
        if key not in self._assignments:
            self._assignments[key] = instances.assignments(cls)
        return self._assignments[key]

    # -- expressions

    def evaluate(self, node: s.Expression, frame: Frame) -> Value:
        """The value of an expression in a frame; Unknown where it cannot be told."""
        known = frame.memory.get(node)
        if known is not None:
            return known
        key = (node, frame)
        if self._depth == 0:
            self._steps = 0
        self._steps += 1
        if self._depth > DEEPEST or self._steps > MOST_STEPS or key in self._running:
            self._cut += 1
            return UNKNOWN
        cut = self._cut
        self._depth += 1
        self._running.add(key)
        try:
            method = _KINDS.get(type(node))
            value = method(self, node, frame) if method is not None else UNKNOWN
        finally:
            self._running.discard(key)
            self._depth -= 1
        if cut == self._cut or self._depth <= SHALLOW:
            frame.memory[node] = value
        return value

    def constant(self, node: s.Constant, frame: Frame) -> Value:
        return Literal(node.value)

    def name(self, node: s.Name, frame: Frame) -> Value:
        return self.lookup(node.id, frame, node.at[0])

    def lookup(self, name: str, frame: Frame, line: int | None = None) -> Value:
        """The value of a name, innermost scope first. `line` is where it is read, in the frame's own body."""
        current: Frame | None = frame
        while current is not None:
            if current.function is None and current.owner is None:
                return self.module_name(current.module, name, line if current is frame else None)
            found = self._local(name, current, line if current is frame else None)
            if found is not None and (current is frame or current.function is not None):
                return found
            current = current.parent
        return UNKNOWN

    def _local(self, name: str, frame: Frame, line: int | None) -> Value | None:
        names = self.names(frame)
        if name in names.globals:
            return self.module_name(frame.module, name, None)
        bindings = names.bindings.get(name)
        parameter = None
        if frame.function is not None:
            for each in frame.function.parameters:
                if each.name == name:
                    parameter = each
                    break
        if bindings is None:
            return None if parameter is None else self.argument(frame, parameter)
        if parameter is None:
            return self.bound(bindings, frame, line)
        before = [b for b in bindings if line is None or b.line < line]
        given = self.argument(frame, parameter)
        if not before:
            return given
        if arguments.is_filled(frame, name, reaching(bindings, line)) and arguments.is_passed(given):
            return given
        bound = self.bound(bindings, frame, line)
        if given == Literal(None) or any(not b.branch for b in before):
            return bound
        return union([given, bound])

    def argument(self, frame: Frame, parameter: s.Parameter) -> Value:
        """What a parameter holds: the call's argument, an injected value, its default, what its type says."""
        given = frame.arguments.get(parameter.name)
        if isinstance(given, Deferred):
            return self.evaluate(given.expression, given.frame)
        if given is not None:
            return given
        function = frame.function
        if (
            isinstance(function, s.Function)
            and frame.receiver is not None
            and function.parameters[:1] == (parameter,)
        ):
            return frame.receiver
        injected = self.parameter(frame, parameter)
        if injected is not None:
            return injected
        if parameter.annotation is not None:
            typed = handles.annotated(self, parameter.annotation, frame)
            if typed is not None:
                return typed
        if parameter.default is not None and frame.parent is not None:
            return self.evaluate(parameter.default, frame.parent)
        return Parameter(function.qualname if isinstance(function, s.Function) else "lambda", parameter.name)

    def module_name(self, module: Module, name: str, line: int | None = None) -> Value:
        """The value of a module's name: after the whole module has run, or as read in `line` of its top level."""
        return self.modules.value(module, name, line)

    @property
    def is_exhausted(self) -> bool:
        """Whether so much was followed for the value being found that it is not to be relied upon."""
        return self._depth > DEEPEST // 2 or self._steps > MOST_STEPS

    def bound(self, bindings: tuple[Binding, ...], frame: Frame, line: int | None) -> Value:
        """The value of a name with these bindings where it is read in `line`."""
        if len(bindings) == 1 and bindings[0].kind not in ("augmented", "delete"):
            only = bindings[0]
            found = UNKNOWN if only.type_checking else self.binding(only, frame)
            return union([found]) if isinstance(found, Union) else found
        return union([self.binding(b, frame) for b in reaching(bindings, line) if not b.type_checking])

    def binding(self, binding: Binding, frame: Frame) -> Value:
        """The value that one binding gives its name."""
        node, value = binding.node, binding.value
        if binding.kind == "import":
            return self.imported(binding, frame.module)
        if isinstance(node, s.Function):
            return FunctionValue(frame.module, node, frame)
        if isinstance(node, s.Class):
            return ClassValue(frame.module, node, frame)
        if value is None:
            typed = None if binding.annotation is None else handles.annotated(self, binding.annotation, frame)
            return typed or UNKNOWN
        found = self.evaluate(value, frame)
        if binding.kind == "with":
            found = handles.entered(self, found)
        elif binding.kind == "for":
            found = iterated(found)
        for index in binding.unpack:
            found = item(found, index)
        if isinstance(found, FunctionValue | ClassValue | ModuleValue | Reference):
            return found
        return via(found, Hop(frame.module.path, node.at, f"{binding.name} = {show(value)}"))

    def imported(self, binding: Binding, module: Module) -> Value:
        """What an import binds."""
        resolved = self.project.import_target(module, binding)
        if resolved.module is None:
            parts = tuple(resolved.external.split("."))
            if self.project.is_namespace(module, parts) and parts[0] not in self.vocabulary.libraries:
                return Namespace(module, parts)
            return handles.referenced(self, resolved.external)
        value: Value = ModuleValue(resolved.module)
        for name in resolved.rest:
            value = self.attribute_of(value, name, None)
        return value

    # -- attributes, subscripts, calls

    def attribute(self, node: s.Attribute, frame: Frame) -> Value:
        return self.attribute_of(self.evaluate(node.value, frame), node.name, node)

    def attribute_of(self, value: Value, name: str, node: s.Attribute | None) -> Value:
        """The attribute `name` of a value."""
        match value:
            case Union():
                return union([self.attribute_of(option, name, node) for option in value.options])
            case ModuleValue():
                return self.module_name(value.module, name)
            case Namespace():
                return self._namespace(value, name)
            case Reference():
                return handles.referenced(self, f"{value.name}.{name}")
            case Instance():
                return via(instances.attribute(self, value, name), *value.trail)
            case ClassValue():
                return instances.class_attribute(self, value, name)
            case Handle() | Thing() | Method():
                return handles.attribute(self, value, name)
        return strings.attribute(value, name)

    def _namespace(self, value: Namespace, name: str) -> Value:
        parts = (*value.parts, name)
        resolved = self.project.resolve(value.module, parts)
        if resolved.module is not None and not resolved.rest:
            return ModuleValue(resolved.module)
        return Namespace(value.module, parts)

    def subscript(self, node: s.Subscript, frame: Frame) -> Value:
        value = self.evaluate(node.value, frame)
        index = self.evaluate(node.index, frame)
        results = [self._subscripted(option, index, node, frame) for option in options(value)]
        return union(results)

    def _subscripted(self, value: Value, index: Value, node: s.Subscript, frame: Frame) -> Value:
        match value, index:
            case Items(), Literal(value=int(position)) if -len(value.values) <= position < len(value.values):
                return value.values[position]
            case Table(), Literal(value=str(key)):
                return dict(value.entries).get(key, UNKNOWN)
            case ((Handle() | Method()), _):
                return handles.subscript(self, value, index)
            case Reference(name="typing.Annotated" | "typing_extensions.Annotated"), Items(values=values):
                return union([known for known in values if isinstance(known, Made)])
            case Reference(), _:
                return configured.read_subscript(self, value, index, node, frame)
            case ((ClassValue() | UniqueName()), _):
                return value
        return UNKNOWN

    def call(self, node: s.Call, frame: Frame) -> Value:
        callee = self.evaluate(node.function, frame)
        return union([self.call_value(option, node, frame) for option in options(callee)])

    def call_value(self, callee: Value, node: s.Call, frame: Frame) -> Value:
        """The result of calling a value with the arguments of a call."""
        match callee:
            case FunctionValue():
                hop = Hop(callee.module.path, callee.function.at, f"{_title(callee.function)} returns")
                result = self.result(callee, self.call_frame(callee, node, frame))
                return via(result, *callee.trail) if _plain(result) else via(result, hop, *callee.trail)
            case ClassValue():
                special = handles.from_class(self, callee, node, frame)
                return special or Instance(callee, node, frame, trail=callee.trail)
            case Instance():
                return instances.called(self, callee, node, frame)
            case Reference():
                return libraries.called(self, callee, node, frame)
            case Handle() | Thing() | Method():
                return handles.called(self, callee, node, frame)
        return strings.called(self, callee, node, frame)

    def call_frame(self, callee: FunctionValue, node: s.Call | None, frame: Frame) -> Frame:
        """The frame in which a call runs its function."""
        function = callee.function
        given: dict[str, Value | Deferred] = {}
        if node is not None:
            bound = callee.receiver is not None
            given = bind_arguments(function.parameters, node, frame, skip=1 if bound else 0)
        owner = callee.module.methods.get(id(function))
        return Frame(callee.module, function, callee.frame, given, callee.receiver, owner)

    def result(self, callee: FunctionValue, inside: Frame) -> Value:
        """What a call of a first-party function returns; a generator's or context manager's item is wrapped."""
        return self.outcomes.of(callee, inside)

    @property
    def cuts(self) -> int:
        """How often a value was found without its whole truth; what is found between two is not for good."""
        return self._cut

    def give_up(self) -> None:
        """Say that the value being found is not the whole truth: it is not remembered for good."""
        self._cut += 1

    # -- the rest

    def conditional(self, node: s.Conditional, frame: Frame) -> Value:
        return union([self.evaluate(node.body, frame), self.evaluate(node.orelse, frame)])

    def boolean(self, node: s.Boolean, frame: Frame) -> Value:
        values = [self.evaluate(value, frame) for value in node.values]
        if node.operator == "or":
            return configured.fallback(values)
        return values[-1]

    def walrus(self, node: s.Walrus, frame: Frame) -> Value:
        return self.evaluate(node.value, frame)

    def sequence(self, node: s.Sequence, frame: Frame) -> Value:
        return Items(tuple(self.evaluate(value, frame) for value in node.items[:50]))

    def mapping(self, node: s.Mapping, frame: Frame) -> Value:
        entries = [
            (key.value, self.evaluate(value, frame))
            for key, value in node.items[:50]
            if isinstance(key, s.Constant) and isinstance(key.value, str)
        ]
        return Table(tuple(entries))

    def lambda_(self, node: s.Lambda, frame: Frame) -> Value:
        return FunctionValue(frame.module, node, frame)

    def template(self, node: s.Template, frame: Frame) -> Value:
        return strings.joined([p if isinstance(p, str) else self.evaluate(p, frame) for p in node.parts])

    def binary(self, node: s.Binary, frame: Frame) -> Value:
        return strings.binary(self, node, frame)


def _title(function: s.Function | s.Lambda) -> str:
    return f"{function.name}()" if isinstance(function, s.Function) else "lambda"


def _plain(value: Value) -> bool:
    return isinstance(value, Unknown | Literal | FunctionValue | ClassValue | ModuleValue | Reference)


_KINDS: dict[type, Callable[[Evaluator, Any, Frame], Value]] = {
    s.Name: Evaluator.name,
    s.Attribute: Evaluator.attribute,
    s.Constant: Evaluator.constant,
    s.Call: Evaluator.call,
    s.Template: Evaluator.template,
    s.Binary: Evaluator.binary,
    s.Boolean: Evaluator.boolean,
    s.Subscript: Evaluator.subscript,
    s.Sequence: Evaluator.sequence,
    s.Mapping: Evaluator.mapping,
    s.Conditional: Evaluator.conditional,
    s.Lambda: Evaluator.lambda_,
    s.Walrus: Evaluator.walrus,
}
