"""What an `INSERT` puts into which table, as far as the statement spells it out."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.sql.statements import HOLE, Token, statements

_LENIENT = frozenset({"conflict", "ignore", "replace", "duplicate", "select", "exists"})


def inserted(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The table of the first insertion of SQL text and the columns whose values are literals; "" for none.

    An insertion that gives way to a row that is there already is none.
    """
    if "insert" not in text.lower():
        return "", ()
    for tokens in statements(text):
        words = [token.word for token in tokens]
        if words[:2] == ["insert", "into"] and _LENIENT.isdisjoint(words):
            table, rest = _name(tokens[2:])
            lists = list(_lists(rest))
            return table, _literals(lists[0], lists[1]) if len(lists) > 1 else ()
    return "", ()


def _name(tokens: tuple[Token, ...]) -> tuple[str, tuple[Token, ...]]:
    name = ""
    for index, token in enumerate(tokens):
        if token.text.startswith("(") or token.word in ("values", "default"):
            return name, tokens[index:]
        name += token.text
    return name, ()


def _lists(tokens: tuple[Token, ...]) -> Iterator[list[Token]]:
    """The contents of each pair of parentheses."""
    current: list[Token] | None = None
    for token in tokens:
        if token.text == "(":
            current = []
        elif token.text == ")" and current is not None:
            yield [t for t in current if t.text != ","]
            current = None
        elif current is not None:
            current.append(token)


def _literals(columns: list[Token], values: list[Token]) -> tuple[tuple[str, str], ...]:
    if len(columns) != len(values):
        return ()
    pairs = zip(columns, values, strict=True)
    return tuple(
        (column.text.strip('"`[]'), value.text.strip("'"))
        for column, value in pairs
        if (value.text.startswith("'") or value.text.isdigit()) and HOLE not in value.text
    )
