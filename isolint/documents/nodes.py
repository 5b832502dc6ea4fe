"""What a configuration file holds: scalars, mappings and sequences, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.late import dataclass

# As `ast` gives it: line from 1, column in UTF-8 bytes from 0, end line, end column.
Position = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key of a mapping, its place, and what it holds."""

    key: str
    at: Position
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value of a configuration file. `kind` is "scalar", "mapping" or "sequence".

    `text` is what a scalar says, as it is written but for its quotes and escapes. `rows` are the places of its
    lines where it keeps them (a block of YAML). One node may stand in several places (an alias of YAML), but in
    none below itself.
    """

    kind: str
    at: Position
    text: str = ""
    entries: tuple[Entry, ...] = ()
    items: tuple[Node, ...] = ()
    rows: tuple[Position, ...] = ()

    def entry(self, *keys: str) -> Entry | None:
        """The entry that a path of keys leads to; of a key that is there twice the last one counts."""
        current: Node = self
        found: Entry | None = None
        for key in keys:
            found = next((entry for entry in reversed(current.entries) if entry.key == key), None)
            if found is None:
                return None
            current = found.value
        return found

    def get(self, *keys: str) -> Node | None:
        """The value that a path of keys leads to."""
        found = self.entry(*keys)
        return None if found is None else found.value

    def scalars(self) -> Iterator[Node]:
        """The scalar itself, or those of a sequence."""
        if self.kind == "scalar":
            yield self
        for item in self.items:
            if item.kind == "scalar":
                yield item

    def lines(self) -> Iterator[Node]:
        """The lines of the scalars as scalars of their own; one that ends in a backslash goes on in the next."""
        for part in self.scalars():
            rows = part.text.split("\n")
            kept = len(part.rows) == len(rows)
            pending = ""
            start = part.at
            for index, row in enumerate(rows):
                at = part.rows[index] if kept else part.at
                start = start if pending else at
                pending += row
                if pending.endswith("\\"):
                    pending = f"{pending[:-1].rstrip()} "
                    continue
                if pending.strip():
                    yield scalar(pending.strip(), (start[0], start[1], at[2], at[3]))
                pending = ""
            if pending.strip():
                yield scalar(pending.strip(), start)

    def below(self) -> Iterator[Node]:
        """The node and every one below it, each once, in the order of the file."""
        pending, seen = [self], set[int]()
        while pending:
            node = pending.pop()
            if id(node) not in seen:
                seen.add(id(node))
                yield node
                pending += reversed([*node.items, *(entry.value for entry in node.entries)])

    def texts(self) -> Iterator[str]:
        """What every scalar below says, each node once."""
        return (node.text for node in self.below() if node.kind == "scalar")


def scalar(text: str, at: Position) -> Node:
    """A scalar."""
    return Node("scalar", at, text)


def byte_column(line: str, column: int) -> int:
    """The column in UTF-8 bytes of a column in characters, both from 0."""
    return column if line.isascii() else len(line[:column].encode())
