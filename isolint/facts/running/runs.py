"""What does running this do? The library calls a function makes, directly and through first-party code.

A run is a sequence of events in the order of the source, calls and callbacks inlined, each with the handle
it reaches, the way that led there, the phase it belongs to, and whether a guard stands before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import handles, instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.outcomes import yields
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Method,
    Parameter,
    Reference,
    Thing,
    Trail,
    UniqueName,
    Unknown,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, told, walk
from isolint.facts.program.show import show
from isolint.facts.running.callbacks import first_free, first_party_name, without_first
from isolint.facts.running.events import Event, Run
from isolint.facts.running.passed import GUARD, NOTHING, Passed
from isolint.facts.running.relevance import FINALIZER_FUNCTIONS, FINALIZERS, Relevance
from isolint.facts.targets.guards import finds_empty, finds_something, is_guard_call, leaves

DEEPEST = 8
MOST_EVENTS = 1_000
MOST_ENTERED = 1_000


class Runs:
    """Runs functions in the mind, and remembers the runs of the functions nobody in particular calls.

    A narrower `relevance` makes runs meet only what it knows, and no guards.
    """

    def __init__(
        self, evaluator: Evaluator, relevance: Relevance | None = None, deepest: int = DEEPEST
    ) -> None:
        self.deepest = deepest
        self.evaluator = evaluator
        self.vocabulary = evaluator.vocabulary
        self.relevance = relevance or Relevance(evaluator)
        self._runs: dict[int, Run] = {}
        self._near: dict[int, Run] = {}
        self._calls: dict[int, tuple[tuple[s.Call, bool], ...]] = {}

    def of(self, module: Module, function: s.Function) -> Run:
        """The run of a function that nobody in particular calls (a fixture, a test, a hook)."""
        key = id(function)
        if key not in self._runs:
            run = _Run(self, self.deepest)
            run.body(function.body, self.evaluator.function_frame(module, function), fixture=True)
            self._runs[key] = Run(tuple(run.events), run.passed)
        return self._runs[key]

    def near(self, module: Module, function: s.Function) -> Run:
        """The events of a function as far as what it does itself, and what the functions do that it calls itself."""
        key = id(function)
        if key not in self._near:
            run = _Run(self, deepest=1)
            if self.relevance.any_near(function.body, module) or _enters(function.body):
                run.body(function.body, self.evaluator.function_frame(module, function), fixture=True)
            self._near[key] = Run(tuple(run.events), run.passed)
        return self._near[key]

    def of_block(self, module: Module, body: s.Block) -> Run:
        """The run of a block at a module's top level."""
        key = id(body)
        if key not in self._runs:
            run = _Run(self)
            run.body(body, self.evaluator.module_frame(module), fixture=False)
            self._runs[key] = Run(tuple(run.events), run.passed)
        return self._runs[key]

    def calls(self, node: s.Statement) -> tuple[tuple[s.Call, bool], ...]:
        """The calls that stand directly in a statement, innermost first, and whether `with` enters them."""
        key = id(node)
        if key not in self._calls:
            self._calls[key] = tuple(self._met(node))
        return self._calls[key]

    def _met(self, node: s.Statement) -> Iterator[tuple[s.Call, bool]]:
        if isinstance(node, s.Function | s.Class) or not (
            told(node).calls or isinstance(node, s.Assign | s.Delete)
        ):
            return
        for expression in expressions(node):
            entered = expression if isinstance(node, s.With) else None
            for inner in reversed(walk(expression)):
                if type(inner) is s.Call:
                    yield inner, inner is entered
        for write in self.relevance.writes.of(node):
            yield write, False


