"""Numbers that are counted on so that none is used twice: whoever gets one does not ask which."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, expressions, statements, walk
from isolint.facts.running.relevance import called_in, last_name
from isolint.facts.state.writes import Write

_JOINS = frozenset({"+", "*", "%"})


def is_numbering(write: Write, module: Module | None) -> bool:
    """Whether a write counts on a number that only ever becomes part of names, or is handed out, one to each caller.

    A helper hands it out that counts it on and does not look at it, `key += 1; return key`, as long as no test
    counts it on, too, or compares what the helper returns with a number.
    """
    name, _, step = write.text.partition(" += ")
    if module is None or not step.isdigit() or not name.isidentifier():
        return False
    givers = {f.name for f in module.functions if _counts(f.body, name)}
    hands_out = not any(giver.startswith("test") for giver in givers)
    read = [
        in_text or (passed_on and hands_out and function.name in givers)
        for function in module.functions
        for in_text, passed_on in _reads(function.body, name)
    ]
    return bool(read) and all(read) and not _is_compared(module, givers)


def _counts(body: s.Block, name: str) -> bool:
    """Whether a body counts a number on."""
    return any(
        isinstance(node, s.Assign)
        and node.operator == "+="
        and any(isinstance(target, s.Name) and target.id == name for target in node.targets)
        for node in statements(body)
    )


def _reads(body: s.Block, name: str) -> Iterator[tuple[bool, bool]]:
    """For each time that a body reads a name: whether it makes text of it, and whether it only passes it on."""
    for node in statements(body):
        targets = node.targets if isinstance(node, s.Assign) else ()
        whole = isinstance(node, s.Return | s.Assign | s.Evaluate)
        for expression in (e for e in expressions(node) if e not in targets):
            found = walk(expression)
            within = [p for e in found if isinstance(e, s.Template) for p in e.parts]
            passed = [p for e in found for p in _passed(e)] + ([expression] if whole else [])
            for inner in found:
                if isinstance(inner, s.Name) and inner.id == name:
                    in_text = any(inner is part for part in within)
                    yield in_text, any(inner is part for part in passed)


def _passed(node: s.Expression) -> tuple[s.Expression | None, ...]:
    """What an expression takes up as it is."""
    match node:
        case s.Call(arguments=arguments, keywords=keywords):
            return (*arguments, *(value for _, value in keywords))
        case s.Sequence(items=items):
            return items
        case s.Mapping(items=entries):
            return tuple(value for _, value in entries)
        case s.Binary(operator=operator, left=left, right=right) if operator in _JOINS:
            return (right,) if operator == "%" else (left, right)
    return ()


def _is_compared(module: Module, givers: set[str]) -> bool:
    """Whether anybody in a module compares what one of these functions returns with a number."""
    return any(
        any(isinstance(e, s.Call) and last_name(e) in givers for e in compared)
        and any(isinstance(e, s.Constant) and isinstance(e.value, int) for e in compared)
        for function in module.functions
        if not givers.isdisjoint(called_in(function.body))
        for compared in map(_compared, every_expression(function.body))
    )


def _compared(node: s.Expression) -> tuple[s.Expression, ...]:
    match node:
        case s.Compare(left=left, comparators=comparators):
            return (left, *comparators)
        case s.Call(function=s.Attribute(name=name), arguments=arguments) if name.startswith("assert"):
            return arguments
    return ()
