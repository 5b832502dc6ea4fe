"""Tests, fixtures and other functions: what they request and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isolint.engine import Run
from isolint.facts.meaning.values import FunctionValue, Generated, Handle, Trail, Unknown, Value, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.running.events import Event
from isolint.facts.running.events import Run as Events
from isolint.facts.suite.fixtures import Fixture, is_parametrized, requested
from isolint.trace.answer import Effect, Piece, Subject
from isolint.trace.lines import Lines
from isolint.trace.spots import Spot
from isolint.trace.steps import Steps
from isolint.trace.trails import Trails
from isolint.trace.words import described, level, with_article

_SCOPES = ("session", "package", "module", "class", "function")


class Pieces:
    """Tells functions of a file, with the fixtures around them."""

    def __init__(self, run: Run, steps: Steps, trails: Trails, lines: Lines) -> None:
        self.know = run.knowledge
        self.steps = steps
        self.trails = trails
        self.lines = lines

    # -- the closure of a test or fixture

    def around(self, module: Module, function: s.Function, owner: s.Class | None) -> tuple[Piece, ...]:
        """The fixtures that run for a test, as a tree in the order of set-up."""
        fixtures = self.know.fixtures
        marked = fixtures.marked(module, function, owner)
        roots = [(f, "autouse") for f in self._autouse(module, owner)]
        for name, why in [
            *((n, "usefixtures") for n in marked),
            *((n, "") for n in self._asked(function, owner)),
        ]:
            found = fixtures.find(name, module, owner)
            if found is not None and all(found is not known for known, _ in roots):
                roots.append((found, why))
        order = _in_order([f for f, _ in roots], self)
        return tuple(self._tree(roots, order))

    def requested_by(self, fixture: Fixture) -> tuple[Piece, ...]:
        """The fixtures that a fixture requests, as a tree in the order of set-up."""
        roots = [(found, "") for found in self.needs(fixture)]
        return tuple(self._tree(roots, _in_order([f for f, _ in roots], self)))

    def needs(self, fixture: Fixture) -> list[Fixture]:
        """The fixtures of the project that a fixture requests itself."""
        names = [*fixture.requests, *self.know.fixtures.marked(fixture.module, fixture.function, None)]
        found = (
            self.know.fixtures.find(name, fixture.module, fixture.owner, besides=fixture) for name in names
        )
        return [each for each in found if each is not None]

    def _asked(self, function: s.Function, owner: s.Class | None) -> tuple[str, ...]:
        """The fixtures that a test requests by parameter."""
        names = requested(function, owner is not None)
        return tuple(name for name in names if not is_parametrized(function, name))

    def _autouse(self, module: Module, owner: s.Class | None) -> list[Fixture]:
        """The autouse fixtures in pytest's order: from the outermost conftest inwards, by name in each."""
        chain = [m.path for m in reversed(self.know.fixtures.chain(module.path))]
        found = self.know.fixtures.autouse(module, owner)
        return sorted(
            found,
            key=lambda f: (
                f.owner is not None,
                chain.index(f.module.path) if f.module.path in chain else 0,
                f.function.name,
            ),
        )

    def _tree(self, roots: list[tuple[Fixture, str]], order: list[Fixture]) -> Iterator[Piece]:
        seen: list[Fixture] = []
        ranked = sorted(roots, key=lambda pair: _position(pair[0], order))
        pending = [(fixture, 0, why) for fixture, why in reversed(ranked)]
        while pending:
            fixture, depth, why = pending.pop()
            place = _position(fixture, order) + 1
            if any(fixture is known for known in seen):
                yield self._named(fixture, depth, place, why)
                continue
            seen.append(fixture)
            yield replace(self.fixture(fixture), depth=depth, order=place, why=why)
            pending += [(each, depth + 1, "") for each in reversed(self.needs(fixture))]

    def _named(self, fixture: Fixture, depth: int, order: int, why: str) -> Piece:
        at = fixture.function.name_at[0]
        return Piece("fixture", fixture.name, fixture.module.path, at, depth, order, why=why, told=True)

    # -- one function

    def fixture(self, fixture: Fixture) -> Piece:
        """A fixture with its effects."""
        module, function = fixture.module, fixture.function
        run = self.know.effects.of(module, function)
        needed = {each.name for each in self.needs(fixture)}
        return Piece(
            "fixture",
            fixture.name,
            module.path,
            function.name_at[0],
            scope=fixture.scope,
            autouse=fixture.autouse,
            files=self.know.spread.reach(fixture) if fixture.owner is None else None,
            requests=tuple(name for name in fixture.requests if name in needed),
            others=tuple(name for name in fixture.requests if name not in needed),
            guard=self.trails.guard_in(module, function),
            effects=(*self._replaced(module, function), *self.effects(run), *self._handed_out(fixture)),
        )

    def function(self, module: Module, function: s.Function, owner: s.Class | None, kind: str) -> Piece:
        """A test, or any other function, with its effects and the handles it uses itself."""
        run = self.know.effects.of(module, function)
        asked = self._asked(function, owner) if kind == "test" else ()
        found = [name for name in asked if self.know.fixtures.find(name, module, owner) is not None]
        return Piece(
            kind,
            function.qualname,
            module.path,
            function.name_at[0],
            requests=tuple(found),
            others=tuple(name for name in asked if name not in found),
            guard=None if kind == "test" else self.trails.guard_in(module, function),
            effects=(*self.effects(run), *(self._returned(module, function) if kind == "function" else ())),
            handles=tuple(self._used(module, function)),
        )

    def _used(self, module: Module, function: s.Function) -> Iterator[Subject]:
        """The handles a function uses, each store told where it is met first."""
        seen: set[tuple[object, ...]] = set()
        for node in statements(function.body):
            if isinstance(node, s.Function | s.Class):
                continue
            for subject in self.lines.handles(Spot(module, node, function)):
                key = (subject.what, str(subject.target), subject.steps[-1:])
                if key not in seen:
                    seen.add(key)
                    yield subject

    # -- effects

    def effects(self, run: Events) -> Iterator[Effect]:
        """What a run creates and destroys, each once, and where."""
        seen: set[tuple[object, ...]] = set()
        for event in run.events:
            for what, value in self._does(event):
                effect = self._effect(event, what, value)
                key = (effect.phase, what, effect.steps)
                if key not in seen:
                    seen.add(key)
                    yield effect

    def _does(self, event: Event) -> Iterator[tuple[str, Value]]:
        destroyed = self.know.effects.destruction(event)
        if destroyed is not None:
            yield f"destroys {destroyed[0]}", destroyed[1]
        for creation in self.know.lifecycle.creations(event):
            yield f"creates {with_article(creation.resource)}", creation.store

    def _effect(self, event: Event, what: str, value: Value) -> Effect:
        trail: Trail = (*event.chain, event.hop)
        found = [self.trails.of(option) for option in options(value) if isinstance(option, Handle)]
        steps = [*(self.steps.call(hop) for hop in event.chain), self.steps.step(event.hop, what)]
        if not found:
            return Effect(event.phase, what, None, event.guarded, tuple(steps))
        way = min(found, key=lambda each: each.target.level)
        led = [
            step for step in way.steps if all((step.path, step.line) != (s_.path, s_.line) for s_ in steps)
        ]
        against = (*way.against, *self.trails.replaced(trail))
        return Effect(event.phase, what, level(way.target), event.guarded, (*steps, *led), against)

    def _replaced(self, module: Module, function: s.Function) -> Iterator[Effect]:
        """What a fixture puts in place of the application's own."""
        for hop in self.know.replacements.made_by(module, function.header[0], function.at[2]):
            what = "replaces something of the application's"
            yield Effect("set up", what, None, False, (self.steps.step(hop),))

    def _handed_out(self, fixture: Fixture) -> Iterator[Effect]:
        """What a fixture returns or yields: its handles, else in a word what it is."""
        yield from self._given(self.know.fixtures.value(fixture))

    def _returned(self, module: Module, function: s.Function) -> Iterator[Effect]:
        """What any other function returns or yields."""
        evaluator = self.know.evaluator
        frame = evaluator.function_frame(module, function)
        value = evaluator.result(FunctionValue(module, function, evaluator.module_frame(module)), frame)
        for option in options(value):
            yield from self._given(option.item if isinstance(option, Generated) else option)

    def _given(self, value: Value) -> Iterator[Effect]:
        for option in options(value):
            if isinstance(option, Handle):
                way = self.trails.of(option)
                what, target = f"hands out {with_article(option.kind)}", level(way.target)
                yield Effect("hand out", what, target, False, way.steps, way.against)
            elif not isinstance(option, Unknown) and (said := described(option, self.know.evaluator)):
                yield Effect("hand out", f"hands out {said}", None, False)


def _in_order(roots: list[Fixture], pieces: Pieces) -> list[Fixture]:
    """The fixtures and all they need, as pytest sets them up: by scope, each after those it requests."""
    closure = pieces.know.fixtures.transitive(roots)
    found: list[Fixture] = []

    def add(fixture: Fixture, above: tuple[Fixture, ...]) -> None:
        if any(fixture is known for known in (*found, *above)):
            return
        for needed in pieces.needs(fixture):
            add(needed, (*above, fixture))
        found.append(fixture)

    for fixture in sorted(closure, key=_rank):
        add(fixture, ())
    return found


def _rank(fixture: Fixture) -> int:
    return _SCOPES.index(fixture.scope) if fixture.scope in _SCOPES else len(_SCOPES)


def _position(fixture: Fixture, order: list[Fixture]) -> int:
    return next((index for index, each in enumerate(order) if each is fixture), 0)
