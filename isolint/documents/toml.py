"""TOML: values by the standard library's reader, places by tree-sitter's grammar."""

from __future__ import annotations

import sys
from typing import Any

from isolint.documents.nodes import Entry, Node, Position, scalar
from isolint.late import regex
from isolint.source import Source, UnreadableError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LINE = regex(r"\(at line (\d+),")
_TABLES = ("table", "table_array_element")


def read(source: Source) -> Node:
    """The document. Raises UnreadableError for text that is not TOML."""
    try:
        tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        raise UnreadableError(f"not TOML: {error}", int(found[1]) if found else 1) from None
    import tree_sitter
    import tree_sitter_toml

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    root = parser.parse(source.text.encode("utf-8", errors="replace")).root_node
    tree = _Table()
    for child in root.children:
        if child.type == "pair":
            tree.add(child)
        elif child.type in _TABLES:
            tree.add_table(child)
    return tree.node(_place(root))


class _Table:
    """A table while it is put together: dotted keys and headers fill it from several places."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[Position, Node | _Table]] = {}

    def add(self, pair: Any) -> None:
        """Take in `key = value`."""
        key, value = (child for child in pair.children if child.is_named and child.type != "comment")
        *path, last = _keys(key)
        table = self.inner(path)
        table.values[last[0]] = (last[1], _value(value))

    def add_table(self, table: Any) -> None:
        """Take in `[a.b]` with the pairs below it; of an array of tables the last element counts."""
        header = next(child for child in table.children if child.type.endswith("key"))
        inner = self.inner(_keys(header))
        for child in table.children:
            if child.type == "pair":
                inner.add(child)

    def inner(self, path: list[tuple[str, Position]]) -> _Table:
        table = self
        for name, at in path:
            found = table.values.get(name)
            if found is None or not isinstance(found[1], _Table):
                found = (at, _Table())
                table.values[name] = found
            table = found[1] if isinstance(found[1], _Table) else table
        return table

    def node(self, at: Position) -> Node:
        entries = []
        for key, (place, value) in self.values.items():
            entries.append(Entry(key, place, value.node(place) if isinstance(value, _Table) else value))
        return Node("mapping", at, entries=tuple(entries))


def _keys(node: Any) -> list[tuple[str, Position]]:
    if node.type == "dotted_key":
        return [key for child in node.children if child.type.endswith("key") for key in _keys(child)]
    text = node.text.decode()
    return [(str(_plain(text)) if node.type == "quoted_key" else text, _place(node))]


def _value(node: Any) -> Node:
    at = _place(node)
    if node.type == "array":
        values = [child for child in node.children if child.is_named and child.type != "comment"]
        return Node("sequence", at, items=tuple(_value(child) for child in values))
    if node.type == "inline_table":
        table = _Table()
        for child in node.children:
            if child.type == "pair":
                table.add(child)
        return table.node(at)
    return scalar(str(_plain(node.text.decode())), at)


def _plain(written: str) -> object:
    return tomllib.loads(f"value = {written}")["value"]


def _place(node: Any) -> Position:
    start, end = node.start_point, node.end_point
    return (start.row + 1, start.column, end.row + 1, end.column)
