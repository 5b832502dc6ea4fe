"""Dataclasses that are written when they are first used: to write them all takes longer than a short run.

To the type checker this is the decorator of the standard library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool = False, eq: bool = True, **options: bool) -> Callable[[type], type]:
        """Make a class a dataclass: its `__init__` is written when it is first called, the rest when asked for.

        It is frozen for the type checker alone: at run time its instances are made three times faster.
        """
        return lambda cls: _late(cls, {"eq": eq, "unsafe_hash": frozen and eq, **options})


_MADE = ("__init__", "__dataclass_fields__", "__dataclass_params__", "__match_args__")
_COMPARED = ("__eq__", "__hash__")
_ORDERED = ("__lt__", "__le__", "__gt__", "__ge__")


def _late(plain: type, options: dict[str, bool]) -> type:
    space = {name: value for name, value in vars(plain).items() if name not in ("__dict__", "__weakref__")}
    made: Any = _slotted(plain, space) if options.get("slots") else _unfilled(plain)
    asked = ("__repr__", *(_COMPARED if options["eq"] else ()), *(_ORDERED if options.get("order") else ()))

    def model(**less: bool) -> Any:
        """The class as the standard library makes it. (What has no docstring is given its signature, at a price.)"""
        copy = type(plain)(plain.__name__, plain.__bases__, {**space, "__doc__": "A dataclass."})
        return dataclasses.dataclass(**{**options, **less})(copy)

    def begin() -> None:
        written = vars(model(eq=False, order=False, unsafe_hash=False, repr=False))
        for name in _MADE:
            setattr(made, name, written[name])

    def complete() -> None:
        written = vars(model())
        for name in asked:
            setattr(made, name, written[name])

    def first(self: Any, *arguments: Any, **named: Any) -> None:
        begin()
        made.__init__(self, *arguments, **named)

    made.__init__ = first
    for name in (*_MADE[1:], *asked):
        setattr(made, name, space.get(name) or _Later(name, complete if name in asked else begin))
    return made  # type: ignore[no-any-return]


class _Later:
    """Stands in a class for what is written when somebody asks for it."""

    def __init__(self, name: str, write: Callable[[], None]) -> None:
        self.name = name
        self.write = write

    def __get__(self, instance: object, owner: type) -> object:
        self.write()
        return getattr(owner if instance is None else instance, self.name)


def _slotted(plain: type, space: dict[str, Any]) -> type:
    names = [name for name, kind in plain.__annotations__.items() if not str(kind).startswith("ClassVar")]
    inherited = {name for base in plain.__mro__[1:] for name in getattr(base, "__slots__", ())}
    slots = tuple(name for name in names if name not in inherited)
    kept = {name: value for name, value in space.items() if name not in names}
    made = type(plain)(plain.__name__, plain.__bases__, {**kept, "__slots__": slots})
    made.__qualname__ = plain.__qualname__
    return made


def _unfilled(plain: type) -> type:
    """The class itself, without what says how its fields are made."""
    for name, value in list(vars(plain).items()):
        if isinstance(value, dataclasses.Field):
            delattr(plain, name)
    return plain
