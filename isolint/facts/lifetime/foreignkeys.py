"""Deletions in an order that foreign keys forbid: the rows referred to before those that refer to them."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.lifetime import mentions
from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    Address,
    ClassValue,
    Frame,
    Handle,
    Hop,
    Text,
    Trail,
    Value,
    Variable,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, reaching, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.sql import statements as sql
from isolint.late import dataclass

_UNCHECKED = (
    "cascade",
    "session_replication_role",
    "foreign_key_checks",
    "foreign_keys",
    "disable trigger",
    "deferred",
    "nocheck",
)
_WORDS = frozenset({"sorted_tables", "delete", "execute", "exec_driver_sql"})
_DESTROYS = ("DELETE", "DROP TABLE")


@dataclass(frozen=True, slots=True, eq=False)
class Misordered:
    """A deletion that comes too early: what is deleted at `at`, and what still refers to it.

    `tables` is what a loop goes over, parents first; None where the deletions follow one another.
    """

    at: s.Position
    message: str
    trail: Trail
    sure: bool
    tables: s.Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Deletion:
    """One deletion of a model's or table's rows."""

    at: s.Position
    table: str
    model: ClassValue | None
    shown: str


class ForeignKeys:
    """Reads orders of deletion, and the foreign keys of the models they delete."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def misordered(self, module: Module) -> Iterator[Misordered]:
        """The deletions of a test module's functions that come too early."""
        if _WORDS.isdisjoint(module.facts.attributes):
            return
        found: list[Misordered] = []
        for function in module.functions:
            frame = self.evaluator.function_frame(module, function)
            found += self._loops(function, frame)
            found += self._sequences(function, frame)
        if found and not _is_unchecked(module):
            yield from found

    # -- loops over `metadata.sorted_tables`

    def _loops(self, function: s.Function, frame: Frame) -> Iterator[Misordered]:
        for node in statements(function.body):
            if not isinstance(node, s.Loop) or not isinstance(node.target, s.Name) or node.iterable is None:
                continue
            if not self._is_sorted(node.iterable, frame):
                continue
            deletion = next((c for c in calls_in(node.body) if _deletes(c, node.target.id)), None)
            backend = self._backend(node.body, frame)
            if deletion is not None and backend != "sqlite":
                hop = Hop(frame.module.path, deletion.at, show(deletion))
                message = "`sorted_tables` lists parents first: deleting in this order meets rows that refer to them"
                yield Misordered(node.at, message, (hop,), bool(backend), node.iterable)

    def _is_sorted(self, node: s.Expression, frame: Frame, depth: int = 0) -> bool:
        """Whether an iterable is `….sorted_tables`, from the front."""
        match node:
            case s.Attribute(name="sorted_tables"):
                return True
            case s.Call(function=s.Name(id="list" | "tuple" | "enumerate"), arguments=(inner,)):
                return self._is_sorted(inner, frame, depth)
            case s.Name(id=name) if depth < 2:
                found = reaching(self.evaluator.names(frame).bindings.get(name, ()), node.at[0])
                values = [b.value for b in found if b.kind == "assign" and b.value is not None]
                reversed_ = mentions.of_name(name, [_body(frame)]).attributes
                return (
                    len(values) == len(found) == 1
                    and "reverse" not in reversed_
                    and self._is_sorted(values[0], frame, depth + 1)
                )
        return False

    # -- one deletion after the other

    def _sequences(self, function: s.Function, frame: Frame) -> Iterator[Misordered]:
        spoken = [
            inner
            for node in statements(function.body)
            for expression in expressions(node)
            for inner in walk(expression)
            if _speaks_of_deletion(inner)
        ]
        if len(spoken) < 2:
            return
        found = [deletion for node in spoken if (deletion := self._deletion(node, frame)) is not None]
        if len({deletion.table for deletion in found}) < 2:
            return
        backend = self._backend(function.body, frame)
        if backend == "sqlite":
            return
        for index, first in enumerate(found):
            if any(other.table == first.table for other in found[:index]):
                continue
            before = {other.table for other in found[:index]}
            for later in found[index + 1 :]:
                if later.table in before or later.table == first.table:
                    continue
                key = self._refers(later, first.table)
                if key is not None:
                    message = f"`{first.shown}` is deleted before `{later.shown}`, whose rows refer to it"
                    hops = (Hop(frame.module.path, later.at, f"{later.shown} is deleted here"), key)
                    yield Misordered(first.at, message, hops, bool(backend))
                    break

    def _deletion(self, node: s.Expression, frame: Frame) -> Deletion | None:
        match node:
            case s.Call(function=s.Name(id="delete"), arguments=(model,)):
                return self._of_model(model, frame, node.at)
            case s.Call(function=s.Attribute(value=inner, name="delete"), arguments=()):
                queried = _queried(inner)
                return None if queried is None else self._of_model(queried, frame, node.at)
            case s.Constant(value=str(statement)) if statement.lstrip().upper().startswith("DELETE"):
                for action in sql.actions(statement):
                    name = action.name.strip('"`').rpartition(".")[2]
                    if action.verb == "delete" and name:
                        return Deletion(node.at, name, self._model(name, frame), name)
        return None

    def _of_model(self, node: s.Expression, frame: Frame, at: s.Position) -> Deletion | None:
        if isinstance(node, s.Attribute) and node.name == "__table__":
            node = node.value
        for value in options(self.evaluator.evaluate(node, frame)):
            if isinstance(value, ClassValue) and (table := self._table(value)):
                return Deletion(at, table, value, value.node.name)
        return None

    def _table(self, model: ClassValue) -> str:
        for node in model.node.body:
            match node:
                case s.Assign(targets=(s.Name(id="__tablename__"),), value=s.Constant(value=str(name))):
                    return name
        return ""

    def _model(self, table: str, frame: Frame) -> ClassValue | None:
        """The model of a table, among the names of the module."""
        for name in frame.module.names.bindings:
            value = self.evaluator.module_name(frame.module, name)
            if isinstance(value, ClassValue) and self._table(value) == table:
                return value
        return None

    def _refers(self, deletion: Deletion, table: str) -> Hop | None:
        """The foreign key of a model that refers to a table and lets no row go."""
        if deletion.model is None:
            return None
        for cls in instances.lineage(self.evaluator, deletion.model)[0]:
            for node in cls.node.body:
                if isinstance(node, s.Assign) and node.value is not None:
                    for call in (c for c in walk(node.value) if isinstance(c, s.Call)):
                        if _is_key_to(call, table):
                            return Hop(cls.module.path, node.at, show(call))
        return None

    # -- the database

    def _backend(self, body: s.Block, frame: Frame) -> str:
        """The kind of database that the calls of a body reach, "" where it cannot be told."""
        for call in calls_in(body):
            owner = [call.function.value] if isinstance(call.function, s.Attribute) else []
            for node in (*owner, *call.arguments[:1]):
                for value in options(self.evaluator.evaluate(node, frame)):
                    if isinstance(value, Handle) and (value.level == "memory" or value.url is not None):
                        return "sqlite" if value.level == "memory" else _scheme(value.url)
        return ""


