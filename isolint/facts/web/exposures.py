"""What stands between an application's routes and its own store: which dependencies lead there unreplaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isolint.facts.meaning.values import (
    ClassValue,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Made,
    Trail,
    Value,
    options,
)
from isolint.facts.order.latepins import LatePins
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import walk
from isolint.facts.running.touches import Touch, Touches, calls_of, defined_at
from isolint.facts.targets.lattice import Level, Target, is_product, judge
from isolint.facts.web.applications import Applications
from isolint.facts.web.extensions import Extensions
from isolint.facts.web.overrides import Overrides, identity
from isolint.facts.web.routes import Route
from isolint.late import dataclass

Found = tuple[str, Target, Trail]  # the dependency, where it leads, the way there

_DEEPEST = 12
_NEAR = 4  # calls from a route to the store it opens itself


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """A route that opens the application's store: through a `dependency`, or by itself ("")."""

    route: Route
    dependency: str
    target: Target
    trail: Trail


class Exposures:
    """Judges the routes of applications."""

    def __init__(
        self, applications: Applications, extensions: Extensions, replacements: Replacements, late: LatePins
    ) -> None:
        self.applications = applications
        self.extensions = extensions
        self.replacements = replacements
        self.late = late
        self.touches = Touches(applications.evaluator)
        self._needs: dict[tuple[object, ...], tuple[Need, ...]] = {}

    def needs(self, app: Made, overrides: Overrides, path: str) -> tuple[Need, ...]:
        """The routes that reach the application's own store, with these overrides, in the tests of a file."""
        if overrides.all or self.extensions.is_made_to_order(app, path):
            return ()
        key = (app.place, frozenset(overrides.values), path)
        if key not in self._needs:
            self._needs[key] = tuple(_Judge(self, app, overrides, path).needs())
        return self._needs[key]

    def most(self, needs: tuple[Need, ...], app: Made) -> Need | None:
        """The need of a dependency that at least half of the routes have."""
        counted: dict[str, list[Need]] = {}
        for need in needs:
            if need.dependency:
                counted.setdefault(need.dependency, []).append(need)
        half = len(self.applications.routes(app)) / 2
        return next((found[0] for found in counted.values() if len(found) >= half), None)


class _Judge:
    """Judges one application as the tests of one file see it."""

    def __init__(self, exposures: Exposures, app: Made, overrides: Overrides, path: str) -> None:
        self.exposures = exposures
        self.applications = exposures.applications
        self.app = app
        self.overrides = overrides
        self.path = path
        self._judged: dict[int, Found | None] = {}

    def needs(self) -> Iterator[Need]:
        for route in self.applications.routes(self.app):
            found = self._of_route(route)
            if found is not None:
                name, target, trail = found
                yield Need(route, name, target, (route.hop, *trail))

    def _of_route(self, route: Route) -> Found | None:
        markers = (v for m in route.injections for v in self.applications.called_for(m))
        for value in (*self.applications.injected(route.function), *markers):
            found = self._of_dependency(value, 0)
            if found is not None:
                return None if self._is_handed_to_mocks(route) else found
        touches = self.exposures.touches.of(route.function, self._hidden(route.function))
        touch = self._production([touch for touch in touches if len(touch.trail) <= _NEAR])
        if touch is None or self._is_attended(route):
            return None
        return "", touch[0], touch[1]

    def _is_attended(self, route: Route) -> bool:
        """Whether the tests of a file put something in place of what a route's module works with."""
        module = route.function.module
        places = [(module.path, b.line) for several in module.names.bindings.values() for b in several]
        return self.exposures.replacements.replaces(self.path, places)

    def _is_handed_to_mocks(self, route: Route) -> bool:
        """Whether the tests of a file replace a function that a route hands what it was given."""
        function = route.function.function
        names = {name for name, _ in self.applications.parameters(route.function)}
        frame = self.applications.frame(route.function)
        for call in calls_of(function):
            given = (
                inner
                for argument in (*call.arguments, *(v for _, v in call.keywords))
                for inner in walk(argument)
            )
            if any(isinstance(inner, s.Name) and inner.id in names for inner in given):
                places = list(self.exposures.touches.bound_at(call.function, frame))
                for callee in options(self.applications.evaluator.evaluate(call.function, frame)):
                    places += defined_at(callee)
                if self.exposures.replacements.replaces(self.path, places):
                    return True
        return False

    def _of_dependency(self, value: Value, depth: int) -> Found | None:
        """The dependency that opens the application's store: this one, or one that it needs."""
        key = identity(value)
        if key is not None and key in self.overrides.values:
            value = self.overrides.values[key]
            if not _is_product(value):
                return None
            key = identity(value)
        if depth > _DEEPEST:
            return None
        if key is not None and key in self._judged:
            return self._judged[key]
        if key is not None:
            self._judged[key] = None
        found = self._by_itself(value)
        for inner in self.applications.injected(value) if found is None else ():
            found = self._of_dependency(inner, depth + 1)
            if found is not None:
                name, target, trail = found
                found = name, target, (*self._hops(value), *trail)
                break
        if key is not None:
            self._judged[key] = found
        return found

    def _hidden(self, function: FunctionValue) -> frozenset[str]:
        """The parameters that overridden dependencies fill."""
        return frozenset(
            name
            for name, values in self.applications.parameters(function)
            if any(identity(value) in self.overrides.values for value in values)
        )

    def _by_itself(self, value: Value) -> Found | None:
        if isinstance(value, Handle):
            reached = self._production(self.exposures.touches.handle(value))
            return None if reached is None else (value.kind, *reached)
        for function in self.applications.callable(value):
            reached = self._production(self.exposures.touches.of(function, self._hidden(function)))
            if reached is not None:
                return _title(value), reached[0], (_hop(function, value), *reached[1])
        return None

    def _hops(self, value: Value) -> Trail:
        """The dependency itself, on the way to one that it needs."""
        return tuple(_hop(function, value) for function in self.applications.callable(value))[:1]

    def _production(self, touches: Iterable[Touch]) -> tuple[Target, Trail] | None:
        """The first of these stores that is surely the application's own."""
        replacements = self.exposures.replacements
        for touch in touches:
            handle = self.exposures.extensions.bound(touch.handle, self.app, self.path)
            target = judge(handle, replacements.pins(self.path), product=is_product(handle))
            if target.level < Level.PRODUCTION or not target.sure:
                continue
            trail = (*touch.trail, *target.trail)
            places = [*touch.places, *((hop.path, hop.at[0]) for hop in trail)]
            late = self.exposures.late.sets(self.path, handle.url)
            late = late or self.exposures.late.moves(self.path, handle.url)
            if not late and not replacements.replaces(self.path, places):
                return target, trail
        return None


def _hop(function: FunctionValue, value: Value) -> Hop:
    return Hop(function.module.path, _name_at(function.function), f"{_title(value)}()")


def _is_product(value: Value) -> bool:
    """Whether what is put in place of a dependency is itself the application's."""
    return isinstance(value, FunctionValue | ClassValue) and not value.module.is_test


def _name_at(function: s.Function | s.Lambda) -> s.Position:
    return function.name_at if isinstance(function, s.Function) else function.at


def _title(value: Value) -> str:
    match value:
        case FunctionValue(function=s.Function(name=name)) | ClassValue(node=s.Class(name=name)):
            return name
        case Instance(of=ClassValue(node=s.Class(name=name))):
            return name
    return "lambda"
