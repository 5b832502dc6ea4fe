"""The files of a run, each read once; those that cannot be read become findings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from isolint import documents, source
from isolint.crash import described
from isolint.facts.program import syntax as s
from isolint.facts.program.module import ModuleFacts, read_module
from isolint.finding import Confidence, Finding, Location, Severity, Span
from isolint.late import dataclass
from isolint.source import UnreadableError

UNREADABLE = "ISO000"
MOST_LINES = 200_000


@dataclass(frozen=True, slots=True)
class Standard:
    """A file whose content comes from standard input, and the path it is to be linted as."""

    path: str
    data: bytes


class Reader:
    """Reads the files of the project at `root`. `unreadable` holds the finding for each that could not be read.

    `edited` holds what is to be read in the place of what files hold. `errors` tells the faults of isolint's own
    that files brought to light.
    """

    def __init__(self, root: Path, standard: Standard | None, edited: Mapping[str, bytes]) -> None:
        self.root = root
        self.standard = standard
        self.edited = edited
        self.sources: dict[str, source.Source | None] = {}
        self.unreadable: dict[str, Finding] = {}
        self.errors: list[str] = []

    def source(self, path: str) -> source.Source | None:
        """The text of a file of the project, None (and a finding) when it cannot be read."""
        if path not in self.sources:
            self.sources[path] = None
            try:
                self.sources[path] = source.from_bytes(self._bytes(path), path)
            except UnreadableError as error:
                if not documents.may_be_anything(path):
                    self._note_unreadable(path, error)
        return self.sources[path]

    def content(self, path: str) -> bytes:
        """The bytes of a file of the project, none where it cannot be read."""
        try:
            return self._bytes(path)
        except UnreadableError:
            return b""

    def _bytes(self, path: str) -> bytes:
        if path in self.edited:
            return self.edited[path]
        if self.standard is not None and path == self.standard.path:
            return self.standard.data
        return source.content_of(self.root / path)

    def text(self, path: str) -> str | None:
        """The text of a file of the project, None where `source` gives none."""
        found = self.source(path)
        return None if found is None else found.text

    def read(self, path: str) -> ModuleFacts | None:
        """The facts of a Python file, None (and a finding) when it cannot be read or parsed."""
        text = self.source(path)
        if text is None:
            return None
        try:
            _refuse_too_long(text)
            return read_module(path, source.parse(text))
        except UnreadableError as error:
            self._note_unreadable(path, error)
        except RecursionError:
            self._note_unreadable(path, UnreadableError("the code is nested too deeply", 1))
        except Exception as error:
            self.note_crash(path, error)
        return None

    def read_document(self, path: str) -> documents.Node | None:
        """What a configuration file holds, None (and a finding) when it cannot be read."""
        text = self.source(path)
        if text is None:
            return None
        try:
            return documents.read(text)
        except UnreadableError as error:
            if not documents.may_be_anything(path):
                self._note_unreadable(path, error)
        except Exception as error:
            self.note_crash(path, error)
        return None

    def _note_unreadable(self, path: str, error: UnreadableError) -> None:
        self.unreadable[path] = unreadable(path, str(error), error.line)

    def note_crash(self, path: str, error: Exception) -> None:
        """Tell of a fault of isolint's own that a file brought to light."""
        self.errors.append(f"{path}: a fault of isolint's own, please report it: {described(error)}")

    def span(self, path: str, at: s.Position) -> Span:
        """A position of a file in characters."""
        text = self.source(path)
        if text is None:
            return Span(at[0], at[1] + 1, at[2], at[3] + 1)
        return source.columns(text, at)

    def holes(self, path: str, template: s.Position) -> tuple[s.Position, ...]:
        """The places of the expressions inside an f-string, where `ast` does not know them; else nothing."""
        text = self.source(path)
        if source.EXACT or text is None:
            return ()
        try:
            return source.holes(text, template)
        except (source.UnreadableError, LookupError):
            return ()


def unreadable(path: str, message: str, line: int = 1) -> Finding:
    """The finding for a file that cannot be read."""
    line = max(line, 1)
    return Finding(
        UNREADABLE,
        "unreadable-file",
        message,
        Severity.ERROR,
        Confidence.HIGH,
        Location(path, Span(line, 1, line, 1)),
        lines=(line, line),
    )


def _refuse_too_long(text: source.Source) -> None:
    lines = text.text.count("\n")
    if lines > MOST_LINES:
        raise UnreadableError(
            f"the file has {lines:,} lines, isolint reads up to {MOST_LINES:,}; leave it out with `exclude`"
        )
