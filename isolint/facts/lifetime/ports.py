"""Ports of the machine that test code listens at under one number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from isolint.facts.meaning import handles, instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Deferred,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Items,
    Literal,
    Method,
    Reference,
    Thing,
    Trail,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.program.show import dotted, show
from isolint.facts.running.failures import fails_on_purpose
from isolint.facts.running.relevance import called_in, calls_in, last_name
from isolint.facts.suite.callers import Callers
from isolint.facts.suite.mocks import Mocks
from isolint.facts.suite.reach import Reach
from isolint.late import dataclass, regex
from isolint.vocabulary.surroundings import Listener

_DEEPEST = 3
_FIRST, _LAST = 1024, 65535
_ENDS_IN_PORT = regex(r":(\d+)\Z")
_SERVERS = regex(
    r"\b(?:uvicorn|gunicorn|hypercorn|daphne|granian|waitress-serve|http\.server|runserver|flask run|redis-server"
    r"|mongod|moto_server|php -S|streamlit run)\b"
)
_GIVEN_PORT = regex(
    r"(?:--(?:server[._-])?port[= ]|-p |-b \S*:|--bind[= ]\S*:|http\.server |runserver \S*:|runserver )(\d{4,5})\b"
)


@dataclass(frozen=True, slots=True)
class Port:
    """A call in `at` listens at the port `number`."""

    at: s.Position
    number: int
    trail: Trail


class Ports:
    """Follows test code to the calls that listen."""

    def __init__(
        self,
        evaluator: Evaluator,
        mocks: Mocks,
        callers: Callable[[], Callers],
        reach: Reach,
    ) -> None:
        self.evaluator = evaluator
        self.vocabulary = evaluator.vocabulary
        self.mocks = mocks
        self._callers = callers
        self._reach = reach
        self._known: dict[tuple[str, ...], frozenset[str]] = {}
        self._near: dict[str, frozenset[str]] = {}
        self._words = {call.rpartition(".")[2] for call in self.vocabulary.listeners}

    def fixed(self, module: Module) -> Iterator[Port]:
        """The ports that the tests, fixtures and set-ups of a module listen at, each number told once."""
        seen: set[int] = set()
        for function in module.functions if module.is_test else ():
            for port in self._of(module, function):
                if port.number not in seen and self._counts(port, module, function):
                    seen.add(port.number)
                    yield port

    def _counts(self, port: Port, module: Module, function: s.Function) -> bool:
        """Whether tests come to a call that listens, with nothing mocked, and not to see it fail."""
        line = port.at[0]
        if fails_on_purpose(function.body, line) or _is_tried(function.body, line):
            return False
        places = self._callers().of(module, function)
        return bool(places) and not any(self.mocks.covers(m, f) for m, f in places)

    def _of(self, module: Module, function: s.Function) -> Iterator[Port]:
        called = called_in(function.body)
        if called.isdisjoint(self._words) and called.isdisjoint(self._helpers(module)):
            return
        frame = self.evaluator.function_frame(module, function)
        for call in calls_in(function.body):
            yield from self._by_call(call, frame, ())

    def _by_call(self, call: s.Call, frame: Frame, chain: Trail) -> Iterator[Port]:
        if last_name(call) not in self._words and last_name(call) not in self._helpers(frame.module):
            return
        for callee in options(self.evaluator.evaluate(call.function, frame)):
            if isinstance(callee, FunctionValue) and isinstance(callee.function, s.Function):
                yield from self._inside(callee, callee.function, call, frame, chain)
            elif isinstance(callee, ClassValue):
                for method in instances.methods(self.evaluator, Instance(callee, call, frame), ("__init__",)):
                    if isinstance(method.function, s.Function):
                        yield from self._inside(method, method.function, call, frame, chain)
            for name in self._names(callee):
                for entry in self.vocabulary.listeners.get(name, ()):
                    yield from self._listening(entry, call, frame, chain)

    def _helpers(self, module: Module) -> frozenset[str]:
        """The names of functions and classes that may come to a call that listens, among those a module can call."""
        if module.path not in self._near:
            support = self._reach.support(module)
            key = tuple(each.path for each in support)
            if key not in self._known:
                self._known[key] = self._leading(support, frozenset())
            self._near[module.path] = self._leading((module,), self._known[key])
        return self._near[module.path]

    def _leading(self, modules: Sequence[Module], known: frozenset[str]) -> frozenset[str]:
        """Those names, and the ones that modules add by calling something of such a name."""
        calls: dict[str, set[str]] = {}
        found = set(known)
        for module in modules:
            for function in module.functions:
                owner = module.methods.get(id(function))
                name = owner.name if owner is not None and function.name == "__init__" else function.name
                calls.setdefault(name, set()).update(called_in(function.body))
            for cls in module.classes:
                bases = {(dotted(base) or "").rpartition(".")[2] for base in cls.bases}
                found |= {cls.name} if bases & self._words else set()
        for _ in range(_DEEPEST):
            found |= {name for name, called in calls.items() if called & (self._words | found)}
        return frozenset(found)

    def _inside(
        self, callee: FunctionValue, function: s.Function, call: s.Call, frame: Frame, chain: Trail
    ) -> Iterator[Port]:
        """What a function of the tests listens at, with what it is passed."""
        if not callee.module.is_test or len(chain) >= _DEEPEST:
            return
        inside = self.evaluator.call_frame(callee, call, frame)
        passed = [name for name, value in inside.arguments.items() if isinstance(value, Deferred)]
        if passed:
            here = (*chain, Hop(frame.module.path, call.at, show(call)))
            for inner in calls_in(function.body):
                yield from (p for p in self._by_call(inner, inside, here))

    def _names(self, callee: Value) -> tuple[str, ...]:
        match callee:
            case Reference(name=name):
                return (name,)
            case ClassValue():
                return instances.lineage(self.evaluator, callee)[1]
            case Method(receiver=Handle(type=type_), name=name):
                return tuple(f"{each}.{name}" for each in self.vocabulary.lineage(type_))
            case Method(receiver=Thing(made_by=made_by), name=name):
                return (f"{made_by}.{name}",)
            case Method(receiver=Instance(of=cls), name=name):
                return tuple(f"{each}.{name}" for each in instances.lineage(self.evaluator, cls)[1])
        return ()

    def _listening(self, entry: Listener, call: s.Call, frame: Frame, chain: Trail) -> Iterator[Port]:
        node = handles.passed(call, entry.port) or handles.passed(call, entry.address)
        if node is None:
            return
        found = self._spelled(node, frame, entry.command)
        if found is not None and _FIRST <= found[1] <= _LAST and found[2].is_test:
            hop = Hop(frame.module.path, call.at, show(call))
            first = chain[0].at if chain else call.at
            yield Port(first, found[1], (*chain, hop))

    def _spelled(
        self, node: s.Expression, frame: Frame, command: bool
    ) -> tuple[s.Position, int, Module] | None:
        """Where a number is written, the number, and the module: through parameters and constants of the tests."""
        node, frame = _origin(node, frame)
        value = self.evaluator.evaluate(node, frame)
        if command:
            number = _port_of_command(value)
            return None if number is None else (node.at, number, frame.module)
        if isinstance(value, Items) and len(value.values) >= 2:
            value = value.values[1]
        match value:
            case Literal(value=bool()):
                return None
            case Literal(value=int(number)):
                return node.at, number, self._written_in(value, frame)
            case Literal(value=str(address)) if (found := _ENDS_IN_PORT.search(address)) is not None:
                return node.at, int(found[1]), self._written_in(value, frame)
        return None

    def _written_in(self, value: Value, frame: Frame) -> Module:
        """The module in which a constant is written."""
        last = self.evaluator.project.module(value.trail[-1].path) if value.trail else None
        return last or frame.module


def _origin(node: s.Expression, frame: Frame) -> tuple[s.Expression, Frame]:
    """The expression that a parameter stands for, in the frame of the call that passes it."""
    while isinstance(node, s.Name):
        given = frame.arguments.get(node.id)
        if not isinstance(given, Deferred):
            break
        node, frame = given.expression, given.frame
    return node, frame


def _port_of_command(value: Value) -> int | None:
    """The port that the words of a command give a server."""
    parts = value.values if isinstance(value, Items) else (value,)
    words = " ".join(text(part) or "…" for part in parts)
    found = _GIVEN_PORT.search(words) if _SERVERS.search(words) is not None else None
    return None if found is None else int(found[1])


def _is_tried(body: s.Block, line: int) -> bool:
    """Whether a line lies in a `try` that goes on when it fails: then another port is looked for."""
    return any(
        isinstance(node, s.Try) and node.handlers and any(n.at[0] <= line <= n.at[2] for n in node.body)
        for node in statements(body)
    )
