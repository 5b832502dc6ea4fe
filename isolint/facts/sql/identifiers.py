"""Names spliced into SQL: which holes of a statement are identifiers, and whether what fills them is safe."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning import handles
from isolint.facts.meaning.values import (
    Deferred,
    Frame,
    FunctionValue,
    Handle,
    Literal,
    Method,
    Parameter,
    Reference,
    Text,
    UniqueName,
    Unknown,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import Binding, reaching, walk
from isolint.facts.program.show import dotted
from isolint.facts.sql import statements as sql
from isolint.facts.targets.lattice import tokens
from isolint.late import dataclass, regex

if TYPE_CHECKING:
    from isolint.facts.running.effects import Effects
    from isolint.facts.running.events import Event
    from isolint.facts.sql.templates import Piece, Templates

_PLAIN = regex(r"[A-Za-z_#@][A-Za-z0-9_$#@.]*\Z|\Z")
_QUOTING = frozenset({"quote", "escape"})
DEEPEST = 12
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_SEVERAL = regex(r"[.,;\"`()=]")
_PLAIN_PART = regex(r"[A-Za-z0-9_$#@.]*\Z")
_NAMED_BY_PRODUCT = frozenset({"__tablename__", "db_table", "__table__", "tablename", "default_schema_name"})
_ITERATED = frozenset({"range", "enumerate", "reversed", "sorted", "list", "tuple", "set", "frozenset"})
_HARMLESS_CALLS = frozenset(
    "len int range id abs round hash ord randint randrange getrandbits time_ns".split()
)


@dataclass(frozen=True, slots=True)
class Splice:
    """An expression that is spliced, unquoted, into a place where the statement names an object; told at `at`.

    Not `sure`: what executes the statement is known by its name alone, and the expression is opaque.
    `template` is the expression that builds the statement, `event` what executes it.
    """

    hole: s.Expression
    at: s.Position
    frame: Frame
    sure: bool
    inside: tuple[s.Template, int] | None = None
    template: s.Expression | None = None
    event: Event | None = None


class Identifiers:
    """Reads the statements that events execute."""

    def __init__(self, effects: Effects) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator
        self.vocabulary = effects.vocabulary

    @cached_property
    def templates(self) -> Templates:
        from isolint.facts.sql.templates import Templates

        return Templates(self.effects.evaluator)

    def spliced(self, event: Event) -> Iterator[Splice]:
        """The unsafe identifiers in the statement an event executes."""
        node = self.effects.statement_node(event)
        if node is None:
            return
        for template, frame in self.templates.of(node, event.frame):
            yield from self._in_template(template, frame, event)

    def library(self, splice: Splice) -> tuple[str, str]:
        """The library that executes a splice's statement, and the kind of what executes it; nothing if not known."""
        receivers = options(splice.event.receiver) if splice.event is not None else ()
        known = {(r.type.partition(".")[0], r.kind) for r in receivers if isinstance(r, Handle)}
        return known.pop() if len(known) == 1 and len(receivers) == 1 else ("", "")

    def is_word(self, name: str, splice: Splice) -> bool:
        """Whether a name that a statement is put together with stands for text that the code spells out."""
        value = self.evaluator.evaluate(s.Name(name, splice.at), splice.frame)
        return name.isidentifier() and text(value) is not None

    def may_be_several(self, splice: Splice) -> bool:
        """Whether what is spliced holds a dot, a mark or the like: a name that others belong to, or more than one."""
        for option in options(self.evaluator.evaluate(splice.hole, splice.frame)):
            parts = option.parts if isinstance(option, Text) else (option,)
            if any(isinstance(part, Literal) and _SEVERAL.search(str(part.value)) for part in parts):
                return True
        return False

    def _is_part_of_unknown(self, hole: s.Expression, frame: Frame) -> bool:
        """Whether an expression reads an attribute of an object nothing is known of."""
        owner = hole.value if isinstance(hole, s.Attribute) else None
        return owner is not None and isinstance(self.evaluator.evaluate(owner, frame), Parameter | Unknown)

    def _in_template(self, template: s.Expression, frame: Frame, event: Event) -> Iterator[Splice]:
        pieces = list(self.templates.pieces(template, frame))
        if not any(piece.hole is not None for piece in pieces):
            return
        unsafe = [p for p in pieces if p.hole is not None and not self._is_safe(p)]
        statement = "".join(self._shown(piece, unsafe) for piece in pieces)
        wanted = set(sql.identifier_holes(statement))
        at = 0
        for piece in pieces:
            if piece in unsafe and at in wanted and piece.hole is not None and piece.frame is not None:
                sure = bool(event.names) or not self._is_part_of_unknown(piece.hole, piece.frame)
                at_hole = _place(template, piece.hole)
                yield Splice(piece.hole, at_hole, piece.frame, sure, piece.inside, template, event)
            at += len(self._shown(piece, unsafe))

    def _shown(self, piece: Piece, unsafe: list[Piece]) -> str:
        if piece.hole is None:
            return piece.text
        return sql.HOLE if piece in unsafe else "x"

    # -- is what fills a hole safe?

    def _is_safe(self, piece: Piece) -> bool:
        return piece.hole is not None and piece.frame is not None and self.is_safe(piece.hole, piece.frame)

    def is_safe(self, node: s.Expression, frame: Frame, depth: int = 0) -> bool:
        """Whether an expression is a quoted identifier, or one that needs no quotes."""
        if depth > DEEPEST:
            return False
        if (
            self._is_quoted(node, frame, depth)
            or _is_mark(node)
            or _is_named_by_product(node)
            or self._is_table_name(node, frame)
        ):
            return True
        if isinstance(node, s.Name):
            followed = self._followed(node, frame, depth)
            if followed is not None:
                return followed
        return all(_is_plain(option) for option in options(self.evaluator.evaluate(node, frame)))

    def _followed(self, node: s.Name, frame: Frame, depth: int) -> bool | None:
        """Safe if all that a local name, loop variable or argument may stand for is; None if that is not known."""
        given = frame.arguments.get(node.id)
        bindings = self.evaluator.names(frame).bindings.get(node.id, ())
        line: int | None = node.at[0]
        if not bindings:
            if isinstance(given, Deferred):
                return self.is_safe(given.expression, given.frame, depth + 1)
            if any(p.name == node.id for p in getattr(frame.function, "parameters", ())):
                return True if _is_number(node, frame) else None
            frame, bindings, line = *self._around(node.id, frame), None
        if not bindings:
            return None
        results = []
        for binding in reaching(bindings, line):
            if binding.value is None or binding.unpack or binding.kind not in ("assign", "for"):
                return None
            if binding.kind == "for":
                if not self._items_safe(binding.value, frame, depth):
                    return None
                continue
            results.append(self.is_safe(binding.value, frame, depth + 1))
        return all(results)

    def _around(self, name: str, frame: Frame) -> tuple[Frame, tuple[Binding, ...]]:
        """The function around a nested one that binds a name, and its bindings; no bindings where none does."""
        outer = frame.parent
        while outer is not None and outer.function is not None:
            found = self.evaluator.names(outer).bindings.get(name, ())
            if found:
                return outer, found
            outer = outer.parent
        return frame, ()

    def _items_safe(self, node: s.Expression, frame: Frame, depth: int) -> bool:
        if depth > DEEPEST:
            return False
        if isinstance(node, s.Name):
            for binding in reaching(self.evaluator.names(frame).bindings.get(node.id, ()), node.at[0]):
                if (
                    binding.value is not None
                    and not binding.unpack
                    and self._items_safe(binding.value, frame, depth + 1)
                ):
                    return True
        match node:
            case s.Attribute(name="tables" | "sorted_tables", value=owner):
                return (dotted(owner) or "").rpartition(".")[2].lstrip("_") == "metadata"
            case s.Call() if dotted(node.function) in _ITERATED:
                if dotted(node.function) == "range":
                    return True
                return bool(node.arguments) and self._items_safe(node.arguments[0], frame, depth + 1)
            case s.Sequence():
                return all(self.is_safe(item, frame, depth + 1) for item in node.items)
            case s.Comprehension():
                return all(self._element_safe(element, node, frame, depth + 1) for element in node.elements)
        return False

    def _is_table_name(self, node: s.Expression, frame: Frame) -> bool:
        """`table.name` in a loop over the tables of the metadata."""
        if not isinstance(node, s.Attribute) or node.name not in ("name", "fullname"):
            return False
        name = node.value.id if isinstance(node.value, s.Name) else ""
        bindings = self.evaluator.names(frame).bindings.get(name, ())
        loops = [b.value for b in reaching(bindings, node.at[0]) if b.kind == "for" and b.value is not None]
        parts = [inner for loop in loops for inner in walk(loop) if isinstance(inner, s.Attribute)]
        return any(part.name in ("tables", "sorted_tables") for part in parts)

    def _element_safe(self, element: s.Expression, node: s.Comprehension, frame: Frame, depth: int) -> bool:
        if isinstance(element, s.Name):
            for target, iterable in node.loops:
                if isinstance(target, s.Name) and target.id == element.id:
                    return self._items_safe(iterable, frame, depth)
        return self.is_safe(element, frame, depth)

    def _is_quoted(self, node: s.Expression, frame: Frame, depth: int) -> bool:
        match node:
            case s.Call():
                return self._is_quoting_call(node, frame, depth)
            case s.Template():
                return self._parts_safe(node, frame, depth)
            case s.Binary(operator="+"):
                pieces = list(self.templates.pieces(node, frame))
                return _is_in_quotes(pieces) or self._pieces_safe(pieces, depth)
            case s.Conditional():
                return self.is_safe(node.body, frame, depth + 1) and self.is_safe(
                    node.orelse, frame, depth + 1
                )
            case s.Boolean():
                return all(self.is_safe(value, frame, depth + 1) for value in node.values)
        return False

    def _is_quoting_call(self, node: s.Call, frame: Frame, depth: int) -> bool:
        method = node.function.name if isinstance(node.function, s.Attribute) else ""
        for option in options(self.evaluator.evaluate(node.function, frame)):
            if isinstance(option, Reference):
                if (
                    option.name in self.vocabulary.quoters
                    or option.name.rpartition(".")[2] in _HARMLESS_CALLS
                ):
                    return True
                if option.name in ("builtins.str", "builtins.next") and node.arguments:
                    return self.is_safe(node.arguments[0], frame, depth + 1)
            if isinstance(option, Method) and self._is_quoter(option.receiver, option.name):
                return True
            if isinstance(option, FunctionValue) and self._returns_quoted(option, node, frame, depth):
                return True
        if node.arguments and all(_is_plain_constant(argument) for argument in node.arguments):
            return not node.keywords
        if method == "join" and node.arguments:
            return self._items_safe(node.arguments[0], frame, depth)
        if method == "format":
            return _is_in_quotes(list(self.templates.pieces(node, frame)))
        return self._quotes_by_method(node, frame, method)

    def _quotes_by_method(self, node: s.Call, frame: Frame, method: str) -> bool:
        if method in self.vocabulary.quoters_by_name:
            return True
        if not isinstance(node.function, s.Attribute):
            return False
        if self._is_named_for_quoter(node.function, frame):
            return True
        receivers = options(self.evaluator.evaluate(node.function.value, frame))
        if method in ("replace", "lower", "upper") and all(
            isinstance(each, UniqueName) for each in receivers
        ):
            return True
        return any(self._is_quoter(receiver, method) for receiver in receivers)

    def _is_quoter(self, receiver: Value, method: str) -> bool:
        """Whether a method of a value quotes identifiers."""
        if method in self.vocabulary.quoters_by_name:
            return True
        value = handles.as_value(self.evaluator, receiver) if isinstance(receiver, Method) else receiver
        lineage = self.vocabulary.lineage(value.type) if isinstance(value, Handle) else ()
        return any(f"{name}.{method}" in self.vocabulary.quoters for name in lineage)

    def _is_named_for_quoter(self, function: s.Attribute, frame: Frame) -> bool:
        """`anything.identifier_preparer.quote`: an attribute named like the quoting type it holds."""
        receiver = function.value
        if isinstance(receiver, s.Name):
            reached = reaching(self.evaluator.names(frame).bindings.get(receiver.id, ()), receiver.at[0])
            values = [binding.value for binding in reached if not binding.unpack]
            receiver = values[0] if len(values) == 1 and values[0] is not None else receiver
        return (
            isinstance(receiver, s.Attribute) and (receiver.name, function.name) in self._quoting_attributes
        )

    @cached_property
    def _quoting_attributes(self) -> frozenset[tuple[str, str]]:
        found = set()
        for name in self.vocabulary.quoters:
            owner, _, method = name.rpartition(".")
            found.add((_CAMEL.sub("_", owner.rpartition(".")[2]).lower(), method))
        return frozenset(found)

    def _returns_quoted(self, callee: FunctionValue, node: s.Call, frame: Frame, depth: int) -> bool:
        inside = self.evaluator.call_frame(callee, node, frame)
        if isinstance(callee.function, s.Lambda):
            return self.is_safe(callee.function.body, inside, depth + 1)
        returned = self.evaluator.outcomes.expressions(callee.function)
        safe = [self.is_safe(value, inside, depth + 1) for value in returned]
        if not _QUOTING.isdisjoint(tokens(callee.function.name)):
            return any(safe)  # it gives back as it is what needs no quotes
        return bool(safe) and all(safe)

    def _parts_safe(self, node: s.Template, frame: Frame, depth: int) -> bool:
        pieces = list(self.templates.pieces(node, frame))
        return _is_in_quotes(pieces) or self._pieces_safe(pieces, depth)

    def _pieces_safe(self, pieces: list[Piece], depth: int) -> bool:
        for piece in pieces:
            if piece.hole is None:
                if not _PLAIN_PART.match(piece.text):
                    return False
            elif piece.frame is None or not self.is_safe(piece.hole, piece.frame, depth + 1):
                return False
        return True


