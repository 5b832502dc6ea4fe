"""Rows that test code commits itself to the application's own store, and that nothing takes away again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.facts.rows.collisions import is_expected_to_fail
from isolint.facts.targets.lattice import Level
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.meaning.values import Trail
    from isolint.facts.program import syntax as s
    from isolint.facts.program.project import Module
    from isolint.facts.rows.collisions import Collisions
    from isolint.facts.rows.landings import Landing
    from isolint.facts.rows.written import Row


@dataclass(frozen=True, slots=True, eq=False)
class Residue:
    """What is committed at `at`, in words, and where it stays; `times` counts those of the file that do the same."""

    at: s.Position
    what: str
    where: str
    times: int
    trail: Trail


class Residues:
    """Looks at what tests, fixtures and set-ups write where their own code can be seen to write."""

    def __init__(self, collisions: Collisions) -> None:
        self.collisions = collisions
        self.landings = collisions.landings
        self.written = collisions.written

    def of(self, module: Module) -> Iterator[Residue]:
        """The first row that a test module leaves in the application's store, and how many tests leave one."""
        if not module.is_test or not self.collisions.libraries.may_be_used(module):
            return
        found = [
            left for f in self.collisions.roots(module) if (left := self._left_by(module, f)) is not None
        ]
        if found:
            row, landing = found[0]
            hop = next(hop for hop in row.trail if hop.path == module.path)
            named = row.table and f"the row of `{row.table}`"
            what = f"the `{row.model.node.name}`" if row.model is not None else named
            yield Residue(hop.at, what, landing.target.why, len(found), (*row.trail, *landing.trail))

    def _left_by(self, module: Module, function: s.Function) -> tuple[Row, Landing] | None:
        if self.landings.is_tidied_around(module, function):
            return None
        if not any(True for _ in self.written.by_tests(module, function)):
            return None
        if not self.landings.is_left_alone(module, function):
            return None
        run = self.written.run(module, function)
        for row in self.written.rows(run):
            if not row.event.frame.module.is_test or not any(hop.path == module.path for hop in row.trail):
                continue
            landing = self.landings.kept(row.store, module.path)
            if landing is None or landing.target.level < Level.PRODUCTION or not landing.target.sure:
                continue
            if self.landings.is_diverted(module, function, row, landing):
                return None
            if self.written.commits(run, row) and not is_expected_to_fail(function, row):
                return (row, landing) if self.collisions.stays(module, function) else None
        return None
