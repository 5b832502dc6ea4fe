"""What a value in a configuration file may be, read off type hints: conversion, and the JSON schema of it."""

from __future__ import annotations

import os
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from isolint.spelling import did_you_mean

Shape = TypeVar("Shape")


class SettingsError(Exception):
    """The configuration cannot be used; the message names the place, and what was expected there."""


def key_of(name: str) -> str:
    """Give the key that sets the dataclass field `name`: `test_paths` is `test-paths` in a file."""
    return name.replace("_", "-")


def convert(value: object, hint: Any, place: str, folder: Path) -> Any:
    """Turn `value`, as a TOML parser gives it, into what the type `hint` says.

    Lists become tuples or frozensets, tables mappings or dataclasses, strings enumeration members or paths
    (relative to `folder`). `place` says where the value stands. Raises SettingsError.
    """
    origin = get_origin(hint)
    if origin is Annotated:
        return convert(value, get_args(hint)[0], place, folder)
    if hint is Any or hint is object:
        return value
    if origin in (Union, types.UnionType):
        return _convert_union(value, hint, place, folder)
    if origin is Literal:
        return _convert_choice(value, {str(choice): choice for choice in get_args(hint)}, hint, place)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _convert_table(value, hint, place, folder)
    if isinstance(origin, type) and issubclass(origin, (Sequence, AbstractSet)):
        return _convert_list(value, hint, place, folder)
    return _convert_plain(value, hint, place, folder)


def convert_table(value: object, shape: type[Shape], place: str, folder: Path) -> Shape:
    """Turn the table `value` into an instance of the dataclass `shape`. Raises SettingsError."""
    return make(shape, convert_keys(value, shape, place, folder, settable(shape)), place)


def make(shape: type[Shape], arguments: Mapping[str, Any], place: str) -> Shape:
    """Make an instance of the dataclass `shape`. Raises SettingsError if a key is missing or it objects."""
    for key, field in settable(shape).items():
        if _is_required(field) and field.name not in arguments:
            raise SettingsError(f"{place} lacks the key '{key}'")
    try:
        return shape(**arguments)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{place} {error}") from error


def convert_keys(
    value: object, shape: type, place: str, folder: Path, allowed: Mapping[str, Field[Any]]
) -> dict[str, Any]:
    """Turn the table `value` into arguments for the `allowed` fields of `shape`. Raises SettingsError."""
    if not isinstance(value, Mapping):
        raise _mismatch(value, Mapping[str, object], place)
    hints = _hints(shape)
    converted = {}
    for key, content in value.items():
        if key not in allowed:
            raise SettingsError(f"{place} unknown key '{key}'{did_you_mean(str(key), allowed)}")
        name = allowed[key].name
        converted[name] = convert(content, hints[name], f"{place} {key}", folder)
    return converted


def settable(shape: Any) -> dict[str, Field[Any]]:
    """Give the fields of the dataclass `shape` by the key that sets them."""
    return {key_of(field.name): field for field in fields(shape) if field.init}


def documented(shape: Any) -> dict[str, Field[Any]]:
    """Give those fields of the dataclass `shape`, by key, that are annotated with what they are for."""
    hints = _hints(shape)
    return {key: each for key, each in settable(shape).items() if get_origin(hints[each.name]) is Annotated}


