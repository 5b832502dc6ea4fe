"""Strings, paths and URLs put together from parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning.values import (
    UNKNOWN,
    Address,
    Frame,
    Items,
    Literal,
    Method,
    Reference,
    Table,
    Text,
    Thing,
    Union,
    UniqueName,
    Value,
    Variable,
    text,
    union,
    via,
)
from isolint.facts.program import syntax as s
from isolint.late import regex

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

_TEXT_LIKE = (Literal, Text, Variable, Address, UniqueName)
_UNCHANGED = frozenset(
    "strip lstrip rstrip lower upper casefold encode decode unicode_string render_as_string get_secret_value "
    "resolve absolute as_posix expanduser __str__ human_repr geturl dedent title".split()
)
_PASS_THROUGH = frozenset(
    "builtins.str builtins.repr pathlib.Path pathlib.PurePath pathlib.PosixPath os.fspath os.path.abspath "
    "os.path.realpath os.path.expanduser os.path.normpath textwrap.dedent inspect.cleandoc "
    "sqlalchemy.make_url sqlalchemy.engine.make_url sqlalchemy.engine.url.make_url yarl.URL "
    "urllib.parse.quote urllib.parse.quote_plus builtins.int builtins.bool typing.cast os.path.expandvars".split()
)
_URL_CREATE = ("sqlalchemy.URL.create", "sqlalchemy.engine.URL.create", "sqlalchemy.engine.url.URL.create")
_URL_BUILD = regex(
    r"(pydantic|pydantic_core|pydantic\.networks|pydantic\.v1)\.(MultiHostUrl|Url|\w+Dsn|AnyUrl)\.build"
)
_URL_FIELDS = ("drivername", "username", "password", "host", "port", "database", "query")


def joined(parts: list[str | Value]) -> Value:
    """One value for adjacent pieces of text."""
    flat: list[Value] = []
    for part in parts:
        value = Literal(part) if isinstance(part, str) else part
        flat.extend(value.parts if isinstance(value, Text) else (value,))
    known = [text(value) for value in flat]
    if None not in known:
        return Literal("".join(piece or "" for piece in known))
    return Text(tuple(flat), trail=tuple(hop for value in flat for hop in value.trail))


def attribute(value: Value, name: str) -> Value:
    """An attribute of a string, path or URL."""
    if isinstance(value, UniqueName):
        return value
    return (
        Method(value, name, trail=value.trail) if isinstance(value, (*_TEXT_LIKE, Items, Table)) else UNKNOWN
    )


def binary(ev: Evaluator, node: s.Binary, frame: Frame) -> Value:
    """`+`, `%` and `/` on text and paths."""
    left, right = ev.evaluate(node.left, frame), ev.evaluate(node.right, frame)
    if node.operator == "+":
        if isinstance(left, Items) and isinstance(right, Items):
            return Items((*left.values, *right.values))
        return joined([left, right]) if _texts(left, right) else UNKNOWN
    if node.operator == "/":
        return joined([left, "/", right])
    if node.operator == "%" and isinstance(left, Literal) and isinstance(left.value, str):
        return _percent(left.value, right)
    return UNKNOWN


def _texts(*values: Value) -> bool:
    return any(isinstance(value, _TEXT_LIKE) for value in values)


def _percent(pattern: str, right: Value) -> Value:
    values = right.values if isinstance(right, Items) else (right,)
    parts: list[str | Value] = []
    rest, used = pattern, 0
    while "%" in rest:
        before, _, rest = rest.partition("%")
        parts.append(before)
        if rest.startswith("%"):
            parts.append("%")
            rest = rest[1:]
            continue
        name = ""
        if rest.startswith("("):
            name, _, rest = rest[1:].partition(")")
        rest = rest.lstrip("-+ #0123456789.")[1:]
        if name:
            parts.append(dict(right.entries).get(name, UNKNOWN) if isinstance(right, Table) else UNKNOWN)
        else:
            parts.append(values[used] if used < len(values) else UNKNOWN)
            used += 1
    return joined([*parts, rest])


def called(ev: Evaluator, callee: Value, node: s.Call, frame: Frame) -> Value:
    """A method of a string, path or URL."""
    if not isinstance(callee, Method):
        return UNKNOWN
    receiver, name = callee.receiver, callee.name
    if isinstance(receiver, Union):
        return union([called(ev, Method(option, name), node, frame) for option in receiver.options])
    if isinstance(receiver, UniqueName) or name in _UNCHANGED:
        return receiver if isinstance(receiver, _TEXT_LIKE) else UNKNOWN
    if name == "format":
        return _formatted(ev, receiver, node, frame)
    if name == "replace" and len(node.arguments) == 2:
        return _replaced(ev, receiver, node, frame)
    if name in ("set", "with_path", "_replace", "update_query_dict") and isinstance(receiver, _TEXT_LIKE):
        return _readdressed(ev, receiver, node, frame)
    if name == "joinpath":
        return joined([receiver, *(part for a in node.arguments for part in ("/", ev.evaluate(a, frame)))])
    if name == "join" and node.arguments:
        items = ev.evaluate(node.arguments[0], frame)
        if isinstance(items, Items):
            separated = [part for value in items.values for part in (receiver, value)][1:]
            return joined(list(separated))
    if name == "get" and isinstance(receiver, Table) and node.arguments:
        key = ev.evaluate(node.arguments[0], frame)
        return dict(receiver.entries).get(str(text(key)), UNKNOWN)
    return UNKNOWN


def _formatted(ev: Evaluator, receiver: Value, node: s.Call, frame: Frame) -> Value:
    pattern = text(receiver)
    if pattern is None:
        return UNKNOWN
    positional = [ev.evaluate(a, frame) for a in node.arguments]
    named = {name: ev.evaluate(value, frame) for name, value in node.keywords}
    parts: list[str | Value] = []
    rest, used = pattern, 0
    while "{" in rest:
        before, _, rest = rest.partition("{")
        parts.append(before)
        hole, _, rest = rest.partition("}")
        key = hole.partition(":")[0].partition("!")[0]
        if not key or key.isdigit():
            index = int(key) if key else used
            parts.append(positional[index] if index < len(positional) else UNKNOWN)
            used += 1
        else:
            parts.append(named.get(key, UNKNOWN))
    return joined([*parts, rest])


def _replaced(ev: Evaluator, receiver: Value, node: s.Call, frame: Frame) -> Value:
    old, new = (ev.evaluate(argument, frame) for argument in node.arguments)
    whole, before, after = text(receiver), text(old), text(new)
    if whole is not None and before is not None and after is not None:
        return via(Literal(whole.replace(before, after)), *receiver.trail)
    if before is not None and after is not None and ("://" in before or "+" in after or not after):
        return receiver
    return Address(receiver, (("database", new),))


def _readdressed(ev: Evaluator, receiver: Value, node: s.Call, frame: Frame) -> Value:
    named = {"path": "database", "db": "database"}
    components = [(named.get(name, name), ev.evaluate(value, frame)) for name, value in node.keywords]
    if node.arguments and not components:
        components = [("database", ev.evaluate(node.arguments[0], frame))]
    return Address(receiver, tuple(components), trail=receiver.trail)


def library_call(ev: Evaluator, callee: Reference, node: s.Call, frame: Frame) -> Value:
    """Functions of the standard library and others that make or pass on text; anything else makes a Thing."""
    name = callee.name
    if name in _URL_CREATE:
        given = list(zip(_URL_FIELDS, node.arguments, strict=False)) + list(node.keywords)
        return Address(None, tuple((field, ev.evaluate(value, frame)) for field, value in given if field))
    if _URL_BUILD.fullmatch(name):
        named = {"scheme": "drivername", "path": "database"}
        given = [(named.get(field, field), value) for field, value in node.keywords]
        return Address(None, tuple((field, ev.evaluate(value, frame)) for field, value in given if field))
    if name in _PASS_THROUGH and node.arguments:
        chosen = node.arguments[1] if name == "typing.cast" and len(node.arguments) > 1 else node.arguments[0]
        value = ev.evaluate(chosen, frame)
        if name.endswith("Path") and len(node.arguments) > 1:
            rest = [part for a in node.arguments[1:] for part in ("/", ev.evaluate(a, frame))]
            return joined([value, *rest])
        return value
    if name == "os.path.join":
        parts = [part for a in node.arguments for part in ("/", ev.evaluate(a, frame))]
        return joined(list(parts[1:]))
    if name == "builtins.dict":
        return Table(tuple((key, ev.evaluate(value, frame)) for key, value in node.keywords if key))
    if name.startswith("builtins."):
        return UNKNOWN
    return Thing(name)
