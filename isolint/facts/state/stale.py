"""Tests that change what a function has already answered from: it keeps its first answer for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from itertools import islice

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, Frame, FunctionValue, Hop, Instance, Trail, options, text
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, own_calls, statements
from isolint.facts.program.show import show
from isolint.facts.running.relevance import FINALIZER_FUNCTIONS, FINALIZERS, last_name
from isolint.facts.sites import FixtureSite, SetUp, Sites, Test
from isolint.facts.state.changes import Changes
from isolint.facts.state.keepers import Keeper, Keepers
from isolint.facts.state.places import ENVIRONMENT, LIBRARY, STATE, Place
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.fixtures import SET_UP, TEAR_DOWN, Fixtures
from isolint.facts.suite.packages import Packages
from isolint.facts.suite.patched import PATCHES, patched_names
from isolint.late import dataclass

MOST_TESTS = 400
MOST_HELPERS = 3
_CHANGES = frozenset({"delenv", "setattr", "object", "patch", "pop"})
_ANEW = frozenset({"reload", "modules", "subprocess", "__wrapped__"})
_DJANGO = Place(LIBRARY, ("django", "conf", "settings"))
_SIGNAL = "setting_changed"
Owned = tuple[Module, s.Function, "s.Class | None"]


@dataclass(frozen=True, slots=True, eq=False)
class Stale:
    """A change at `at` of something that `keeper` has read; `other` is a test that calls it, too.

    `forgets` says when the keeper is made to answer anew: "", "before" the test or "after" it. `certain` is false
    where the answer is made from more than what is changed.
    """

    module: Module
    at: s.Position
    name: str
    keeper: Keeper
    other: str
    forgets: str
    certain: bool
    trail: Trail


@dataclass(frozen=True, slots=True)
class _Change:
    """What is changed, and how; the same change in another test makes no difference."""

    place: Place
    given: str
    at: s.Position = field(compare=False)


class StaleReaders:
    """Compares what tests change with what the functions they call keep."""

    def __init__(
        self,
        fixtures: Fixtures,
        changes: Changes,
        keepers: Keepers,
        replacements: Replacements,
        config: PytestConfig,
        test_files: frozenset[str],
        packages: Packages,
    ) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.changes = changes
        self.keepers = keepers
        self.replacements = replacements
        self.is_off = "lru_cache_disabled" in config.values
        self.test_files = test_files
        self.packages = packages
        self._uses: dict[int, tuple[tuple[Keeper, int], ...]] = {}
        self._anew: dict[int, bool] = {}

    def of(self, sites: Sites) -> Iterator[Stale]:
        """The changes of a module's tests, fixtures and set-ups that come too late for such a function, or stay."""
        if self.is_off:
            return
        seen: set[tuple[s.Position, int]] = set()
        for site, tests in self._sites(sites):
            function, module = site.function, site.module
            for change in self._changed(module, function):
                for stale in self._stale(change, site, tests):
                    key = (stale.at, id(stale.keeper))
                    if key not in seen:
                        seen.add(key)
                        yield stale

    def _sites(self, sites: Sites) -> Iterator[tuple[Test | FixtureSite | SetUp, list[Owned]]]:
        """What changes something, and the tests of its module that it does so for."""
        tests: list[Owned] = [(t.module, t.function, t.owner) for t in sites.tests]
        for test in sites.tests:
            yield test, [(test.module, test.function, test.owner)]
        for fixture in sites.fixture_sites:
            if fixture.fixture.scope == "function" and not fixture.module.path.endswith("conftest.py"):
                users = [
                    t for t in tests if fixture.function in [f.function for f in self.fixtures.closure(*t)]
                ]
                yield fixture, users
        for set_up in sites.set_ups:
            if set_up.kind == "method" and set_up.function.name in ("setUp", "setup_method", "asyncSetUp"):
                yield set_up, [t for t in tests if t[2] is set_up.owner]

    # -- what is changed

    def _changed(self, module: Module, function: s.Function) -> Iterator[_Change]:
        frame = self.evaluator.function_frame(module, function)
        for node in statements(function.body):
            yield from self._set(node, frame)
            if isinstance(node, s.Assign) and node.operator == "=":
                yield from self._assigned(node, function, frame)
        for call in own_calls(function.body).calls:
            yield from self._called(call, frame)
        owner = module.methods.get(id(function))
        for decorator in (*function.decorators, *(owner.decorators if owner is not None else ())):
            if isinstance(decorator, s.Call):
                around = self.evaluator.module_frame(module)
                yield from self._set(s.Evaluate(decorator, decorator.at), around)
                yield from self._called(decorator, around)

    def _set(self, node: s.Statement, frame: Frame) -> Iterator[_Change]:
        for name, value in self.replacements.environment.written(node, frame):
            at = value.trail[0].at if value.trail else node.at
            yield _Change(Place(ENVIRONMENT, (name,)), text(value) or f"{at}", at)

    def _assigned(self, node: s.Assign, function: s.Function, frame: Frame) -> Iterator[_Change]:
        for target in node.targets:
            if not isinstance(target, s.Attribute):
                continue
            given = isinstance(target.value, s.Name) and target.value.id
            if given == "settings" and any(p.name == given for p in function.parameters):
                yield _Change(_DJANGO.part(target.name), show(node.value), target.at)
                continue
            owner = self.changes.origins.of(target.value, frame)
            if owner is not None and owner.sort == "object" and owner.place.kind in (STATE, LIBRARY):
                yield _Change(owner.place.part(target.name), show(node.value), target.at)

    def _called(self, call: s.Call, frame: Frame) -> Iterator[_Change]:
        name = last_name(call)
        if name == "override_settings" or (name == "settings" and show(call.function).startswith("self.")):
            for key, value in call.keywords:
                yield _Change(_DJANGO.part(key), show(value), call.at)
        elif name in _CHANGES:
            for effect in self.changes.of(call, frame):
                if effect.place.parts and effect.place.kind in (ENVIRONMENT, STATE, LIBRARY):
                    yield _Change(effect.place, show(call), call.at)

    # -- who has read it

    def _stale(
        self, change: _Change, site: Test | FixtureSite | SetUp, tests: list[Owned]
    ) -> Iterator[Stale]:
        for test in tests:
            module, function, _ = test
            after = change.at[0] if function is site.function else 0
            keepers = dict.fromkeys(k for k, line in self._keepers(test) if line >= after)
            if not keepers or self._asks_anew(site.function) or self._asks_anew(function):
                continue
            for keeper in keepers:
                way = keeper.reads.get(change.place)
                if way is None or self._is_replaced(keeper, module) or _looks_again(keeper, change):
                    continue
                before, behind = self._forgotten(keeper, test, after)
                if before and behind:
                    continue
                other = self._other(keeper, change, tests, before=before)
                if other is None:
                    continue
                forgets = "before" if before else "after" if behind else ""
                hop = Hop(other[0].path, other[1].name_at, f"{other[1].name} calls it, too")
                certain = forgets != "before" or len(keeper.reads) == 1
                trail = (keeper.hop, *way, hop)
                name = change.place.parts[-1]
                yield Stale(site.module, change.at, name, keeper, other[1].name, forgets, certain, trail)

    def _keepers(self, test: Owned) -> tuple[tuple[Keeper, int], ...]:
        """The keepers that a test gets to, with the lines of the calls; not by a function that it replaces."""
        module, function, owner = test
        if id(function) not in self._uses:
            frame = self.evaluator.function_frame(module, function)
            used = [
                (use, node.at[0])
                for node in own_calls(function.body).calls
                for use in self.keepers.called_by(node, frame)
            ]
            replaced = patched_names(self.fixtures, module, function, owner) if used else frozenset()
            self._uses[id(function)] = tuple(
                (use.keeper, line) for use, line in used if use.way.isdisjoint(replaced)
            )
        return self._uses[id(function)]

    def _asks_anew(self, function: s.Function) -> bool:
        """Whether a function loads modules again, or goes past what is kept."""
        key = id(function)
        if key not in self._anew:
            self._anew[key] = not _names(function).isdisjoint(_ANEW)
        return self._anew[key]

    def _is_replaced(self, keeper: Keeper, module: Module) -> bool:
        return self.replacements.replaces(module.path, [(keeper.module.path, keeper.function.at[0])])

    def _other(self, keeper: Keeper, change: _Change, tests: list[Owned], *, before: bool) -> Owned | None:
        """Another test that has the keeper answer and leaves the answer there, or gets the one that is there."""
        own = {id(function) for _, function, _ in tests} if len(tests) > 1 else {id(tests[0][1])}
        for test in islice(self._tests(tests[0][0]), MOST_TESTS):
            module, function, _ = test
            if id(function) in own or all(k is not keeper for k, _ in self._keepers(test)):
                continue
            if any(c == change for c in self._changed(module, function)):
                continue
            cleared, behind = self._forgotten(keeper, test)
            if not (cleared if before else behind) and not (cleared and behind):
                return test
        return None

    def _tests(self, module: Module) -> Iterator[Owned]:
        """The tests of a module, then all others that may run with them."""
        yield from ((module, function, owner) for function, owner in self.fixtures.tests(module))
        package = self.packages.of(module.path)
        for path in sorted(self.test_files - {module.path}):
            if self.packages.of(path) != package:
                continue
            other = self.fixtures.project.module(path)
            if other is not None and other.is_test:
                yield from ((other, function, owner) for function, owner in self.fixtures.tests(other))

    # -- who makes it forget

    def _forgotten(self, keeper: Keeper, test: Owned, since: int = 0) -> tuple[bool, bool]:
        """Whether a keeper is made to answer anew before a test uses it from a line on, and after that."""
        module, function, owner = test
        used = [line for k, line in self._keepers(test) if k is keeper and line >= since]
        first, last = min(used, default=0), max(used, default=0)
        before = behind = False
        for line, ending in self._clears(keeper, module, function):
            before, behind = before or (line <= first and not ending), behind or line > last or ending
        for fixture in self.fixtures.closure(module, function, owner):
            yielded = _yield_line(fixture.function)
            for line, ending in self._clears(keeper, fixture.module, fixture.function):
                late = ending or (yielded is not None and line > yielded)
                before, behind = before or not late, behind or late
        for name in (*SET_UP, *TEAR_DOWN) if owner is not None else ():
            for around, method in self._around(module, owner, name):
                if any(True for _ in self._clears(keeper, around, method)):
                    before, behind = before or name in SET_UP, behind or name in TEAR_DOWN
        return before, behind

    def _around(
        self, module: Module, owner: s.Class | None, name: str
    ) -> Iterator[tuple[Module, s.Function]]:
        if owner is not None:
            cls = ClassValue(module, owner, self.evaluator.module_frame(module))
            method = instances.method(self.evaluator, Instance(cls), name)
            if method is not None and isinstance(method.function, s.Function):
                yield method.module, method.function

    def _clears(
        self, keeper: Keeper, module: Module, function: s.Function, depth: int = 0
    ) -> Iterator[tuple[int, bool]]:
        """The lines of a function that make a keeper answer anew, and whether they run at its end."""
        frame = self.evaluator.function_frame(module, function)
        if module is keeper.module and function is not keeper.function:
            yield from ((line, False) for line in _assigned_global(function, keeper.kept_as))
        for node in every_expression(function.body):
            if self._is_clearing(node, keeper, frame):
                yield node.at[0], _at_the_end(function, node.at[0])
            elif isinstance(node, s.Call) and last_name(node) in PATCHES:
                if any(self._is_clearing(argument, keeper, frame) for argument in node.arguments):
                    yield from ((node.at[0], False), (node.at[0], True))
            elif isinstance(node, s.Call) and depth < MOST_HELPERS:
                for callee in options(self.evaluator.evaluate(node.function, frame)):
                    if not isinstance(callee, FunctionValue) or not isinstance(callee.function, s.Function):
                        continue
                    if callee.function is keeper.function or id(callee.function) == id(function):
                        continue
                    if any(True for _ in self._clears(keeper, callee.module, callee.function, depth + 1)):
                        yield node.at[0], _at_the_end(function, node.at[0])

    def _is_clearing(self, node: s.Expression, keeper: Keeper, frame: Frame) -> bool:
        match node:
            case s.Attribute(name="cache_clear", value=owner):
                if show(owner).rpartition(".")[2] == keeper.function.name:
                    return True
                found = self.evaluator.evaluate(owner, frame)
                return not any(isinstance(option, FunctionValue) for option in options(found))
            case s.Attribute(name=name) | s.Name(id=name):
                return name == keeper.kept_as != ""
            case s.Constant(value=str(name)):
                return keeper.kept_as != "" and name.rpartition(".")[2] == keeper.kept_as
        return False


