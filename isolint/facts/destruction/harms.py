"""Where test code destroys the application's data without looking first where it points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning.values import Hop, Text, UniqueName, Value, text
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.running.effects import Effects
from isolint.facts.running.peril import Peril
from isolint.facts.running.relevance import calls_in
from isolint.facts.sites import HOOKS, Sites
from isolint.facts.suite.fixtures import MODULE_SET_UP, MODULE_TEAR_DOWN, SET_UP, TEAR_DOWN, Fixture, Fixtures
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.destruction.destroyed import Destruction, Destructions
    from isolint.facts.lifetime.lifecycle import Lifecycle
    from isolint.facts.order.replacements import Replacements
    from isolint.facts.program.project import Module
    from isolint.facts.running.events import Event, Run
    from isolint.facts.suite.isolation import Isolation
    from isolint.facts.suite.mentions import Mentions
    from isolint.facts.suite.reach import Reach
    from isolint.facts.suite.storing import Storing
    from isolint.facts.targets.protection import Protection

DEEPEST = 5


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """Code that something outside the project runs: a test, fixture, set-up, hook, self-test or unused helper.

    `kind` is "test", "fixture", "set-up", "helper" or "block".
    """

    module: Module
    function: s.Function | None
    body: s.Block
    owner: s.Class | None
    kind: str
    fixture: Fixture | None = None


@dataclass(frozen=True, slots=True)
class Harm:
    """The call at `at` destroys; `times` counts the tests of the file that do the same."""

    at: s.Position
    call: str
    destruction: Destruction
    times: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A destruction, the step in test code that comes nearest to it, and the root it was found from."""

    hop: Hop
    holder: s.Function | None
    root: Root
    first: Hop
    destruction: Destruction


