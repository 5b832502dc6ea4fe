"""HTML that is put together safely: what is not markup already is made visible and escaped."""

from __future__ import annotations

from html import escape

from isolint.terminal import visible


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Any text as HTML: control characters as escapes, tabs kept."""
    return Markup(escape("\t".join(map(visible, content.split("\t")))))


def element(name: str, *children: str, **attributes: str | int | None) -> Markup:
    """An element. Children that are no Markup are text; an underscore in an attribute's name is a dash.

    Attributes that are None are left out; `class_` is `class`.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """The children one after the other."""
    return Markup("".join(each if isinstance(each, Markup) else text(each) for each in children))


def prose(message: str) -> Markup:
    """A message with what stands between its backticks as code."""
    pieces = message.split("`")
    if len(pieces) % 2 == 0:
        return text(message)
    return joined(*(element("code", piece) if place % 2 else piece for place, piece in enumerate(pieces)))
