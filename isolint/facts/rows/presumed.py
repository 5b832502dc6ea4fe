"""Rows that tests take for granted in the application's own store."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.rows.driven import Drive
from isolint.facts.rows.landings import Landings
from isolint.facts.rows.outcomes import expected_status
from isolint.facts.rows.written import Written
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.targets.lattice import Level
from isolint.late import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Presumed:
    """A request for the row of a fixed key, `path`, which nothing in sight makes."""

    at: s.Position
    path: str
    where: str
    trail: Trail


class Presumptions:
    """Looks at what tests ask for by a number."""

    def __init__(self, landings: Landings, written: Written, fixtures: Fixtures) -> None:
        self.landings = landings
        self.written = written
        self.fixtures = fixtures

    def of(self, module: Module) -> Iterator[Presumed]:
        """The first of them in a module; the others lead to the same store."""
        for test, _ in self.fixtures.tests(module):
            for drive in self.landings.driven.by(module, test):
                found = self._presumed(drive, module, test)
                if found is not None:
                    yield found
                    return

    def _presumed(self, drive: Drive, module: Module, test: s.Function) -> Presumed | None:
        request = drive.request
        key = (request.path or "").partition("?")[0].rstrip("/").rpartition("/")[2]
        asked = drive.route.path.rstrip("/").rpartition("/")[2]
        if request.method != "GET" or not key.isdigit() or asked[:1] not in ("{", "<"):
            return None
        codes = expected_status(test, request.call)
        if not codes or max(codes) >= 300 or self._is_made(module, test):
            return None
        landing = self.landings.of_drive(drive, None)
        if landing is None or landing.target.level < Level.PRODUCTION:
            return None
        trail = (drive.route.hop, *landing.trail)
        return Presumed(request.call.at, request.path or "", landing.target.why, trail)

    def _is_made(self, module: Module, test: s.Function) -> bool:
        """Whether the test, or what runs before it, writes rows at all."""
        places = [(module, test), *self.landings.tidying.around(module, test)]
        if any(drive.request.method == "POST" for drive in self.landings.driven.by(module, test)):
            return True
        return any(next(self.written.rows(self.written.run(m, f)), None) is not None for m, f in places)
