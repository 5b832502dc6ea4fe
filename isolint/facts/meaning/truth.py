"""Does a condition hold? As far as the arguments of a call, and what was kept of them, decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import (
    ClassValue,
    Deferred,
    Frame,
    FunctionValue,
    Handle,
    Instance,
    Items,
    Literal,
    Method,
    ModuleValue,
    Reference,
    Table,
    Text,
    Thing,
    Union,
    UniqueName,
    Value,
)
from isolint.facts.program import syntax as s

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

_OBJECTS = (
    ClassValue,
    FunctionValue,
    Handle,
    Instance,
    Method,
    ModuleValue,
    Reference,
    Text,
    Thing,
    UniqueName,
)


class Truth:
    """Tells whether parameters, and attributes filled from them, are given."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def of(self, node: s.Expression, frame: Frame) -> bool | None:
        """Whether an expression is true; None if it cannot be told."""
        match node:
            case s.Constant():
                return bool(node.value)
            case s.Unary(operator="not"):
                inner = self.of(node.operand, frame)
                return None if inner is None else not inner
            case s.Boolean():
                found = [self.of(value, frame) for value in node.values]
                decisive = node.operator == "or"
                if decisive in found:
                    return decisive
                return None if None in found else not decisive
            case s.Compare(operators=(operator,), comparators=(s.Constant(value=None),)):
                if operator not in ("is", "is not", "==", "!="):
                    return None
                none = self._is_none(node.left, frame)
                return None if none is None else none is (operator in ("is", "=="))
            case s.Name() | s.Attribute():
                value = self._given(node, frame)
                return None if value is None or value is _GIVEN else _truth(value)
        return None

    def _is_none(self, node: s.Expression, frame: Frame) -> bool | None:
        value = self._given(node, frame)
        if isinstance(value, Literal):
            return value.value is None
        return False if value is not None and _truth(value) is not None else None

    def _given(self, node: s.Expression, frame: Frame) -> Value | None:
        """What a parameter, or an attribute the constructor fills from one, was given."""
        match node:
            case s.Name(id=name):
                return self._argument(name, frame)
            case s.Attribute(value=s.Name(id=me), name=name):
                receiver = frame.receiver
                function = frame.function
                if (
                    isinstance(receiver, Instance)
                    and function is not None
                    and function.parameters
                    and function.parameters[0].name == me
                ):
                    return self._kept(receiver, name)
        return None

    def _argument(self, name: str, frame: Frame) -> Value | None:
        function = frame.function
        if function is None or all(p.name != name for p in function.parameters):
            return None
        if any(not binding.branch for binding in self.evaluator.names(frame).bindings.get(name, ())):
            return None
        given = frame.arguments.get(name)
        parameter = next(p for p in function.parameters if p.name == name)
        value = self.evaluator.argument(frame, parameter)
        if isinstance(given, Deferred) and not isinstance(value, Literal) and _truth(value) is None:
            return _GIVEN
        return value

    def _kept(self, receiver: Instance, name: str) -> Value | None:
        """What the constructor keeps in an attribute, if that is a parameter of it."""
        for cls in instances.lineage(self.evaluator, receiver.of)[0]:
            found = self.evaluator.assignments(cls.node).get(name, ())
            match [(f, n.value) for f, n in found if f.name == "__init__"]:
                case [(function, s.Name(id=filled_from))]:
                    value = FunctionValue(cls.module, function, instances.body_frame(cls), receiver)
                    inside = self.evaluator.call_frame(value, receiver.call, receiver.frame or cls.frame)
                    kept = self._argument(filled_from, inside)
                    return None if kept == Literal(None) else kept
        return None


_GIVEN = Thing("an argument")


def _truth(value: Value) -> bool | None:
    match value:
        case Literal():
            return bool(value.value)
        case Items():
            return bool(value.values)
        case Table():
            return bool(value.entries)
        case Union():
            found = {_truth(option) for option in value.options}
            return found.pop() if len(found) == 1 else None
    return True if isinstance(value, _OBJECTS) else None
