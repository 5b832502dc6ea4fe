"""What an expression may stand for, and the way that led there.

Values are immutable; `trail` holds the hops from the place of use to the place that decides, in that order.
"""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

from isolint.facts.program import syntax as s
from isolint.facts.program.plain import record
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Names
from isolint.late import dataclass, fields_of


@record
class Hop:
    """One step of a trail: a place, and the code there in short."""

    path: str
    at: s.Position
    text: str


Trail = tuple[Hop, ...]


@dataclass(eq=False, slots=True)
class Frame:
    """Where an expression is evaluated: a module, a class body or one call of a function.

    `arguments` holds what the call passes: values, or expressions with the frame they belong to; `memory`
    what its expressions (and its function itself: what it returns) were found to stand for, `bodies` the frames
    of the classes that it defines.
    """

    module: Module
    function: s.Function | s.Lambda | None = None
    parent: Frame | None = None
    arguments: dict[str, Value | Deferred] = field(default_factory=dict)
    receiver: Value | None = None
    owner: s.Class | None = None
    memory: dict[s.Expression | s.Function, Value] = field(default_factory=dict)
    names: Names | None = None
    bodies: dict[int, Frame] | None = None


@dataclass(eq=False, slots=True)
class Deferred:
    """An argument that is evaluated when it is looked at, in the frame of the call."""

    expression: s.Expression
    frame: Frame


@record(kw_only=True)
class Value:
    """Anything an expression may stand for."""

    trail: Trail = field(default=(), compare=False)


@record
class Unknown(Value):
    """Cannot be told."""


@record
class Literal(Value):
    """A constant."""

    value: str | bytes | int | float | complex | bool | None


@record
class Text(Value):
    """A string put together from parts, some of which may be unknown."""

    parts: tuple[Value, ...]


@record
class Address(Value):
    """A URL given by its components; those that are not given are those of `base`, if any."""

    base: Value | None
    components: tuple[tuple[str, Value], ...]


@record
class Variable(Value):
    """A configuration variable: of the environment, of a settings class or file."""

    name: str
    default: Value | None


@record
class UniqueName(Value):
    """Text that no other run, worker or process (`scope`) makes."""

    scope: str


@record
class Reference(Value):
    """A name outside the project: a library's function, class, module or object."""

    name: str


@record
class ModuleValue(Value):
    """A first-party module."""

    module: Module


@record
class Namespace(Value):
    """A folder without an `__init__.py`, seen from a module that imports it."""

    module: Module
    parts: tuple[str, ...]


@record
class FunctionValue(Value):
    """A first-party function, and the object it is bound to, if it is a method of one."""

    module: Module
    function: s.Function | s.Lambda
    frame: Frame = field(compare=False)
    receiver: Value | None = None


@record
class ClassValue(Value):
    """A first-party class."""

    module: Module
    node: s.Class
    frame: Frame = field(compare=False)


@record
class Instance(Value):
    """An object of a first-party class; `call` made it, in `frame`."""

    of: ClassValue
    call: s.Call | None = field(default=None, compare=False)
    frame: Frame | None = field(default=None, compare=False)


@record
class Thing(Value):
    """An object made by calling something outside the project that the vocabulary does not know as a handle."""

    made_by: str


@record
class Made(Thing):
    """A thing that is told apart from its like by the call that makes it, at `place` (path, position)."""

    place: tuple[str, s.Position]
    call: s.Call = field(compare=False)
    frame: Frame = field(compare=False)


@record
class Handle(Value):
    """Something that reaches a store.

    `type` is the library type's canonical name, `kind` its kind in words. Where it leads: `level` when the
    library alone decides ("memory", "disposable"), else `url`, a value holding URL, path, DSN or address;
    neither for a handle that is not bound to anything, or not known to be.
    `made_in` is the module whose code makes it.
    """

    type: str
    kind: str
    url: Value | None = None
    level: str = ""
    made_in: Module | None = field(default=None, compare=False)
    bound: bool = True


@record
class Method(Value):
    """An attribute of a handle or thing, before it is called."""

    receiver: Value
    name: str


@record
class Generated(Value):
    """What a generator or context manager function hands out."""

    item: Value


@record
class Items(Value):
    """A list, tuple or set written out."""

    values: tuple[Value, ...]


@record
class Table(Value):
    """A dict written out, as far as its keys are strings."""

    entries: tuple[tuple[str, Value], ...]


@record
class Union(Value):
    """One of several values."""

    options: tuple[Value, ...]


@record
class Parameter(Value):
    """An argument that no call in sight gives."""

    function: str
    name: str


UNKNOWN = Unknown()
V = TypeVar("V", bound=Value)


def via(value: V, *hops: Hop) -> V:
    """The value with more steps in front of its trail."""
    if not hops:
        return value
    kind = type(value)
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(name for name in fields_of(kind) if name != "trail")
    moved = _blank(kind)
    _set(moved, "trail", (*hops, *value.trail))
    for name in names:
        _set(moved, name, getattr(value, name))
    return moved


# What `dataclasses.replace` does, at a third of its price: no value checks what it is made of.
_FIELDS: dict[type, tuple[str, ...]] = {}
_blank, _set = object.__new__, object.__setattr__


def union(values: list[Value]) -> Value:
    """One value for several; equal ones are told once."""
    if len(values) == 1 and not isinstance(values[0], Union):
        return values[0]
    options: list[Value] = []
    for value in values:
        for option in value.options if isinstance(value, Union) else (value,):
            if option not in options:
                options.append(option)
    if not options:
        return UNKNOWN
    return options[0] if len(options) == 1 else Union(tuple(options))


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value: itself, if it is not a union."""
    return value.options if isinstance(value, Union) else (value,)


def text(value: Value) -> str | None:
    """The string a value stands for, None if it is not fully known."""
    match value:
        case Literal(value=str(string)):
            return string
        case Literal(value=bool() | None):
            return None
        case Literal(value=int(number)):
            return str(number)
        case Text():
            parts = [text(part) for part in value.parts]
            return None if None in parts else "".join(part or "" for part in parts)
    return None


def iterated(value: Value) -> Value:
    """One item of an iterable value."""
    match value:
        case Union():
            return union([iterated(option) for option in value.options])
        case Generated():
            return via(value.item, *value.trail)
        case Items():
            return union(list(value.values))
    return UNKNOWN


def item(value: Value, index: int) -> Value:
    """The item at a position of a value that is unpacked."""
    match value:
        case Union():
            return union([item(option, index) for option in value.options])
        case Items() if index < len(value.values):
            return value.values[index]
        case UniqueName():
            return value
    return UNKNOWN