def _is_plain_constant(node: s.Expression) -> bool:
    return (
        isinstance(node, s.Constant) and isinstance(node.value, str) and _PLAIN.match(node.value) is not None
    )


def _place(template: s.Expression, hole: s.Expression) -> s.Position:
    """Where a splice is told: at the hole, or at the text that a separate context fills."""
    if isinstance(template, s.Call) and any(name == "context" for name, _ in template.keywords):
        return template.arguments[0].at
    return hole.at


def _is_number(node: s.Name, frame: Frame) -> bool:
    """Whether a name is a parameter that its annotation calls a number."""
    parameters = frame.function.parameters if frame.function is not None else ()
    found = next((p.annotation for p in parameters if p.name == node.id), None)
    return found is not None and dotted(found) in ("int", "float", "bool")


def _is_in_quotes(pieces: list[Piece]) -> bool:
    """Whether the text puts each of its holes in quotes of its own."""
    text = "".join(sql.HOLE if piece.hole is not None else piece.text for piece in pieces)
    for mark in ('"', "`"):
        if text.startswith(mark) and text.endswith(mark) and len(text) > 2 and sql.HOLE in text:
            return True
    return False


def _is_plain(value: Value) -> bool:
    match value:
        case Literal(value=str(name)):
            return bool(_PLAIN.match(name))
        case Literal(value=bool() | None):
            return value.value is not None
        case Literal(value=int() | float()):
            return True
        case UniqueName():
            return True
        case Text():
            return all(
                _PLAIN_PART.match(part.value) is not None
                if isinstance(part, Literal) and isinstance(part.value, str)
                else _is_plain(part)
                for part in value.parts
            )
    return False


def _is_named_by_product(node: s.Expression) -> bool:
    """Names that models declare: `Model.__tablename__`, `Model._meta.db_table`, `Model.__table__.name`."""
    return any(
        isinstance(inner, s.Attribute)
        and (inner.name in _NAMED_BY_PRODUCT or (inner.name == "table_name" and _is_meta(inner.value)))
        for inner in walk(node)
    )


def _is_meta(node: s.Expression) -> bool:
    return isinstance(node, s.Attribute) and node.name == "_meta"


def _is_mark(node: s.Expression) -> bool:
    """Whether a name stands for a quotation mark: `open_quote`, `quote`."""
    return isinstance(node, s.Name) and node.id.lower().endswith("quote")
