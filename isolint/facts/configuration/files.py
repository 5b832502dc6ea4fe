"""The project's configuration files, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from isolint.documents import Node, kind_of
from isolint.late import dataclass


@dataclass(frozen=True, eq=False)
class Document:
    """A configuration file: its path, its kind (see `isolint.documents.KINDS`) and what it holds."""

    path: str
    kind: str
    root: Node

    def statement_lines(self, line: int) -> tuple[int, int]:
        """The lines a suppression for `line` may stand on: it alone."""
        return (line, line)


class Configuration:
    """Finds configuration files by their path and kind; `read` gives what one holds, None if it cannot be read."""

    def __init__(self, files: Iterable[str], read: Callable[[str], Node | None]) -> None:
        self.files = tuple(files)
        self._read = read
        self._known: dict[str, Document | None] = {}

    def document(self, path: str) -> Document | None:
        """The configuration file of that path, None where there is none or it cannot be read."""
        if path not in self._known:
            root = self._read(path) if path in self.files else None
            self._known[path] = None if root is None else Document(path, kind_of(path), root)
        return self._known[path]

    def of(self, *kinds: str) -> tuple[Document, ...]:
        """The configuration files of these kinds, sorted by path."""
        found = (self.document(path) for path in self.files if kind_of(path) in kinds)
        return tuple(document for document in found if document is not None)
