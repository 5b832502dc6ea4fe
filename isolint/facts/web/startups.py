"""Stores that an application points its models to when it starts, whatever was set up before."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import handles
from isolint.facts.meaning.values import (
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Made,
    Method,
    Reference,
    Table,
    Trail,
    Value,
    options,
)
from isolint.facts.order.latepins import LatePins
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.targets.lattice import Level, Target, judge, place
from isolint.facts.targets.pointings import Pointings, in_table
from isolint.facts.web.applications import Applications
from isolint.vocabulary.surroundings import Web

_DEEPEST = 2


class Startups:
    """Judges what runs when applications start."""

    def __init__(self, applications: Applications, replacements: Replacements, late: LatePins) -> None:
        self.applications = applications
        self.evaluator = applications.evaluator
        self.replacements = replacements
        self.late = late
        self.pointings = Pointings(self.evaluator)

    def opened(self, app: Made, path: str) -> tuple[str, Target, Trail] | None:
        """The call that points an application's models to its own store, in the tests of a file."""
        pointed = list(self._pointed(app))
        if any(frame.module.is_test for _, frame, _ in pointed):
            return None
        for call, frame, url in pointed:
            target = place(url, self.replacements.pins(path), product=True)
            if isinstance(url, Handle):
                target = judge(url, self.replacements.pins(path), product=True)
            hop = Hop(frame.module.path, call.at, show(call))
            if target.level < Level.PRODUCTION or not target.sure or self.late.sets(path, _url(url)):
                continue
            places = [(h.path, h.at[0]) for h in target.trail]
            places += [
                (frame.module.path, binding.line)
                for inner in walk(call.function)
                if isinstance(inner, s.Name)
                for binding in frame.module.names.bindings.get(inner.id, ())
            ]
            if not self.replacements.replaces(path, places):
                return show(call.function), target, (hop, *target.trail)
        return None

    def _pointed(self, app: Made) -> Iterator[tuple[s.Call, Frame, Value]]:
        for part, function in self.applications.startups(app):
            if function is not None:
                yield from self._in(function, 0)
            elif part is not None:
                url = self._given(part.entry, part.call, part.frame)
                if url is not None:
                    yield part.call, part.frame, url

    def _in(self, function: FunctionValue, depth: int) -> Iterator[tuple[s.Call, Frame, Value]]:
        if not isinstance(function.function, s.Function):
            return
        frame = self.evaluator.function_frame(function.module, function.function)
        for call in _calls(function.function):
            for callee in options(self.evaluator.evaluate(call.function, frame)):
                match callee:
                    case Method():
                        for pointing in self.pointings.of(callee, call, frame):
                            yield call, frame, pointing.store
                    case Reference(name=name):
                        for known in self.applications.web.get(name, ()):
                            url = self._given(known, call, frame) if known.role == "startup" else None
                            if url is not None:
                                yield call, frame, url
                    case FunctionValue() if depth < _DEEPEST:
                        yield from self._in(callee, depth + 1)

    def _given(self, entry: Web, call: s.Call, frame: Frame) -> Value | None:
        """The store that a call names, by URL or in a table."""
        for ways in (entry.target, *entry.parts.values()):
            node = handles.passed(call, ways)
            if node is not None:
                value = self.evaluator.evaluate(node, frame)
                return in_table(value) if isinstance(value, Table) else value
        return None


def _url(value: Value) -> Value | None:
    return value.url if isinstance(value, Handle) else value


def _calls(function: s.Function) -> Iterator[s.Call]:
    for node in statements(function.body):
        if not isinstance(node, s.Function | s.Class):
            for expression in expressions(node):
                yield from (inner for inner in walk(expression) if isinstance(inner, s.Call))
