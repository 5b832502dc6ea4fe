"""Conditions that can be told without running anything: arguments given or not, constants, types."""

from __future__ import annotations

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Instance,
    Items,
    Literal,
    ModuleValue,
    Table,
    Value,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.show import dotted

_THERE = (ClassValue, FunctionValue, ModuleValue, Instance, Handle, Table, Items)
_MAPPINGS = frozenset({"dict", "Mapping", "MutableMapping"})


def decided(test: s.Expression, frame: Frame, ev: Evaluator) -> bool | None:
    """What a condition comes to, None where it cannot be told."""
    match test:
        case s.Unary(operator="not"):
            inner = decided(test.operand, frame, ev)
            return None if inner is None else not inner
        case s.Boolean():
            return _combined([decided(value, frame, ev) for value in test.values], test.operator)
        case s.Compare(operators=(operator,), comparators=(other,)):
            return _compared(ev.evaluate(test.left, frame), operator, ev.evaluate(other, frame))
        case s.Call(function=s.Name(id="isinstance"), arguments=(value, kind)):
            return _is_instance(ev.evaluate(value, frame), kind)
        case s.Name() | s.Constant() | s.Attribute():
            return _is_true(ev.evaluate(test, frame))
    return None


def _combined(values: list[bool | None], operator: str) -> bool | None:
    ending = operator == "or"
    if any(value is ending for value in values):
        return ending
    return None if None in values else not ending


def _compared(left: Value, operator: str, right: Value) -> bool | None:
    found: bool | None = None
    if right == Literal(None) or left == Literal(None):
        other = left if right == Literal(None) else right
        found = True if other == Literal(None) else False if _is_there(other) else None
    elif (one := text(left)) is not None and (two := text(right)) is not None:
        found = one == two
    if found is None or operator not in ("is", "==", "is not", "!="):
        return None
    return found if operator in ("is", "==") else not found


def _is_there(value: Value) -> bool:
    return isinstance(value, _THERE) or (isinstance(value, Literal) and value.value is not None)


def _is_true(value: Value) -> bool | None:
    match value:
        case Literal():
            return bool(value.value)
        case Items():
            return bool(value.values)
        case Table():
            return bool(value.entries) or None
        case ClassValue() | FunctionValue() | ModuleValue() | Instance() | Handle():
            return True
    return None


def _is_instance(value: Value, kind: s.Expression) -> bool | None:
    kinds = kind.items if isinstance(kind, s.Sequence) else (kind,)
    names = {(dotted(each) or "").rpartition(".")[2] for each in kinds}
    if text(value) is not None and isinstance(value, Literal):
        return "str" in names
    if isinstance(value, Table):
        return not names.isdisjoint(_MAPPINGS)
    if isinstance(value, ClassValue):
        return "type" in names if names <= {"type", "str", *_MAPPINGS} else None
    return None
