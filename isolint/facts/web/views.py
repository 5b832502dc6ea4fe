"""Classes that answer requests: their methods named after HTTP's."""

from __future__ import annotations

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import ClassValue, FunctionValue, Instance

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


def handlers(evaluator: Evaluator, cls: ClassValue) -> tuple[FunctionValue, ...]:
    """The methods of a class, or of its first-party ancestors, that answer requests."""
    return tuple(instances.methods(evaluator, Instance(cls), (*VERBS, "dispatch_request")))
