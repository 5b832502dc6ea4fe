"""Options as their users write them: names, types and defaults in TOML's words, read off a dataclass."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping

from isolint.late import dataclass

_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string"}


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a rule as its user writes it; `default` is a TOML value, empty when there is none."""

    name: str
    kind: str
    default: str
    help: str


def options_of(shape: type) -> tuple[Option, ...]:
    """The fields of a dataclass as options, in the order it declares them."""
    hints = typing.get_type_hints(shape)
    return tuple(
        Option(field.name.replace("_", "-"), _kind(hints[field.name]), _default(field), _help(field))
        for field in dataclasses.fields(shape)
    )


def _kind(annotation: object) -> str:
    """The TOML type of an option, in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{toml(value)}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(argument) for argument in arguments if argument is not type(None))
    if origin in (tuple, list, frozenset):
        return f"list of {_kind(arguments[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "table"
    return _KINDS.get(typing.cast(type, annotation), str(annotation))


def _default(field: dataclasses.Field[object]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return toml(field.default_factory())
    unset = field.default is None or field.default is dataclasses.MISSING
    return "" if unset else toml(field.default)


def _help(field: dataclasses.Field[object]) -> str:
    return str(field.metadata.get("help", ""))


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key))} = {toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, (set, frozenset)):
        return toml(sorted(value))
    return json.dumps(value, ensure_ascii=False)
