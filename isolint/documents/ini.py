"""INI files: sections and keys by iniconfig, whose line numbers lead to the columns."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.documents.nodes import Entry, Node, Position, byte_column, scalar
from isolint.late import regex
from isolint.source import Source, UnreadableError

_KEY = regex(r"\s*(?P<key>[^=:\s](?:[^=:]*[^=:\s])?)\s*[=:]\s*")
_COMMENT = regex(r"\s+[#;].*$")


def read(source: Source) -> Node:
    """The sections, a mapping of mappings. A value that goes on in further lines is a sequence of its lines.

    Raises UnreadableError for text that is not an INI file.
    """
    from iniconfig import IniConfig, ParseError

    try:
        config = IniConfig(source.path, data=source.text)
    except ParseError as error:
        raise UnreadableError(f"not an INI file: {error.msg}", error.lineno + 1) from None
    sections = []
    for name, values in config.sections.items():
        at = _line(source, config.lineof(name) or 1)
        keys = [line for key in values if (line := config.lineof(name, key)) is not None]
        entries = tuple(_entry(source, line) for line in sorted(keys))
        sections.append(Entry(name, at, Node("mapping", at, entries=entries)))
    return Node("mapping", (1, 0, max(len(source.lines), 1), 0), entries=tuple(sections))


def _entry(source: Source, line: int) -> Entry:
    """The key that stands in a line, with its value there and in the indented lines below."""
    written = source.lines[line - 1].rstrip("\r\n")
    found = _KEY.match(written)
    if found is None:
        return Entry(written.strip(), _line(source, line), scalar("", _line(source, line)))
    at = _place(written, line, found.start("key"), found.end("key"))
    first = _value(written, line, found.end())
    further = list(_further(source, line))
    if not further:
        return Entry(found["key"], at, first)
    items = ((first,) if first.text else ()) + tuple(further)
    whole = (first.at[0], first.at[1], further[-1].at[2], further[-1].at[3])
    return Entry(found["key"], at, Node("sequence", whole, items=items))


def _further(source: Source, line: int) -> Iterator[Node]:
    for number, raw in enumerate(source.lines[line:], start=line + 1):
        text = raw.rstrip("\r\n")
        if not text.strip() or text.lstrip().startswith(("#", ";")):
            continue
        if not text[0].isspace():
            return
        yield _value(text, number, len(text) - len(text.lstrip()))


def _value(text: str, line: int, start: int) -> Node:
    written = _COMMENT.sub("", text[start:]).rstrip()
    return scalar(written, _place(text, line, start, start + len(written)))


def _place(text: str, line: int, start: int, end: int) -> Position:
    return (line, byte_column(text, start), line, byte_column(text, end))


def _line(source: Source, line: int) -> Position:
    text = source.lines[line - 1].rstrip("\r\n")
    return _place(text, line, 0, len(text))
