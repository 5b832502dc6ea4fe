"""Which modules can come to a store at all: told by imports and words, before anything is followed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.facts.program.scopes import bind, imports_in
from isolint.vocabulary import Vocabulary

if TYPE_CHECKING:
    from isolint.facts.order.importorder import ImportOrder
    from isolint.facts.program.project import Module
    from isolint.facts.suite.fixtures import Fixtures

_KEEPING_NOTHING = frozenset({"configuration", "patcher"})


class Storing:
    """Follows imports, wherever they stand, and the conftests above, to the first file that speaks of a store."""

    def __init__(self, fixtures: Fixtures, order: ImportOrder) -> None:
        self.project = fixtures.project
        self.fixtures = fixtures
        self.order = order
        self._naming = _naming(self.project.vocabulary)
        self._known: dict[str, bool] = {}

    def may_reach_store(self, module: Module) -> bool:
        """Whether code that a module runs may have a handle of a library that keeps data, or send it a statement."""
        if module.path not in self._known:
            self._search(module)
        return self._known[module.path]

    def _search(self, start: Module) -> None:
        """Breadth first; whatever leads to such a file is known to do so, and where there is none, all that was met."""
        came_from: dict[str, str] = {start.path: ""}
        pending = [start]
        for module in pending:
            if self._known.get(module.path) or self._speaks_of_one(module):
                path = module.path
                while path:
                    self._known[path] = True
                    path = came_from[path]
                return
            for other in self._around(module):
                if other.path not in came_from and self._known.get(other.path) is not False:
                    came_from[other.path] = module.path
                    pending.append(other)
        self._known |= dict.fromkeys(came_from, False)

    def _around(self, module: Module) -> Iterator[Module]:
        bodies = (*(f.body for f in module.functions), *(c.body for c in module.classes))
        for _, node in imports_in(module.names, *map(bind, bodies)):
            yield from self.order.imported(module, node)
        if module.is_test:
            yield from self.project.conftests(module.path)
            yield from self.fixtures.plugins(module)

    def _speaks_of_one(self, module: Module) -> bool:
        return self._naming.search(self.project.content(module.path)) is not None


def _naming(vocabulary: Vocabulary) -> re.Pattern[bytes]:
    """Finds what nobody comes to a store without.

    Packages whose objects keep data, imported or named in a string; fixtures that give such objects; methods that are
    known for what they do with a store whoever has them.
    """
    kept = {name for name, entry in vocabulary.types.items() if entry.kind not in _KEEPING_NOTHING}
    makers = [name for name, entries in vocabulary.handles.items() if any(e.type in kept for e in entries)]
    names = (*kept, *makers, *vocabulary.destroyers, *vocabulary.executors)
    creating = {name.partition(".")[0] for name in vocabulary.creators} - sys.stdlib_module_names
    packages = "|".join(sorted(creating.union(name.partition(".")[0] for name in names)))
    given = sorted(name for name, entry in vocabulary.instance_fixtures.items() if entry.type in kept)
    methods = "|".join(sorted({*vocabulary.executors_by_name, *vocabulary.creators_by_name}))
    ways = (
        rf"(?:^|[;:])[ \t]*(?:from|import)[ \t][^\n]*\b(?:{packages})\b",
        rf"[\"'](?:{packages})[\"'.]",
        rf"\b(?:{'|'.join(given)})\b",
        rf"\.(?:{methods})\s*\(",
    )
    return re.compile("|".join(ways).encode(), re.M)
