"""Into which store a test's rows go, and whether they stay there when the test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from isolint.facts.meaning.values import (
    Address,
    FunctionValue,
    Handle,
    Items,
    Method,
    Parameter,
    Table,
    Text,
    Trail,
    Union,
    UniqueName,
    Unknown,
    Value,
    options,
)
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.rows.driven import Drive, Driven
from isolint.facts.rows.tidying import Tidying
from isolint.facts.rows.written import Row
from isolint.facts.targets.lattice import Level, Target, is_product
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.web.overrides import Overrides

_LOST = (Unknown, Parameter, UniqueName, Method)


@dataclass(frozen=True, slots=True, eq=False)
class Landing:
    """The store that rows of a test go to, and the way there."""

    target: Target
    trail: Trail


class Landings:
    """Judges stores: only those that are certain to keep what is written count."""

    def __init__(
        self,
        driven: Driven,
        tidying: Tidying,
        replacements: Replacements,
        target: Callable[[Handle, str], Target],
    ) -> None:
        self.driven = driven
        self.clients = driven.clients
        self.evaluator = driven.evaluator
        self.tidying = tidying
        self.replacements = replacements
        self.target = target
        self._left_alone: dict[int, bool] = {}
        self._tidied: dict[int, bool] = {}

    def kept(self, store: Value, path: str) -> Landing | None:
        """Where a store is, if rows committed to it are still there in the next run."""
        for option in options(store):
            if not isinstance(option, Handle) or option.level:
                continue
            if option.url is not None and any(isinstance(part, _LOST) for part in _parts(option.url)):
                continue
            target = self.target(option, path)
            least = Level.PRODUCTION if option.url is None else Level.DISPOSABLE + 1
            several = target.level == Level.UNKNOWN and isinstance(option.url, Union)
            if target.level >= least and not several:
                return Landing(target, target.trail)
        return None

    def is_left_alone(self, module: Module, function: s.Function) -> bool:
        """Whether nothing in sight takes away, rolls back or keeps apart what a test, fixture or set-up writes."""
        key = id(function)
        if key not in self._left_alone:
            self._left_alone[key] = self._is_left_alone(module, function)
        return self._left_alone[key]

    def _is_left_alone(self, module: Module, function: s.Function) -> bool:
        if self.is_tidied_around(module, function) or self.tidying.tidies(module, function):
            return False
        return not self.tidying.is_isolated(module, function)

    def is_tidied_around(self, module: Module, function: s.Function) -> bool:
        """Whether what runs around a test, fixture or set-up takes away what it writes."""
        key = id(function)
        if key not in self._tidied:
            around = self.tidying.around(module, function)
            self._tidied[key] = self.tidying.tidies_block(module) or any(
                self.tidying.tidies(where, each) for where, each in around
            )
        return self._tidied[key]

    def is_diverted(self, module: Module, function: s.Function, row: Row, landing: Landing) -> bool:
        """Whether a patch, or a fixture, puts something in the place of what leads a test's row to its store."""
        from isolint.facts.rows.spots import bound_on

        trail = (*row.trail, *landing.trail)
        places = [*row.event.through, *((hop.path, hop.at[0]) for hop in trail)]
        places += bound_on(self.evaluator, trail)
        around = (fixture.function for fixture in self.tidying.closure(module, function))
        return self.replacements.diverts(module, [function, *around], places)

    # -- through an application in the same process

    def of_drive(self, drive: Drive, row: Row | None) -> Landing | None:
        """Where a request's rows go: to what stands in for a dependency, or to the application's own."""
        request, client = drive.request, drive.client
        path = request.module.path
        around = self._overrides(drive)
        if around.all:
            return None
        replaced = list(self._replaced(drive, around))
        for value in replaced:
            landing = self.kept(value, path)
            if landing is not None:
                return landing
        if replaced:
            return None
        for need in self.clients.exposures.needs(client.app, around, path):
            if need.route.function.function is drive.route.function.function:
                return Landing(need.target, need.trail)
        return self._started(drive) or self._direct(drive, row)

    def _overrides(self, drive: Drive) -> Overrides:
        from isolint.facts.web.overrides import Overrides

        found = Overrides()
        found.add(self.clients.overrides.around(drive.client.module, drive.client.function))
        found.add(self.clients.overrides.around(drive.request.module, drive.request.function))
        return found

    def _replaced(self, drive: Drive, around: Overrides) -> Iterator[Value]:
        """What the overrides of a route's dependencies hand out."""
        from isolint.facts.web.overrides import identity

        applications = self.clients.applications
        pending, seen = list(applications.injected(drive.route.function)), 0
        while pending and seen < 40:
            value, seen = pending.pop(0), seen + 1
            key = identity(value)
            if key is not None and key in around.values:
                yield from self._handed_out(around.values[key])
            else:
                pending += applications.injected(value)

    def _handed_out(self, value: Value) -> Iterator[Value]:
        for option in options(value):
            if isinstance(option, FunctionValue):
                result = self.evaluator.result(option, self.evaluator.call_frame(option, None, option.frame))
                yield from (getattr(each, "item", each) for each in options(result))
            else:
                yield option

    def _started(self, drive: Drive) -> Landing | None:
        """What starting the application for the client opens."""
        client = drive.client
        for other in self.driven.made_in(client.module):
            if other.function is client.function and other.app.place == client.app.place:
                found = self.clients.started(other)
                if found is not None:
                    return Landing(found.target, found.trail)
        return None

    def _direct(self, drive: Drive, row: Row | None) -> Landing | None:
        """The product's own store, where the route opens it by itself and nothing stands in for it in this test."""
        from isolint.facts.rows.spots import bound_on

        handles = [o for o in options(row.store) if isinstance(o, Handle)] if row is not None else []
        path, module = drive.request.module.path, drive.request.module
        for handle in handles:
            target = self.target(handle, path)
            if not is_product(handle) or target.level < Level.PRODUCTION or not target.sure or row is None:
                continue
            trail = (*row.trail, *target.trail)
            places = [(hop.path, hop.at[0]) for hop in trail] + list(row.event.through)
            places += bound_on(self.evaluator, trail)
            if not self.replacements.diverts(module, list(drive.fixtures), places):
                return Landing(target, trail)
        return None


def _parts(url: Value) -> Iterator[Value]:
    """What a URL is made of, down to the pieces of text."""
    match url:
        case Text(parts=parts) | Items(values=parts) | Union(options=parts):
            for part in parts:
                yield from _parts(part)
        case Address(base=base, components=components):
            if base is not None:
                yield from _parts(base)
            for _, value in components:
                yield from _parts(value)
        case Table(entries=entries):
            for _, value in entries:
                yield from _parts(value)
        case Handle(url=inner) if inner is not None:
            yield from _parts(inner)
        case _:
            yield url
