"""Calls of the language's own functions and of libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import handles, strings
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    Generated,
    Literal,
    ModuleValue,
    Reference,
    Value,
    iterated,
)
from isolint.facts.program import syntax as s

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

_BUILTIN_CONTAINERS = (
    "builtins.list",
    "builtins.tuple",
    "builtins.sorted",
    "builtins.set",
    "builtins.reversed",
)

_HANDING_OUT = ("contextlib.closing", "contextlib.aclosing", "contextlib.nullcontext")


def called(ev: Evaluator, callee: Reference, node: s.Call, frame: Frame) -> Value:
    """What calling something outside the project gives: a function of the language, a library's, or unknown."""
    if callee.name == "importlib.import_module" or callee.name == "builtins.__import__":
        return _imported_by_name(ev, node, frame)
    if callee.name == "builtins.next" or callee.name == "builtins.anext":
        return iterated(ev.evaluate(node.arguments[0], frame)) if node.arguments else UNKNOWN
    if callee.name in _BUILTIN_CONTAINERS and node.arguments:
        return ev.evaluate(node.arguments[0], frame)
    if callee.name == "builtins.getattr" and len(node.arguments) > 1:
        name = ev.evaluate(node.arguments[1], frame)
        if isinstance(name, Literal) and isinstance(name.value, str):
            return ev.attribute_of(ev.evaluate(node.arguments[0], frame), name.value, None)
        return UNKNOWN
    if (
        callee.name in ("functools.partial", "builtins.staticmethod", "builtins.classmethod")
        and node.arguments
    ):
        value = ev.evaluate(node.arguments[0], frame)
        return UNKNOWN if len(node.arguments) + len(node.keywords) > 1 and _makes(ev, value) else value
    if callee.name in _HANDING_OUT and node.arguments:
        return Generated(ev.evaluate(node.arguments[0], frame))
    return handles.library_call(ev, callee, node, frame) or strings.library_call(ev, callee, node, frame)


def _makes(ev: Evaluator, value: Value) -> bool:
    """Whether what is called makes an object, or opens a store: what it is given beforehand would be lost."""
    return isinstance(value, ClassValue) or (
        isinstance(value, Reference) and value.name in ev.vocabulary.handles
    )


def _imported_by_name(ev: Evaluator, node: s.Call, frame: Frame) -> Value:
    name = ev.evaluate(node.arguments[0], frame) if node.arguments else UNKNOWN
    if not isinstance(name, Literal) or not isinstance(name.value, str) or not name.value.strip("."):
        return UNKNOWN
    parts = tuple(name.value.strip(".").split("."))
    resolved = ev.project.resolve(frame.module, parts)
    if resolved.module is not None and not resolved.rest:
        return ModuleValue(resolved.module)
    return Reference(".".join(parts))