class Harms:
    """Finds the places, once for the whole project: a helper is judged by what its callers hand it."""

    def __init__(
        self,
        effects: Effects,
        fixtures: Fixtures,
        replacements: Replacements,
        destructions: Callable[[], Destructions],
        reach: Reach,
        sites: Callable[[Module], Sites],
        protection: Protection,
        is_told: Callable[[Fixture | None, Module, s.Function, s.Class | None], bool],
        mentions: Mentions,
        storing: Storing,
    ) -> None:
        self.evaluator = effects.evaluator
        self.project = self.evaluator.project
        self.fixtures = fixtures
        self.replacements = replacements
        self.reach = reach
        self.sites = sites
        self.protection = protection
        self.is_told = is_told
        self.peril = Peril(self.evaluator, guards=False)
        self.wary = Peril(self.evaluator, guards=True, other=self.peril)
        self.effects = Effects(self.evaluator, self.wary, DEEPEST)
        self._destructions = destructions
        self.mentions = mentions
        self.storing = storing

    @cached_property
    def lifecycle(self) -> Lifecycle:
        from isolint.facts.lifetime.lifecycle import Lifecycle

        return Lifecycle(self.effects)

    @cached_property
    def destructions(self) -> Destructions:
        return self._destructions()

    @cached_property
    def isolation(self) -> Isolation:
        from isolint.facts.suite.isolation import Isolation

        return Isolation(self.effects, self.fixtures)

    def of(self, module: Module) -> tuple[Harm, ...]:
        """The places in a module, in source order, one for each function."""
        if "_by_module" not in self.__dict__ and module.is_test and self._is_harmless(module):
            return ()
        if module.is_test and module in self.reach.tests:
            return self._by_module.get(module.path, ())
        roots = [root for root in self._roots(module) if module.is_test or root.kind == "block"]
        found = [f for root in roots if not self._is_told(root) for f in self._destroyed(root)]
        return _arranged(found).get(module.path, ())

    def _is_harmless(self, module: Module) -> bool:
        """Whether no destruction leads through a test module, told without looking through all the others."""
        alone = self.mentions.is_alone(module)
        if alone and not self.storing.may_reach_store(module):
            return True
        if not (
            any(self.wary.starts(module, function) for function in module.functions)
            or any(self.wary.block(module, site.node.body) for site in self.sites(module).self_tests)
            or any(_holds_lambda(body) for body in (module.facts.body, *(c.body for c in module.classes)))
        ):
            return True
        return alone and not any(True for root in self._roots(module) for _ in self._destroyed(root))

    def pass_through(self, module: Module, lines: set[int]) -> bool:
        """Whether a destruction in test code leads through one of these lines of a module."""
        wanted = {(module.path, line) for line in lines}
        return not self._places.isdisjoint(wanted) or not _places(self.of(module)).isdisjoint(wanted)

    @cached_property
    def _places(self) -> frozenset[tuple[str, int]]:
        return frozenset(place for found in self._by_module.values() for place in _places(found))

    # -- roots

    def _roots(self, module: Module, *, protected: bool = False) -> Iterator[Root]:
        """The roots of a module that may come to destruction; the `protected` ones are no harm, whatever they do."""
        if not self.storing.may_reach_store(module):
            return
        if not protected and self.protection.guards_file(module.path):
            return
        tests = {id(function) for function, _ in self.fixtures.tests(module)}
        for function in module.functions:
            owner = module.methods.get(id(function))
            if id(function) in module.enclosing or (not protected and self._is_isolated(module, owner)):
                continue
            if not self.peril.starts(module, function):
                continue
            fixture = self.fixtures.fixture(module, function, owner)
            if fixture is not None:
                kind = "fixture"
            elif id(function) in tests or (owner is not None and function.name.startswith("test")):
                kind = "test"
            else:
                kind = "set-up" if _is_set_up(function, owner) else "helper"
            yield Root(module, function, function.body, owner, kind, fixture)
        for site in self.sites(module).self_tests:
            if self.peril.block(module, site.node.body):
                yield Root(module, None, site.node.body, None, "block")

    def _is_isolated(self, module: Module, owner: s.Class | None) -> bool:
        return owner is not None and self.isolation.is_isolating(module, owner)

    def _run(self, root: Root) -> Run:
        if root.function is None:
            return self.effects.of_block(root.module, root.body)
        return self.effects.of(root.module, root.function)

    # -- destruction

    @cached_property
    def _by_module(self) -> dict[str, tuple[Harm, ...]]:
        roots = [root for module in self.reach.tests for root in self._roots(module)]
        found: list[_Found] = []
        told: set[tuple[str, int]] = set()
        for root in sorted(roots, key=lambda root: root.kind == "helper"):
            here = list(self._destroyed(root))
            if not here or (root.kind == "helper" and _place(root) in self._called):
                continue
            if self._is_told(root):
                told |= {(f.hop.path, f.hop.at[0]) for f in here}
            else:
                found += here
        return _arranged([f for f in found if (f.hop.path, f.hop.at[0]) not in told])

    @cached_property
    def _called(self) -> frozenset[tuple[str, int]]:
        """The functions that what something outside runs comes to, where it may come to destruction."""
        roots = (root for module in self.reach.tests for root in self._roots(module, protected=True))
        runs = (self._run(root) for root in roots if root.kind != "helper")
        return frozenset(place for run in runs for event in run.events for place in event.through)

    def _is_told(self, root: Root) -> bool:
        """Whether what a root destroys is told of where it runs around every test."""
        if root.function is None:
            return False
        if id(root.function) in self._below_told:
            return True
        return self.is_told(root.fixture, root.module, root.function, root.owner)

    @cached_property
    def _below_told(self) -> frozenset[int]:
        """The fixtures, by the identity of their functions, that fixtures around every test request."""
        around = [
            fixture
            for module in self.reach.tests
            for fixture in self.fixtures.defined(module).values()
            if self.is_told(fixture, fixture.module, fixture.function, None)
        ]
        return frozenset(id(fixture.function) for fixture in self.fixtures.transitive(around))

    def _destroyed(self, root: Root) -> Iterator[_Found]:
        run = self._run(root)
        candidates = [e for e in run.events if self.destructions.losses.of(e) is not None and not e.guarded]
        if not candidates:
            return
        closure = self._closure(root)
        runs = [self.effects.of(f.module, f.function) for f in closure]
        if self.protection.guards_file(root.module.path) or any(r.guarded for r in runs):
            return
        if root.function is not None and self.isolation.holds(
            root.module, root.function, root.owner, closure, run
        ):
            return
        pins = self._pins(root, closure)
        made = {name for r in (*runs, run) for event in r.events for name in self._created(event)}
        for event in candidates:
            found = self._found(event, root, pins, made)
            if found is not None and not self._is_patched(root, found.destruction):
                yield found

    def _is_patched(self, root: Root, destruction: Destruction) -> bool:
        """Whether a test puts something in the place of the library's class or function that opens the store."""
        made = {hop.text.partition("(")[0].rpartition(".")[2] for hop in destruction.trail}
        return self.protection.patches(root.module, root.function, made)

    def _closure(self, root: Root) -> tuple[Fixture, ...]:
        if root.fixture is not None:
            return self.fixtures.transitive([root.fixture])[1:]
        if root.function is None or root.kind in ("helper", "block"):
            return ()
        return self.fixtures.closure(root.module, root.function, root.owner)

    def _pins(self, root: Root, closure: tuple[Fixture, ...]) -> dict[str, Value]:
        pins: dict[str, Value] = {}
        for fixture in reversed(closure):
            pins.update(self.replacements.set_in(fixture.module, fixture.function))
        if root.function is not None:
            pins.update(self.replacements.set_in(root.module, root.function))
        return pins

    def _created(self, event: Event) -> Iterator[str]:
        for creation in self.lifecycle.creations(event):
            name = None if creation.value is None else text(creation.value)
            if name:
                yield name

    def _found(self, event: Event, root: Root, pins: Mapping[str, Value], made: set[str]) -> _Found | None:
        found = self.destructions.by(event, root.module.path, pins, frozenset(made))
        if found is None:
            return None
        hops = [
            hop
            for hop in (*event.chain, event.hop)
            if hop.path == root.module.path or self._is_test(hop.path)
        ]
        if not hops:
            return None
        hop = hops[-1]
        if self._is_handed(hop):
            return None
        return _Found(hop, self._holder(hop), root, hops[0], found)

    def _is_handed(self, hop: Hop) -> bool:
        """Whether the product makes the handle from something of the test's own: `connect(tmp_path / "a.db")`."""
        module = self.project.module(hop.path)
        function = None if module is None else _around(module, hop)
        if module is None or function is None:
            return False
        frame = self.evaluator.function_frame(module, function)
        bindings = self.evaluator.names(frame).bindings
        calls = [call for call in calls_in(function.body) if call.at == hop.at]
        names = {n.id for call in calls for n in walk(call) if isinstance(n, s.Name)}
        made = [b.value for name in names for b in bindings.get(name, ()) if b.value is not None]
        given = [a for value in made for c in walk(value) if isinstance(c, s.Call) for a in c.arguments]
        return any(_is_own(self.evaluator.evaluate(node, frame)) for node in given)

    def _is_test(self, path: str) -> bool:
        module = self.project.module(path)
        return module is not None and module.is_test

    def _holder(self, hop: Hop) -> s.Function | None:
        """The outermost function around a step."""
        module = self.project.module(hop.path)
        return None if module is None else _around(module, hop)


