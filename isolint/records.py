"""Outcomes as plain lists that JSON can hold, and back: whatever the dataclasses are made of."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Any

from isolint import finding
from isolint.result import Result

_PLAIN = (str, int, float, bool, type(None))
_CLASSES = {
    name: each
    for name, each in {**vars(finding), "Result": Result}.items()
    if isinstance(each, type) and each.__module__ in (finding.__name__, Result.__module__)
}


def to_record(value: Any) -> Any:
    """A result, finding or what is in one, as lists that begin with the name of what they stand for."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, tuple | list):
        return ["", *map(to_record, value)]
    if isinstance(value, frozenset | set):
        return ["set", *map(to_record, sorted(value))]
    name = type(value).__name__
    if isinstance(value, Enum):
        return [name, value.value]
    # What is not compared is for the run alone: the site that a finding is about.
    return [name, *(to_record(getattr(value, f.name)) if f.compare else None for f in fields(value))]


def from_record(record: Any) -> Any:
    """What `to_record` made this of. Raises TypeError, ValueError, KeyError or IndexError for anything else."""
    if isinstance(record, _PLAIN):
        return record
    name, *parts = record
    if name == "":
        return tuple(map(from_record, parts))
    if name == "set":
        return frozenset(map(from_record, parts))
    made: Any = _CLASSES[name]
    return made(*map(from_record, parts))
