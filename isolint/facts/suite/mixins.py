"""Tests that become part of a test case of somewhere else."""

from __future__ import annotations

from isolint.facts.program import syntax as s
from isolint.facts.running.relevance import calls_in
from isolint.facts.suite.fixtures import SET_UP, TEAR_DOWN


def is_mixin(cls: s.Class) -> bool:
    """Whether a class does as if it were a test case: `super().setUp()`, `self.assertEqual(1, 1)`.

    To be asked of classes that derive from no test case.
    """
    methods = (node for node in cls.body if isinstance(node, s.Function))
    return any(_is_for_a_test_case(call) for method in methods for call in calls_in(method.body))


def _is_for_a_test_case(call: s.Call) -> bool:
    match call.function:
        case s.Attribute(value=s.Call(function=s.Name(id="super")), name=name):
            return name in (*SET_UP, *TEAR_DOWN)
        case s.Attribute(value=s.Name(id="self"), name=name):
            return name.startswith("assert")
    return False