def _holds_lambda(body: s.Block) -> bool:
    found = (e for node in statements(body) for expression in expressions(node) for e in walk(expression))
    return any(isinstance(e, s.Lambda) for e in found)


def _is_set_up(function: s.Function, owner: s.Class | None) -> bool:
    names = (*SET_UP, *TEAR_DOWN) if owner is not None else (*MODULE_SET_UP, *MODULE_TEAR_DOWN, *HOOKS)
    return function.name in names


def _around(module: Module, hop: Hop) -> s.Function | None:
    """The outermost function around a step in a module."""
    return next((f for f in module.functions if f.at[0] <= hop.at[0] <= f.at[2]), None)


def _is_own(value: Value) -> bool:
    """Whether an argument is a path or name made for this run."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(isinstance(part, UniqueName) for part in parts)


def _place(root: Root) -> tuple[str, int]:
    return (root.module.path, root.body[0].at[0] if root.function is None else root.function.at[0])


def _arranged(found: list[_Found]) -> dict[str, tuple[Harm, ...]]:
    """One harm for each function that holds destruction, and for the fixtures that share one by calling it."""
    chosen: dict[tuple[str, int], Harm] = {}
    for each in sorted(found, key=lambda f: (f.destruction.rows, len(f.destruction.trail))):
        holder = each.hop.at[0] if each.holder is None else each.holder.at[0]
        chosen.setdefault((each.hop.path, holder), _harm(each.hop, each))
    for each in _sharing(found):
        holder = each.root.function.at[0] if each.root.function is not None else each.first.at[0]
        chosen.setdefault((each.first.path, holder), _harm(each.first, each))
    tests = {_place(each.root) for each in found if each.root.kind == "test"}
    by_path: dict[str, list[Harm]] = {}
    groups: dict[tuple[str, str, str], Harm] = {}
    for (path, line), harm in sorted(chosen.items(), key=lambda item: (item[0][0], item[1].at)):
        if (path, line) not in tests:
            by_path.setdefault(path, []).append(harm)
            continue
        key = (path, harm.destruction.what, harm.destruction.target.why)
        known = groups.get(key)
        groups[key] = harm if known is None else replace(known, times=known.times + 1)
    for (path, _, _), harm in groups.items():
        by_path.setdefault(path, []).append(harm)
    return {path: tuple(sorted(harms, key=lambda h: h.at)) for path, harms in by_path.items()}


def _sharing(found: list[_Found]) -> Iterator[_Found]:
    """The fixtures and set-ups that reach a place in another function which others reach, too."""
    callers: dict[tuple[str, int], set[tuple[str, int]]] = {}
    runs = [f for f in found if f.root.kind in ("fixture", "set-up") and not f.destruction.rows]
    away = [f for f in runs if f.holder is not None and f.holder is not f.root.function]
    for each in away:
        callers.setdefault((each.hop.path, each.hop.at[0]), set()).add(_place(each.root))
    return (f for f in away if len(callers[f.hop.path, f.hop.at[0]]) > 1)


def _harm(hop: Hop, found: _Found) -> Harm:
    return Harm(hop.at, hop.text, found.destruction)


def _places(harms: tuple[Harm, ...]) -> frozenset[tuple[str, int]]:
    """The lines that lead to these destructions and from there to their stores."""
    return frozenset((hop.path, hop.at[0]) for harm in harms for hop in harm.destruction.trail)
