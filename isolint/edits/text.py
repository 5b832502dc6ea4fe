"""The text of a file that is to be edited: its places, line ends and indentation."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cached_property

from isolint import source
from isolint.finding import Edit, Span
from isolint.late import regex
from isolint.source import Position, Source

Edits = tuple[Edit, ...]

_USUAL, _WIDEST = 88, 120
_QUOTES = regex("[\"'#]")
_LINE_END = regex(r"\r\n|\r|\n")


class Text:
    """A file's text. Positions are those of `ast`; the edits are of the file it was read from."""

    def __init__(self, given: Source) -> None:
        self.source = given
        self.path = given.path
        self.lines = given.lines

    def span(self, at: Position) -> Span:
        """A position in characters."""
        return source.columns(self.source, at)

    def at(self, place: Position) -> str:
        """The code at a position, as it is written."""
        return self.between(self.span(place))

    def between(self, span: Span) -> str:
        """The text of a span."""
        if span.line == span.end_line:
            return self.lines[span.line - 1][span.column - 1 : span.end_column - 1]
        first = self.lines[span.line - 1][span.column - 1 :]
        last = (
            self.lines[span.end_line - 1][: span.end_column - 1] if span.end_line <= len(self.lines) else ""
        )
        return "".join((first, *self.lines[span.line : span.end_line - 1], last))

    def indentation(self, line: int) -> str:
        """The blanks that a line begins with."""
        text = self.lines[line - 1]
        return text[: len(text) - len(text.lstrip(" \t\f"))]

    def commented(self, line: int) -> int:
        """The first of the comments right above a line, indented as it is; those at the top are the whole file's."""
        first, start = line, f"{self.indentation(line)}#"
        while first > 1 and self.lines[first - 2].startswith(start):
            first -= 1
        return first if first > 1 else line

    @cached_property
    def limit(self) -> int:
        """How long lines of code may be: like the longest without strings and comments, within what is usual."""
        longest = max((len(line.rstrip()) for line in self.lines if not _QUOTES.search(line)), default=0)
        return min(max(_USUAL, longest), _WIDEST)

    def line_end(self, line: int) -> str:
        """How lines end around a line."""
        around = (*self.lines[max(line - 2, 0) : line + 1], *self.lines)
        return next((found[0] for text in around if (found := _LINE_END.search(text))), "\n")

    def replace(self, span: Span, content: str) -> Edit:
        r"""Put `content`, its lines ended by \n or as those of the file, in the place of a span."""
        return Edit(self.path, span, content.replace("\r\n", "\n").replace("\n", self.line_end(span.line)))

    def insert(self, line: int, column: int, content: str) -> Edit:
        """Put `content` before a character; lines and columns count from 1."""
        return self.replace(Span(line, column, line, column), content)

    def lines_before(self, line: int, code: str, indentation: str, blank: int = 0) -> Edit:
        """Insert lines of code before a line, and so many empty ones after them."""
        return self.insert(line, 1, indented(code, indentation) + "\n" * (1 + blank))

    def lines_after(self, line: int, code: str, indentation: str) -> Edit:
        """Insert lines of code after a line; a file without a final newline stays so."""
        text = self.lines[line - 1]
        if text.endswith(("\r", "\n")):
            return self.replace(Span(line + 1, 1, line + 1, 1), f"{indented(code, indentation)}\n")
        return self.insert(line, len(text) + 1, f"\n{indented(code, indentation)}")

    def without_lines(self, first: int, last: int) -> Edit:
        """Remove whole lines."""
        text = self.lines[last - 1]
        if text.endswith(("\r", "\n")):
            return Edit(self.path, Span(first, 1, last + 1, 1), "")
        if first == 1:
            return Edit(self.path, Span(1, 1, last, len(text) + 1), "")
        before = len(self.lines[first - 2].rstrip("\r\n"))
        return Edit(self.path, Span(first - 1, before + 1, last, len(text) + 1), "")


def indented(code: str, indentation: str) -> str:
    """Lines of code moved to the right, empty ones left empty."""
    return textwrap.indent(code.rstrip("\n"), indentation)


def both(one: Edits | None, other: Edits | None) -> Edits | None:
    """Edits together with others; None if either cannot be made."""
    return None if one is None or other is None else (*one, *other)


def call(function: str, arguments: Sequence[str], room: int) -> str:
    """The code of a call, its arguments on a line of their own, or on one line each, where there is not the room."""
    inside = ", ".join(arguments)
    if len(function) + len(inside) + 2 <= room or not arguments or "\n" in inside:
        return f"{function}({inside})"
    if len(inside) + 4 > room:
        inside = "".join(f"{argument},\n    " for argument in arguments).rstrip()
    return f"{function}(\n    {inside}\n)"
