"""How a name is used in a piece of code: its attributes are read, or it is handed on as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import children, expressions, statements


class Mentions(NamedTuple):
    """The attributes read of a thing, and where it stands by itself: passed, returned, assigned, iterated over."""

    attributes: frozenset[str]
    bare: tuple[s.Position, ...]


def of_name(name: str, bodies: Iterable[s.Block]) -> Mentions:
    """The mentions of a plain name."""
    return _gather(bodies, lambda e: isinstance(e, s.Name) and e.id == name)


def of_attribute(name: str, bodies: Iterable[s.Block]) -> Mentions:
    """The mentions of an attribute `….name`, whoever's it is; assigning to it is none."""
    return _gather(bodies, lambda e: isinstance(e, s.Attribute) and e.name == name)


def _gather(bodies: Iterable[s.Block], is_it: Callable[[s.Expression], bool]) -> Mentions:
    attributes, bare = set[str](), []
    for expression, parent in (pair for body in bodies for pair in within(body)):
        if is_it(expression):
            if isinstance(parent, s.Attribute):
                attributes.add(parent.name)
            else:
                bare.append(expression.at)
    return Mentions(frozenset(attributes), tuple(bare))


def within(body: s.Block) -> Iterator[tuple[s.Expression, s.Expression | None]]:
    """Every expression of a body with the one around it, those of lambdas, nested functions and classes included."""
    for node in statements(body):
        targets = node.targets if isinstance(node, s.Assign) else ()
        for expression in expressions(node):
            if expression not in targets:
                yield from _below(expression, None)
            else:
                yield from ((e, p) for e, p in _below(expression, None) if e is not expression)
        if isinstance(node, s.Function | s.Class):
            yield from within(node.body)


def _below(
    expression: s.Expression, parent: s.Expression | None
) -> Iterator[tuple[s.Expression, s.Expression | None]]:
    stack: list[tuple[s.Expression, s.Expression | None]] = [(expression, parent)]
    while stack:
        current, above = stack.pop()
        yield current, above
        inner = [current.body] if isinstance(current, s.Lambda) else children(current)
        stack.extend((child, current) for child in inner)
