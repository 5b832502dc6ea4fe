"""Markdown: tables, and made text between the markers of a page that is written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE_FROM = "<!-- Made by `python -m isolint.docs` from "


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [titles, ["---"] * len(titles), *escaped])


def put_between(text: str, name: str, made: str) -> str:
    """The text with `made` between its markers of that name. Raises ValueError when they are not there once."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"no `{begin}` followed by `{end}`")
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    return f"{head}{begin}\n{made}\n{end}{tail}"
