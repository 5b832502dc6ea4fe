"""Rows that tests leave in stores that are not theirs: the application's own, or a running server's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from isolint.facts.rows.outcomes import is_refused
from isolint.facts.targets.lattice import Level
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.meaning.values import Trail
    from isolint.facts.program import syntax as s
    from isolint.facts.program.project import Module
    from isolint.facts.rows.collisions import Collisions
    from isolint.facts.rows.driven import Drive
    from isolint.facts.rows.network import Network
    from isolint.facts.rows.notes import Notes
    from isolint.facts.rows.written import Row

_MAKING = ("", "POST", "PUT")
_PREFIXES = frozenset({"api", "v1", "v2", "v3"})


@dataclass(frozen=True, slots=True, eq=False)
class Leftover:
    """What a test leaves behind, in words, where, and the `others` that remove it only if they run."""

    at: s.Position
    what: str
    where: str
    others: tuple[str, ...]
    trail: Trail


class Leftovers:
    """Looks at the requests of each test."""

    def __init__(self, collisions: Collisions, network: Network, notes: Callable[[], Notes]) -> None:
        self.notes = notes
        self.collisions = collisions
        self.landings = collisions.landings
        self.driven = collisions.landings.driven
        self.fixtures = collisions.fixtures
        self.network = network

    def of(self, module: Module, test: s.Function) -> Iterator[Leftover]:
        """The first row that a test leaves behind."""
        found = next(self._through_application(module, test), None) or next(
            self._on_server(module, test), None
        )
        if found is not None:
            yield found

    def _through_application(self, module: Module, test: s.Function) -> Iterator[Leftover]:
        for drive in self.driven.by(module, test):
            if drive.request.method not in _MAKING or is_refused(test, drive.request.call):
                continue
            note = self.notes().of(drive)
            if note is not None and self.landings.is_left_alone(module, test):
                trail = (drive.route.hop, *note.trail)
                yield Leftover(
                    drive.request.call.at,
                    f"a file that {drive.route.title} writes",
                    f"`{note.folder}`",
                    (),
                    trail,
                )
            row = self.collisions.written_by(drive)
            landing = None if row is None else self.landings.of_drive(drive, row)
            if row is None or landing is None or landing.target.level < Level.PRODUCTION:
                continue
            if self.landings.is_left_alone(module, test):
                trail = (drive.route.hop, *row.trail, *landing.trail)
                what = f"{_named(row)} that {drive.route.title} writes"
                others = tuple(self._removers(module, drive))
                yield Leftover(drive.request.call.at, what, landing.target.why, others, trail)

    def _removers(self, module: Module, drive: Drive) -> Iterator[str]:
        """The other tests of a file that send a DELETE below the same path."""
        segments = [part for part in drive.route.path.split("/") if part.isidentifier()][-2:]
        for request, _, _ in self.driven.clients.requests.of(module):
            path = (request.path or "").split("/")
            named = any(part in path for part in segments if part not in _PREFIXES)
            if request.method == "DELETE" and request.function is not None and named:
                yield request.function.name

    def _on_server(self, module: Module, test: s.Function) -> Iterator[Leftover]:
        if not self.network.may_be_made(module, test) or not self.landings.is_left_alone(module, test):
            return
        for sent in self.network.made(module, test):
            hop = next((h for h in sent.trail if h.path == module.path), None)
            if hop is not None:
                yield Leftover(hop.at, "what this makes", sent.address, (), sent.trail)


def _named(row: Row) -> str:
    return f"the row of `{row.table}`" if row.model is None else f"the `{row.model.node.name}`"
