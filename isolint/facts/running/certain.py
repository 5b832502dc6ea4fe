"""The calls that a function makes whenever it runs to its end, not those that a branch or an early return skips."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import expressions, walk
from isolint.facts.program.show import show


def certain_calls(function: s.Function | s.Lambda) -> Iterator[s.Call]:
    """The calls of a function in the order of the source, as far as they cannot be skipped.

    Making what is missing (`if _pool is None: ...`) counts, for it happens once, and so does what follows a check
    that raises.
    """
    if isinstance(function, s.Lambda):
        yield from _calls(function.body)
    else:
        yield from _in(function.body)


def _in(block: s.Block) -> Iterator[s.Call]:
    for node in block:
        if isinstance(node, s.Function | s.Class):
            continue
        for expression in expressions(node):
            yield from _calls(expression)
        match node:
            case s.If():
                if _is_lazy(node):
                    yield from _in(node.body)
                elif any(_returns(branch) for branch in (node.body, node.orelse)):
                    return
            case s.Loop() | s.With():
                yield from _in(node.body)
            case s.Try():
                yield from _in(node.body)
                yield from _in(node.orelse)
                yield from _in(node.final)
            case s.Match() if any(_returns(body) for _, body in node.cases):
                return


def _returns(block: s.Block) -> bool:
    """Whether a block may return before what follows it runs."""
    for node in block:
        match node:
            case s.Return():
                return True
            case s.If():
                if _returns(node.body) or _returns(node.orelse):
                    return True
            case s.Loop() | s.With():
                if _returns(node.body):
                    return True
            case s.Try():
                handlers = [handler.body for handler in node.handlers]
                if any(_returns(inner) for inner in (node.body, node.orelse, node.final, *handlers)):
                    return True
    return False


def _is_lazy(node: s.If) -> bool:
    """Whether a condition asks if something is made already, so that its branch runs the first time."""
    match node.test:
        case s.Compare(left=thing, operators=("is",), comparators=(s.Constant(value=None),)):
            return _is_filled(thing, node.body)
        case s.Unary(operator="not", operand=thing):
            return _is_filled(thing, node.body)
    return False


def _is_filled(thing: s.Expression, body: s.Block) -> bool:
    wanted = show(thing)
    return any(
        show(target) == wanted for node in body if isinstance(node, s.Assign) for target in node.targets
    )


def _calls(expression: s.Expression) -> Iterator[s.Call]:
    """The calls of an expression, those of its branches left out."""
    match expression:
        case s.Conditional():
            yield from _calls(expression.test)
            return
        case s.Boolean():
            yield from _calls(expression.values[0])
            return
    inner = list(walk(expression))
    branches = [i for i in inner if isinstance(i, s.Conditional | s.Boolean)]
    skipped = {id(deep) for branch in branches for deep in walk(branch)}
    yield from (i for i in inner if isinstance(i, s.Call) and id(i) not in skipped)
