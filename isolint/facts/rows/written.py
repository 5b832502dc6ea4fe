"""The rows that running something writes: which model, with which fields, into which store."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.facts.meaning import handles, instances
from isolint.facts.meaning.values import (
    ClassValue,
    Handle,
    Hop,
    Instance,
    Items,
    Parameter,
    Trail,
    Unknown,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.rows.payloads import Field, Payloads
from isolint.facts.rows.spots import calls_at
from isolint.facts.running.effects import Effects, flat
from isolint.facts.running.events import Event, Run
from isolint.facts.running.reaching import Reaching
from isolint.facts.running.relevance import Relevance
from isolint.facts.sql.inserts import inserted
from isolint.late import dataclass
from isolint.vocabulary.entries import Writer

_DEPTH = 6


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row as it is written: of a first-party `model`, or into a `table` by SQL. `store` is what it is written to."""

    event: Event
    model: ClassValue | None
    table: str
    fields: tuple[Field, ...]
    store: Value
    pending: bool

    @property
    def trail(self) -> Trail:
        return (*self.event.chain, self.event.hop)


class Written:
    """Reads rows out of runs that meet nothing but what writes."""

    def __init__(self, effects: Effects, payloads: Payloads) -> None:
        self.evaluator = effects.evaluator
        self.vocabulary = effects.vocabulary
        self.payloads = payloads
        self.effects = Effects(self.evaluator, Relevance(self.evaluator, self._words()), _DEPTH)
        words = frozenset(name.rpartition(".")[2] for name in self.stores)
        self.writing = Reaching(self.evaluator, words, within=self.effects.relevance)
        self._of_tests = Effects(self.evaluator, self.writing, _DEPTH)

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The names of the calls that write rows."""
        return (*self.vocabulary.writers, *self.vocabulary.executors)

    def _words(self) -> frozenset[str]:
        vocabulary = self.vocabulary
        names = [*vocabulary.writers, *vocabulary.senders, *vocabulary.executors, *vocabulary.commits]
        return frozenset(name.rpartition(".")[2] for name in names) - {"__call__"}

    def by_tests(self, module: Module, function: s.Function) -> Iterator[Row]:
        """The rows that a function writes where test code does it, told without following the product."""
        if self.writing.starts(module, function):
            yield from self.rows(self._of_tests.of(module, function))

    def run(self, module: Module, function: s.Function) -> Run:
        """What a function does that bears on rows."""
        return self.effects.of(module, function)

    def rows(self, run: Run) -> Iterator[Row]:
        """The rows that are written before the clean-up, those that a later commit must keep among them."""
        for event in run.events:
            if event.phase != "set up":
                continue
            for entry in self._entries(event):
                yield from self._of_entry(event, entry)
            yield from self._by_statement(event)

    def _entries(self, event: Event) -> tuple[Writer, ...]:
        for name in event.names:
            if name in self.vocabulary.writers:
                return self.vocabulary.writers[name]
        return ()

    def _of_entry(self, event: Event, entry: Writer) -> Iterator[Row]:
        store = event.receiver
        if not entry.row:
            cls = self._model(event)
            if cls is not None:
                fields = tuple(Field(name, value, event.frame) for name, value in event.call.keywords if name)
                yield Row(event, cls, "", fields, self._store_of(cls), entry.pending)
            return
        node = handles.passed(event.call, entry.row)
        if node is None:
            return
        for instance in _instances(self.evaluator.evaluate(node, event.frame)):
            if instance.call is not None and instance.frame is not None:
                fields = tuple(Field(n, value, instance.frame) for n, value in instance.call.keywords if n)
                yield Row(event, instance.of, "", fields, store, entry.pending)

    def _model(self, event: Event) -> ClassValue | None:
        """The model whose method is called."""
        if not isinstance(event.call.function, s.Attribute):
            return None
        for option in options(self.evaluator.evaluate(event.call.function.value, event.frame)):
            if isinstance(option, ClassValue | Instance):
                return option.of if isinstance(option, Instance) else option
        return None

    def _store_of(self, cls: ClassValue) -> Value:
        """The database that a model names in its `Meta`."""
        for ancestor in instances.lineage(self.evaluator, cls)[0]:
            for node in ancestor.node.body:
                if isinstance(node, s.Class) and node.name == "Meta":
                    for assigned in node.body:
                        match assigned:
                            case s.Assign(targets=(s.Name(id="database"),), value=value) if value is not None:
                                return self.evaluator.evaluate(value, ancestor.frame)
        return Unknown()

    def _by_statement(self, event: Event) -> Iterator[Row]:
        statement = self.effects.statement(event)
        if statement is None:
            return
        for option in options(statement):
            table, columns = inserted(flat(option))
            if table:
                node = self.effects.statement_node(event)
                fields = tuple(
                    Field(name, s.Constant(value, event.call.at if node is None else node.at), event.frame)
                    for name, value in columns
                )
                yield Row(event, None, table, fields, event.receiver, True)

    def commits(self, run: Run, row: Row) -> bool:
        """Whether what is written is kept: by a commit behind it, or as the end of a block that commits."""
        if not row.pending:
            return True
        seen = False
        for event in run.events:
            seen = seen or event is row.event
            if any(name in self.vocabulary.commits for name in event.names):
                if event.method == "begin" or (seen and event.method == "commit"):
                    return True
            elif seen and event.method == "commit" and isinstance(event.receiver, Unknown | Parameter):
                return True
        return isinstance(row.store, Handle) and any(self._keeps_all(hop) for hop in row.store.trail)

    def _keeps_all(self, hop: Hop) -> bool:
        """Whether the call at a step opens a connection that keeps every statement."""
        calls = calls_at(self.evaluator.project, hop)
        return any(_is_autocommit(name, value) for call in calls for name, value in call.keywords)


def _is_autocommit(name: str, value: s.Expression) -> bool:
    known = value.value if isinstance(value, s.Constant) else ""
    return (name, known) in (
        ("autocommit", True),
        ("isolation_level", "AUTOCOMMIT"),
        ("isolation_level", None),
    )


def _instances(value: Value) -> Iterator[Instance]:
    for option in options(value):
        if isinstance(option, Items):
            for item in option.values:
                yield from _instances(item)
        elif isinstance(option, Instance):
            yield option