def _body(frame: Frame) -> s.Block:
    return frame.function.body if isinstance(frame.function, s.Function) else frame.module.facts.body


def _scheme(url: Value | None) -> str:
    match url:
        case Variable(default=default):
            return _scheme(default)
        case Address(base=base):
            return _scheme(base)
        case Text(parts=(first, *_)):
            return _scheme(first)
    known = text(url) if url is not None else None
    scheme = (known or "").partition(":")[0].partition("+")[0]
    return scheme if known and "://" in known else ""


def _is_unchecked(module: Module) -> bool:
    """Whether a module mentions a way to delete in any order: CASCADE, or checks that are switched off."""
    for expression, _ in mentions.within(module.facts.body):
        for piece in _strings(expression):
            if any(word in piece.lower() for word in _UNCHECKED):
                return True
    return False


def _strings(expression: s.Expression) -> Iterator[str]:
    match expression:
        case s.Constant(value=str(value)):
            yield value
        case s.Template(parts=parts):
            yield from (part for part in parts if isinstance(part, str))


def _deletes(call: s.Call, name: str) -> bool:
    """Whether a call deletes the rows of the table `name`, or drops it."""
    match call:
        case s.Call(function=s.Attribute(value=s.Name(id=owner), name="delete" | "drop")) if owner == name:
            return True
        case s.Call(function=s.Name(id="delete"), arguments=(s.Name(id=owner), *_)) if owner == name:
            return True
    pieces = [piece for argument in call.arguments for piece in _strings(argument)]
    return last_name(call) in ("text", "execute", "exec_driver_sql") and any(
        piece.lstrip().upper().startswith(_DESTROYS) for piece in pieces
    )


def _speaks_of_deletion(node: s.Expression) -> bool:
    """Whether an expression may be a deletion, by its name or first word."""
    if type(node) is s.Call:
        return last_name(node) == "delete"
    if type(node) is not s.Constant or not isinstance(node.value, str):
        return False
    return node.value.lstrip()[:6].upper() == "DELETE"


def _queried(node: s.Expression) -> s.Expression | None:
    """The model of `session.query(Model)`, with whatever filters, of `Model.query` and of `Model.__table__`."""
    while True:
        match node:
            case s.Call(function=s.Attribute(name="query"), arguments=(model,)):
                return model
            case s.Attribute(value=model, name="query" | "__table__"):
                return model
            case s.Call(function=s.Attribute(value=inner, name="filter" | "filter_by" | "where")):
                node = inner
            case _:
                return None


def _is_key_to(call: s.Call, table: str) -> bool:
    if last_name(call) != "ForeignKey" or not call.arguments:
        return False
    target = call.arguments[0]
    if not isinstance(target, s.Constant) or not isinstance(target.value, str):
        return False
    rule = dict(call.keywords).get("ondelete")
    return target.value.rpartition(".")[0].rpartition(".")[2] == table and rule is None
