"""YAML, read by PyYAML as far as its nodes and their marks: no tag makes an object."""

from __future__ import annotations

from typing import Any

from isolint.documents.nodes import Entry, Node, Position, byte_column, scalar
from isolint.source import Source, UnreadableError


def read(source: Source) -> Node:
    """The first document of a YAML (or JSON) file; a mapping without entries for an empty one.

    Raises UnreadableError for text that is not YAML.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = next(iter(yaml.compose_all(source.text, Loader=loader)), None)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark is not None else 0
        line = min(line + 1, max(len(source.lines), 1))
        raise UnreadableError(f"not YAML: {error.problem or error.context}", line) from None
    except (yaml.YAMLError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableError(f"not YAML: {reason}") from None
    return _Reader(source).node(root) if root is not None else Node("mapping", (1, 0, 1, 0))


class _Reader:
    """Turns PyYAML's nodes into ours, each once: aliases share theirs, and one that holds itself is cut off."""

    def __init__(self, source: Source) -> None:
        self.lines = source.lines
        self.known: dict[int, Node] = {}
        self.open: set[int] = set()

    def node(self, given: Any) -> Node:
        key = id(given)
        if key in self.open:
            return scalar("", self.place(given))
        if key not in self.known:
            self.open.add(key)
            self.known[key] = self.made(given)
            self.open.discard(key)
        return self.known[key]

    def made(self, given: Any) -> Node:
        at = self.place(given)
        match given.id:
            case "mapping":
                return Node("mapping", at, entries=tuple(self.entries(given)))
            case "sequence":
                return Node("sequence", at, items=tuple(self.node(item) for item in given.value))
        text = str(given.value)
        return Node("scalar", at, text, rows=self.rows(at, text) if given.style == "|" else ())

    def rows(self, at: Position, text: str) -> tuple[Position, ...]:
        """The places of the lines of a literal block, which begin below its `|`."""
        found = []
        for number, row in enumerate(text.split("\n"), start=at[0] + 1):
            line = self.lines[number - 1].rstrip("\r\n") if number <= len(self.lines) else ""
            start = max(line.find(row), 0)
            found.append(
                (
                    number,
                    byte_column(line, start),
                    number,
                    byte_column(line, min(start + len(row), len(line))),
                )
            )
        return tuple(found)

    def entries(self, given: Any) -> list[Entry]:
        """The entries of a mapping; those that `<<` merges into it come first, so that its own count."""
        merged: list[Entry] = []
        own: list[Entry] = []
        for key, value in given.value:
            if key.id != "scalar":
                continue
            if key.tag == "tag:yaml.org,2002:merge":
                node = self.node(value)
                for source in (node, *node.items):
                    merged += source.entries
            else:
                own.append(Entry(str(key.value), self.place(key), self.node(value)))
        return [*merged, *own]

    def place(self, given: Any) -> Position:
        start, end = given.start_mark, given.end_mark
        return (start.line + 1, self.column(start), end.line + 1, self.column(end))

    def column(self, mark: Any) -> int:
        line = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return byte_column(line, mark.column)
