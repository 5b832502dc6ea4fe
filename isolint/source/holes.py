"""Where the expressions inside f-strings stand: exactly, whatever interpreter isolint runs under."""

from __future__ import annotations

import sys
from typing import Any

from isolint.source.concrete import excerpt
from isolint.source.text import Position, Source

EXACT = sys.version_info >= (3, 12)
"""Whether `ast` itself places what is inside f-strings rightly; before 3.12 it does so only on the first line."""


def holes(source: Source, template: Position) -> tuple[Position, ...]:
    """The places of the expressions in the holes of an f-string (or several in a row) at an `ast` position.

    Read with libcst from the statement around it. Raises UnreadableError and LookupError as `excerpt` does.
    """
    found = excerpt(source, template)
    offset = found.span.line - 1 - found.indented
    places = (_shifted(place, offset, source) for place in _expressions(found.module))
    start, end = template[:2], template[2:]
    return tuple(place for place in places if start <= place[:2] and place[2:] <= end)


def _expressions(module: Any) -> list[Any]:
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    class Holes(cst.CSTVisitor):
        METADATA_DEPENDENCIES = (PositionProvider,)

        def __init__(self) -> None:
            self.places: list[Any] = []

        def visit_FormattedStringExpression(self, node: cst.FormattedStringExpression) -> bool:  # noqa: N802
            self.places.append(self.get_metadata(PositionProvider, node.expression))
            return False

    visitor = Holes()
    MetadataWrapper(module, unsafe_skip_copy=True).visit(visitor)
    return visitor.places


def _shifted(place: Any, offset: int, source: Source) -> Position:
    """A position of libcst in an excerpt as one of `ast` in the file: columns in bytes."""
    first, last = place.start.line + offset, place.end.line + offset
    return (
        first,
        len(source.lines[first - 1][: place.start.column].encode()),
        last,
        len(source.lines[last - 1][: place.end.column].encode()),
    )
