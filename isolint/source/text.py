"""From bytes to text, and from `ast`'s positions to what editors count."""

from __future__ import annotations

import io
import stat
import tokenize
from dataclasses import field
from pathlib import Path

from isolint.finding import Span
from isolint.inputs import note_file
from isolint.late import dataclass, regex

# As `ast` gives it: line from 1, column in UTF-8 bytes from 0, end line, end column.
Position = tuple[int, int, int, int]

_LARGEST = 100_000_000
_LINE_END = regex(rb"\r\n?|\n")


class UnreadableError(Exception):
    """A file that cannot be read as Python 3: why, and on which line."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file: no byte order mark, line ends as they are.

    `path` is relative to the project root, in POSIX form; `encoding` writes the text back as it was.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    _lines: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)

    @property
    def lines(self) -> tuple[str, ...]:
        r"""The lines as `ast` counts them, with their ends: \n, \r\n and \r, and nothing else, end a line."""
        if not self._lines:
            object.__setattr__(self, "_lines", _lines(self.text))
        return self._lines


def read(path: Path, name: str) -> Source:
    """Read the file at `path` as the source called `name`.

    Raises UnreadableError for what is not a regular file, is too large or may not be read, and for text
    that is not in its encoding.
    """
    return from_bytes(content_of(path), name)


def content_of(path: Path) -> bytes:
    """What the file at `path` holds.

    Raises UnreadableError for what is not a regular file, is too large or may not be read.
    """
    found = note_file(path)
    try:
        size, _, mode = found or (0, 0, path.stat().st_mode)
        if not stat.S_ISREG(mode):
            raise UnreadableError(
                "the file is a directory" if stat.S_ISDIR(mode) else "the file is not a regular one"
            )
        if size > _LARGEST:
            raise UnreadableError(f"the file is larger than {_LARGEST // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError((error.strerror or str(error)).lower()) from None


def from_bytes(data: bytes, name: str) -> Source:
    """Decode what a file holds: by its byte order mark or coding cookie, else as UTF-8.

    Raises UnreadableError for an unknown encoding and for bytes that are not in the encoding.
    """
    encoding = "utf-8"
    try:
        encoding = _encoding(data)
        return from_text(data.decode(encoding), name, encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = len(_LINE_END.findall(before)) + 1
        raise UnreadableError(f"byte 0x{error.object[error.start]:02x} is not {encoding}", line) from None
    except LookupError:
        raise UnreadableError(f"unknown encoding: {encoding}") from None
    except UnicodeError:
        raise UnreadableError(f"the file is not {encoding}") from None


def _encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        data.decode()
        raise UnreadableError(str(error.msg)) from None


def from_text(text: str, name: str, encoding: str = "utf-8") -> Source:
    """The source called `name` with this text, say from standard input.

    Raises UnreadableError for NUL characters, and for surrogates, which stand for undecoded bytes.
    """
    if text.startswith("\ufeff"):
        text, encoding = text[1:], "utf-8-sig"
    if "\0" in text:
        raise UnreadableError("the file holds a NUL byte", _line(text, text.index("\0")))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnreadableError("the file holds bytes that are no text", _line(text, error.start)) from None
    return Source(name, text, encoding)


def _line(text: str, index: int) -> int:
    return len(_lines(text[: index + 1]))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(io.StringIO(text, newline=""))


def columns(source: Source, position: Position) -> Span:
    """The span of an `ast` position: columns in characters from 1."""
    line, start, end_line, end = position
    return Span(line, _column(source.lines, line, start), end_line, _column(source.lines, end_line, end))


def _column(lines: tuple[str, ...], line: int, offset: int) -> int:
    text = lines[line - 1] if line <= len(lines) else ""
    return offset + 1 if text.isascii() else len(text.encode()[:offset].decode(errors="ignore")) + 1
