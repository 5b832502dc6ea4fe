"""The names that patches around a test replace."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression
from isolint.facts.program.show import show
from isolint.facts.suite.fixtures import Fixtures

PATCHES = frozenset({"setattr", "object", "patch"})


def patched_names(
    fixtures: Fixtures, module: Module, function: s.Function, owner: s.Class | None
) -> frozenset[str]:
    """Every component of the dotted names that are patched for a test: by its decorators, fixtures or set-up."""
    around = [function, *(f.function for f in fixtures.closure(module, function, owner))]
    around += [method for _, method in fixtures.set_ups(module, owner)]
    decorators = owner.decorators if owner is not None else ()
    nodes = [e for f in around for e in (*every_expression(f.body), *f.decorators)]
    return frozenset(name for node in (*nodes, *decorators) for name in _patched(node))


def _patched(node: s.Expression) -> Iterator[str]:
    if isinstance(node, s.Call) and not PATCHES.isdisjoint(show(node.function).split(".")):
        for given in node.arguments[:2]:
            if isinstance(given, s.Constant):
                yield str(given.value).rpartition(".")[2]
                yield str(given.value).removesuffix(".delay").removesuffix(".apply_async").rpartition(".")[2]
            else:
                yield show(given).rpartition(".")[2]
