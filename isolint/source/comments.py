"""The comments of a file, told from `#` in strings by scanning its tokens, in whatever grammar it is.

A scanner of its own, because `tokenize` knows the grammar of the running interpreter only, stops at the
first error, and takes longer than `ast.parse`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

from isolint.late import dataclass, regex
from isolint.source.text import Source

_CODE = regex(r"#[^\r\n]*|'''|\"\"\"|['\"]")
_HOLE = regex(rf"{_CODE.pattern}|[(\[{{:)\]}}]")
_PREFIX = regex(r"(?<!\w)(?:[ft]r?|r[ft])\Z", re.IGNORECASE)
_STRING = {
    "'": regex(r"[^\\\r\n']*(?:\\(?:\r\n|[\s\S])[^\\\r\n']*)*'?"),
    '"': regex(r'[^\\\r\n"]*(?:\\(?:\r\n|[\s\S])[^\\\r\n"]*)*"?'),
    "'''": regex(r"[^\\']*(?:(?:\\[\s\S]|'(?!''))[^\\']*)*(?:''')?"),
    '"""': regex(r'[^\\"]*(?:(?:\\[\s\S]|"(?!""))[^\\"]*)*(?:""")?'),
}


def comments(source: Source) -> Iterator[tuple[int, int, str]]:
    """Each comment of the source: its line, its column in characters from 1, its text from the `#` on."""
    if "#" not in source.text:
        return
    starts = [0, *accumulate(map(len, source.lines))]
    for start, end in _Scanner(source.text).comments():
        line = bisect_right(starts, start)
        yield line, start - starts[line - 1] + 1, source.text[start:end]


@dataclass(slots=True)
class _Text:
    """The literal text of an f-string or template string, or of the format specification of a hole."""

    quote: str
    raw: bool
    is_format: bool = False


@dataclass(slots=True)
class _Hole:
    """The code between the braces of an f-string, with so many brackets open."""

    depth: int = 0


class _Scanner:
    """Walks through the tokens that matter; `_open` are the f-strings and holes around the position."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._open: list[_Text | _Hole] = []

    def comments(self) -> Iterator[tuple[int, int]]:
        """The start and the end of each comment."""
        while self._position < len(self._text):
            inner = self._open[-1] if self._open else None
            if isinstance(inner, _Text):
                self._scan_text(inner)
            elif token := self._next(_CODE if inner is None else _HOLE):
                if token[0].startswith("#"):
                    yield token.span()
                elif token[0] in _STRING:
                    self._enter_string(token)
                elif inner is not None:
                    self._scan_bracket(token[0], inner)

    def _next(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        token = pattern.search(self._text, self._position)
        self._position = token.end() if token else len(self._text)
        return token

    def _enter_string(self, token: re.Match[str]) -> None:
        start, quote = token.start(), token[0]
        prefix = _PREFIX.search(self._text, max(0, start - 2), start)
        if prefix:
            self._open.append(_Text(quote, raw="r" in prefix[0].lower()))
        else:
            self._next(_STRING[quote])

    def _scan_bracket(self, mark: str, hole: _Hole) -> None:
        if mark in "([{":
            hole.depth += 1
        elif hole.depth:
            hole.depth -= mark != ":"
        elif mark == "}":
            self._open.pop()
        elif mark == ":":
            around = self._open[-2]
            assert isinstance(around, _Text)
            self._open.append(_Text(around.quote, around.raw, is_format=True))

    def _scan_text(self, text: _Text) -> None:
        token = self._next(_text_mark(text.quote, text.raw, text.is_format))
        mark = token[0] if token else ""
        if mark == "{":
            self._open.append(_Hole())
        elif mark == "}":
            del self._open[-2:]
        elif mark == text.quote and not text.is_format:
            self._open.pop()
        elif mark in (text.quote, "\r", "\n"):
            self._open.clear()  # the string is broken: go on after it


@cache
def _text_mark(quote: str, raw: bool, is_format: bool) -> re.Pattern[str]:
    """What ends a stretch of literal text, and the escapes that do not."""
    named = "" if raw else r"\\N\{[^}]*\}|"
    braces = r"[{}]" if is_format else r"\{\{|\{"
    line_end = r"|[\r\n]" if len(quote) == 1 else ""
    return re.compile(rf"{named}\\(?:\r\n|[^{{}}])|{braces}|{quote}{line_end}")
