"""A glance at a body: whether running it could write anything, without asking what would be put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import instances
from isolint.facts.meaning.outcomes import yields
from isolint.facts.meaning.values import Frame, FunctionValue, Instance
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import blocks
from isolint.facts.running.failures import is_raising
from isolint.facts.running.relevance import FINALIZERS, last_name
from isolint.facts.state.changes import is_resetting
from isolint.facts.state.mutationrun import MOST_STEPS, MutationRun
from isolint.facts.state.mutators import answers

if TYPE_CHECKING:
    from isolint.facts.state.mutations import Mutations


class Glance(MutationRun):
    """A run that ends at the first write, and follows nothing that can only put back.

    What lasts is written before anything ends, and by the tests' own code. So context managers, clean-ups, what
    follows a `yield` and the product's code are left out; they can only take writes back, so that a glance that
    finds none is right about the whole run.
    """

    def __init__(self, mutations: Mutations) -> None:
        super().__init__(mutations)
        self._properties = mutations.properties

    def body(self, body: s.Block, frame: Frame) -> None:
        for node in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                self.cuts += 1
                return
            if isinstance(node, s.Function | s.Class):
                continue
            self._calls(node, frame)
            if isinstance(node, s.Assign):
                self._assign(node, frame)
            elif isinstance(node, s.Delete):
                for target in node.targets:
                    self._target(target, None, "deleted", frame)
            else:
                self._blocks(node, frame)
            self.ending = self.ending or bool(yields(node))
            if self.ending or self.writes:
                return

    def _blocks(self, node: s.Statement, frame: Frame) -> None:
        if isinstance(node, s.With) and is_raising(node):
            return
        last = node.final if isinstance(node, s.Try) else None
        for inner, _, _ in blocks(node):
            if inner is not last:
                self.body(inner, frame)

    def _property(self, node: s.Attribute, frame: Frame) -> None:
        receiver = frame.receiver
        if not isinstance(receiver, Instance):
            return
        key = (id(receiver.of.node), node.name)
        if key not in self._properties:
            method = instances.method(self.evaluator, receiver, node.name)
            self._properties[key] = method is not None and instances.is_property(method.function)
        if self._properties[key]:
            super()._property(node, frame)

    def _call(self, node: s.Call, frame: Frame) -> None:
        if last_name(node) not in FINALIZERS:
            super()._call(node, frame)

    def _object_method(self, node: s.Call, frame: Frame) -> None:
        function = node.function
        if not isinstance(function, s.Attribute) or self._is_own(function.value, frame):
            return
        if not answers(function.name) or is_resetting(function.name):
            super()._object_method(node, frame)

    def _is_own(self, node: s.Expression, frame: Frame) -> bool:
        """Whether an expression is the object that a method runs for, which no other test has."""
        return (
            isinstance(node, s.Name)
            and self.mutations.origins.is_self(node, frame)
            and node.id not in frame.arguments
            and node.id not in self.evaluator.names(frame).bindings
        )

    def _registered(self, node: s.Call, frame: Frame) -> None:
        return

    def _enter(
        self, callee: FunctionValue, node: s.Call, frame: Frame, *, ending: bool = False, silent: bool = False
    ) -> None:
        if callee.module.is_test:
            super()._enter(callee, node, frame, ending=ending, silent=silent)
