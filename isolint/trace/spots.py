"""Where in a module a line or a name stands: the statement, and the body it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import ClassValue, Frame
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, blocks, expressions, walk
from isolint.late import dataclass


@dataclass(frozen=True, eq=False)
class Spot:
    """A statement and the function or class whose body it stands in, None at the top level."""

    module: Module
    statement: s.Statement
    holder: s.Function | s.Class | None

    def frame(self, evaluator: Evaluator) -> Frame:
        """The frame that the statement runs in."""
        top = evaluator.module_frame(self.module)
        if isinstance(self.holder, s.Function):
            return evaluator.function_frame(self.module, self.holder)
        if isinstance(self.holder, s.Class):
            return instances.body_frame(ClassValue(self.module, self.holder, top))
        return top

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line of the statement; of a compound one, its header."""
        node = self.statement
        if isinstance(node, s.Function | s.Class):
            return node.header
        inner = [block[0] for block, _, _ in blocks(node) if block]
        return node.at[0], max(node.at[0], min((_first(n) for n in inner), default=node.at[2] + 1) - 1)

    def bindings(self, evaluator: Evaluator) -> Iterator[Binding]:
        """The names that the statement binds."""
        for several in evaluator.names(self.frame(evaluator)).bindings.values():
            yield from (binding for binding in several if binding.node is self.statement)

    def expression(self, at: s.Position) -> s.Expression | None:
        """The outermost expression of the statement that stands at a position."""
        for expression in expressions(self.statement):
            for inner in walk(expression):
                if inner.at == at:
                    return inner
        return None


def spot(module: Module, line: int) -> Spot | None:
    """The innermost statement that a line belongs to."""
    return _within(module, module.facts.body, line, None)


def _within(module: Module, body: s.Block, line: int, holder: s.Function | s.Class | None) -> Spot | None:
    for node in body:
        if not _first(node) <= line <= node.at[2]:
            continue
        if isinstance(node, s.Function | s.Class):
            return _within(module, node.body, line, node) or Spot(module, node, holder)
        for block, _, _ in blocks(node):
            found = _within(module, block, line, holder)
            if found is not None:
                return found
        return Spot(module, node, holder)
    return None


def _first(node: s.Statement) -> int:
    return node.header[0] if isinstance(node, s.Function | s.Class) else node.at[0]
