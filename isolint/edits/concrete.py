"""A statement as libcst's nodes, each with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from isolint import source
from isolint.edits.text import Text
from isolint.finding import Edit, Span
from isolint.source import Position, Source

if TYPE_CHECKING:
    import libcst as cst


class Concrete:
    """The innermost statement, or function, at a position, parsed by libcst on its own.

    `statement` is libcst's node. Raises as `isolint.source.excerpt` does.
    """

    def __init__(self, given: Source, at: Position) -> None:
        self.text = Text(given)
        self.excerpt = source.excerpt(given, at)
        self.statement = self.excerpt.statement

    @cached_property
    def _places(self) -> Mapping[Any, Any]:
        from libcst.metadata import MetadataWrapper, PositionProvider

        return MetadataWrapper(self.excerpt.module, unsafe_skip_copy=True).resolve(PositionProvider)

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node of the statement stands in the file."""
        place = self._places[node]
        offset = self.excerpt.span.line - 1 - self.excerpt.indented
        start, end = place.start, place.end
        return Span(start.line + offset, start.column + 1, end.line + offset, end.column + 1)

    def code(self, node: cst.CSTNode) -> str:
        """A node, possibly a new one, as code."""
        return self.excerpt.module.code_for_node(node)

    def replace(self, node: cst.CSTNode, by: cst.CSTNode | str) -> Edit:
        """Put other code in the place of a node."""
        return self.text.replace(self.span(node), by if isinstance(by, str) else self.code(by))
