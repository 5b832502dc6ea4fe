"""A configuration file that is to be edited, formatting and comments kept."""

from __future__ import annotations

from collections.abc import Collection

from isolint.documents import Entry, Node
from isolint.edits.text import Edits, Text, indented
from isolint.edits.words import without
from isolint.finding import Edit, Span
from isolint.source import Position, Source

_QUOTES = ("'", '"')


class ConfigurationFile:
    r"""Builds edits of a YAML, TOML, INI or other file that `isolint.documents` reads.

    Lines that are given end with \n and are written with the file's line ends.
    """

    def __init__(self, given: Source) -> None:
        self.text = Text(given)
        self.path = given.path

    def code(self, at: Position) -> str:
        """What is written at a position."""
        return self.text.at(at)

    def replace(self, at: Position, content: str) -> Edit:
        """Put other text in the place of what stands at a position, as it is given."""
        return self.text.replace(self.text.span(at), content)

    def replace_value(self, node: Node, value: str) -> Edit | None:
        """Give a scalar another value, in the quotation marks it has; None where they do not fit around it."""
        written = self.code(node.at)
        if node.kind != "scalar" or "\n" in value:
            return None
        mark = written[:1] if written[:1] in _QUOTES and written[-1:] == written[:1] else ""
        if mark and (mark in value or "\\" in value):
            return None
        return self.replace(node.at, f"{mark}{value}{mark}")

    def insert_after(self, entry: Entry, lines: str) -> Edits | None:
        """Insert lines after an entry and all it holds, with the indentation of its key."""
        if not self._begins_line(entry.at):
            return None
        last = self.last_line(entry)
        return (self.text.lines_after(last, lines, self.text.indentation(entry.at[0])),)

    def append_inside(self, entry: Entry, lines: str) -> Edits | None:
        """Insert lines as the last of what a mapping of YAML holds, with the indentation of its other keys."""
        own = [each for each in entry.value.entries if each.at > entry.at]
        if not own or own[0].at[0] == entry.at[0] or any(each.at[1] != own[0].at[1] for each in own):
            return None
        return self.insert_after(own[-1], lines)

    def replace_item(self, item: Node, lines: str) -> Edit | None:
        """Put lines in the place of an item of a list of YAML that has a line to itself, its dash included."""
        span = self.text.span(item.at)
        before = self.text.lines[span.line - 1][: span.column - 1]
        if before.strip() != "-" or span.line != span.end_line:
            return None
        indentation = self.text.indentation(span.line)
        first, *rest = lines.split("\n")
        content = "\n".join((first, *(indented(line, indentation) for line in rest)))
        column = len(indentation) + 1
        return self.text.replace(Span(span.line, column, span.end_line, span.end_column), content)

    def remove(self, entry: Entry) -> Edits | None:
        """Remove an entry that has its lines to itself."""
        if not self._begins_line(entry.at):
            return None
        return (self.text.without_lines(entry.at[0], self.last_line(entry)),)

    def remove_words(self, entry: Entry, words: Collection[str]) -> Edits | None:
        """Take words out of a setting that lists them; the setting goes if no other word is in it."""
        left = {word for part in entry.value.scalars() for word in part.text.split()} - {*words}
        return without(self.text, entry.value, words) if left else self.remove(entry)

    def last_line(self, entry: Entry) -> int:
        """The last line of an entry that is neither empty nor of a comment."""
        line, column = _end(entry.value, entry.at)
        last = min(line if column else line - 1, len(self.text.lines))
        while last > entry.at[0] and not self.text.lines[last - 1].strip():
            last -= 1
        return last

    def _begins_line(self, at: Position) -> bool:
        span = self.text.span(at)
        return not self.text.lines[span.line - 1][: span.column - 1].strip()


def _end(node: Node, least: Position) -> tuple[int, int]:
    """Where what a node holds ends: YAML lets a block end where the next one begins."""
    if node.kind == "scalar":
        return max(least[2:], node.at[2:])
    inner = [*node.items, *(entry.value for entry in node.entries)]
    ends = [least[2:], *(entry.at[2:] for entry in node.entries), *(_end(each, least) for each in inner)]
    return max(ends) if inner else max(least[2:], node.at[2:])
