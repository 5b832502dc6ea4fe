"""What a single call destroys: everything in a store, one named thing, or the rows of one."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import (
    UNKNOWN,
    Frame,
    Handle,
    Instance,
    Text,
    Thing,
    UniqueName,
    Value,
    options,
    text,
    union,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import walk
from isolint.facts.running.effects import Effects, flat
from isolint.facts.running.events import Event
from isolint.facts.running.relevance import called_in, calls_in
from isolint.facts.running.turns import taken_in_turn
from isolint.facts.sql import statements as sql
from isolint.late import dataclass

_REFLECTED = frozenset(
    "sorted_tables tables get_table_names get_view_names table_names get_tables list_collection_names "
    "collection_names get_schema_names get_sorted_table_and_fkc_names django_table_names introspection "
    "all_tables list_tables list_database_names".split()
)
_CATALOGUES = ("information_schema", "pg_tables", "pg_class", "sqlite_master", "pg_namespace", "show tables")
_FARTHEST = 6


@dataclass(frozen=True, slots=True)
class Loss:
    """`what` is lost in `store`; `rows`: the tables stay.

    `name` is what the single thing is called, as far as that is known; `spelled`, if a statement spells it out.
    """

    what: str
    store: Value
    rows: bool = False
    name: Value | None = None
    spelled: str = ""


class Losses:
    """Reads losses out of events."""

    def __init__(self, effects: Effects) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator

    def of(self, event: Event) -> Loss | None:
        """What an event destroys, None if it destroys nothing, or what it made itself."""
        entry = self.effects.destroyer(event)
        if entry is not None:
            name = self.effects.argument(event, entry.name) if entry.name else None
            if not entry.handle:  # a statement that nothing sends yet, or a command that finds its own way
                return Loss(entry.resource, UNKNOWN, entry.rows, name)
            if self._of_own_tables(event):
                return None
            return Loss(entry.resource, self.effects.reached(event, entry.handle), entry.rows, name)
        if isinstance(event.receiver, Instance) and self._is_proxy(event.receiver):
            return self._by_proxy(event)
        node = self.effects.statement_node(event)
        if node is None:
            return self._in_turn(event)
        value = self.evaluator.evaluate(node, event.frame)
        for option in options(value):
            found = self._by_construct(option, event) or self._by_text(option, node, event)
            if found is not None:
                return found
        return self._by_table(node, event)

    def _of_own_tables(self, event: Event) -> bool:
        """Whether only tables that the tests themselves define are dropped."""
        receiver = event.receiver
        if not isinstance(receiver, Handle) or receiver.kind not in ("metadata", "orm"):
            return False
        made = receiver.made_in
        if made is None or not made.is_test:
            return False
        body = event.frame.function.body if isinstance(event.frame.function, s.Function) else ()
        return "reflect" not in called_in(body)

    def _by_proxy(self, event: Event) -> Loss | None:
        """`conn.flushdb()`, where `conn` passes on what it is asked to the connection that the tests gave it."""
        entries = self.effects.vocabulary.destroyers_by_name.get(event.method, ())
        if not entries or not isinstance(event.receiver, Instance):
            return None
        given = union(list(self._given(event.receiver, event.frame)))
        return Loss(entries[0].resource, given, entries[0].rows)

    def _is_proxy(self, receiver: Instance) -> bool:
        return instances.method(self.evaluator, receiver, "__getattr__") is not None

    def _given(self, proxy: Instance, frame: Frame) -> Iterator[Value]:
        """The handles that the code of a module hands to an object: `conn.push(connection)`."""
        for function in frame.module.functions:
            inside = self.evaluator.function_frame(frame.module, function)
            for call in calls_in(function.body):
                if not isinstance(call.function, s.Attribute) or not call.arguments:
                    continue
                if self.evaluator.evaluate(call.function.value, inside) == proxy:
                    handed = self.evaluator.evaluate(call.arguments[0], inside)
                    yield from (option for option in options(handed) if isinstance(option, Handle))

    def _by_construct(self, option: Value, event: Event) -> Loss | None:
        """`execute(delete(Model))`, `execute(DropSchema("x"))`."""
        if not isinstance(option, Thing):
            return None
        for entry in self.effects.vocabulary.destroyers.get(option.made_by, ()):
            if not entry.handle:
                return Loss(entry.resource, event.receiver, entry.rows)
        return None

    def _by_text(self, option: Value, node: s.Expression, event: Event) -> Loss | None:
        for action in sql.actions(flat(option)):
            if not sql.destroys(action):
                continue
            name, rows = action.name, action.verb == "delete" and action.object != "node"
            if sql.HOLE not in name:
                return _spelled(action, event.receiver, rows)
            holes = [part for part in option.parts if text(part) is None] if isinstance(option, Text) else []
            if self._is_reflected(node, event.frame):
                what = "every table" if action.verb == "drop" else "the rows of every table"
                return Loss(what, event.receiver, rows)
            unique = next((hole for hole in holes if isinstance(hole, UniqueName)), None)
            known = holes[0] if len(holes) == 1 else UNKNOWN
            return Loss(f"{action.object} …", event.receiver, rows, unique or known)
        return None

    def _in_turn(self, event: Event) -> Loss | None:
        """`session.delete(row)` for every row that a query without a condition finds."""
        match event:
            case Event(
                method="delete", receiver=Handle(kind="session"), call=s.Call(arguments=(s.Name(id=name),))
            ):
                function = event.frame.function
                body = function.body if isinstance(function, s.Function) else event.frame.module.facts.body
                if name in taken_in_turn(body):
                    return Loss("every row of the table", event.receiver, rows=True)
        return None

    def _by_table(self, node: s.Expression, event: Event) -> Loss | None:
        """`execute(table.delete())` for the tables that a metadata lists."""
        node, frame = self._followed(node, event.frame)
        match node:
            case s.Call(function=s.Attribute(name="delete", value=s.Name() as table), arguments=()):
                if self._is_reflected(table, frame):
                    return Loss("the rows of every table", event.receiver, rows=True)
        return None

    def _followed(self, node: s.Expression, frame: Frame) -> tuple[s.Expression, Frame]:
        for _ in range(_FARTHEST):
            if not isinstance(node, s.Name):
                break
            values = [
                b.value for b in self.evaluator.names(frame).bindings.get(node.id, ()) if b.kind == "assign"
            ]
            if len(values) != 1 or values[0] is None:
                break
            node = values[0]
        return node, frame

    def _is_reflected(self, node: s.Expression, frame: Frame) -> bool:
        """Whether the names in a statement are those the database itself, or a metadata, lists."""
        return any(
            name in _REFLECTED or any(word in name.lower() for word in _CATALOGUES)
            for name in self._words(node, frame)
        )

    def _words(self, node: s.Expression, frame: Frame) -> Iterator[str]:
        """The names and strings that an expression is made from, through the variables of its function."""
        pending, seen = [node], set[str]()
        while pending:
            for inner in walk(pending.pop()):
                match inner:
                    case s.Attribute(name=name):
                        yield name
                    case s.Constant(value=str(words)):
                        yield words
                    case s.Name(id=name) if name not in seen:
                        seen.add(name)
                        found = self.evaluator.names(frame).bindings.get(name, ())
                        pending += [b.value for b in found if b.value is not None]
                    case s.Comprehension(loops=loops):
                        pending += [iterable for _, iterable in loops]


def _spelled(action: sql.Action, store: Value, rows: bool) -> Loss:
    """The loss of a thing whose name a statement spells out."""
    if action.object == "node":
        return Loss(
            f"every {action.name} node" if action.name else "every node",
            store,
            bool(action.name),
            spelled=action.name,
        )
    what = f"{action.object} {action.name}" if action.verb == "drop" else f"the rows of {action.name}"
    return Loss(what, store, rows, spelled=action.name)
