"""Helpers whose runs in the mind wrote nothing: no caller that hands them the same need follow them again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Deferred,
    Frame,
    FunctionValue,
    Handle,
    Instance,
    Items,
    Literal,
    Made,
    Method,
    ModuleValue,
    Parameter,
    Reference,
    Table,
    Text,
    Thing,
    UniqueName,
    Unknown,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.running.relevance import called_in
from isolint.facts.state.origins import Origins
from isolint.facts.state.places import Place

Key = tuple[Hashable, ...]
_BY_NAME = frozenset({"getattr", "setattr", "delattr", "import_module"})
_PLAIN = (Unknown, Literal, Text, Reference, Parameter, UniqueName)


class Idle:
    """Remembers them, by function and by what matters of the arguments, with the places that they put back."""

    def __init__(self, origins: Origins) -> None:
        self.origins = origins
        self.evaluator: Evaluator = origins.evaluator
        self._known: dict[Key, tuple[tuple[Place, ...], tuple[object, ...]]] = {}
        self._by_name: dict[int, bool] = {}

    def key(self, callee: FunctionValue, inside: Frame, *state: Hashable) -> Key | None:
        """What the run of a call depends on, None if that is too much to remember."""
        function = callee.function
        if (
            isinstance(function, s.Lambda)
            or callee.frame.function is not None
            or self._goes_by_name(function)
        ):
            return None
        of = callee.receiver
        if isinstance(of, Instance):
            receiver: Key = (id(of.of.node), id(of.call), id(of.frame))
        elif isinstance(of, ClassValue):
            receiver = (id(of.node),)
        elif of is None:
            receiver = ()
        else:
            return None
        given: list[Hashable] = []
        for name, argument in inside.arguments.items():
            told = self._told(argument)
            if told is None:
                return None
            if told:
                given.append((name, told))
        return (id(function), receiver, state, tuple(given))

    def restored(self, key: Key) -> tuple[Place, ...] | None:
        """What a run like this puts back, None if none like it is known."""
        known = self._known.get(key)
        return None if known is None else known[0]

    def note(self, key: Key, restored: Iterable[Place], *alive: object) -> None:
        """A run like this wrote nothing, and put these places back.

        What its key identifies is kept, so that nothing else gets its identity.
        """
        self._known[key] = (tuple(restored), alive)

    def _goes_by_name(self, function: s.Function) -> bool:
        """Whether a function chooses by a string what it does."""
        key = id(function)
        if key not in self._by_name:
            self._by_name[key] = not _BY_NAME.isdisjoint(called_in(function.body))
        return self._by_name[key]

    def _told(self, argument: Value | Deferred) -> Key | None:
        """What matters of an argument: () for plain data, None for what cannot be told apart."""
        value = argument
        if isinstance(argument, Deferred):
            if isinstance(argument.expression, s.Constant):
                return ()
            shared = self.origins.of(argument.expression, argument.frame)
            if shared is not None:
                return ("shared", shared.place, shared.sort, shared.scope, shared.steps, id(shared.value))
            value = self.evaluator.evaluate(argument.expression, argument.frame)
        if not isinstance(value, Value):
            return None
        parts = tuple(_identity(option) for option in options(value))
        return None if None in parts else tuple(part for part in parts if part)


def _identity(value: Value) -> Key | None:
    if isinstance(value, _PLAIN):
        return ()
    if isinstance(value, ClassValue):
        return ("class", id(value.node))
    if isinstance(value, Instance) and value.of.frame.function is None:
        return ("object", id(value.of.node), id(value.call), id(value.frame))
    if isinstance(value, ModuleValue):
        return ("module", value.module.path)
    if isinstance(value, Handle | Method):
        return (type(value).__name__,)
    if isinstance(value, Thing) and not isinstance(value, Made):
        return ("thing", value.made_by)
    if isinstance(value, Items):
        return _together([_identity(inside) for inside in value.values])
    if isinstance(value, Table):
        return _together([_identity(inside) for _, inside in value.entries])
    return None


def _together(parts: list[Key | None]) -> Key | None:
    """What matters of a list or table written out: nothing, if all in it is plain data."""
    if None in parts:
        return None
    return ("several", *parts) if any(parts) else ()
