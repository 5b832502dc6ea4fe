"""Which stores does a call of first-party code open? Its body is run in the mind, with the arguments given.

Only what makes a handle counts, or picks one database of a server, and only what is certain to happen: what
lies behind a condition is left aside, unless the arguments decide it, or it asks whether the object is there yet.
An object that is handed its store does not ask for the application's.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning import handles, instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Method,
    Reference,
    Trail,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import children, expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import Relevance
from isolint.facts.targets.guards import leaves
from isolint.late import dataclass, regex
from isolint.vocabulary.entries import STORES

if TYPE_CHECKING:
    from isolint.facts.meaning.truth import Truth

DEEPEST = 6
MOST_CALLS = 300

Place = tuple[str, int]
_NAME = regex(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """A handle that is made; `chain` holds the calls that lead to it, its own the last.

    `places` are the lines that bind the names looked up on the way, `libraries` the library's names for it.
    """

    handle: Handle
    chain: Trail
    places: frozenset[Place]
    libraries: tuple[str, ...]


class Openings:
    """Runs calls of first-party code, and says which handles they make."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.relevance = _OpeningRelevance(evaluator)

    @cached_property
    def truth(self) -> Truth:
        from isolint.facts.meaning.truth import Truth

        return Truth(self.evaluator)

    def of(self, callee: Value, node: s.Call, frame: Frame) -> tuple[Opening, ...]:
        """The handles that a call of a first-party function, method or class makes."""
        if not self.relevance.value(callee):
            return ()
        run = _Opening(self)
        run.called(callee, node, frame)
        return tuple(run.found)

    def by_making(self, instance: Instance) -> tuple[Opening, ...]:
        """The handles that making an object made."""
        if instance.call is None or instance.frame is None or not self.relevance.value(instance.of):
            return ()
        run = _Opening(self)
        run.places = run.named_in(instance.trail)
        run.called(instance.of, instance.call, instance.frame)
        return tuple(run.found)

    def along(self, callee: FunctionValue) -> frozenset[Place]:
        """The lines that bind the names an accessor reads: itself, the globals, what it calls."""
        module, function = callee.module, callee.function
        names = {function.name} if isinstance(function, s.Function) else set()
        if isinstance(function, s.Function):
            read = [
                inner for node in statements(function.body) for e in expressions(node) for inner in walk(e)
            ]
            names |= {inner.id for inner in read if isinstance(inner, s.Name)}
        lines = {(module.path, b.line) for name in names for b in module.names.bindings.get(name, ())}
        return frozenset({*lines, (module.path, function.at[0])})


