"""Dataclasses with slots that are written when they are first used: to write them all takes longer than a short run.

To the type checker this is the decorator of the standard library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        *, slots: Literal[True], frozen: bool = False, eq: bool = True, **options: bool
    ) -> Callable[[type], type]:
        """Make a class a dataclass, but not before it has an instance, or its fields are asked for.

        It is frozen for the type checker alone: at run time its instances are made three times faster.
        """
        return lambda cls: _late(cls, {"eq": eq, "unsafe_hash": frozen and eq, **options})


_WRITTEN = (
    "__init__ __repr__ __eq__ __hash__ __lt__ __le__ __gt__ __ge__ "
    "__match_args__ __dataclass_params__ __dataclass_fields__".split()
)


class _Fields:
    """Stands for the fields of a dataclass until somebody asks for them."""

    def __init__(self, write: Callable[[], None]) -> None:
        self.write = write

    def __get__(self, instance: object, owner: Any) -> object:
        self.write()
        return owner.__dataclass_fields__


def _late(plain: type, options: dict[str, bool]) -> type:
    names = [name for name, kind in plain.__annotations__.items() if not str(kind).startswith("ClassVar")]
    inherited = {name for base in plain.__mro__[1:] for name in getattr(base, "__slots__", ())}
    namespace = {
        name: value
        for name, value in vars(plain).items()
        if name not in names and name not in ("__dict__", "__weakref__")
    }

    def write() -> None:
        plain.__doc__ = plain.__doc__ or plain.__name__  # else it would be given its signature, at a price
        written = vars(dataclasses.dataclass(slots=True, **options)(plain))
        for name in _WRITTEN:
            if name in written:
                setattr(made, name, written[name])

    def first(self: Any, *arguments: Any, **named: Any) -> None:
        write()
        made.__init__(self, *arguments, **named)

    own = {"__slots__": tuple(name for name in names if name not in inherited)}
    made: Any = type(plain)(plain.__name__, plain.__bases__, {**namespace, **own})
    made.__qualname__ = plain.__qualname__
    made.__init__ = first
    made.__dataclass_fields__ = _Fields(write)
    return made  # type: ignore[no-any-return]
