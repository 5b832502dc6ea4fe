"""What stands between an application's routes and its own store: which dependencies lead there unreplaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isolint.facts import syntax as s
from isolint.facts.applications import Applications, Route
from isolint.facts.latepins import LatePins
from isolint.facts.overrides import Overrides, identity
from isolint.facts.replacements import Replacements
from isolint.facts.targets import Level, Target, is_product, judge
from isolint.facts.touches import Touch, Touches
from isolint.facts.values import ClassValue, FunctionValue, Handle, Hop, Instance, Made, Trail, Value

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

    def __init__(self, applications: Applications, replacements: Replacements, late: LatePins) -> None:
        self.applications = applications
        self.evaluator = applications.evaluator
        self.replacements = replacements
        self.late = late
        self.touches = Touches(self.evaluator)
        self._injected: dict[int, tuple[Value, ...]] = {}
        self._needs: dict[tuple[object, ...], tuple[Need, ...]] = {}

    def needs(self, app: Made, overrides: Overrides, path: str) -> tuple[Need, ...]:
        """The routes that reach the application's own store, with these overrides, in the tests of a file."""
        if overrides.all:
            return ()
        key = (app.place, frozenset(overrides.values), path)
        if key not in self._needs:
            self._needs[key] = tuple(self._judged(app, overrides, path))
        return self._needs[key]

    def most(self, needs: tuple[Need, ...], app: Made) -> Need | None:
        """The need of a dependency that at least half of the routes have."""
        counted: dict[str, list[Need]] = {}
        for need in needs:
            if need.dependency:
                counted.setdefault(need.dependency, []).append(need)
        half = len(self.applications.routes(app)) / 2
        return next((found[0] for found in counted.values() if len(found) >= half), None)

    def _judged(self, app: Made, overrides: Overrides, path: str) -> Iterator[Need]:
        judged: dict[int, tuple[str, Target, Trail] | None] = {}
        for route in self.applications.routes(app):
            found = self._of_route(route, overrides, path, judged)
            if found is not None:
                name, target, trail = found
                yield Need(route, name, target, (route.hop, *trail))

    def _of_route(
        self,
        route: Route,
        overrides: Overrides,
        path: str,
        judged: dict[int, tuple[str, Target, Trail] | None],
    ) -> tuple[str, Target, Trail] | None:
        markers = [v for m in route.injections for v in self.applications.called_for(m)]
        for value in (*self.injected(route.function), *markers):
            found = self._of_dependency(value, overrides, path, judged, 0)
            if found is not None:
                return found
        hidden = self._hidden(route.function, overrides)
        near = tuple(t for t in self.touches.of(route.function, hidden) if len(t.trail) <= _NEAR)
        touch = None if self._is_attended(route, path) else self._production(near, path)
        return None if touch is None else ("", touch[1], touch[0].trail)

    def _is_attended(self, route: Route, path: str) -> bool:
        """Whether the tests of a file put something in place of what a route's module works with."""
        module = route.function.module
        places = [(module.path, b.line) for several in module.names.bindings.values() for b in several]
        return self.replacements.replaces(path, places)

    def _of_dependency(
        self,
        value: Value,
        overrides: Overrides,
        path: str,
        judged: dict[int, tuple[str, Target, Trail] | None],
        depth: int,
    ) -> tuple[str, Target, Trail] | None:
        """The dependency that opens the application's store: this one, or one that it needs."""
        key = identity(value)
        if key is not None and key in overrides.values:
            value = overrides.values[key]
            if not _is_product(value):
                return None
            key = identity(value)
        if depth > _DEEPEST:
            return None
        if key is None or key not in judged:
            if key is not None:
                judged[key] = None
            found = self._by_itself(value, overrides, path) or next(
                (
                    found
                    for inner in self.injected(value)
                    if (found := self._of_dependency(inner, overrides, path, judged, depth + 1))
                ),
                None,
            )
            if key is None:
                return found
            judged[key] = found
        return judged[key]

    def _hidden(self, function: FunctionValue, overrides: Overrides) -> frozenset[str]:
        """The parameters that overridden dependencies fill."""
        return frozenset(
            name
            for name, values in self.applications.parameters(function)
            if any(identity(value) in overrides.values for value in values)
        )

    def _by_itself(self, value: Value, overrides: Overrides, path: str) -> tuple[str, Target, Trail] | None:
        if isinstance(value, Handle):
            touch = self._production(self.touches.handle(value), path)
            return None if touch is None else (_title(value), touch[1], touch[0].trail)
        for function in self.applications.callable(value):
            hidden = self._hidden(function, overrides)
            touch = self._production(self.touches.of(function, hidden), path)
            if touch is not None:
                hop = Hop(function.module.path, _name_at(function.function), f"{_title(value)}()")
                return _title(value), touch[1], (hop, *touch[0].trail)
        return None

    def injected(self, value: Value) -> tuple[Value, ...]:
        """What the framework calls for a callable's arguments."""
        key = identity(value)
        if key is None:
            return self.applications.injected(value)
        if key not in self._injected:
            self._injected[key] = self.applications.injected(value)
        return self._injected[key]

    def _production(self, touches: tuple[Touch, ...], path: str) -> tuple[Touch, Target] | None:
        """The first of these stores that is surely the application's own in the tests of a file."""
        for touch in touches:
            target = judge(touch.handle, self.replacements.pins(path), product=is_product(touch.handle))
            if target.level < Level.PRODUCTION or not target.sure:
                continue
            if self.late.sets(path, touch.handle.url):
                continue
            places = [*touch.places, *((hop.path, hop.at[0]) for hop in (*touch.trail, *target.trail))]
            if not self.replacements.replaces(path, places):
                return Touch(touch.handle, (*touch.trail, *target.trail), touch.places), target
        return None


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
        case Handle():
            return value.kind
    return "lambda"
