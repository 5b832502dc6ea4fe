"""Where a node of libcst's tree stands, in `ast`'s terms: lines from 1, columns in UTF-8 bytes from 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import libcst as cst
from libcst.metadata import CodePosition, CodeRange, MetadataWrapper, PositionProvider


class Place(TypedDict):
    """The position attributes of an `ast` node."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


def shifted(position: CodePosition, columns: int) -> CodePosition:
    return CodePosition(position.line, position.column + columns)


def _ranges(module: cst.Module) -> Mapping[cst.CSTNode, CodeRange]:
    try:
        return MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    except KeyError:  # a RecursionError, hidden by the clean-up of libcst's context managers
        raise RecursionError("the tree is too deep for libcst's positions") from None


class Places:
    """The places of the nodes of one module, which was parsed from `text`.

    `ends` holds the ends of the compound statements that have been converted.
    """

    def __init__(self, module: cst.Module, text: str) -> None:
        self._ranges = _ranges(module)
        self.ends: dict[cst.CSTNode, CodePosition] = {}
        self._module = module
        self._lines = text.split("\n")
        self._lost = self._lost_columns() if "\f" in text else {}

    def __call__(self, node: cst.CSTNode) -> Place:
        """The place of a node without the parentheses around it."""
        inner = self.inner(node)
        return self.between(inner.start, inner.end)

    def inner(self, node: cst.CSTNode) -> CodeRange:
        return self._ranges[node]

    def between(self, start: CodePosition, end: CodePosition) -> Place:
        return Place(
            lineno=start.line,
            col_offset=self._bytes(start),
            end_lineno=end.line,
            end_col_offset=self._bytes(end),
        )

    def enclosed(self, node: cst.Tuple | cst.GeneratorExp | cst.MatchTuple) -> Place:
        """The place of a node with the parentheses next to it, which are its own."""
        return self.between(self.inner(node.lpar[-1]).start, self.inner(node.rpar[0]).end)

    def start(self, node: cst.CSTNode) -> CodePosition:
        """Where a node starts, with the parentheses around it."""
        opening: Sequence[cst.CSTNode] = getattr(node, "lpar", ())
        return self._ranges[opening[0] if opening else node].start

    def end(self, node: cst.CSTNode) -> CodePosition:
        """Where a node ends, with the parentheses around it."""
        closing: Sequence[cst.CSTNode] = getattr(node, "rpar", ())
        return self._ranges[closing[-1] if closing else node].end

    def code(self, node: cst.CSTNode) -> str:
        """A node as it is written."""
        return self._module.code_for_node(node)

    def _lost_columns(self) -> dict[int, int]:
        """How much of the indentation of a line libcst leaves out: a form feed, and what is before it."""
        kept = self._module.code.split("\n")
        pairs = zip(self._lines, kept, strict=False)
        return {number: len(line) - len(rest) for number, (line, rest) in enumerate(pairs)}

    def _bytes(self, position: CodePosition) -> int:
        line = self._lines[position.line - 1]
        column = position.column + self._lost.get(position.line - 1, 0)
        return column if line.isascii() else len(line[:column].encode())
