"""Which calls and functions can come to destruction: the rest need not be followed to find it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from isolint.facts.meaning.values import Frame, FunctionValue
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, walk
from isolint.facts.program.spoken import Spoken
from isolint.facts.running.relevance import FINALIZERS, Relevance, calls_in, last_name
from isolint.facts.running.turns import taken_in_turn
from isolint.facts.targets.guards import is_guard_call
from isolint.late import regex

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

_STATEMENT = regex(
    r"(^|;)\s*(drop\s+(table|database|schema|keyspace|role|user|owned)\b|truncate\b|delete\s+from\b)"
    r"|\bmatch\b[^{]*\bdelete\b",
    re.I,
)
_CONDITION = regex(r"\bwhere\b", re.I)
_AMBIGUOUS = frozenset({"delete", "drop", "command", "truncate", "reset"})
# What `drop` of a data frame is given: https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.drop.html
_OF_FRAMES = frozenset({"axis", "columns", "errors", "index", "inplace", "labels", "level"})
_VERBS = frozenset({"drop", "truncate", "delete", "match"})
_NARROWING = frozenset({"filter", "filter_by", "where", "get", "exclude", "having"})
_LIBRARY_NAMES = frozenset({"sa", "sqlalchemy", "sql", "sqlmodel"})


class Peril(Relevance):
    """Relevance to destruction alone: a function matters if it destroys, or leads to one that does.

    With `guards`, functions that check what they are run against matter, too, and those that send what they
    are handed. What bodies hold themselves is the same as for an `other` one.
    """

    def __init__(self, evaluator: Evaluator, *, guards: bool, other: Peril | None = None) -> None:
        super().__init__(evaluator)
        self.guards = guards
        vocabulary = evaluator.vocabulary
        self.destroyers = frozenset(name.rpartition(".")[2] for name in vocabulary.destroyers)
        self.unmistakable = self.destroyers - _AMBIGUOUS
        senders = [*vocabulary.executors, *vocabulary.callbacks]
        mocks = [
            n
            for n, entries in vocabulary.isolations.items()
            if any(e.how in ("mock", "patch") for e in entries)
        ]
        words = {name.rpartition(".")[2] for name in (*senders, *mocks)}
        self.words = frozenset(words | self.destroyers | FINALIZERS) - {"__call__", ""}
        self.senders = frozenset(name.rpartition(".")[2] for name in senders)
        self._statements: dict[str, frozenset[str]] = {}
        self._spoken = Spoken(evaluator.project, self.unmistakable | _AMBIGUOUS | _VERBS, self._spelled)
        self._known: dict[int, bool] = {}
        if other is not None:
            self._statements, self._spoken, self._known = other._statements, other._spoken, other._known

    def starts(self, module: Module, function: s.Function) -> bool:
        """Whether running a function that nobody in particular calls may come to destruction."""
        frame = self.evaluator.module_frame(module)
        return self.function(FunctionValue(module, function, frame))

    def block(self, module: Module, body: s.Block) -> bool:
        """The same for a block at a module's top level."""
        frame = self.evaluator.module_frame(module)
        return self._destroys(module, body) or self._leads(body, frame)

    def _matters(self, callee: FunctionValue) -> bool:
        function = callee.function
        if isinstance(function, s.Lambda):
            calls = [inner for inner in walk(function.body) if isinstance(inner, s.Call)]
            return any(
                last_name(node) in self.destroyers or self._leads_on(node, callee.frame) for node in calls
            )
        frame = self.evaluator.function_frame(callee.module, function)
        if self._destroys(callee.module, function.body):
            return True
        if self.guards and self._guards(function.body, frame):
            return True
        return self._leads(function.body, frame)

    def _leads(self, body: s.Block, frame: Frame) -> bool:
        calls = list(calls_in(body))
        if self.guards and any(is_guard_call(node) or self._passes_on(node, frame) for node in calls):
            return True
        return any(self._leads_on(node, frame) for node in calls)

    def _passes_on(self, node: s.Call, frame: Frame) -> bool:
        """Whether a call sends a statement that the function around it is handed."""
        if last_name(node) not in self.senders or frame.function is None:
            return False
        parameters = {parameter.name for parameter in frame.function.parameters}
        return any(isinstance(n, s.Name) and n.id in parameters for a in node.arguments[:1] for n in walk(a))

    def _destroys(self, module: Module, body: s.Block) -> bool:
        """Whether a body itself names a destroyer or holds, or names, a destructive statement."""
        if not body:
            return False
        key = id(body[0])
        if key not in self._known:
            self._known[key] = self._spoken.within(module, body) and self._names_one(module, body)
        return self._known[key]

    def _names_one(self, module: Module, body: s.Block) -> bool:
        spelled = self._spelled(module)
        for node in every_expression(body):
            match node:
                case s.Call() if last_name(node) in _AMBIGUOUS:
                    if _may_destroy(node) or _deletes_each(node, body):
                        return True
                case s.Name(id=name) | s.Attribute(name=name) if name in self.unmistakable:
                    return True
                case s.Name(id=name) if name in spelled:
                    return True
                case s.Constant(value=str(words)) if _destroys_all(words):
                    return True
                case s.Template(parts=parts):
                    if _destroys_all(" ".join(part for part in parts if isinstance(part, str))):
                        return True
        return False

    def _spelled(self, module: Module) -> frozenset[str]:
        """The names of a module's constants that hold destructive statements."""
        if module.path not in self._statements:
            self._statements[module.path] = frozenset(
                name
                for name, bindings in module.names.bindings.items()
                for binding in bindings
                if binding.value is not None and _is_statement(binding.value)
            )
        return self._statements[module.path]


def _may_destroy(node: s.Call) -> bool:
    """Whether a call of a common name may be the one that destroys, by its arguments."""
    name, first = last_name(node), node.arguments[0] if node.arguments else None
    owner = node.function.value if isinstance(node.function, s.Attribute) else None
    match name:
        case "delete" if first is None:
            narrowed = isinstance(owner, s.Call) and last_name(owner) in _NARROWING
            return not narrowed and (bool(node.keywords) or owner is not None)
        case "delete":
            return owner is None or (isinstance(owner, s.Name) and owner.id in _LIBRARY_NAMES)
        case "command":
            return isinstance(first, s.Constant) and first.value == "dropDatabase"
        case "reset":
            return first is None  # with a token it is a context variable's
    is_of_a_frame = any(keyword in _OF_FRAMES for keyword, _ in node.keywords)
    few = len(node.arguments) < 2 and len(node.keywords) < 2
    return few and not isinstance(first, s.Constant) and not is_of_a_frame


def _deletes_each(node: s.Call, body: s.Block) -> bool:
    """Whether a call may delete every row of a table in turn: `for row in query.all(): session.delete(row)`."""
    match node:
        case s.Call(function=s.Attribute(name="delete"), arguments=(s.Name(id=name),)):
            return name in taken_in_turn(body)
    return False


def _destroys_all(words: str) -> bool:
    """Whether a text may be a statement that destroys, without a condition."""
    return _STATEMENT.search(words) is not None and _CONDITION.search(words) is None


def _is_statement(value: s.Expression) -> bool:
    return any(
        isinstance(node, s.Constant) and isinstance(node.value, str) and _destroys_all(node.value)
        for node in walk(value)
    )