def plain(value: object) -> Any:
    """Turn a converted value back into what JSON and TOML can hold."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Mapping):
        return {str(key): plain(content) for key, content in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, AbstractSet):
        return sorted(plain(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return {key: plain(getattr(value, field.name)) for key, field in settable(type(value)).items()}
    return value


def schema_of_table(shape: type, allowed: Mapping[str, Field[Any]] | None = None) -> dict[str, Any]:
    """Give the JSON schema of a table that sets the dataclass `shape`, or those `allowed` of its fields."""
    hints = _hints(shape)
    keys = settable(shape) if allowed is None else allowed
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
    schema["properties"] = {key: _schema_of_field(field, hints[field.name]) for key, field in keys.items()}
    required = [key for key, field in keys.items() if _is_required(field)]
    return {**schema, "required": required} if required else schema


def schema_of(hint: Any) -> dict[str, Any]:
    """Give the JSON schema of what `convert` takes for the type `hint`; what annotates it describes it."""
    origin = get_origin(hint)
    if origin is Annotated:
        described, doc = get_args(hint)
        return {"description": doc, **schema_of(described)}
    if origin in (Union, types.UnionType):
        options = [schema_of(option) for option in _without_none(hint)]
        return options[0] if len(options) == 1 else {"anyOf": options}
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(get_args(hint)[1])}
    if isinstance(origin, type) and issubclass(origin, (Sequence, AbstractSet)):
        return {"type": "array", "items": schema_of(get_args(hint)[0])}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if is_dataclass(hint) and isinstance(hint, type):
        return schema_of_table(hint)
    return {"type": _JSON_TYPES[hint]} if hint in _JSON_TYPES else {}


_JSON_TYPES: dict[object, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    Path: "string",
}
_TOML_TYPES: dict[object, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    Path: "a string",
    list: "a list",
    tuple: "a list",
    dict: "a table",
}


def _convert_plain(value: object, hint: Any, place: str, folder: Path) -> Any:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _convert_choice(value, {str(member.value): member for member in hint}, hint, place)
    if is_dataclass(hint) and isinstance(hint, type):
        return convert_table(value, hint, place, folder)
    if hint is Path and isinstance(value, (str, Path)):
        return Path(os.path.normpath(os.path.join(folder, os.path.expanduser(value))))
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise _mismatch(value, hint, place)


def _convert_union(value: object, hint: Any, place: str, folder: Path) -> Any:
    options = _without_none(hint)
    if len(options) == 1:
        return convert(value, options[0], place, folder)
    for option in options:
        try:
            return convert(value, option, place, folder)
        except SettingsError:
            continue
    raise _mismatch(value, hint, place)


def _convert_choice(value: object, choices: Mapping[str, object], hint: Any, place: str) -> object:
    if isinstance(value, Enum) and value in choices.values():
        return value
    if str(value) in choices and type(plain(choices[str(value)])) is type(value):
        return choices[str(value)]
    guess = did_you_mean(value, choices) if isinstance(value, str) else ""
    raise SettingsError(f"{place}: expected {_described(hint)}, got {_named(value)}{guess}")


def _convert_list(value: object, hint: Any, place: str, folder: Path) -> Any:
    if not isinstance(value, (list, tuple)):
        raise _mismatch(value, hint, place)
    item, origin = get_args(hint)[0], get_origin(hint)
    items = (convert(content, item, f"{place}[{at}]", folder) for at, content in enumerate(value))
    return frozenset(items) if isinstance(origin, type) and issubclass(origin, AbstractSet) else tuple(items)


def _convert_table(value: object, hint: Any, place: str, folder: Path) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _mismatch(value, hint, place)
    item = get_args(hint)[1]
    return {str(key): convert(content, item, f"{place}.{key}", folder) for key, content in value.items()}


def _mismatch(value: object, hint: Any, place: str) -> SettingsError:
    return SettingsError(f"{place}: expected {_described(hint)}, got {_named(value)}")


def _named(value: object) -> str:
    kind = _TOML_TYPES.get(type(value), "a date or time")
    return f"{kind} ({value!r})" if isinstance(value, (bool, int, float, str)) else kind


def _described(hint: Any) -> str:
    """Say in TOML's words what `hint` stands for: "a list of strings"."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_described(option) for option in _without_none(hint))
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return "one of " + ", ".join(f"'{choice}'" for choice in schema_of(hint)["enum"])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a table"
    if isinstance(origin, type) and issubclass(origin, (Sequence, AbstractSet)):
        return f"a list of {_plural(_described(get_args(hint)[0]))}"
    return _TOML_TYPES.get(hint, "a table")


def _plural(described: str) -> str:
    article, _, noun = described.partition(" ")
    return f"{noun}s" if article in ("a", "an") and " " not in noun else f"({described})"


def _without_none(hint: Any) -> list[Any]:
    return [option for option in get_args(hint) if option is not type(None)]


def _schema_of_field(field: Field[Any], hint: Any) -> dict[str, Any]:
    schema, default = schema_of(hint), _default(field)
    return schema if default is None or default is MISSING else {**schema, "default": plain(default)}


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


@lru_cache(maxsize=64)
def _hints(shape: type) -> dict[str, Any]:
    return get_type_hints(shape, include_extras=True)
