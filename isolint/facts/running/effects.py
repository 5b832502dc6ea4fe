"""What does an event do: what it destroys, creates, executes, and in which store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from isolint.facts.meaning import handles
from isolint.facts.meaning.values import (
    UNKNOWN,
    Handle,
    Parameter,
    Text,
    Thing,
    Unknown,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.show import show
from isolint.facts.running.events import Event
from isolint.facts.running.runs import Runs
from isolint.facts.sql import statements as sql
from isolint.vocabulary.entries import Argument, Condition, Creator, Destroyer, Executor


class Effects(Runs):
    """Runs functions, and reads their events."""

    def destruction(self, event: Event) -> tuple[str, Value] | None:
        """What an event destroys, in words, and the handle it reaches; None if it destroys nothing."""
        entry = self.destroyer(event)
        if entry is not None:
            return entry.resource, self.reached(event, entry.handle)
        statement = self.statement(event)
        return None if statement is None else self._by_statement(statement, event)

    def destroyer(self, event: Event) -> Destroyer | None:
        """The vocabulary's entry for what an event destroys."""
        found = [entry for entry in self._destroyers(event) if self._meets(entry.when, event)]
        given = [entry for entry in found if handles.passed(event.call, entry.handle) is not None]
        return next(iter((*given, *found)), None)

    def _by_statement(self, statement: Value, event: Event) -> tuple[str, Value] | None:
        for option in options(statement):
            if isinstance(option, Thing):
                for entry in self.vocabulary.destroyers.get(option.made_by, ()):
                    if not entry.handle:
                        return entry.resource, event.receiver
        for action in (a for option in options(statement) for a in sql.actions(flat(option))):
            if sql.destroys(action):
                name = action.name.replace(sql.HOLE, "…")
                rows = f"the rows of {name}" if name.strip("…") else "rows"
                return (f"{action.object} {name}" if action.verb == "drop" else rows), event.receiver
        return None

    def _destroyers(self, event: Event) -> Iterable[Destroyer]:
        for name in event.names:
            found = self.vocabulary.destroyers.get(name)
            if found:
                return found
        if not event.names and isinstance(event.receiver, Unknown | Parameter):
            return self.vocabulary.destroyers_by_name.get(event.method, ())
        return ()

    def creations(self, event: Event) -> Iterator[Creator]:
        """The vocabulary's entries for what an event creates."""
        for name in event.names:
            found = self.vocabulary.creators.get(name)
            if found:
                yield from (entry for entry in found if self._meets(entry.when, event))
                return
        if not event.names and isinstance(event.receiver, Unknown | Parameter):
            yield from self.vocabulary.creators_by_name.get(event.method, ())

    def statement(self, event: Event) -> Value | None:
        """The SQL an event sends to a server, None if it sends none (or none that can be seen)."""
        node = self.statement_node(event)
        return None if node is None else self.evaluator.evaluate(node, event.frame)

    def statement_node(self, event: Event) -> s.Expression | None:
        """The expression of the statement that an event sends to a server."""
        for name in event.names:
            for entry in self.vocabulary.executors.get(name, ()):
                return handles.passed(event.call, entry.statement)
        if not event.names and isinstance(event.receiver, Unknown | Parameter):
            for entry in self.vocabulary.executors_by_name.get(event.method, ()):
                return handles.passed(event.call, entry.statement)
        if isinstance(event.receiver, Handle):
            for owner, entry in self._executing.get(event.method, ()):
                if event.receiver.type in self.vocabulary.lineage(owner)[1:]:
                    return handles.passed(event.call, entry.statement)
        return None

    @cached_property
    def _executing(self) -> dict[str, list[tuple[str, Executor]]]:
        """Method -> the types that have it to send statements: a factory may make what is of a subclass."""
        found: dict[str, list[tuple[str, Executor]]] = {}
        for name, entries in self.vocabulary.executors.items():
            owner, _, method = name.rpartition(".")
            found.setdefault(method, []).extend((owner, entry) for entry in entries)
        return found

    def argument(self, event: Event, ways: Argument) -> Value | None:
        """The value an event's call passes for an argument."""
        node = handles.passed(event.call, ways)
        return None if node is None else self.evaluator.evaluate(node, event.frame)

    def reached(self, event: Event, ways: Argument) -> Value:
        """The handle that an event reaches: its receiver, an argument, or what a callback was handed."""
        if "self" in ways:
            return event.receiver
        given = self.argument(event, ways)
        if event.store is not None and (given is None or not isinstance(given, Handle)):
            return event.store
        return UNKNOWN if given is None else given

    def _meets(self, condition: Condition | None, event: Event) -> bool:
        if condition is None:
            return True
        node = handles.passed(event.call, condition.argument)
        if node is None:
            return False
        if condition.starts_with:
            known = text(self.evaluator.evaluate(node, event.frame))
            return known is not None and known.startswith(condition.starts_with)
        if isinstance(node, s.Mapping):
            return not node.items and condition.equals == {}
        return show(node) == repr(condition.equals) or show(node) == f'"{condition.equals}"'


def flat(value: Value) -> str:
    """Text with a HOLE for every part that is not known; empty for anything else."""
    if isinstance(value, Text):
        return "".join(sql.HOLE if (known := text(part)) is None else known for part in value.parts)
    return text(value) or ""
