"""What a Python file says, imports, or names in a string as a module, told by its text: nothing is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from isolint.late import regex

_IMPORTS = regex(
    rb"(?:^|[;:])[ \t]*(?:"
    rb"from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n;]*(?:\\\r?\n[^\n;]*)*)|"
    rb"import[ \t]+([^\n;]*(?:\\\r?\n[^\n;]*)*))",
    re.M,
)
_COMMENTS = regex(rb"#[^\n]*|\bas\s+\w+")
_NAMES = regex(rb"\w+")
_DOTTED = regex(rb"""["']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)[:"']""")
_GIVEN = regex(rb"""(?:import_module\(|__import__\(|run_module\(|=)\s*["']([.\w]+)["']""")

_PARAMETERS = regex(rb"\bdef\s+\w+[^\n(]*\((.*?)\)\s*(?:->[^\n]*)?:", re.S)
_IN_STRINGS = regex(rb"""(?<=["'])\s*\w+(?:\s*,\s*\w+)*\s*(?=["'])""")
_RENAMED = regex(rb"""\bname\s*=\s*["'](\w+)["']""")

_APART = bytes(c if chr(c).isalnum() or c == 95 or c > 127 else 32 for c in range(256))

Parts = tuple[str, ...]


class Imported(NamedTuple):
    """A module that is named: how many dots stand before it, its parts, and what is taken from it."""

    level: int
    parts: Parts
    names: Parts = ()


def imported(data: bytes) -> Iterator[Imported]:
    """The imports in a text, wherever they stand, and what its strings name like a module."""
    for source, names, modules in _IMPORTS.findall(data):
        if modules:
            for name in _COMMENTS.sub(b"", modules).split(b","):
                yield _imported(name)
        else:
            taken = _NAMES.findall(_COMMENTS.sub(b"", names))
            yield _imported(source)._replace(names=tuple(map(_text, taken)))
    for name in {*_DOTTED.findall(data), *_GIVEN.findall(data)}:
        yield _imported(name)


def words_in(data: bytes) -> frozenset[bytes]:
    """Every word in a text."""
    return frozenset(data.translate(_APART).split())


def requested_in(data: bytes) -> frozenset[bytes]:
    """The words by which a text may ask for a fixture: the names of parameters, and, with pytest, those in strings.

    https://docs.pytest.org/en/stable/how-to/fixtures.html
    """
    strings = _IN_STRINGS.findall(data) if b"pytest" in data else []
    return words_in(b" ".join([*_PARAMETERS.findall(data), *strings]))


def renamed_in(data: bytes) -> frozenset[bytes]:
    """The names that a text may give to fixtures otherwise than by their functions: `fixture(name="session")`."""
    return frozenset(_RENAMED.findall(data))


def parts_of(name: bytes) -> Parts:
    """The parts of a dotted name."""
    return tuple(word for word in _text(name.strip()).split(".") if word)


def _imported(name: bytes) -> Imported:
    stripped = name.strip()
    return Imported(len(stripped) - len(stripped.lstrip(b".")), parts_of(stripped))


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")
