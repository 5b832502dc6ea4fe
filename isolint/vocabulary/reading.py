"""TOML tables to entries: checked key by key, as the fields of the dataclasses in `entries` declare them.

A `place` is where a value stands, for messages: `redis.toml: destroys[2].call`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, NamedTuple, NoReturn

from isolint.late import fields_of
from isolint.spelling import did_you_mean
from isolint.vocabulary import entries as kinds
from isolint.vocabulary import surroundings

ENTRIES: dict[str, type] = {
    "types": kinds.Type,
    "handle": kinds.Handle,
    "instance": kinds.Instance,
    "destroys": kinds.Destroyer,
    "creates": kinds.Creator,
    "pools": kinds.Pool,
    "commits": kinds.Commit,
    "writes": kinds.Writer,
    "sends": kinds.Sender,
    "isolates": kinds.Isolation,
    "quotes": kinds.Quoter,
    "executes": kinds.Executor,
    "statement": kinds.Statement,
    "callback": kinds.Callback,
    "reads": kinds.Reader,
    "initializes": kinds.Initializer,
    "overrides": kinds.Override,
    "unique": kinds.Unique,
    "fakes": kinds.Fake,
    "tells": kinds.Telling,
    "replace": kinds.Replacement,
    "web": surroundings.Web,
    "changes": surroundings.Change,
    "contextual": surroundings.Contextual,
    "listens": surroundings.Listener,
    "writes-file": surroundings.FileWriter,
}

Entries = dict[str, list[Any]]
Table = Mapping[str, object]


class VocabularyError(Exception):
    """Vocabulary that cannot be understood; the message begins with its place."""


def read(tables: object, source: str) -> Entries:
    """Return the entries of each kind that `tables` hold, in order.

    Raises VocabularyError, whose message begins with `source`, for anything unknown or of the wrong type.
    """
    found: Entries = {}
    for kind, value in _table(tables, source).items():
        place = f"{source}: {kind}"
        if kind not in ENTRIES:
            _unknown("key", kind, ENTRIES, place)
        members = _TABLES[kind](value, source) if kind in _TABLES else _array(value, place)
        found[kind] = [_entry(ENTRIES[kind], table, at) for table, at in members]
    return found


def check_types(found: Entries, known: Iterable[str], source: str) -> None:
    """Raise VocabularyError, beginning with `source`, if an entry names a type that is not `known`."""
    for kind, members in found.items():
        for index, entry in enumerate(members):
            place = f"{kind}[{index}]" if kind != "types" else f'types."{entry.name}"'
            for key, field in _shape(ENTRIES[kind]).items():
                for name in _type_names(field, getattr(entry, field.attribute)):
                    if name not in known:
                        _unknown("type", name, known, f"{source}: {place}.{key}")


def _type_names(field: Field, value: Any) -> Iterable[str]:
    if not field.types or not value:
        return ()
    return (value,) if isinstance(value, str) else value.values() if isinstance(value, dict) else tuple(value)


def _types(value: object, source: str) -> Iterable[tuple[Table, str]]:
    """The tables of types and their places; the key of each becomes its `name`."""
    for name, table in _table(value, f"{source}: types").items():
        place = f'{source}: types."{name}"'
        yield {**_table(table, place), "name": name}, place


def _replacements(value: object, source: str) -> Iterable[tuple[Table, str]]:
    """The names that are replaced, each as a table with what it is replaced `by`, and their places."""
    for name, by in _table(value, f"{source}: replace").items():
        place = f'{source}: replace."{name}"'
        for given in (name, _text(by, place)):
            if not all(part.isidentifier() for part in given.split(".")) or "." not in given:
                raise VocabularyError(f"{place}: '{given}' is no full name, like 'shop.db.Session'")
        yield {"name": name, "by": by}, place


# The kinds that are tables rather than arrays of tables.
_TABLES = {"types": _types, "replace": _replacements}


def _array(value: object, place: str) -> Iterable[tuple[Table, str]]:
    """The tables of an array and their places."""
    if not isinstance(value, list):
        _mismatch("an array of tables", value, place)
    for index, table in enumerate(value):
        yield _table(table, f"{place}[{index}]"), f"{place}[{index}]"


class Field(NamedTuple):
    """How one key of an entry is read."""

    attribute: str
    convert: Callable[[object, str], object]
    choices: tuple[str, ...]
    required: bool
    types: bool


@cache
def _shape(entry: type) -> dict[str, Field]:
    """The keys an entry may have in TOML, and how they are read."""
    return {
        name.replace("_", "-"): Field(
            name,
            _CONVERTERS[str(entry.__annotations__[name])],
            field.metadata.get("one of", ()),
            field.default is MISSING and field.default_factory is MISSING,
            field.metadata.get("types", False),
        )
        for name, field in fields_of(entry).items()
    }


@cache
def _required(entry: type) -> tuple[str, ...]:
    """The keys an entry must have."""
    return tuple(key for key, field in _shape(entry).items() if field.required)


def _entry(entry: type, table: Table, place: str) -> Any:
    shape = _shape(entry)
    values: dict[str, object] = {}
    for key, raw in table.items():
        if key not in shape:
            _unknown("key", key, shape, f"{place}.{key}")
        attribute, convert, choices, _, _ = shape[key]
        value = values[attribute] = convert(raw, f"{place}.{key}")
        if choices and value not in choices:
            _unknown("value", str(value), choices, f"{place}.{key}")
    for key in _required(entry):
        if values.get(shape[key].attribute) in (None, (), ""):
            raise VocabularyError(f"{place}: '{key}' is missing")
    return entry(**values)


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        _mismatch("a string", value, place)
    return value


def _flag(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        _mismatch("true or false", value, place)
    return value


def _number(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _mismatch("an integer", value, place)
    return value


def _texts(value: object, place: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        _mismatch("an array of strings", value, place)
    return tuple(value)


def _argument(value: object, place: str) -> kinds.Argument:
    ways = value if isinstance(value, list) else [value]
    for way in ways:
        position = isinstance(way, int) and not isinstance(way, bool) and way >= 0
        if not position and not isinstance(way, str):
            _mismatch("positions from 0 and keyword names", value, place)
    return tuple(ways)


def _anything(value: object, place: str) -> object:
    return value


def _table(value: object, place: str) -> Table:
    if not isinstance(value, Mapping):
        _mismatch("a table", value, place)
    return value


def _text_table(value: object, place: str) -> dict[str, str]:
    return {key: _text(item, f"{place}.{key}") for key, item in _table(value, place).items()}


def _argument_table(value: object, place: str) -> dict[str, kinds.Argument]:
    return {key: _argument(item, f"{place}.{key}") for key, item in _table(value, place).items()}


def _condition(value: object, place: str) -> object:
    return _entry(kinds.Condition, _table(value, place), place)


_CONVERTERS: dict[str, Callable[[object, str], object]] = {
    "str": _text,
    "bool": _flag,
    "int": _number,
    "object": _anything,
    "tuple[str, ...]": _texts,
    "Argument": _argument,
    "dict[str, str]": _text_table,
    "dict[str, Argument]": _argument_table,
    "Condition | None": _condition,
}

_TOML_NAMES: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "an array",
    dict: "a table",
}


def _mismatch(expected: str, value: object, place: str) -> NoReturn:
    actual = _TOML_NAMES.get(type(value), f"a {type(value).__name__}")
    raise VocabularyError(f"{place}: expected {expected}, not {actual}")


def _unknown(what: str, word: str, known: Iterable[str], place: str) -> NoReturn:
    named = "" if what == "key" else f" '{word}'"
    raise VocabularyError(f"{place}: unknown {what}{named}{did_you_mean(word, known)}")
