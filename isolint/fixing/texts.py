"""The files that fixes edit: what they held when they were first read, and what they are to hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path

from isolint import documents, source
from isolint.finding import Edit, Fix, Span
from isolint.fixing.tidy import unused_imports
from isolint.source import Source, UnreadableError

EMPTY = Span(1, 1, 1, 1)


class RefusedError(Exception):
    """A fix that cannot be applied, and why."""


class Texts:
    """The edited files of a project. `before` holds what was read of a file, None where there was none.

    `after` holds what is to be written, under each path by which the file was named. A file of `given` is not
    read from the disk.
    """

    def __init__(self, root: Path, given: dict[str, bytes]) -> None:
        self.root = Path(os.path.realpath(root))
        self.given = given
        self.before: dict[str, bytes | None] = {}
        self.after: dict[str, bytes] = {}
        self.names: dict[str, set[str]] = {}

    def file(self, path: str) -> str:
        """The file that a path leads to when links are followed. Raises RefusedError for one outside the project."""
        if path in self.given:
            return path
        real = Path(os.path.realpath(self.root / path))
        if not real.is_relative_to(self.root):
            raise RefusedError(f"{path} is a link that leads out of the project")
        name = real.relative_to(self.root).as_posix()
        self.names.setdefault(name, {name}).add(path)
        return name

    def tried(self, fixes: Iterable[Fix]) -> dict[str, bytes]:
        """What the files of some fixes would hold. Raises RefusedError where it could not be read again."""
        edits: dict[str, list[Edit]] = {}
        for fix in fixes:
            for edit in fix.edits:
                edits.setdefault(self.file(edit.path), []).append(edit)
        return {name: self._edited(name, found) for name, found in edits.items()}

    def accept(self, tried: dict[str, bytes]) -> None:
        """Take over what was tried."""
        for name, data in tried.items():
            for each in self.names.get(name, {name}):
                self.after[each] = data

    def changed(self) -> dict[str, tuple[bytes | None, bytes]]:
        """What each edited file held and is to hold, sorted by path, those that are as they were left out."""
        return {
            name: (before, self.after[name])
            for name, before in sorted(self.before.items())
            if name in self.after and self.after[name] != before
        }

    def _edited(self, name: str, edits: Sequence[Edit]) -> bytes:
        given = self._source(name, edits)
        text = edited(given.text, given.lines, edits, name)
        try:
            data = text.encode(given.encoding)
        except UnicodeEncodeError as error:
            raise RefusedError(
                f"{name} is {given.encoding}, which cannot hold what would be put in"
            ) from error
        try:
            after = source.from_bytes(data, name)
            if documents.kind_of(name):
                documents.read(after)
                return data
            return self._tidied(name, after)
        except UnreadableError as error:
            reason = f"{name} could not be read any more: line {error.line}: {error.message}"
            raise RefusedError(reason) from None

    def _tidied(self, name: str, after: Source) -> bytes:
        """What a Python file is to hold, without the imports that its fixes leave unused."""
        source.parse(after)
        before = self.before[name]
        edits = () if before is None else unused_imports(source.from_bytes(before, name), after)
        return edited(after.text, after.lines, edits, name).encode(after.encoding)

    def _source(self, name: str, edits: Sequence[Edit]) -> Source:
        data = self.after.get(name, self._read(name))
        if data is None:
            if any(edit.span != EMPTY for edit in edits):
                raise RefusedError(f"{name} is gone")
            return source.from_text("", name)
        try:
            found = source.from_bytes(data, name)
        except UnreadableError as error:
            raise RefusedError(f"{name} has changed while it was checked: {error.message}") from None
        if found.text.encode(found.encoding) != data:
            raise RefusedError(f"{name} could not be written back as it is")
        return found

    def _read(self, name: str) -> bytes | None:
        if name not in self.before:
            try:
                self.before[name] = (
                    self.given[name] if name in self.given else (self.root / name).read_bytes()
                )
            except FileNotFoundError:
                self.before[name] = None
            except OSError as error:
                raise RefusedError(f"{name} cannot be read: {error.strerror or error}") from error
        return self.before[name]


def edited(text: str, lines: Sequence[str], edits: Iterable[Edit], name: str) -> str:
    """A text after edits. Raises RefusedError for edits that overlap or lie outside the text."""
    starts = [0, *accumulate(map(len, lines))]
    places = sorted((*_offsets(edit.span, starts, name), edit.content) for edit in set(edits))
    parts: list[str] = []
    last = 0
    for start, end, content in places:
        if start < last:
            raise RefusedError(f"edits of {name} overlap")
        parts += [text[last:start], content]
        last = end
    return "".join((*parts, text[last:]))


def _offsets(span: Span, starts: Sequence[int], name: str) -> tuple[int, int]:
    start, end = _offset(span.line, span.column, starts), _offset(span.end_line, span.end_column, starts)
    if start is None or end is None or end < start:
        raise RefusedError(f"an edit of {name} lies outside its text")
    return start, end


def _offset(line: int, column: int, starts: Sequence[int]) -> int | None:
    if line == len(starts) and column == 1:
        return starts[-1]
    if not 1 <= line < len(starts) or column < 1:
        return None
    found = starts[line - 1] + column - 1
    return found if found <= starts[line] else None
