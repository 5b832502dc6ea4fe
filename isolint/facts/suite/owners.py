"""Whose object is it: one that the function made for itself, or one that others see, too."""

from __future__ import annotations

from isolint.facts.meaning import handles
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    Deferred,
    Frame,
    FunctionValue,
    Instance,
    ModuleValue,
    Reference,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import reaching
from isolint.facts.suite.fixtures import Fixtures

DEEPEST = 12


class Owners:
    """Follows an expression to where its object is made."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures) -> None:
        self.evaluator = evaluator
        self.fixtures = fixtures

    def is_shared(self, node: s.Expression, frame: Frame, depth: int = 0) -> bool | None:
        """Whether an object belongs to a module, and so to every test; None where it cannot be told."""
        if depth > DEEPEST:
            return None
        match node:
            case s.Name():
                return self._name(node, frame, depth + 1)
            case s.Attribute(value=s.Name(id="self" | "cls"), name=name):
                return self._of_self(name, frame, depth + 1)
            case s.Attribute(value=inner, name=name):
                values = options(self.evaluator.evaluate(inner, frame))
                if any(isinstance(value, ModuleValue | Reference) for value in values):
                    return True
                return self._of_client(inner, frame, depth + 1) if name == "app" else None
            case s.Call():
                return self._made(node, frame, depth + 1)
        return None

    def _name(self, node: s.Name, frame: Frame | None, depth: int) -> bool | None:
        line: int | None = node.at[0]
        while frame is not None and frame.function is not None:
            names = self.evaluator.names(frame)
            if node.id in names.globals:
                return True
            parameter = next((p for p in frame.function.parameters if p.name == node.id), None)
            if node.id in names.bindings:
                return self._bound(node.id, frame, line, depth)
            if parameter is not None:
                return self._argument(parameter, frame, depth)
            frame, line = frame.parent, None
        return frame is not None and node.id in frame.module.names.bindings

    def _bound(self, name: str, frame: Frame, line: int | None, depth: int) -> bool | None:
        found = list(reaching(self.evaluator.names(frame).bindings[name], line))
        if any(binding.kind == "import" for binding in found):
            return True
        answers = [None if b.value is None else self.is_shared(b.value, frame, depth) for b in found]
        return answers[0] if answers and all(answer == answers[0] for answer in answers) else None

    def _argument(self, parameter: s.Parameter, frame: Frame, depth: int) -> bool | None:
        given = frame.arguments.get(parameter.name)
        if isinstance(given, Deferred):
            return self.is_shared(given.expression, given.frame, depth)
        if not isinstance(frame.function, s.Function):
            return None
        owner = frame.module.methods.get(id(frame.function))
        besides = self.fixtures.fixture(frame.module, frame.function, owner)
        if besides is None and not frame.function.name.startswith("test"):
            return None
        fixture = self.fixtures.find(parameter.name, frame.module, owner, besides)
        if fixture is None:
            return None
        inside = self.evaluator.function_frame(fixture.module, fixture.function)
        answer = self._returned(fixture.function, inside, depth)
        lasts = ("function",) if besides is None else ("function", besides.scope)
        return True if answer is False and fixture.scope not in lasts else answer

    def _returned(self, function: s.Function, inside: Frame, depth: int) -> bool | None:
        found = [self.is_shared(e, inside, depth) for e in self.evaluator.outcomes.expressions(function)]
        return found[0] if found and all(answer == found[0] for answer in found) else None

    def _made(self, node: s.Call, frame: Frame, depth: int) -> bool | None:
        """An object made here is one's own; a first-party function may hand out another's."""
        for callee in options(self.evaluator.evaluate(node.function, frame)):
            if isinstance(callee, FunctionValue) and isinstance(callee.function, s.Function):
                if callee.function.decorators:
                    return None
                inside = self.evaluator.call_frame(callee, node, frame)
                return self._returned(callee.function, inside, depth)
        return False

    def _of_self(self, name: str, frame: Frame, depth: int) -> bool | None:
        """`self.name`: what the methods of the class assign to it, or else the class has for all."""
        owner = frame.owner if frame.owner is not None else self._class_around(frame)
        if owner is None:
            return None
        for function, assigned in self.evaluator.assignments(owner).get(name, ()):
            if assigned.value is not None:
                inside = self.evaluator.function_frame(frame.module, function)
                return self.is_shared(assigned.value, inside, depth)
        own = any(isinstance(n, s.Assign) and _binds(n, name) for n in owner.body)
        return True if own else None

    def _class_around(self, frame: Frame) -> s.Class | None:
        return frame.receiver.of.node if isinstance(frame.receiver, Instance) else None

    def _of_client(self, client: s.Expression, frame: Frame, depth: int) -> bool | None:
        """`client.app`: the application that a test client was made for."""
        made = self._construction(client, frame, depth)
        if made is None:
            return None
        call, inside = made
        app = handles.passed(call, (0, "app"))
        return None if app is None else self.is_shared(app, inside, depth)

    def _construction(self, node: s.Expression, frame: Frame, depth: int) -> tuple[s.Call, Frame] | None:
        if isinstance(node, s.Call):
            return node, frame
        if not isinstance(node, s.Name) or depth > DEEPEST or not isinstance(frame.function, s.Function):
            return None
        for binding in reaching(self.evaluator.names(frame).bindings.get(node.id, ()), node.at[0]):
            return None if binding.value is None else self._construction(binding.value, frame, depth + 1)
        owner = frame.module.methods.get(id(frame.function))
        besides = self.fixtures.fixture(frame.module, frame.function, owner)
        fixture = self.fixtures.find(node.id, frame.module, owner, besides)
        if fixture is None:
            return None
        inside = self.evaluator.function_frame(fixture.module, fixture.function)
        for expression in self.evaluator.outcomes.expressions(fixture.function):
            return self._construction(expression, inside, depth + 1)
        return None


def _binds(node: s.Assign, name: str) -> bool:
    return any(isinstance(target, s.Name) and target.id == name for target in node.targets)
