"""The calls that the steps of a trail stand for."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Hop, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Project
from isolint.facts.program.scopes import walk
from isolint.facts.running.relevance import calls_in

Place = tuple[str, int]


def calls_at(project: Project, hop: Hop) -> Iterator[s.Call]:
    """The call in the source that a step shows, if it shows one."""
    module = project.module(hop.path)
    if module is not None:
        around = (f.body for f in module.functions if f.at[0] <= hop.at[0] <= f.at[2])
        for body in (module.facts.body, *around):
            yield from (call for call in calls_in(body) if call.at == hop.at)


def bound_on(project: Project, trail: Trail) -> Iterator[Place]:
    """Where the names are bound that the calls of a trail are made by: what a patch would replace."""
    for hop in trail:
        module = project.module(hop.path)
        for call in calls_at(project, hop) if module is not None else ():
            for node in walk(call.function):
                if isinstance(node, s.Name) and module is not None:
                    yield from ((hop.path, binding.line) for binding in module.names.bindings.get(node.id, ()))
