"""The entries of a vocabulary file, from the dataclasses that they are read into."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator

from isolint.docs.options import toml
from isolint.docs.text import markdown_table
from isolint.vocabulary.reading import ENTRIES

_WORDS = {
    "str": "string",
    "bool": "boolean",
    "int": "number",
    "object": "anything",
    "Argument": "argument",
    "tuple[str, ...]": "list of strings",
    "dict[str, str]": "table of strings",
    "dict[str, Argument]": "table of arguments",
    "Condition | None": "condition",
}
_TITLES = {"types": "### `[types.'full.name.of.it']`", "replace": "### `[replace]`"}


def entries() -> str:
    """A section for each kind of entry: what it says, and its keys."""
    return "\n\n".join(_section(name, shape) for name, shape in ENTRIES.items())


def _section(name: str, shape: type) -> str:
    title = _TITLES.get(name, f"### `[[{name}]]`")
    if name == "replace":
        return "\n\n".join([title, inspect.cleandoc(shape.__doc__ or "")])
    rows = list(_rows(shape, left_out=("name",) if name == "types" else ()))
    return "\n\n".join(
        [title, inspect.cleandoc(shape.__doc__ or ""), markdown_table(("Key", "Type", "Default"), rows)]
    )


def _rows(shape: type, left_out: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for field in dataclasses.fields(shape):
        if field.name not in left_out:
            choices = field.metadata.get("one of", ())
            kind = " or ".join(f"`{toml(each)}`" for each in choices) or _WORDS[str(field.type)]
            yield f"`{field.name.replace('_', '-')}`", kind, _default(field)


def _default(field: dataclasses.Field[object]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return f"`{toml(field.default_factory())}`"
    if field.default is dataclasses.MISSING:
        return "required"
    return "not set" if field.default is None else f"`{toml(field.default)}`"
