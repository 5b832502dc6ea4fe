"""The calls that the steps of a trail stand for."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Hop, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import walk
from isolint.facts.running.relevance import calls_in
from isolint.facts.running.touches import defined_at

_DEEPEST = 3
Place = tuple[str, int]


def calls_at(project: Project, hop: Hop) -> Iterator[s.Call]:
    """The call in the source that a step shows, if it shows one."""
    module = project.module(hop.path)
    if module is not None:
        around = (f.body for f in module.functions if f.at[0] <= hop.at[0] <= f.at[2])
        for body in (module.facts.body, *around):
            yield from (call for call in calls_in(body) if call.at == hop.at)


def bound_on(evaluator: Evaluator, trail: Trail) -> Iterator[Place]:
    """Where the names are bound that the calls of a trail are made by: what a patch would replace.

    A local name is followed to what it was given.
    """
    for hop in trail:
        module = evaluator.project.module(hop.path)
        for call in calls_at(evaluator.project, hop) if module is not None else ():
            if module is not None:
                yield from _bound(evaluator, module, call.function, hop.at[0], 0)


def _bound(
    evaluator: Evaluator, module: Module, node: s.Expression, line: int, depth: int
) -> Iterator[Place]:
    around = [f for f in module.functions if f.at[0] <= line <= f.at[2]]
    for name in {inner.id for inner in walk(node) if isinstance(inner, s.Name)}:
        yield from ((module.path, binding.line) for binding in module.names.bindings.get(name, ()))
        for function in around:
            frame = evaluator.function_frame(module, function)
            for binding in evaluator.names(frame).bindings.get(name, ()):
                if binding.value is not None and depth < _DEEPEST:
                    yield from _bound(evaluator, module, binding.value, line, depth + 1)
                elif binding.kind == "import":
                    yield from defined_at(evaluator.imported(binding, module))
