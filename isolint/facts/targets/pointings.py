"""Calls that point the models of a library to a store: themselves, or in a function of the product."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import handles
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    Address,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Literal,
    Method,
    Table,
    Value,
    Variable,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import own_calls
from isolint.facts.program.show import show
from isolint.facts.running.relevance import last_name
from isolint.late import dataclass

_DEEPEST = 2
_COMPONENTS = {"database": "database", "dbname": "database", "db": "database", "file_path": "database"}
_ADDRESSES = frozenset({"url", "uri", "dsn"})


@dataclass(frozen=True, slots=True, eq=False)
class Pointing:
    """A call that points models to a store; `store` is a URL, or a handle where that cannot be told."""

    call: s.Call
    frame: Frame
    store: Value

    @property
    def handle(self) -> Handle:
        """The store as what its models reach."""
        if isinstance(self.store, Handle):
            return self.store
        hop = Hop(self.frame.module.path, self.call.at, show(self.call))
        return Handle("", "orm", url=self.store, made_in=self.frame.module, trail=(hop,))


class Pointings:
    """Finds what calls point models to."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        entries = evaluator.vocabulary.handles.items()
        types = evaluator.vocabulary.types
        self._names = {
            name.rpartition(".")[2]
            for name, found in entries
            if any(each.rebinds and types[each.type].kind == "orm" for each in found)
        }

    def of(self, callee: Value, call: s.Call, frame: Frame, depth: int = 0) -> Iterator[Pointing]:
        """What a call does that calls this, itself or through the product's functions."""
        match callee:
            case Method(receiver=Handle(kind="orm") as handle, name=name):
                for entry in self.evaluator.vocabulary.handles.get(f"{handle.type}.{name}", ()):
                    if entry.rebinds:
                        yield Pointing(call, frame, store(handles.make(self.evaluator, entry, call, frame)))
            case FunctionValue(function=s.Function() as function) if depth < _DEEPEST:
                if callee.module.is_test or not self._names & callee.module.facts.attributes:
                    return
                inside = self.evaluator.call_frame(callee, call, frame)
                for inner in own_calls(function.body).calls:
                    if last_name(inner) in self._names or isinstance(inner.function, s.Name):
                        for found in options(self.evaluator.evaluate(inner.function, inside)):
                            yield from self.of(found, inner, inside, depth + 1)


def store(made: Handle) -> Value:
    """A handle with the store that a table of options names, where that is how it was told."""
    match made.url:
        case Address(components=(("options", Table() as table),)):
            return in_table(table) or made
    return made


def in_table(table: Table) -> Value | None:
    """The first store that nested tables of options name: a URL, or components."""
    entries = dict(table.entries)
    components = [(_COMPONENTS[key], value) for key, value in entries.items() if key in _COMPONENTS]
    if components:
        return Address(None, tuple(components), trail=table.trail)
    for value in entries.values():
        found = in_table(value) if isinstance(value, Table) else value if _is_address(value) else None
        if found is not None:
            return found
    return None


def _is_address(value: Value) -> bool:
    """Whether a value is a URL, or a variable that holds one by its name or by default."""
    if isinstance(value, Variable):
        words = value.name.lower().replace("-", "_").split("_")
        return not _ADDRESSES.isdisjoint(words) or (value.default is not None and _is_address(value.default))
    return isinstance(value, Literal) and "://" in (text(value) or "")
