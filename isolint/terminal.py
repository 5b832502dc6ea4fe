"""Text on a terminal: what it may show, how many cells it takes, in which colours."""

from __future__ import annotations

from typing import Protocol

WIDEST = 120
NARROWEST = 40

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ZERO_WIDTH = frozenset({"Mn", "Me"})


class Paint(Protocol):
    """Gives the text its colours, or gives it back as it is."""

    def __call__(self, text: str, *, fg: str | None = None, bold: bool | None = None) -> str: ...


def visible(text: str) -> str:
    r"""The text with every control and formatting character as an escape: `\x1b`, `\n`, `\u202e`.

    Lone surrogates are escaped too, so that the result can be encoded.
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def cells(text: str) -> int:
    """How many columns of a terminal the text takes; it has been through `visible`."""
    return len(text) if text.isascii() else sum(map(_cell_count, text))


def width() -> int:
    """The columns a report may fill: those of the terminal, within reason."""
    from shutil import get_terminal_size

    columns = get_terminal_size(fallback=(WIDEST, 24)).columns
    return max(NARROWEST, min(columns, WIDEST))


def painter(color: bool) -> Paint:
    """What colours text, or leaves it plain."""
    if not color:
        return _plain
    import click

    return click.style


def _plain(text: str, *, fg: str | None = None, bold: bool | None = None) -> str:
    return text


def _shown(character: str) -> str:
    import unicodedata

    if unicodedata.category(character) in _UNSAFE:
        return character.encode("unicode_escape").decode("ascii")
    return character


def _cell_count(character: str) -> int:
    import unicodedata

    if unicodedata.category(character) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
