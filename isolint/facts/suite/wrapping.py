"""Decorators that run what they decorate inside a mock or a rolled-back transaction, as libraries offer them."""

from __future__ import annotations

from collections.abc import Callable

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import FunctionValue, Reference, Value, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.callbacks import first_party_name
from isolint.facts.running.relevance import called_in, calls_in


def runs_inside(
    decorator: s.Expression, module: Module, evaluator: Evaluator, isolates: Callable[[str], bool]
) -> bool:
    """Whether a decorator is a function that `isolates` knows by its full name, or one whose body calls such a one.

    In a library's own project it is first-party: `with mock_aws(): return test(...)` of a helper counts there, too.
    """
    target = decorator.function if isinstance(decorator, s.Call) else decorator
    for value in options(evaluator.evaluate(target, evaluator.module_frame(module))):
        if _is_known(value, isolates):
            return True
        if isinstance(value, FunctionValue) and isinstance(value.function, s.Function):
            frame = evaluator.function_frame(value.module, value.function)
            for call in calls_in(value.function.body) if _hands_on(value.function) else ():
                if any(_is_known(v, isolates) for v in options(evaluator.evaluate(call.function, frame))):
                    return True
    return False


def _is_known(value: Value, isolates: Callable[[str], bool]) -> bool:
    if isinstance(value, FunctionValue):
        return isolates(first_party_name(value))
    return isinstance(value, Reference) and isolates(value.name)


def _hands_on(decorator: s.Function) -> bool:
    """Whether a function calls its first parameter somewhere: it is a decorator that runs the decorated one."""
    given = decorator.parameters[0].name if decorator.parameters else ""
    return bool(given) and given in called_in(decorator.body)
