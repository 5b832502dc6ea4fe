"""One run of a function in the mind, for what it writes and what it puts back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import instances
from isolint.facts.meaning.contents import is_container, is_written_container
from isolint.facts.meaning.outcomes import yields
from isolint.facts.meaning.values import (
    Frame,
    FunctionValue,
    Hop,
    Instance,
    Reference,
    Trail,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import walk
from isolint.facts.program.show import show
from isolint.facts.running.failures import is_raising
from isolint.facts.running.relevance import FINALIZERS, last_name, registration
from isolint.facts.state.changes import Effect, is_resetting
from isolint.facts.state.initial import found_unchanged, is_empty, is_initial, is_same, missing_in
from isolint.facts.state.opposites import put_back_in_turn
from isolint.facts.state.places import ENVIRONMENT, FOLDER, ITEM, Place, Shared, any_of
from isolint.facts.state.writes import Write, is_undone, pairs, present, spelled

if TYPE_CHECKING:
    from isolint.facts.state.mutations import Mutations

DEEPEST = 5
MOST_STEPS = 3_000


class MutationRun:
    """The state of one run: what was written so far, and where we are."""

    def __init__(self, mutations: Mutations) -> None:
        self.mutations = mutations
        self.evaluator = mutations.evaluator
        self.writes: list[Write] = []
        self.restored: list[Place] = []
        self.chain: Trail = ()
        self.ending = False
        self.silent = 0  # inside first-party code outside the tests, or where the write is expected to fail
        self.shields: list[Place] = []
        self.filled: list[Place] = []
        self.cached: list[str] = []
        self.active: list[int] = []
        self.steps = 0
        self.cuts = 0  # how often something was not followed for being too deep or too much

    # -- statements

    def body(self, body: s.Block, frame: Frame) -> None:
        """Run the statements of a block; what follows a yield runs at the end."""
        for node in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                self.cuts += 1
                return
            if isinstance(node, s.Function):
                self._finalizer(node, frame)
                continue
            if isinstance(node, s.Class):
                continue
            self._calls(node, frame)
            if isinstance(node, s.Assert):
                self.restored += found_unchanged(node.test, frame, self.mutations.origins)
            if isinstance(node, s.Assign):
                self._assign(node, frame)
            elif isinstance(node, s.Delete):
                for target in node.targets:
                    self._target(target, None, "deleted", frame)
            self._blocks(node, frame)
            if yields(node):
                self.ending = True
                self.restored += self.shields

    def _finalizer(self, node: s.Function, frame: Frame) -> None:
        if any(isinstance(d, s.Attribute) and d.name in FINALIZERS for d in node.decorators):
            self._at_the_end(node.body, Frame(frame.module, node, frame))

    def _at_the_end(self, body: s.Block, frame: Frame) -> None:
        ending, self.ending = self.ending, True
        self.body(body, frame)
        self.ending = ending

    def _blocks(self, node: s.Statement, frame: Frame) -> None:
        match node:
            case s.If():
                absent = missing_in(node.test, frame, self.mutations.origins)
                self.filled += absent
                self.cached.append(present(node.test))
                self.body(node.body, frame)
                self.cached.pop()
                del self.filled[len(self.filled) - len(absent) :]
                self.body(node.orelse, frame)
            case s.Loop():
                self.body(node.body, frame)
                self.body(node.orelse, frame)
            case s.With():
                self._with(node, frame)
            case s.Try():
                self.body(node.body, frame)
                for handler in node.handlers:
                    self.body(handler.body, frame)
                self.body(node.orelse, frame)
                self._at_the_end(node.final, frame)
            case s.Match():
                for _, block in node.cases:
                    self.body(block, frame)

    def _with(self, node: s.With, frame: Frame) -> None:
        before = len(self.shields)
        raising = is_raising(node)
        for context, _ in node.items:
            self.shields += self.managed(context, frame)
        self.silent += raising
        self.body(node.body, frame)
        self.silent -= raising
        del self.shields[before:]

    def managed(self, context: s.Expression, frame: Frame) -> list[Place]:
        """What a context manager or decorator puts back."""
        if not isinstance(context, s.Call):
            return self.mutations.changes.guessed(context, frame)
        found = [e.place for e in self.mutations.changes.of(context, frame) if e.ends]
        found += self.mutations.changes.guessed(context, frame)
        kept, self.restored = self.restored, []
        for option in options(self.evaluator.evaluate(context, frame)):
            if isinstance(option, Instance):
                for method in instances.methods(self.evaluator, option, ("__exit__", "__aexit__")):
                    self._enter(method, s.Call(context, (), (), context.at), frame, ending=True)
        for option in options(self.evaluator.evaluate(context.function, frame)):
            if isinstance(option, FunctionValue):
                self._enter(option, context, frame, silent=True)
        found += self.restored
        self.restored = kept
        return found

    # -- writes

    def _assign(self, node: s.Assign, frame: Frame) -> None:
        if node.value is None:
            return
        for target in node.targets:
            how = "set" if node.operator == "=" else "changed"
            for inner, value in pairs(target, node.value):
                self._target(inner, value, how, frame)

    def _target(self, target: s.Expression, value: s.Expression | None, how: str, frame: Frame) -> None:
        origins = self.mutations.origins
        match target:
            case s.Name():
                self._name(target, value, how, frame)
            case s.Attribute():
                if isinstance(target.value, s.Name) and origins.is_self(target.value, frame):
                    self._augmented_self(target, value, how, frame)
                    return
                owner = origins.of(target.value, frame)
                if owner is not None:
                    emptied = target.name.startswith("_") and is_empty(value)
                    if show(target) in self.cached:
                        how = "reset"
                    if how == "set" and (emptied or self._is_initial(value, owner, target.name)):
                        how = "reset"
                    self._write(owner.place.part(target.name), owner, how, target, value, frame)
            case s.Subscript():
                owner = origins.of(target.value, frame)
                if owner is not None:
                    self._item(target, owner, how, value, frame)

    def _item(
        self, target: s.Subscript, owner: Shared, how: str, value: s.Expression | None, frame: Frame
    ) -> None:
        if isinstance(target.index, s.Opaque):  # a slice: all of it
            self._write(owner.place, owner, "reset", target, value, frame)
            return
        if owner.place.kind in (ENVIRONMENT, "modules"):
            key = self.mutations.changes.key(target.index, frame)
            place = owner.place if self.ending and key.startswith("<") else owner.place.part(key)
            self._write(place, owner, how, target, value, frame)
            return
        if owner.place in self.filled:
            return
        how = "deleted" if how == "deleted" else "changed"
        if isinstance(target.index, s.Constant) and self._is_initial(value, owner, str(target.index.value)):
            how = "reset"
        self._write(owner.place.part(ITEM), owner, how, target, value, frame)

    def _is_initial(self, value: s.Expression | None, owner: Shared, name: str) -> bool:
        return value is not None and is_initial(value, owner, name, self.mutations.origins)

    def _name(self, target: s.Name, value: s.Expression | None, how: str, frame: Frame) -> None:
        origins = self.mutations.origins
        if target.id in self.evaluator.names(frame).globals:
            place = Place("state", (frame.module.path, target.id))
            owner = origins.global_(frame.module, target.id)
            first = frame.module.names.bindings.get(target.id, ())[:1]
            if how == "set" and first and value is not None and is_same(value, first[0].value):
                how = "reset"
            self._write(place, owner, how, target, value, frame)
        elif how == "changed":
            owner = origins.of(s.Name(target.id, (target.at[0], *target.at[1:])), frame)
            if owner is not None and is_container(owner):
                self._write(owner.place.part(ITEM), owner, how, target, value, frame)

    def _augmented_self(
        self, target: s.Attribute, value: s.Expression | None, how: str, frame: Frame
    ) -> None:
        """`self.items += [...]` changes a list of the class; anything else becomes the object's own."""
        if how != "changed" or not is_written_container(value):
            return
        owner = self.mutations.origins.of(target, frame)
        if owner is not None and is_container(owner):
            self._write(owner.place.part(ITEM), owner, how, target, value, frame)

    def _write(
        self,
        place: Place,
        owner: Shared | None,
        how: str,
        node: s.Expression,
        value: s.Expression | None,
        frame: Frame,
        by: Place | None = None,
        proof: Trail = (),
    ) -> None:
        if self.ending:
            self.restored.append(any_of(place))
        elif not self.silent and not any(is_undone(place, by, shield) for shield in self.shields):
            text = spelled(node, value, how)
            self.writes.append(Write(place, owner, how, node.at, frame, text, self.chain, value, by, proof))

    # -- calls

    def _calls(self, node: s.Statement, frame: Frame) -> None:
        for inner in self.mutations.acts(node):
            if isinstance(inner, s.Call):
                self._call(inner, frame)
            else:
                self._property(inner, frame)

    def _property(self, node: s.Attribute, frame: Frame) -> None:
        """Read a property of the test's own object: its body runs."""
        if (
            isinstance(frame.receiver, Instance)
            and isinstance(node.value, s.Name)
            and self.mutations.origins.is_self(node.value, frame)
        ):
            method = instances.method(self.evaluator, frame.receiver, node.name)
            if method is not None and instances.is_property(method.function):
                self._enter(method, s.Call(node, (), (), node.at), frame)

    def _call(self, node: s.Call, frame: Frame) -> None:
        name = last_name(node)
        mutations = self.mutations
        given = node if name in FINALIZERS else self._registration(name, node, frame)
        if given is not None:
            self._registered(given, frame)
            return
        if name == "chdir" and self.ending:
            self.restored.append(Place(FOLDER))
        if name == "setattr" and self.ending:
            self.restored += put_back_in_turn(node, frame, mutations.origins)
        if name in mutations.changes.words:
            for effect in mutations.changes.of(node, frame):
                self._effect(effect, node, frame)
        self._object_method(node, frame)
        if not mutations.relevance.near(node, frame.module) and not self.ending:
            return
        for option in options(self.evaluator.evaluate(node.function, frame)):
            if isinstance(option, FunctionValue) and is_resetting(name):
                self._write(Place("state", (option.module.path,)), None, "reset", node, None, frame)
            if isinstance(option, FunctionValue) and (option.module.is_test or self.ending):
                self._enter(option, node, frame)
            elif isinstance(option, Reference) and option.name == "importlib.reload" and self.ending:
                self._reloaded(node, frame)

    def _effect(self, effect: Effect, node: s.Call, frame: Frame) -> None:
        if effect.ends:
            self.restored.append(effect.place)
        else:
            how = "reset" if effect.is_reset else "changed"
            if last_name(node) in _SETTERS.get(effect.place.kind, ("setattr",)):
                how = "set"
            function = self.mutations.origins.of(node.function, frame)
            by = None if function is None else function.place
            self._write(effect.place, effect.owner, how, node, None, frame, by)

    def _object_method(self, node: s.Call, frame: Frame) -> None:
        """A call of a method of a shared object that is proved to change it; at the end, any that puts it back."""
        function = node.function
        if not isinstance(function, s.Attribute) or (self.ending and isinstance(function.value, s.Call)):
            return
        known = function.name in self.mutations.changes.words and function.name not in _ALSO_METHODS
        if known and not self.ending:
            return
        owner = self.mutations.origins.of(function.value, frame)
        if owner is None or owner.sort == "module":
            return
        if self.ending or is_resetting(function.name):
            self._write(owner.place, owner, "reset", node, None, frame)
        elif (proof := self.mutations.mutators.changes(owner, function.name)) is not None:
            self._write(owner.place, owner, "changed", node, None, frame, proof=(proof,))

    def _reloaded(self, node: s.Call, frame: Frame) -> None:
        for argument in node.arguments[:1]:
            owner = self.mutations.origins.of(argument, frame)
            if owner is not None:
                self.restored.append(owner.place)

    def _registration(self, name: str, node: s.Call, frame: Frame) -> s.Call | None:
        callee = self.evaluator.evaluate(node.function, frame) if name == "register" else None
        return registration(node, [callee.name]) if isinstance(callee, Reference) else None

    def _registered(self, node: s.Call, frame: Frame) -> None:
        """`addCleanup(function, ...)` and its kin: the function runs at the end."""
        if not node.arguments:
            return
        first, *rest = node.arguments
        if isinstance(first, s.Call):  # enterContext(patch(...))
            self.restored += self.managed(first, frame)
            return
        ending, self.ending = self.ending, True
        inner = s.Call(first, tuple(rest), node.keywords, node.at)
        if isinstance(first, s.Lambda):
            for call in walk(first.body):
                if isinstance(call, s.Call):
                    self._call(call, frame)
        else:
            self._call(inner, frame)
            for option in options(self.evaluator.evaluate(first, frame)):
                if isinstance(option, FunctionValue):
                    self._enter(option, inner, frame)
        self.ending = ending

    def _enter(
        self, callee: FunctionValue, node: s.Call, frame: Frame, *, ending: bool = False, silent: bool = False
    ) -> None:
        """Run the body of a first-party function in place of its call."""
        function = callee.function
        if isinstance(function, s.Lambda):
            return
        if id(function) in self.active or len(self.active) >= DEEPEST:
            self.cuts += 1
            return
        inside = self.evaluator.call_frame(callee, node, frame)
        idle = self.mutations.idle
        quiet = bool(self.silent) or silent or not callee.module.is_test
        key = (
            None
            if self.filled
            else idle.key(callee, inside, type(self).__name__, self.ending or ending, quiet)
        )
        known = None if key is None or (self.shields and function.is_generator) else idle.restored(key)
        if known is not None:
            self.restored += known
            return
        before, restored = (len(self.writes), self.cuts), len(self.restored)
        self._run_in_place(callee, node, frame, inside, ending=ending, silent=silent)
        if key is not None and not self.shields and before == (len(self.writes), self.cuts):
            idle.note(key, self.restored[restored:], callee, inside)

    def _run_in_place(
        self,
        callee: FunctionValue,
        node: s.Call,
        frame: Frame,
        inside: Frame,
        *,
        ending: bool,
        silent: bool,
    ) -> None:
        function = callee.function
        if isinstance(function, s.Lambda):
            return
        saved = (self.chain, self.ending, self.shields)
        self.chain = (*self.chain, Hop(frame.module.path, node.at, show(node)))
        self.ending = self.ending or ending
        self.shields = list(self.shields)
        quiet = silent or not callee.module.is_test
        self.silent += quiet
        self.active.append(id(function))
        self.body(function.body, inside)
        self.active.pop()
        self.silent -= quiet
        self.chain, self.ending, self.shields = saved


_SETTERS = {
    ENVIRONMENT: ("update", "setdefault", "__setitem__"),
    "modules": ("update", "setdefault", "__setitem__"),
}
_ALSO_METHODS = frozenset(
    {"add", "append", "insert", "update", "remove", "pop", "extend", "clear", "discard"}
)
