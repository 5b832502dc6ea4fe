"""What is created, under which name, and what is undone again: one piece of knowledge for all rules."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import handles
from isolint.facts.meaning.values import (
    UNKNOWN,
    Address,
    Deferred,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Literal,
    Method,
    Parameter,
    Text,
    Thing,
    Trail,
    UniqueName,
    Unknown,
    Value,
    Variable,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.running.effects import Effects, flat
from isolint.facts.running.events import Event
from isolint.facts.sql import statements as sql
from isolint.facts.targets.lattice import Level, is_product, judge, place
from isolint.late import dataclass
from isolint.vocabulary import load
from isolint.vocabulary.entries import Creator

NAMED_STORES = frozenset(
    "database schema keyspace bucket queue topic index collection tenant stream view graph analyzer".split()
)
_PARENTS = {
    "schema": ("database",),
    "table": ("schema", "database", "every table"),
    "tables": ("schema", "database", "every table"),
    "collection": ("database",),
    "graph": ("database",),
    "view": ("database", "schema"),
}
_REPLACED_BY_ROLLBACK = frozenset({"schema", "table", "tables", "role", "user"})


@dataclass(frozen=True, slots=True, eq=False)
class Creation:
    """Something an event creates: `name` is the expression of its name, if it is named, in `frame`.

    For SQL it is the statement itself; `value` is then the name as far as the statement spells it out. It is
    `declared` where the project itself says that its own function makes it.
    """

    event: Event
    resource: str
    undo: tuple[str, ...]
    name: s.Expression | None
    value: Value | None
    store: Value
    freed_by_parent: bool
    managed: bool
    shared: bool
    declared: bool = False


class Lifecycle:
    """Reads creations and removals out of runs."""

    def __init__(self, effects: Effects) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator

    def creations(self, event: Event) -> Iterator[Creation]:
        """What an event creates; what it merely sets going is no creation."""
        for entry in self.effects.creations(event):
            if entry.started:
                continue
            if entry.handle:
                yield self._created(event, entry, self.effects.reached(event, entry.handle))
            elif entry.resource.startswith("temporary"):
                yield self._created(event, entry, Literal(None))
        yield from self._by_statement(event)

    def _created(self, event: Event, entry: Creator, store: Value) -> Creation:
        name = handles.passed(event.call, entry.name)
        value = None if name is None else self.evaluator.evaluate(name, event.frame)
        managed = event.managed and entry.managed
        return Creation(
            event,
            entry.resource,
            entry.undo,
            name,
            value,
            store,
            entry.freed_by_parent,
            managed,
            entry.shared,
            self._is_own(event, entry),
        )

    def _is_own(self, event: Event, entry: Creator) -> bool:
        """Whether an event is the call of a first-party function that the project's own words speak of."""
        if any(entry is known for name in entry.call for known in load().creators.get(name, ())):
            return False
        callee = self.evaluator.evaluate(event.call.function, event.frame)
        return any(isinstance(option, FunctionValue) for option in options(callee))

    def _by_statement(self, event: Event) -> Iterator[Creation]:
        statement = self.effects.statement(event)
        if statement is None:
            return
        node = self.effects.statement_node(event)
        yield from self._by_construct(event, node)
        for action in (a for option in options(statement) for a in sql.actions(flat(option))):
            if action.verb == "create" and action.object in sql.STORES and not action.temporary:
                value = Text(tuple(part for part in _parts(action.name)))
                named = Literal(action.name) if sql.HOLE not in action.name else value
                free = action.object in ("table", "schema", "user", "role")
                yield Creation(event, action.object, (), node, named, event.receiver, free, False, True)

    def _by_construct(self, event: Event, node: s.Expression | None) -> Iterator[Creation]:
        """`connection.execute(CreateSchema("reporting"))`: the construct says what, the executor where."""
        if not isinstance(node, s.Call):
            return
        value = self.evaluator.evaluate(node, event.frame)
        for option in options(value):
            if isinstance(option, Thing):
                for entry in self.effects.vocabulary.creators.get(option.made_by, ()):
                    name = handles.passed(node, entry.name)
                    known = None if name is None else self.evaluator.evaluate(name, event.frame)
                    free = entry.freed_by_parent
                    yield Creation(
                        event, entry.resource, entry.undo, name, known, event.receiver, free, False, True
                    )

    def undone(self, creation: Creation, events: list[Event]) -> bool:
        """Whether one of these events removes what was created, or what it lies in."""
        return creation.managed or any(self.removes(creation, event) for event in events)

    def removes(self, creation: Creation, event: Event) -> bool:
        """Whether an event removes what was created, the database or schema around it, or rolls it back."""
        if any(name in creation.undo for name in event.names):
            return not self._is_another(creation, event)
        if any(undo.startswith(".") and undo[1:] == event.method for undo in creation.undo):
            return True
        if not event.names and event.method in {undo.rpartition(".")[2] for undo in creation.undo}:
            return True
        if event.method == "rollback" and creation.resource in _REPLACED_BY_ROLLBACK:
            return True
        return self._drops(creation, event)

    def _is_another(self, creation: Creation, event: Event) -> bool:
        """Whether a removal in the same function names another thing than the creation."""
        if event.chain or event.frame.function is not creation.event.frame.function:
            return False
        made, removed = creation.event.call.arguments[:1], event.call.arguments[:1]
        match made, removed:
            case (s.Name(id=one),), (s.Name(id=other),):
                return one != other
        return False

    def _drops(self, creation: Creation, event: Event) -> bool:
        wanted = {creation.resource, *_PARENTS.get(creation.resource, ())}
        if creation.resource == "tables":
            wanted |= {"table"}
        statement = self.effects.statement(event)
        if statement is not None:
            for action in (a for option in options(statement) for a in sql.actions(flat(option))):
                if action.verb == "drop" and action.object in wanted:
                    return True
        destroyed = self.effects.destruction(event)
        return destroyed is not None and any(word in destroyed[0].split() for word in wanted)

    def outlives(self, creation: Creation) -> bool:
        """Whether what was created is known to be in a store that outlives the tests, or lies on disk."""
        if not creation.shared:
            return not self._in_temporary_folder(creation.event)
        if creation.declared:
            return True
        if creation.freed_by_parent:
            return any(_is_named_store(option) for option in options(creation.store))
        if creation.resource == "database" and not isinstance(creation.store, Handle):
            return all(_is_server_url(option) for option in options(creation.store))
        known = [option for option in options(creation.store) if _is_told(option)]
        targets = [place_of(option) for option in known]
        return bool(targets) and min(targets) > Level.DISPOSABLE

    def _in_temporary_folder(self, event: Event) -> bool:
        """Whether an argument says that it is made below a folder that is removed anyway."""
        given = [*event.call.arguments, *(value for _, value in event.call.keywords)]
        values = (self.evaluator.evaluate(node, event.frame) for node in given)
        return any(
            place(value, {}, product=False).level <= Level.DISPOSABLE for value in values if _is_path(value)
        )

    def spelled(self, creation: Creation) -> tuple[s.Position, str, Trail] | None:
        """Where the name of a creation is written, its module's path and the way there.

        Parameters are followed to the argument of the call and plain names to the constant they stand for
        only in the trail: the place is the last expression before a constant.
        """
        if creation.name is None:
            return None
        node, frame = self._origin(creation.name, creation.event.frame)
        value = self.evaluator.evaluate(node, frame)
        return node.at, frame.module.path, value.trail

    def _origin(self, node: s.Expression, frame: Frame) -> tuple[s.Expression, Frame]:
        while isinstance(node, s.Name) and isinstance(frame.function, s.Function):
            given = frame.arguments.get(node.id)
            if not isinstance(given, Deferred) or node.id in self.evaluator.names(frame).bindings:
                break
            node, frame = given.expression, given.frame
        return node, frame


