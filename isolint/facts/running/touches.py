"""Which stores does running a function surely open? The caller's arguments are left open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Deferred,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Literal,
    Method,
    Reference,
    Trail,
    Unknown,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.certain import certain_calls
from isolint.facts.targets.lattice import is_product
from isolint.late import dataclass
from isolint.vocabulary.entries import STORES

DEEPEST = 5
MOST = 6
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Touch:
    """A store that is opened or used: `trail` holds the calls that lead there, `places` where their names are bound."""

    handle: Handle
    trail: Trail
    places: tuple[Place, ...]


class Touches:
    """Remembers what each function touches."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._known: dict[tuple[int, int, frozenset[str]], tuple[Touch, ...]] = {}
        self._depth = 0
        self._cut = False

    def of(self, callee: FunctionValue, passed: frozenset[str] = frozenset()) -> tuple[Touch, ...]:
        """The stores that a function opens or uses by itself. Nothing is known of the arguments `passed`."""
        receiver = callee.receiver
        made_by = receiver.call if isinstance(receiver, Instance) and receiver.call is not None else receiver
        key = (id(callee.function), id(made_by), passed)
        if key not in self._known:
            if self._depth >= DEEPEST:
                self._cut = True
                return ()
            self._known[key] = ()
            self._depth += 1
            cut, self._cut = self._cut, False
            found = self._found(callee, passed)
            self._depth -= 1
            if self._cut and self._depth:
                del self._known[key]
                return found
            self._cut = cut
            self._known[key] = found
        return self._known[key]

    def handle(self, value: Handle) -> tuple[Touch, ...]:
        """A handle that is called or handed out itself."""
        return (Touch(value, (), ()),) if value.kind in STORES and is_product(value) else ()

    def _found(self, callee: FunctionValue, passed: frozenset[str]) -> tuple[Touch, ...]:
        function = callee.function
        arguments: dict[str, Value | Deferred] = dict.fromkeys(passed, UNKNOWN)
        owner = callee.module.methods.get(id(function))
        frame = Frame(callee.module, function, callee.frame, arguments, callee.receiver, owner)
        place = (callee.module.path, function.at[0])
        found: dict[tuple[str, s.Position], Touch] = {}
        for call in certain_calls(function):
            for touch in self._by_call(call, frame):
                last = touch.handle.trail[-1] if touch.handle.trail else touch.trail[-1]
                found.setdefault((last.path, last.at), replace(touch, places=(place, *touch.places)))
                if len(found) >= MOST:
                    return tuple(found.values())
        return tuple(found.values())

    def _by_call(self, call: s.Call, frame: Frame) -> Iterator[Touch]:
        hop = Hop(frame.module.path, call.at, show(call))
        places: tuple[Place, ...] | None = None
        callees = [o for o in options(self.evaluator.evaluate(call.function, frame)) if not _is_nothing(o)]
        certain = len(callees) == 1 and not instances.varies(self.evaluator, call, frame)
        for option in callees if certain else ():
            for touch in self._of_callee(option, call, frame):
                if places is None:
                    places = tuple(self.bound_at(call.function, frame))
                yield Touch(touch.handle, (hop, *touch.trail), (*places, *touch.places))

    def bound_at(self, node: s.Expression, frame: Frame, depth: int = 0) -> Iterator[Place]:
        """Where the names that an expression is made of are bound in modules: what a patch would replace."""
        for name in {inner.id for inner in walk(node) if isinstance(inner, s.Name)}:
            local = self.evaluator.names(frame).bindings.get(name, ()) if frame.function is not None else ()
            for binding in local:
                if binding.value is not None and depth < 3:
                    yield from self.bound_at(binding.value, frame, depth + 1)
                elif binding.kind == "import":
                    yield from defined_at(self.evaluator.imported(binding, frame.module))
            for binding in () if local else frame.module.names.bindings.get(name, ()):
                yield frame.module.path, binding.line

    def _of_callee(self, callee: Value, call: s.Call, frame: Frame) -> Iterator[Touch]:
        match callee:
            case Handle():
                yield from self.handle(callee)
            case Method(receiver=Handle() as handle):
                yield from self.handle(handle)
            case Reference(name=name) if name in self.evaluator.vocabulary.handles:
                opened = self.evaluator.evaluate(call, frame)
                if isinstance(opened, Handle):
                    yield from self.handle(opened)
            case FunctionValue():
                yield from self.of(callee, _given(callee, call))
            case ClassValue():
                made = Instance(callee, call, frame)
                for method in instances.methods(self.evaluator, made, ("__init__", "__new__")):
                    for touch in self.of(method):
                        yield replace(touch, places=(*defined_at(callee), *touch.places))
            case Instance():
                for method in instances.methods(self.evaluator, callee, ("__call__",)):
                    yield from self.of(method, _given(method, call))


def defined_at(value: Value) -> Iterator[Place]:
    """Where a function or class is defined: what patching it there would replace."""
    match value:
        case FunctionValue():
            yield value.module.path, value.function.at[0]
        case ClassValue():
            yield value.module.path, value.node.at[0]


def _is_nothing(value: Value) -> bool:
    return isinstance(value, Literal | Unknown)


def _given(callee: FunctionValue, call: s.Call) -> frozenset[str]:
    """The names of the parameters that a call gives."""
    positional = [p.name for p in callee.function.parameters if p.kind == "positional"]
    skip = 1 if callee.receiver is not None else 0
    names = {name for name, _ in call.keywords if name}
    return frozenset(names.union(positional[skip : skip + len(call.arguments)]))


def calls_of(function: s.Function | s.Lambda) -> Iterator[s.Call]:
    """The calls that running a function makes, in the order of the source."""
    if isinstance(function, s.Lambda):
        yield from (inner for inner in walk(function.body) if isinstance(inner, s.Call))
        return
    for node in statements(function.body):
        if isinstance(node, s.Function | s.Class):
            continue
        for expression in expressions(node):
            yield from (inner for inner in walk(expression) if isinstance(inner, s.Call))
