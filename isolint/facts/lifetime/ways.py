"""Where a line stands among the blocks of a function, and what a failing assert would skip."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import blocks, expressions, statements, walk
from isolint.late import dataclass

_FAILS = ("fail", "skip", "xfail", "exit")


@dataclass(frozen=True, slots=True)
class Step:
    """One block on the way to a line: the block, the place in it, and in which statement's part it lies."""

    block: s.Block
    index: int
    inside: s.Statement | None

    @property
    def statement(self) -> s.Statement:
        return self.block[self.index]

    @property
    def is_final(self) -> bool:
        """Whether the block is the `finally` of its statement."""
        return isinstance(self.inside, s.Try) and self.block is self.inside.final

    @property
    def is_handler(self) -> bool:
        return isinstance(self.inside, s.Try) and any(self.block is h.body for h in self.inside.handlers)


def path_to(body: s.Block, line: int, inside: s.Statement | None = None) -> tuple[Step, ...]:
    """The blocks around a line, outermost first; empty where the line is in none of them."""
    for index, node in enumerate(body):
        if node.at[0] <= line <= node.at[2]:
            here = Step(body, index, inside)
            for block, _, _ in blocks(node):
                below = path_to(block, line, node)
                if below:
                    return (here, *below)
            return (here,)
    return ()


def between(first: tuple[Step, ...], last: tuple[Step, ...]) -> Iterator[s.Statement]:
    """The statements that run from one place to a later one, both left out, as far as they can be told."""
    common = 0
    while common < min(len(first), len(last)) and first[common].block is last[common].block:
        common += 1
        if first[common - 1].index != last[common - 1].index:
            break
    if not common:
        return
    for step in reversed(first[common:]):
        yield from step.block[step.index + 1 :]
    one, two = first[common - 1], last[common - 1]
    yield from one.block[one.index + 1 : two.index]
    for step in last[common:]:
        yield from step.block[: step.index]


def assertion(nodes: Iterator[s.Statement]) -> s.Statement | None:
    """The first of these statements that asserts something, or that holds one that does."""
    for node in nodes:
        for inner in statements((node,)):
            if isinstance(inner, s.Assert) or any(_asserts(e) for e in expressions(inner)):
                return inner
    return None


def _asserts(expression: s.Expression) -> bool:
    """Whether an expression calls `self.assertEqual` and the like."""
    for inner in walk(expression):
        if isinstance(inner, s.Call):
            match inner.function:
                case s.Attribute(value=s.Name(id="self"), name=name) if name.startswith(("assert", "fail")):
                    return True
                case s.Attribute(value=s.Name(id="pytest"), name=name) if name in _FAILS:
                    return True
    return False
