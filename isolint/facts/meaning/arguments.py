"""Arguments that a function fills in where its caller passes none: `if url is None: url = ...`."""

from __future__ import annotations

from isolint.facts.meaning.values import Frame, Literal, Parameter, Unknown, Value, options
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import Binding, statements


def is_filled(frame: Frame, name: str, reached: tuple[Binding, ...]) -> bool:
    """Whether all these bindings of a parameter stand below a check that nothing was passed for it."""
    if not isinstance(frame.function, s.Function) or not reached:
        return False
    lines = {b.branch[-1][0] for b in reached if b.branch and b.branch[-1][1] == 0}
    if not lines:
        return False
    checks = [
        node
        for node in statements(frame.function.body)
        if isinstance(node, s.If) and node.at[0] in lines and misses(node.test, name)
    ]
    return bool(checks) and len(checks) == len(lines) and all(b.branch for b in reached)


def misses(test: s.Expression, name: str) -> bool:
    """Whether a condition says that a name holds nothing: `x is None`, `not x`."""
    match test:
        case s.Compare(
            left=s.Name(id=found), operators=("is" | "==",), comparators=(s.Constant(value=None | ""),)
        ):
            return found == name
        case s.Unary(operator="not", operand=s.Name(id=found)):
            return found == name
    return False


def is_passed(value: Value) -> bool:
    """Whether a call passes something for an argument, as far as can be told."""
    return all(
        not isinstance(option, Unknown | Parameter) and option != Literal(None) for option in options(value)
    )
