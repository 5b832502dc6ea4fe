"""A code frame: lines of source with a span marked, fitted to so many terminal cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from isolint.finding import Location, Span
from isolint.late import dataclass
from isolint.terminal import cells, visible

TAB = 4
CUT = "..."
# Lines of a span that are shown before the rest is left out; its last line always is.
HEAD = 3


class FrameLine(NamedTuple):
    """A line of a frame: of source when it has a number, else of marks."""

    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A source line as it is printed: a piece for each character, and the cell at which each starts."""

    pieces: tuple[str, ...]
    starts: tuple[int, ...]

    @property
    def width(self) -> int:
        return self.starts[-1]

    def cell(self, column: int) -> int:
        """The cell at which the character in that column starts; past the end of the line, its end."""
        return self.starts[min(column - 1, len(self.pieces))]

    def between(self, first: int, last: int) -> str:
        """What lies wholly within these cells, each piece in its place."""
        text = ""
        for piece, start, end in zip(self.pieces, self.starts, self.starts[1:], strict=False):
            if first <= start and end <= last:
                text += " " * (start - first - cells(text)) + piece
        return text


def frame(lines: Sequence[str], span: Span, label: str, room: int) -> Iterator[FrameLine]:
    """The span with carets and its label, and a line of context above and below that is not blank.

    Yields nothing when the span does not lie in the lines.
    """
    if not inside(lines, span):
        return
    span = _within(lines, span)
    marked = _one_line if span.line == span.end_line else _many_lines
    margin = "" if span.line == span.end_line else "  "
    yield from _context(lines, span.line - 1, margin, room)
    yield from marked(lines, span, label, room)
    yield from _context(lines, span.end_line + 1, margin, room)


def hop(lines: Sequence[str], span: Span, label: str, room: int) -> Iterator[FrameLine]:
    """The first line of the span, underlined with dashes, and its label."""
    if inside(lines, span):
        yield from _one_line(lines, _within(lines, span), label, room, mark="-")


def label(lines: Sequence[str], location: Location) -> str:
    """What is said of a hop, unless it only repeats the code that it is said of."""
    span = location.span
    line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    end = span.end_column - 1 if span.end_line == span.line else None
    return "" if line[span.column - 1 : end].strip() == location.message else location.message


def inside(lines: Sequence[str], span: Span) -> bool:
    """Whether the span starts in the lines, so that it can be shown."""
    return 1 <= span.line <= len(lines) and span.column >= 1


def _within(lines: Sequence[str], span: Span) -> Span:
    """The span cut to the lines; one that ends before the first character of a line ends a line earlier."""
    if span.end_line > len(lines):
        last = len(lines)
    elif span.end_column == 1 and span.end_line > span.line:
        last = span.end_line - 1
    else:
        return span
    return replace(span, end_line=last, end_column=len(_text(lines, last)) + 1)


def _one_line(
    lines: Sequence[str], span: Span, label: str, room: int, mark: str = "^"
) -> Iterator[FrameLine]:
    row = _row(_text(lines, span.line))
    first = row.cell(span.column)
    last = row.width if span.end_line > span.line else row.cell(span.end_column)
    last = max(last, first + 1)
    left, right = _window(row.width, first, last, room)
    yield FrameLine(span.line, _cut(row, left, right))
    yield from _labelled(" " * (first - left), mark * max(1, min(last, right) - first), label, room)


def _many_lines(lines: Sequence[str], span: Span, label: str, room: int) -> Iterator[FrameLine]:
    """The lines of the span beside a bar that runs from its first character to its last."""
    room -= 2
    start = min(_row(_text(lines, span.line)).cell(span.column), room - 1)
    end = min(max(_row(_text(lines, span.end_line)).cell(span.end_column), 1), room)
    opens_line = not _text(lines, span.line)[: span.column - 1].strip()
    yield FrameLine(span.line, ("/ " if opens_line else "  ") + _fitted(lines, span.line, room))
    if not opens_line:
        yield FrameLine(None, f" {'_' * (start + 1)}^")
    for number in range(span.line + 1, min(span.line + HEAD, span.end_line)):
        yield FrameLine(number, f"| {_fitted(lines, number, room)}".rstrip())
    if span.end_line > span.line + HEAD:
        yield FrameLine(None, f"| {CUT}")
    yield FrameLine(span.end_line, f"| {_fitted(lines, span.end_line, room)}")
    yield from _labelled("|" + "_" * end, "^", label, room + 2)


def _labelled(indent: str, marks: str, label: str, room: int) -> Iterator[FrameLine]:
    """The marks and the label beside them, or below them when it does not fit there."""
    text, label = indent + marks, visible(label)
    if not label or cells(text) + 1 + cells(label) <= room:
        yield FrameLine(None, f"{text} {label}".rstrip())
    else:
        yield FrameLine(None, text)
        yield FrameLine(None, " " * max(0, min(len(indent), room - cells(label))) + label)


def _context(lines: Sequence[str], number: int, margin: str, room: int) -> Iterator[FrameLine]:
    if 1 <= number <= len(lines) and _text(lines, number).strip():
        yield FrameLine(number, margin + _fitted(lines, number, room - len(margin)))


def _fitted(lines: Sequence[str], number: int, room: int) -> str:
    """That line from its first character on, cut at the right when it is too long."""
    row = _row(_text(lines, number))
    return _cut(row, 0, min(row.width, room))


def _window(width: int, first: int, last: int, room: int) -> tuple[int, int]:
    """Which cells of a line are shown so that those from `first` to `last` are seen, with what is around."""
    if width <= room:
        return 0, max(width, last)
    if last + len(CUT) <= room:
        return 0, room
    around = max(room - (last - first), 2 * len(CUT) + 2) // 2
    left = max(0, min(first - around, width - room))
    return left, min(left + room, max(width, last))


def _cut(row: _Row, left: int, right: int) -> str:
    """The cells from `left` to `right`, with dots where the line goes on."""
    head = CUT if left > 0 else ""
    tail = CUT if right < row.width else ""
    start, end = left + len(head), right - len(tail)
    text = head + row.between(start, end)
    return (text + " " * (end - left - cells(text)) + tail) if tail else text.rstrip()


def _text(lines: Sequence[str], number: int) -> str:
    return lines[number - 1].rstrip("\r\n")


def _row(text: str) -> _Row:
    pieces: list[str] = []
    starts = [0]
    for character in text:
        at = starts[-1]
        pieces.append(" " * (TAB - at % TAB) if character == "\t" else visible(character))
        starts.append(at + cells(pieces[-1]))
    return _Row(tuple(pieces), tuple(starts))