def _is_told(store: Value) -> bool:
    """Whether the code says where a store is: not for a server whose address is an argument nobody gives."""
    if not isinstance(store, Handle):
        return isinstance(store, Literal | Variable)
    url = store.url
    while isinstance(url, Address):
        server = [value for name, value in url.components if name in ("host", "options")]
        url = server[0] if server else url.base
    parts = url.parts if isinstance(url, Text) else (url,)
    unknown = [part for part in parts if part is not None and text(part) is None]
    return not unknown or not isinstance(unknown[0], Unknown | Parameter | Method)


def _is_path(value: Value) -> bool:
    return isinstance(value, Text | UniqueName)


def _is_server_url(url: Value) -> bool:
    """Whether a URL leads to a server of no run's own; what name its database has does not matter here."""
    parts = url.parts if isinstance(url, Text) else (url,)
    if text(parts[0]) is not None and str(text(parts[0])).startswith("sqlite"):
        return False
    if not isinstance(url, Text | Literal | Variable | Address):
        return False
    return not any(
        isinstance(p, Method) and place(p, {}, product=False).level <= Level.DISPOSABLE for p in parts
    )


def _is_named_store(store: Value) -> bool:
    """Whether a handle leads to a database that the code names, on a server: its tables outlive the tests."""
    if not isinstance(store, Handle) or store.url is None:
        return False
    target = judge(store, {}, product=False)
    address = text(store.url) or ""
    server = not address.startswith("sqlite") and store.type.partition(".")[0] not in ("sqlite3", "aiosqlite")
    if target.level is Level.TEST_SHAPED:
        return server
    return server and not is_product(store) and "://" in address and target.level > Level.DISPOSABLE


def place_of(store: Value) -> Level:
    """The level of the store a handle or URL leads to, as the tests see it."""
    if isinstance(store, Handle):
        return judge(store, {}, product=False).level
    return place(store, {}, product=False).level


def _parts(name: str) -> Iterator[Value]:
    pieces = name.split(sql.HOLE)
    for index, piece in enumerate(pieces):
        if index:
            yield UNKNOWN
        if piece:
            yield Literal(piece)


def literal_name(creation: Creation) -> str | None:
    """The full name of what was created, if the code spells it out."""
    return None if creation.value is None else text(creation.value)


def is_unique(creation: Creation) -> bool:
    """Whether the name of what was created is another one in every run."""
    parts = creation.value.parts if isinstance(creation.value, Text) else (creation.value,)
    return any(isinstance(part, UniqueName) for part in parts)


def line_in(creation: Creation, path: str) -> Hop | None:
    """The innermost step to the creation that lies in a file."""
    hops = [hop for hop in (*creation.event.chain, creation.event.hop) if hop.path == path]
    return hops[-1] if hops else None
