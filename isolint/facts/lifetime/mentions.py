"""How a name is used in a piece of code: its attributes are read, or it is handed on as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import children, expressions, statements
from isolint.facts.program.show import dotted


class Mentions(NamedTuple):
    """The attributes read of a thing, and where it stands by itself: passed, returned, assigned, iterated over."""

    attributes: frozenset[str]
    bare: tuple[s.Position, ...]


def of_name(name: str, bodies: Iterable[s.Block]) -> Mentions:
    """The mentions of a plain name."""
    attributes, bare = set[str](), []
    for expression, parent in (pair for body in bodies for pair in within(body)):
        if isinstance(expression, s.Name) and expression.id == name:
            if isinstance(parent, s.Attribute):
                attributes.add(parent.name)
            else:
                bare.append(expression.at)
    return Mentions(frozenset(attributes), tuple(bare))


class Attributes:
    """The attributes that a body speaks of, whosever they are; assigning to one is no mention.

    `owned` are their names with the last name before them, ("patch", "stopall") of `mock.patch.stopall`.
    """

    def __init__(self, body: s.Block) -> None:
        self.owned: set[tuple[str, str]] = set()
        self._read: dict[str, set[str]] = defaultdict(set)
        self._bare: dict[str, list[s.Position]] = defaultdict(list)
        for expression, parent in within(body):
            if isinstance(expression, s.Attribute):
                name = expression.name
                self.owned.add(((dotted(expression.value) or "").rpartition(".")[2], name))
                if isinstance(parent, s.Attribute):
                    self._read[name].add(parent.name)
                else:
                    self._bare[name].append(expression.at)

    def of(self, name: str) -> Mentions:
        """The mentions of an attribute `….name`."""
        return Mentions(frozenset(self._read.get(name, ())), tuple(self._bare.get(name, ())))


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