class _Run:
    """The state of one run: the events so far, where we are and what has been checked."""

    def __init__(self, runs: Runs, deepest: int = DEEPEST) -> None:
        self.runs = runs
        self.evaluator = runs.evaluator
        self.deepest = deepest
        self.events: list[Event] = []
        self.chain: Trail = ()
        self.through: tuple[tuple[str, int], ...] = ()
        self.phase = "set up"
        self.passed = NOTHING
        self.tolerant = 0
        self.varies = False
        self.active: list[int] = []
        self.entered = 0

    def body(self, body: s.Block, frame: Frame, *, fixture: bool) -> None:
        """Run the statements of a block. In a fixture, what follows the yield is tear-down."""
        for node in body:
            if len(self.events) > MOST_EVENTS:
                return
            if isinstance(node, s.Function):
                self._decorated(node, frame)
            for call, managed in self.runs.calls(node):
                self.call(call, frame, managed)
            self._inside(node, frame, fixture)
            if fixture and yields(node):
                self.phase = "tear down"

    def _decorated(self, node: s.Function, frame: Frame) -> None:
        """`@request.addfinalizer` above a function inside the running one: it runs at the end."""
        if any(isinstance(d, s.Attribute) and d.name in FINALIZERS for d in node.decorators):
            phase, self.phase = self.phase, "tear down"
            self.body(node.body, Frame(frame.module, node, frame), fixture=False)
            self.phase = phase

    def _inside(self, node: s.Statement, frame: Frame, fixture: bool) -> None:
        match node:
            case s.Assert():
                self.passed = GUARD if finds_empty(node.test) else self._behind(node.test, frame)
            case s.If():
                self._branches(node, frame, fixture)
            case s.Loop():
                self.body(node.body, frame, fixture=fixture)
                self.body(node.orelse, frame, fixture=fixture)
            case s.With():
                self.body(node.body, frame, fixture=fixture)
                self._exits(node, frame)
            case s.Try():
                self._try(node, frame, fixture)
            case s.Match():
                for _, block in node.cases:
                    self._apart(block, frame, fixture)

    def _exits(self, node: s.With, frame: Frame) -> None:
        """What first-party context managers do when the block ends."""
        phase, self.phase = self.phase, "always"
        for context, _ in node.items:
            for option in options(self.evaluator.evaluate(context, frame)):
                if isinstance(option, Instance):
                    for method in instances.methods(self.evaluator, option, ("__exit__", "__aexit__")):
                        self.enter(method, s.Call(context, (), (), context.at), frame, None)
        self.phase = phase

    def _branches(self, node: s.If, frame: Frame, fixture: bool) -> None:
        empty, full = finds_empty(node.test), finds_something(node.test)
        before, behind = self.passed, self._behind(node.test, frame)
        self.passed = GUARD if empty else behind
        self._apart(node.body, frame, fixture)
        self.passed = GUARD if full else behind
        self._apart(node.orelse, frame, fixture)
        stops, goes = leaves(node.body), leaves(node.orelse)
        self.passed = before
        if (full and stops) or (empty and goes):
            self.passed = GUARD
        elif stops or goes:
            self.passed = behind

    def _behind(self, test: s.Expression, frame: Frame) -> Passed:
        return self.passed.then(test, frame, self.evaluator)

    def _apart(self, block: s.Block, frame: Frame, fixture: bool) -> None:
        """Run a block that may be skipped: what it checks holds only inside it."""
        before, phase = self.passed, self.phase
        self.body(block, frame, fixture=fixture)
        self.passed = before
        if leaves(block):
            self.phase = phase

    def _try(self, node: s.Try, frame: Frame, fixture: bool) -> None:
        swallows = any(not leaves(handler.body) for handler in node.handlers)
        self.tolerant += swallows
        self.body(node.body, frame, fixture=fixture)
        self.tolerant -= swallows
        for handler in node.handlers:
            self._apart(handler.body, frame, fixture)
        self.body(node.orelse, frame, fixture=fixture)
        phase = self.phase
        if phase == "set up":
            self.phase = "always"
        self.body(node.final, frame, fixture=fixture)
        self.phase = phase

    # -- calls

    def call(self, node: s.Call, frame: Frame, managed: bool) -> None:
        """Note the event of a call and follow it where it leads into first-party code."""
        if not self._may_matter(node, frame.module):
            return
        if self.runs.relevance.concerns(node, frame.module):
            self.note((self.runs.relevance.writes.name(node),), node, frame, UNKNOWN, managed, None)
        callee = self.evaluator.evaluate(node.function, frame)
        if is_guard_call(node):
            self.passed = GUARD
        relevant = self.runs.relevance.call(node, frame.module)
        varies, self.varies = self.varies, self.varies or instances.varies(self.evaluator, node, frame)
        for option in options(callee):
            if relevant or self.runs.relevance.value(option) or self._is_own_word(option):
                self.called(option, node, frame, managed)
        self.varies = varies
        if relevant and isinstance(callee, Unknown | Parameter):
            self._bare(node, frame, managed)
        elif relevant and isinstance(callee, UniqueName):
            self.note((), node, frame, callee, managed, None)

    def _may_matter(self, node: s.Call, module: Module) -> bool:
        """Whether a call may be an effect, or lead to one that this run still meets, by its bare name."""
        if len(self.active) >= self.deepest:
            return self.runs.relevance.call(node, module) or is_guard_call(node)
        return self.deepest > 1 or self.runs.relevance.near(node, module)

    def _is_own_word(self, callee: Value) -> bool:
        """Whether the project's vocabulary knows a first-party function."""
        if not isinstance(callee, FunctionValue) or isinstance(callee.function, s.Lambda):
            return False
        return self.runs.vocabulary.knows(first_party_name(callee))

    def called(
        self, callee: Value, node: s.Call, frame: Frame, managed: bool, store: Value | None = None
    ) -> None:
        match callee:
            case FunctionValue():
                self.note((first_party_name(callee),), node, frame, UNKNOWN, managed, store)
                self.enter(callee, node, frame, store)
            case ClassValue():
                self._construct(callee, node, frame, managed)
            case Instance():
                method = instances.method(self.evaluator, callee, "__call__")
                if method is not None:
                    self.enter(method, node, frame, None)
            case Reference():
                event = self.note((callee.name,), node, frame, UNKNOWN, managed, store)
                self._callbacks(event)
            case Handle():
                self._callbacks(self.note((f"{callee.type}.__call__",), node, frame, callee, managed, store))
            case Method():
                self._method(callee, node, frame, managed, store)

    def _construct(self, callee: ClassValue, node: s.Call, frame: Frame, managed: bool) -> None:
        external = instances.lineage(self.evaluator, callee)[1]
        if any(name in self.runs.vocabulary.creators for name in external):
            self.note(external, node, frame, UNKNOWN, managed, None)
        instance = Instance(callee, node, frame)
        for method in instances.methods(self.evaluator, instance, ("__init__", "__new__")):
            self.enter(method, node, frame, None)

    def _method(self, callee: Method, node: s.Call, frame: Frame, managed: bool, store: Value | None) -> None:
        receiver = callee.receiver
        if isinstance(receiver, Method):
            receiver = handles.as_value(self.evaluator, receiver)
        names: tuple[str, ...] = ()
        if isinstance(receiver, Handle):
            names = tuple(f"{name}.{callee.name}" for name in self.runs.vocabulary.lineage(receiver.type))
        elif isinstance(receiver, Thing):
            names = (f"{receiver.made_by}.{callee.name}",)
        event = self.note(names, node, frame, receiver, managed, store)
        self._callbacks(event)

    def _bare(self, node: s.Call, frame: Frame, managed: bool) -> None:
        """A method of something unknown: known by its bare name alone."""
        if isinstance(node.function, s.Attribute):
            receiver = self.evaluator.evaluate(node.function.value, frame)
            if isinstance(receiver, Unknown | Parameter):
                self._callbacks(self.note((), node, frame, receiver, managed, None))
            elif isinstance(receiver, Instance | ClassValue):
                cls = receiver.of if isinstance(receiver, Instance) else receiver
                external = instances.lineage(self.evaluator, cls)[1]
                names = tuple(f"{name}.{node.function.name}" for name in external)
                self._callbacks(self.note(names, node, frame, receiver, managed, None))

    def note(
        self,
        names: tuple[str, ...],
        node: s.Call,
        frame: Frame,
        receiver: Value,
        managed: bool,
        store: Value | None,
    ) -> Event:
        """Add the event of a call."""
        method = node.function.name if isinstance(node.function, s.Attribute) else show(node.function)
        event = Event(
            names,
            method,
            node,
            frame,
            receiver,
            self.chain,
            self.phase,
            self.passed,
            managed,
            store,
            self.through,
            self.tolerant > 0,
            self.varies,
        )
        self.events.append(event)
        return event

    def _callbacks(self, event: Event) -> None:
        """Follow a function that a call calls for its caller, now or at the end."""
        if event.method in FINALIZERS or FINALIZER_FUNCTIONS.intersection(event.names):
            self._registered(event)
            return
        found = [entry for name in event.names for entry in self.runs.vocabulary.callbacks.get(name, ())]
        if not event.names:
            found = list(self.runs.vocabulary.callbacks_by_name.get(event.method, ()))
        for entry in found[:1]:
            node = handles.passed(event.call, entry.function)
            if node is None:
                continue
            passes = event.receiver if entry.passes == "self" else None
            inner = without_first(event.call, node, receiver=passes is not None)
            for option in options(self.evaluator.evaluate(node, event.frame)):
                self.called(option, inner, event.frame, False, passes)

    def _registered(self, event: Event) -> None:
        phase, self.phase = self.phase, "tear down"
        for node in event.call.arguments[:2]:
            for option in options(self.evaluator.evaluate(node, event.frame)):
                if isinstance(option, FunctionValue | Method | Reference):
                    self.called(option, without_first(event.call, node, receiver=False), event.frame, False)
        self.phase = phase

    def enter(self, callee: FunctionValue, node: s.Call, frame: Frame, store: Value | None) -> None:
        """Run the body of a first-party function in place of its call."""
        function = callee.function
        if not self.runs.relevance.function(callee):
            return
        if id(function) in self.active or len(self.active) >= self.deepest:
            return
        if len(self.events) > MOST_EVENTS or self.entered > MOST_ENTERED:
            return
        self.entered += 1
        inside = self._frame(callee, node, frame)
        if store is not None and function.parameters:
            inside.arguments.setdefault(first_free(callee), store)
        chain, phase, through = self.chain, self.phase, self.through
        self.chain = (*chain, Hop(frame.module.path, node.at, show(node)))
        self.through = (*through, (callee.module.path, function.at[0]))
        self.active.append(id(function))
        if isinstance(function, s.Lambda):
            for inner in reversed(list(walk(function.body))):
                if isinstance(inner, s.Call):
                    self.call(inner, inside, False)
        else:
            is_set_up = function.is_generator and self.phase == "set up"
            self.body(function.body, inside, fixture=is_set_up)
        self.active.pop()
        self.chain, self.phase, self.through = chain, phase, through

    def _frame(self, callee: FunctionValue, node: s.Call, frame: Frame) -> Frame:
        """The frame of a call: of a plain function that is given nothing the one it has without a caller."""
        function = callee.function
        inside = self.evaluator.call_frame(callee, node, frame)
        plain = callee.receiver is None and inside.owner is None and not function.parameters
        top = callee.frame is self.evaluator.module_frame(callee.module)
        if plain and top and isinstance(function, s.Function):
            return self.evaluator.function_frame(callee.module, function)
        return inside


def _enters(body: s.Block) -> bool:
    """Whether a body enters a context, whose end may be an event of its own."""
    return any(isinstance(node, s.With) for node in statements(body))
