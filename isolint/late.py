"""What is made when it is first used: dataclasses and patterns. To make them all takes longer than a short run.

To the type checker these are `dataclass` and `re.compile` of the standard library.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import MISSING
from functools import cache, cached_property
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from re import compile as regex
else:

    def dataclass(
        *,
        frozen: bool = False,
        eq: bool = True,
        order: bool = False,
        slots: bool = False,
        kw_only: bool = False,
    ) -> Callable[[type], type]:
        """Make a class a dataclass: its `__init__` is written when it is first called, the rest when asked for.

        It is frozen for the type checker alone: at run time its instances are made three times faster.
        """
        options = {"eq": eq, "order": order, "unsafe_hash": frozen and eq, "kw_only": kw_only}
        return lambda cls: _late(cls, slots, options)

    def regex(text: str, flags: int = 0) -> _Pattern:
        """A regular expression that is compiled when it is first asked for a match."""
        return _Pattern(text, flags)


__all__ = ["dataclass", "fields_of", "regex"]


class _Pattern:
    """Stands for a compiled pattern, whose methods it has once one of them was asked for."""

    def __init__(self, text: str, flags: int) -> None:
        self.pattern = text
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern, self.flags)
        for method in ("match", "search", "fullmatch", "finditer", "findall", "split", "sub"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


_MADE = ("__init__", "__repr__", "__match_args__", "__dataclass_fields__", "__dataclass_params__")
_ORDERED = ("__lt__", "__le__", "__gt__", "__ge__")


def fields_of(cls: type) -> dict[str, dataclasses.Field[Any]]:
    """The fields of such a dataclass by name, those of its bases first."""
    return cls.__late__.fields  # type: ignore[attr-defined, no-any-return]


def _late(plain: type, slots: bool, options: dict[str, bool]) -> type:
    space: dict[str, Any] = {**vars(plain)}
    space.pop("__dict__", None)
    space.pop("__weakref__", None)
    plan = _Plan(plain, space, options)
    late: dict[str, Any] = {"__late__": plan}
    compared = ("__eq__", "__hash__") if options["eq"] else ()
    for name in (*_MADE, *compared, *(_ORDERED if options["order"] else ())):
        late[name] = space.get(name) or _Later(name, plan)
    plan.made = _slotted(plain, space, late) if slots else _unfilled(plain, late)
    return plan.made


class _Later:
    """Stands in a class for what is written when somebody asks for it."""

    __slots__ = ("name", "plan")

    def __init__(self, name: str, plan: _Plan) -> None:
        self.name = name
        self.plan = plan

    def __get__(self, instance: object, owner: type) -> object:
        value = self.plan.written(self.name)
        setattr(self.plan.made, self.name, value)
        return value.__get__(instance, owner) if isinstance(value, FunctionType) else value


class _Plan:
    """What is to be written into a class.

    What takes part in every run is written here, eight times faster than by the standard library, which writes the
    rest.
    """

    made: type

    def __init__(self, plain: type, space: dict[str, Any], options: dict[str, bool]) -> None:
        self.plain = plain
        self.space = space
        self.options = options

    def written(self, name: str) -> Any:
        if name == "__init__":
            return self._init()
        if name == "__match_args__":
            fields = self.fields.items()
            return tuple(name for name, field in fields if field.init and not field.kw_only)
        if name == "__eq__":
            return self._eq()
        if name == "__hash__":
            return self._hash() if self.options["unsafe_hash"] else None
        if name == "__dataclass_fields__":
            return vars(self._model(init=False, repr=False, eq=False, kw_only=self.options["kw_only"]))[name]
        return vars(self._model(**self.options))[name]

    def _model(self, **options: bool) -> type:
        """The class as the standard library makes it. (What has no docstring is given its signature, at a price.)"""
        plain = self.plain
        copy = type(plain)(plain.__name__, plain.__bases__, {**self.space, "__doc__": "A dataclass."})
        return dataclasses.dataclass(**options)(copy)

    @cached_property
    def own(self) -> dict[str, dataclasses.Field[Any]]:
        """Its own fields, without those of its bases."""
        found = {}
        for name in _field_names(self.plain):
            given = self.space.get(name, MISSING)
            field = found[name] = (
                given if isinstance(given, dataclasses.Field) else dataclasses.field(default=given)
            )
            field.kw_only = self.options["kw_only"] if field.kw_only is MISSING else field.kw_only
        return found

    @cached_property
    def fields(self) -> dict[str, dataclasses.Field[Any]]:
        found: dict[str, dataclasses.Field[Any]] = {}
        for base in reversed(self.made.__mro__):
            if "__late__" in vars(base):
                found |= base.__late__.own  # type: ignore[attr-defined]
        return found

    def _init(self) -> Any:
        fields = self.fields
        if hasattr(self.plain, "__post_init__") or not all(map(_is_simple, fields.values())):
            return self._full_init()
        code = _assigning(len(fields)).replace(co_varnames=("self", *fields), co_names=tuple(fields))
        defaults = tuple(field.default for field in fields.values() if field.default is not MISSING)
        made = FunctionType(code, {}, "__init__", defaults)
        made.__qualname__ = f"{self.made.__qualname__}.__init__"
        return made

    def _full_init(self) -> Any:
        space: dict[str, Any] = {"MISSING": MISSING}
        parameters, lines = ["self"], list[str]()
        for name, field in sorted(self.fields.items(), key=lambda each: bool(each[1].kw_only)):
            parameters += ["*"] if field.kw_only and "*" not in parameters else ()
            space[f"{name}_"] = field.default if field.default_factory is MISSING else field.default_factory
            parameter, value = _taken(name, field)
            parameters += [parameter] if parameter else ()
            lines += [f"self.{name} = {value}"] if value else ()
        if hasattr(self.plain, "__post_init__"):
            lines.append("self.__post_init__()")
        return self._function("__init__", parameters, lines or ["pass"], space)

    def _eq(self) -> Any:
        names = [name for name, field in self.fields.items() if field.compare]
        same = f"{_together('self', names)} == {_together('other', names)}"
        line = f"return {same} if other.__class__ is self.__class__ else NotImplemented"
        return self._function("__eq__", ["self", "other"], [line], {})

    def _hash(self) -> Any:
        fields = self.fields.items()
        names = [name for name, field in fields if (field.compare if field.hash is None else field.hash)]
        return self._function("__hash__", ["self"], [f"return hash({_together('self', names)})"], {})

    def _function(self, name: str, parameters: list[str], lines: list[str], space: dict[str, Any]) -> Any:
        exec(_text(name, parameters, lines), space)
        space[name].__qualname__ = f"{self.made.__qualname__}.{name}"
        return space[name]


def _is_simple(field: dataclasses.Field[Any]) -> bool:
    return field.init and not field.kw_only and field.default_factory is MISSING


@cache
def _assigning(count: int) -> CodeType:
    """An `__init__` of so many fields, which are to be given their names: to compile one takes long."""
    names = [f"field_{number}" for number in range(count)]
    lines = [f"self.{name} = {name}" for name in names] or ["pass"]
    space: dict[str, Any] = {}
    exec(_text("__init__", ["self", *names], lines), space)
    code: CodeType = space["__init__"].__code__
    return code


def _text(name: str, parameters: list[str], lines: list[str]) -> str:
    body = "\n ".join(lines)
    return f"def {name}({', '.join(parameters)}):\n {body}"


def _taken(name: str, field: dataclasses.Field[Any]) -> tuple[str, str]:
    """How `__init__` takes a field, and what it makes of it: a parameter and an expression, "" for none.

    The default, or what makes it, goes by the name of the field and an underscore.
    """
    if field.default_factory is not MISSING:
        made = f"{name}_()"
        return (f"{name}=MISSING", f"{made} if {name} is MISSING else {name}") if field.init else ("", made)
    if field.default is not MISSING:
        return (f"{name}={name}_", name) if field.init else ("", f"{name}_")
    return (name, name) if field.init else ("", "")


def _field_names(plain: type) -> list[str]:
    return [name for name, kind in plain.__annotations__.items() if not str(kind).startswith("ClassVar")]


def _together(owner: str, names: list[str]) -> str:
    return f"({''.join(f'{owner}.{name},' for name in names)})"


def _slotted(plain: type, space: dict[str, Any], late: dict[str, Any]) -> type:
    names = _field_names(plain)
    inherited = {name for base in plain.__mro__[1:-1] for name in getattr(base, "__slots__", ())}
    slots = tuple(name for name in names if name not in inherited) if inherited else tuple(names)
    kept = {**space, **late, "__slots__": slots, "__qualname__": plain.__qualname__}
    for name in names:
        kept.pop(name, None)
    return type(plain)(plain.__name__, plain.__bases__, kept)


def _unfilled(plain: type, late: dict[str, Any]) -> type:
    """The class itself, without what says how its fields are made."""
    for name, value in list(vars(plain).items()):
        if isinstance(value, dataclasses.Field):
            delattr(plain, name)
    for name, value in late.items():
        setattr(plain, name, value)
    return plain
