"""Names put between quotes by hand, and names handed over as values: what looks safe in SQL and is not."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import (
    Deferred,
    Frame,
    FunctionValue,
    Text,
    UniqueName,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import reaching, walk
from isolint.facts.program.show import bare, dotted
from isolint.facts.running.events import Event
from isolint.facts.running.failures import fails_on_purpose
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.sql import statements as sql
from isolint.facts.sql.identifiers import DEEPEST, Identifiers, Splice
from isolint.facts.sql.templates import Piece

_MARKS = frozenset({'"', "`", "]"})
_CHECKS = frozenset({"isidentifier", "isalnum", "match", "fullmatch", "sub"})
_VERBATIM = frozenset({"AsIs", "Identifier"})


class HandQuoted:
    """Reads the statements that events execute."""

    def __init__(self, identifiers: Identifiers) -> None:
        self.identifiers = identifiers
        self.effects = identifiers.effects
        self.evaluator = identifiers.evaluator
        self.templates = identifiers.templates

    def spliced(self, event: Event) -> Iterator[Splice]:
        """The names that a statement puts between quotes without doubling the quotes they may hold."""
        node = self.effects.statement_node(event)
        if node is None:
            return
        for template, frame in self.templates.of(node, event.frame):
            pieces = list(self.templates.pieces(template, frame))
            wanted = set(sql.quoted_holes("".join(p.text if p.hole is None else sql.HOLE for p in pieces)))
            at = 0
            for piece in pieces:
                if piece.hole is not None and at in wanted and not self._is_harmless(piece):
                    yield Splice(piece.hole, piece.hole.at, piece.frame or frame, True, piece.inside)
                at += len(piece.text) if piece.hole is None else 1

    def bound(self, event: Event) -> Iterator[Splice]:
        """The statement of an event, if it asks for the name of an object as a value."""
        node = self.effects.statement_node(event)
        if node is None or not self._gives_values(event, node):
            return
        function = event.frame.function
        if isinstance(function, s.Function) and fails_on_purpose(function.body, event.call.at[0]):
            return
        for option in options(self.evaluator.evaluate(node, event.frame)):
            names = sql.bound_names(known) if (known := text(option)) is not None else []
            if names:
                yield Splice(node, node.at, event.frame, True)
                return

    def _gives_values(self, event: Event, statement: s.Expression) -> bool:
        """Whether a call gives values besides the statement, and none that goes into it as it stands."""
        given = [*event.call.arguments, *(value for _, value in event.call.keywords)]
        given = [node for node in given if node is not statement]
        words = [bare(inner) for node in self._followed(given, event.frame) for inner in walk(node)]
        return bool(given) and _VERBATIM.isdisjoint(words)

    def _followed(self, nodes: list[s.Expression], frame: Frame) -> Iterator[s.Expression]:
        """These expressions, and what the local names in them stand for."""
        for node in nodes:
            yield node
            for name in (inner for inner in walk(node) if isinstance(inner, s.Name)):
                bindings = self.evaluator.names(frame).bindings.get(name.id, ())
                yield from (b.value for b in reaching(bindings, name.at[0]) if b.value is not None)

    def _is_harmless(self, piece: Piece) -> bool:
        """Whether what stands between quotes holds no quotes itself, or has them doubled."""
        if piece.hole is None or piece.frame is None:
            return True
        if self.identifiers.is_safe(piece.hole, piece.frame):
            return True
        value = self.evaluator.evaluate(piece.hole, piece.frame)
        return all(map(_is_spelled_out, options(value))) or self._is_escaped(piece.hole, piece.frame)

    def _is_escaped(self, node: s.Expression, frame: Frame, depth: int = 0) -> bool:
        """Whether quotes are doubled on the way to an expression, or the name is checked."""
        if any(_doubles(inner) for inner in walk(node)):
            return True
        if depth > DEEPEST:
            return False
        if isinstance(node, s.Call):
            return self._gives_escaped(node, frame, depth)
        if not isinstance(node, s.Name):
            return False
        if isinstance(frame.function, s.Function) and _is_checked(node.id, frame.function):
            return True
        bindings = reaching(self.evaluator.names(frame).bindings.get(node.id, ()), node.at[0])
        values = [binding.value for binding in bindings if binding.value is not None]
        if values:
            return any(self._is_escaped(value, frame, depth + 1) for value in values)
        given = frame.arguments.get(node.id)
        return isinstance(given, Deferred) and self._is_escaped(given.expression, given.frame, depth + 1)

    def _gives_escaped(self, node: s.Call, frame: Frame, depth: int) -> bool:
        """Whether a call of a first-party function gives a name that is escaped."""
        for callee in options(self.evaluator.evaluate(node.function, frame)):
            if isinstance(callee, FunctionValue) and isinstance(callee.function, s.Function):
                inside = self.evaluator.call_frame(callee, node, frame)
                returned = self.evaluator.outcomes.expressions(callee.function)
                return any(self._is_escaped(value, inside, depth + 1) for value in returned)
        return False


def _doubles(node: s.Expression) -> bool:
    """`name.replace(mark, two marks)`, and whatever a regular expression leaves over."""
    match node:
        case s.Call(function=s.Attribute(name="replace"), arguments=(s.Constant(value=str(mark)), *_)):
            return mark in _MARKS
        case s.Call(function=function):
            return dotted(function) == "re.sub"
    return False


def _is_checked(name: str, function: s.Function) -> bool:
    """Whether a function looks at the letters of a name."""
    for call in calls_in(function.body):
        if last_name(call) in _CHECKS:
            given = [*call.arguments, call.function]
            if any(isinstance(inner, s.Name) and inner.id == name for node in given for inner in walk(node)):
                return True
    return False


def _is_spelled_out(value: Value) -> bool:
    """Whether a name is written in the code, where anybody sees what it holds, or made of harmless letters."""
    if isinstance(value, Text):
        return all(map(_is_spelled_out, value.parts))
    return isinstance(value, UniqueName) or text(value) is not None