class _OpeningRelevance(Relevance):
    """Knows the words of library calls that make handles."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        vocabulary = evaluator.vocabulary
        stores = {name for name, known in vocabulary.types.items() if known.kind in STORES}
        words = {
            name.rpartition(".")[2]
            for name, entries in vocabulary.handles.items()
            if any(entry.type in stores for entry in entries)
        }
        picked = {way for name in stores for way in vocabulary.types[name].selects}
        self.words = frozenset(words | picked) - {"[]", "*", "()", "__call__"}

    def _guards(self, body: s.Block, frame: Frame) -> bool:
        return False


class _Opening:
    """The state of one run: the handles so far, and how we came here."""

    def __init__(self, openings: Openings) -> None:
        self.openings = openings
        self.evaluator = openings.evaluator
        self.vocabulary = openings.evaluator.vocabulary
        self.found: list[Opening] = []
        self.chain: Trail = ()
        self.places: frozenset[Place] = frozenset()
        self.active: list[int] = []
        self.calls = 0

    def body(self, body: s.Block, frame: Frame) -> bool:
        """Run the statements of a block as far as they are certain to run; true when it is certain no further."""
        for node in body:
            if isinstance(node, s.Function | s.Class):
                continue
            for expression in expressions(node):
                self.expression(expression, frame)
            if self._inside(node, frame):
                return True
        return leaves(body)

    def _inside(self, node: s.Statement, frame: Frame) -> bool:
        match node:
            case s.If():
                return self._branches(node, frame)
            case s.With():
                return self.body(node.body, frame)
            case s.Try():
                ended = self.body(node.body, frame) or self.body(node.orelse, frame)
                return self.body(node.final, frame) or ended
        return False

    def _branches(self, node: s.If, frame: Frame) -> bool:
        holds = self.openings.truth.of(node.test, frame)
        if holds is None and self._asks(node.test, frame):
            left, right = self.body(node.body, frame), self.body(node.orelse, frame)
            return left and right
        if holds is None:
            return leaves(node.body) or leaves(node.orelse)
        return self.body(node.body if holds else node.orelse, frame)

    def expression(self, node: s.Expression, frame: Frame) -> None:
        """Run an expression, innermost calls first, without the operands that are never asked."""
        match node:
            case s.Boolean():
                for value in node.values:
                    self.expression(value, frame)
                    holds = self.openings.truth.of(value, frame)
                    if holds is (node.operator == "or") or (holds is None and not self._asks(value, frame)):
                        return
                return
            case s.Conditional():
                holds = self.openings.truth.of(node.test, frame)
                either = holds is None and self._asks(node.test, frame)
                if holds or either:
                    self.expression(node.body, frame)
                if holds is False or either:
                    self.expression(node.orelse, frame)
                return
        for inner in children(node):
            self.expression(inner, frame)
        if isinstance(node, s.Call):
            self.call(node, frame)
        elif isinstance(node, s.Subscript):
            self._picked(node, frame)

    def _picked(self, node: s.Subscript, frame: Frame) -> None:
        """`client["database"]`."""
        for option in options(self.evaluator.evaluate(node.value, frame)):
            if isinstance(option, Handle) and "[]" in handles.selects(self.evaluator, option):
                for made in options(self.evaluator.evaluate(node, frame)):
                    self._note(made, node, frame, (option.type,))

    def _asks(self, test: s.Expression, frame: Frame) -> bool:
        """Whether a condition asks if what is kept is there yet: `_store is None`, `key not in cls._all`."""
        match test:
            case s.Name() | s.Attribute():
                return self._is_kept(test, frame)
            case s.Unary(operator="not"):
                return self._asks(test.operand, frame)
            case s.Boolean():
                return all(self._asks(value, frame) for value in test.values)
            case s.Compare(left=left, operators=(operator,), comparators=(right,)):
                kept = right if operator in ("in", "not in") else left
                return operator not in ("<", "<=", ">", ">=") and self._is_kept(kept, frame)
            case s.Call(function=s.Name(id="hasattr"), arguments=(owner, *_)):
                return self._is_kept(owner, frame)
        return False

    def _is_kept(self, node: s.Expression, frame: Frame) -> bool:
        """Whether an expression is a global, or an attribute of the object or class the function belongs to."""
        function = frame.function
        match node:
            case s.Name(id=name):
                local = function is not None and any(p.name == name for p in function.parameters)
                names = self.evaluator.names(frame)
                return not local and (name in names.globals or name not in names.bindings)
            case s.Attribute(value=s.Name(id=owner)):
                first = function.parameters[0].name if function is not None and function.parameters else ""
                return owner == first or isinstance(self.evaluator.evaluate(node.value, frame), ClassValue)
        return False

    # -- calls

    def call(self, node: s.Call, frame: Frame) -> None:
        self.calls += 1
        if self.calls > MOST_CALLS:
            return
        callee = self.evaluator.evaluate(node.function, frame)
        for option in options(callee):
            self.called(option, node, frame)

    def called(self, callee: Value, node: s.Call, frame: Frame) -> None:
        """Run what a call calls."""
        before = self.places
        self.places = before | self._looked_up(node.function, frame)
        match callee:
            case FunctionValue():
                self._enter(callee, node, frame)
            case ClassValue():
                self._construct(callee, node, frame)
            case Reference():
                if callee.name in self.vocabulary.handles:
                    for made in options(self.evaluator.evaluate(node, frame)):
                        self._note(made, node, frame, (callee.name,))
                for entry in self.vocabulary.callbacks.get(callee.name, ())[:1]:
                    self._callback(handles.passed(node, entry.function), node, frame)
            case Method(receiver=Handle() as receiver):
                if callee.name in self.openings.relevance.words and receiver.kind != "engine":
                    for made in options(self.evaluator.evaluate(node, frame)):
                        self._note(made, node, frame, (f"{receiver.type}.{callee.name}",))
        self.places = before

    def _callback(self, function: s.Expression | None, node: s.Call, frame: Frame) -> None:
        if function is None:
            return
        rest = node.arguments[node.arguments.index(function) + 1 :] if function in node.arguments else ()
        for option in options(self.evaluator.evaluate(function, frame)):
            if isinstance(option, FunctionValue):
                self.called(option, s.Call(function, rest, node.keywords, node.at), frame)

    def _construct(self, cls: ClassValue, node: s.Call, frame: Frame) -> None:
        self.places |= {(cls.module.path, cls.node.at[0])}
        instance = Instance(cls, node, frame)
        for method in instances.methods(self.evaluator, instance, ("__new__", "__init__", "__post_init__")):
            self._enter(method, node, frame)

    def _enter(self, callee: FunctionValue, node: s.Call, frame: Frame) -> None:
        function = callee.function
        if id(function) in self.active or len(self.active) >= DEEPEST:
            return
        if not self.openings.relevance.function(callee):
            return
        inside = self.evaluator.call_frame(callee, node, frame)
        receiver = callee.receiver
        if isinstance(receiver, Instance) and receiver.call is not None and receiver.frame is not None:
            made = self._looked_up(receiver.call.function, receiver.frame) | self.named_in(receiver.trail)
            self.places |= made | {(receiver.of.module.path, receiver.of.node.at[0])}
        chain, places = self.chain, self.places
        self.chain = (*chain, Hop(frame.module.path, node.at, show(node)))
        self.places = places | {(callee.module.path, function.at[0])}
        self.active.append(id(function))
        if isinstance(function, s.Lambda):
            self.expression(function.body, inside)
        else:
            self.places |= self._kept_in(callee, inside)
            self.body(function.body, inside)
        self.active.pop()
        self.chain, self.places = chain, places

    def _kept_in(self, callee: FunctionValue, inside: Frame) -> frozenset[Place]:
        """The lines that bind the global, or the class attribute, in which an accessor keeps its object."""
        module = callee.module
        found = {
            (module.path, binding.line)
            for name in self.evaluator.names(inside).globals
            for binding in module.names.bindings.get(name, ())
        }
        owner = inside.owner
        if owner is not None:
            for node in owner.body:
                if isinstance(node, s.Assign):
                    found |= {(module.path, node.at[0])}
        return frozenset(found)

    def _looked_up(self, function: s.Expression, frame: Frame) -> frozenset[Place]:
        """The lines that bind, in the module, the name a call starts from."""
        root = function
        while isinstance(root, s.Attribute | s.Call | s.Subscript):
            root = root.function if isinstance(root, s.Call) else root.value
        if not isinstance(root, s.Name):
            return frozenset()
        module = frame.module
        return frozenset((module.path, b.line) for b in module.names.bindings.get(root.id, ()))

    def _note(self, made: Value, node: s.Expression, frame: Frame, libraries: tuple[str, ...]) -> None:
        if not isinstance(made, Handle) or made.kind not in STORES or made.level:
            return
        if any(0 in ways for ways in handles.selects(self.evaluator, made).values()):
            return  # a server, until one of its databases is picked
        hop = Hop(frame.module.path, node.at, show(node))
        chain = (*self.chain, hop)
        self.found.append(Opening(made, chain, self.places | self.named_in(made.trail), libraries))

    def named_in(self, trail: Trail) -> frozenset[Place]:
        """The lines that bind the names that the steps of a trail speak of."""
        found: set[Place] = set()
        for hop in trail:
            module = self.evaluator.project.module(hop.path)
            bindings = {} if module is None else module.names.bindings
            for name in _NAME.findall(hop.text):
                found |= {(hop.path, binding.line) for binding in bindings.get(name, ())}
        return frozenset(found)
