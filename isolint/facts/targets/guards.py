"""Checks that prove a target disposable before anything is destroyed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from isolint.facts.meaning.values import Frame, Items, Literal, Value
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import walk
from isolint.facts.program.show import dotted
from isolint.facts.targets.lattice import is_test_name
from isolint.late import regex

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

_GUARD = regex(
    r"(require|assert|ensure|validate|check|verify|refuse|guard|is|only)_?.*(test|disposable|local|safe)",
    re.I,
)
_GUARD_CALL = regex(
    r"(require|assert|ensure|validate|check|refuse)_.*(test|disposable|local|safe|prod).*(db|database|url|dsn|env)|"
    r"(require|assert|ensure|validate|check|refuse)_.*(db|database|url|dsn).*(test|disposable|local|safe|prod)",
    re.I,
)
_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_COUNTS = frozenset(
    "dbsize keys list_collection_names list_database_names get_table_names count_documents "
    "estimated_document_count".split()
)
_EXITS = frozenset({"exit", "skip", "fail", "_exit", "xfail", "skipTest"})


def is_guard(test: s.Expression, frame: Frame, ev: Evaluator) -> bool:
    """Whether a condition looks at a name for a test's: a token in a compared string, a test-named flag or check."""
    known = ev.guards.get(id(test))
    if known is None:
        known = any(_speaks_of_tests(node, frame, ev) for node in walk(test))
        ev.guards[id(test)] = known
    return known


def _speaks_of_tests(node: s.Expression, frame: Frame, ev: Evaluator) -> bool:
    match node:
        case s.Constant(value=str(word)):
            return is_test_name(re.sub(r"\W", "_", word)) or word in _HOSTS
        case s.Call():
            name = (dotted(node.function) or "").rpartition(".")[2]
            return bool(_GUARD.match(name))
        case s.Attribute():
            return is_test_name(node.name) or node.name in ev.vocabulary.telling_words
        case s.Name():
            if is_test_name(node.id):
                return True
            value = ev.evaluate(node, frame)
            listed = value.values if isinstance(value, Items) else (value,)
            return any(_is_telling(item) for item in listed)
    return False


def _is_telling(value: Value) -> bool:
    """Whether a constant that something is compared with is a test's name or a host of this machine."""
    if not isinstance(value, Literal) or not isinstance(value.value, str):
        return False
    return is_test_name(value.value) or value.value in _HOSTS


def is_guard_call(call: s.Call) -> bool:
    """Whether a call is, by its name, a check that refuses anything but a test database."""
    match call.function:
        case s.Name(id=name) | s.Attribute(name=name):
            return "_" in name and _GUARD_CALL.match(name.lstrip("_")) is not None
    return False


def leaves(block: s.Block) -> bool:
    """Whether a block always ends by leaving: raise, return, exit, skip or fail."""
    if not block:
        return False
    match block[-1]:
        case s.Raise() | s.Return() | s.Jump():
            return True
        case s.Evaluate(value=s.Call() as call):
            return (dotted(call.function) or "").rpartition(".")[2] in _EXITS
        case s.If() as last:
            return leaves(last.body) and leaves(last.orelse)
    return False


def finds_empty(test: s.Expression) -> bool:
    """Whether a condition holds where a store is empty: `client.dbsize() == 0`, `not client.keys()`."""
    match test:
        case s.Unary(operator="not", operand=operand):
            return _counts(operand)
        case s.Compare(left=left, operators=("==",), comparators=(s.Constant(value=0),)):
            return _counts(left)
        case s.Boolean(operator="and", values=values):
            return any(finds_empty(value) for value in values)
    return False


def finds_something(test: s.Expression) -> bool:
    """Whether a condition holds where a store is not empty: `client.dbsize() > 0`, `client.keys()`."""
    match test:
        case s.Compare(left=left, operators=(">" | "!=",), comparators=(s.Constant(value=0),)):
            return _counts(left)
        case s.Boolean(operator="or", values=values):
            return any(finds_something(value) for value in values)
    return isinstance(test, s.Call) and _counts(test)


def _counts(node: s.Expression) -> bool:
    """Whether an expression is the number of things in a store, or the things themselves."""
    return any(
        isinstance(inner, s.Call) and (dotted(inner.function) or "").rpartition(".")[2] in _COUNTS
        for inner in walk(node)
    )
