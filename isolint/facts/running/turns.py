"""Loops over every row of a table: what is done to each of them in turn is done to the table."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements, walk
from isolint.facts.running.relevance import last_name

_ASKS = frozenset({"query", "select"})
_PLAIN = _ASKS | frozenset(
    "all scalars scalar exec execute order_by options unique yield_per fetchall list reversed".split()
)


def is_every_row(node: s.Expression) -> bool:
    """Whether an expression asks for the rows of a table, and for no fewer than all of them."""
    names = [last_name(inner) for inner in walk(node) if isinstance(inner, s.Call)]
    if not names or not _PLAIN.issuperset(names):
        return False
    asked = {inner.name for inner in walk(node) if isinstance(inner, s.Attribute)} | {*names}
    return not _ASKS.isdisjoint(asked)


def taken_in_turn(body: s.Block) -> frozenset[str]:
    """The names that loops of a body give to one row of a table after the other."""
    found = list(statements(body))
    every = {name for name, value in _assigned(found) if is_every_row(value)}
    return frozenset(
        loop.target.id
        for loop in found
        if isinstance(loop, s.Loop) and isinstance(loop.target, s.Name) and loop.iterable is not None
        if is_every_row(loop.iterable) or (isinstance(loop.iterable, s.Name) and loop.iterable.id in every)
    )


def _assigned(found: list[s.Statement]) -> Iterator[tuple[str, s.Expression]]:
    for node in found:
        match node:
            case s.Assign(targets=(s.Name(id=name),), value=value) if value is not None:
                yield name, value