def _looks_again(keeper: Keeper, change: _Change) -> bool:
    """Whether the project makes a function forget its answer itself when Django says that a setting has changed."""
    return _DJANGO.covers(change.place) and _SIGNAL in keeper.module.names.bindings


def _assigned_global(function: s.Function, name: str) -> Iterator[int]:
    """The lines in which a function sets a global of its module."""
    nodes = statements(function.body)
    if any(isinstance(node, s.Scope) and node.kind == "global" and name in node.names for node in nodes):
        for node in nodes:
            if isinstance(node, s.Assign) and any(
                isinstance(t, s.Name) and t.id == name for t in node.targets
            ):
                yield node.at[0]


def _names(function: s.Function) -> set[str]:
    found = set()
    for node in every_expression(function.body):
        if isinstance(node, s.Attribute):
            found.add(node.name)
        elif isinstance(node, s.Name):
            found.add(node.id)
    return found


def _yield_line(function: s.Function) -> int | None:
    for node in every_expression(function.body):
        if isinstance(node, s.Yield):
            return node.at[0]
    return None


def _at_the_end(function: s.Function, line: int) -> bool:
    """Whether a line of a function runs when it is over: in a `finally`, or handed to a finalizer."""
    for node in statements(function.body):
        if isinstance(node, s.Try) and any(n.at[0] <= line <= n.at[2] for n in node.final):
            return True
        if isinstance(node, s.Evaluate) and node.at[0] <= line <= node.at[2] and _finalizes(node.value):
            return True
    return False


def _finalizes(node: s.Expression) -> bool:
    return isinstance(node, s.Call) and last_name(node) in (*FINALIZERS, *FINALIZER_FUNCTIONS)
