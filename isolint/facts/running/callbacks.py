"""How the functions that are handed to others are called by them."""

from __future__ import annotations

from isolint.facts.meaning.values import FunctionValue
from isolint.facts.program import syntax as s


def first_free(callee: FunctionValue) -> str:
    """The name of the first parameter of a function that is not the object it is bound to."""
    skip = 1 if callee.receiver is not None else 0
    parameters = callee.function.parameters
    return parameters[min(skip, len(parameters) - 1)].name


def without_first(node: s.Call, function: s.Expression, *, receiver: bool) -> s.Call:
    """The call of a callback: the arguments that follow the function in the call that was given it."""
    position = next((i for i, a in enumerate(node.arguments) if a is function), len(node.arguments))
    rest = node.arguments[position + 1 :]
    if receiver:
        rest = (s.Opaque((), node.at), *rest)
    return s.Call(function, rest, node.keywords, node.at)


def first_party_name(callee: FunctionValue) -> str:
    """The full name of a first-party function, as the project's vocabulary may know it."""
    function = callee.function
    name = function.qualname if isinstance(function, s.Function) else "<lambda>"
    return f"{callee.module.dotted}.{name}"
