"""Is a store the application's own, beyond doubt? Stricter than the lattice, for handles found far from the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from isolint.facts.meaning.values import (
    Address,
    Handle,
    Items,
    Literal,
    Method,
    Reference,
    Text,
    Union,
    Value,
    Variable,
    text,
)
from isolint.facts.program.project import Project
from isolint.facts.targets.lattice import Level, Target, database_name, is_product, judge

_KNOWN = (Literal, Variable, Text, Address, Union, Items, Handle, Method, Reference)
_NOBODYS = ("://localhost", "://127.0.0.1", "://[::1]", "amazonaws.com")
_ADMINISTRATION = frozenset({"_system", "postgres", "template1", "master", "mysql", "admin"})


def own_store(
    handle: Handle, pins: Mapping[str, Value], variables: frozenset[str], project: Project
) -> Target | None:
    """Where a handle leads, if that is certainly a store of the application; `variables` are set by the tests."""
    handle = _unnumbered(handle)
    if not is_product(handle) or handle.url is None or not is_certain(handle.url):
        return None
    target = judge(handle, pins, product=True)
    if target.level < Level.PRODUCTION or not target.sure:
        return None
    read = [part for part in _parts(handle.url) if isinstance(part, Variable)]
    if any(variable.name in variables or _is_of_tests(variable, project) for variable in read):
        return None
    return target if read or _is_somebodys(handle.url) else None


def is_named(handle: Handle) -> bool:
    """Whether the target says which data it is: a file, a database, a collection; not just a server."""
    return any(_names_data(part) for part in _parts(_unnumbered(handle).url or Literal(None)))


def is_spelled_by(handle: Handle, arguments: list[Value]) -> bool:
    """Whether a part of the target is text that a call passes: then the choice is the caller's."""
    passed = [value for value in arguments if isinstance(value, Literal | Text) and _spelled(value)]
    return handle.url is not None and any(part in passed for part in _parts(handle.url))


def is_certain(url: Value) -> bool:
    """Whether everything in a URL is told by code and configuration."""
    return all(isinstance(part, _KNOWN) for part in _parts(url))


def _names_data(part: Value) -> bool:
    if isinstance(part, Address):
        return "database" in dict(part.components)
    known = _spelled(part)
    if "://" in known:
        return bool(database_name(known)) and not database_name(known).isdigit()
    return "/" in known or known.endswith((".db", ".sqlite", ".sqlite3", ".duckdb"))


def _spelled(value: Value) -> str:
    """What is known of a text."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return "".join(text(part) or "" for part in parts)


def _parts(value: Value) -> Iterator[Value]:
    """A URL and all it is put together from."""
    yield value
    inner: tuple[Value | None, ...] = ()
    match value:
        case Text():
            inner = value.parts
        case Union():
            inner = value.options
        case Items():
            inner = value.values
        case Variable():
            inner = (value.default,)
        case Address():
            inner = (value.base, *(part for _, part in value.components))
        case Handle():
            inner = (value.url,)
        case Method():
            inner = (value.receiver,)
    for part in inner:
        if part is not None:
            yield from _parts(part)


def _unnumbered(handle: Handle) -> Handle:
    """A handle without the number of its database: that names nothing, and all but 0 is somebody's choice."""
    if not isinstance(handle.url, Address):
        return handle
    given = dict(handle.url.components)
    database = given.pop("database", None)
    chosen = database.default if isinstance(database, Variable) else database
    number = text(chosen) if chosen is not None else None
    if number is None or not number.isdigit():
        return handle
    if number != "0" and not isinstance(database, Variable):
        return replace(handle, url=None)
    return replace(handle, url=Address(handle.url.base, tuple(given.items()), trail=handle.url.trail))


def _is_of_tests(variable: Variable, project: Project) -> bool:
    """Whether test code reads a variable: then the choice is the test's own."""
    module = project.module(variable.trail[-1].path) if variable.trail else None
    return module is not None and module.is_test


def _is_somebodys(url: Value) -> bool:
    """Whether a target spelled out is the application's: no default server of the machine, no administration."""
    if isinstance(url, Address):
        given = dict(url.components)
        named = text(given["database"]) if "database" in given else None
        return named is not None and named not in _ADMINISTRATION
    known = _spelled(url)
    return bool(known) and not any(word in known for word in _NOBODYS) and not known.startswith("/tmp/")
