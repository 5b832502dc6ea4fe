"""What is put back around a test, fixture or set-up, by whatever surrounds it."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, Instance
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.state.changes import kept_by_name
from isolint.facts.state.mutations import Mutations
from isolint.facts.state.opposites import entry
from isolint.facts.state.origins import CLASS_SET_UP
from isolint.facts.state.places import ENVIRONMENT, FOLDER, MODULES, Place
from isolint.facts.state.sweeps import swept
from isolint.facts.state.writes import Activity, Write, only_removes
from isolint.facts.suite.fixtures import MODULE_TEAR_DOWN, SET_UP, TEAR_DOWN, Fixture, Fixtures, requested

_WHOLE = {"environment": ENVIRONMENT, "folder": FOLDER, "modules": MODULES}
_HOOKS = ("pytest_runtest_teardown", "pytest_runtest_setup", "pytest_runtest_protocol", "pytest_runtest_call")


class Restored:
    """Gathers what fixtures, tear-downs, decorators and hooks put back, or set anew for every test."""

    def __init__(self, fixtures: Fixtures, mutations: Mutations) -> None:
        self.fixtures = fixtures
        self.mutations = mutations
        self.evaluator = fixtures.evaluator
        self._known: dict[tuple[int, bool], tuple[Place, ...]] = {}

    def around(
        self, module: Module, function: s.Function, owner: s.Class | None, *, anew: bool = True
    ) -> tuple[Place, ...]:
        """The places that are put back after a function that pytest or unittest calls.

        With `anew` those count, too, that are only given a new value before each such function.
        """
        key = (id(function), anew)
        if key not in self._known:
            self._known[key] = tuple(self._around(module, function, owner, anew))
        return self._known[key]

    def _around(
        self, module: Module, function: s.Function, owner: s.Class | None, anew: bool
    ) -> Iterator[Place]:
        yield from self.mutations.of(module, function).restored
        frame = self.evaluator.module_frame(module)
        for decorator in (*function.decorators, *(owner.decorators if owner is not None else ())):
            yield from self.mutations.decorated(decorator, frame)
        own = self.fixtures.fixture(module, function, owner)
        for fixture in self._fixtures(module, function, owner, own):
            yield from self._by_fixture(fixture, anew)
        yield from self._provided(module, function, owner, own)
        if own is not None:
            yield from self._beside(module, own)
        if owner is not None:
            yield from self._by_class(module, owner, function, anew)
        yield from self._by_module(module, function)

    def _fixtures(
        self, module: Module, function: s.Function, owner: s.Class | None, own: Fixture | None
    ) -> list[Fixture]:
        if own is None:
            found = list(self.fixtures.closure(module, function, owner))
        else:
            found = list(self.fixtures.transitive([own, *self.fixtures.autouse(module, owner)]))
        return [fixture for fixture in found if fixture.function is not function]

    def _beside(self, module: Module, own: Fixture) -> Iterator[Place]:
        """What other fixtures put back which every test that asks for this one asks for before it."""
        if module.path.endswith("conftest.py"):
            return
        asking = (self.fixtures.closure(module, test, owner) for test, owner in self.fixtures.tests(module))
        before = [
            closure[: closure.index(found)]
            for closure in asking
            for found in closure
            if found.function is own.function
        ]
        for fixture in before[0] if before else ():
            everywhere = all(any(f.function is fixture.function for f in each) for each in before)
            if everywhere and fixture.scope == "function":
                yield from self.mutations.of(fixture.module, fixture.function).restored

    def _by_fixture(self, fixture: Fixture, anew: bool) -> Iterator[Place]:
        activity = self.mutations.of(fixture.module, fixture.function)
        yield from activity.restored
        if any(place.parts and place.parts[-1].startswith("<") for place in activity.restored):
            frame = self.evaluator.function_frame(fixture.module, fixture.function)
            for place in activity.restored:
                yield from swept(place, frame, self.evaluator)
        if fixture.scope == "function" and anew:
            yield from self._set_anew(activity)
        frame = self.evaluator.module_frame(fixture.module)
        for decorator in fixture.function.decorators:
            if decorator is not fixture.decorator:
                yield from self.mutations.decorated(decorator, frame)

    def _set_anew(self, activity: Activity) -> Iterator[Place]:
        """What is set before every test: whatever a test leaves there, the next one does not see."""
        for write in activity.writes:
            if write.how in ("set", "deleted", "reset") or _is_taken_out(write):
                yield write.place
                yield from swept(write.place, write.frame, self.evaluator)
            elif (set_anew := entry(write)) is not None:
                yield set_anew

    def _provided(
        self, module: Module, function: s.Function, owner: s.Class | None, own: Fixture | None
    ) -> Iterator[Place]:
        """What the fixtures of plugins put back."""
        known = self.evaluator.vocabulary.restoring_fixtures
        names = set(requested(function, owner is not None))
        names.update(self.fixtures.marked(module, function, owner))
        for fixture in self._fixtures(module, function, owner, own):
            names.update(fixture.requests)
        for name in names:
            yield from (Place(_WHOLE[entry.state]) for entry in known.get(name, ()))
            if name not in known and self.fixtures.find(name, module, owner) is None:
                yield from kept_by_name(name)

    def _by_class(self, module: Module, owner: s.Class, function: s.Function, anew: bool) -> Iterator[Place]:
        cls = ClassValue(module, owner, self.evaluator.module_frame(module))
        classes = instances.lineage(self.evaluator, cls)[0]
        for name in (*TEAR_DOWN, *SET_UP, "run", "__call__"):
            method = instances.method(self.evaluator, Instance(cls), name)
            if method is None or method.function is function:
                continue
            activity = self.mutations.of_method(method, ending=name not in SET_UP)
            yield from activity.restored
            if name in SET_UP and name not in CLASS_SET_UP and anew:
                yield from self._set_anew(activity)
        for ancestor in classes:
            for node in ancestor.node.body:
                if (
                    isinstance(node, s.Function)
                    and node.name in (*TEAR_DOWN, *SET_UP)
                    and node is not function
                ):
                    activity = self.mutations.of(ancestor.module, node, ending=node.name in TEAR_DOWN)
                    yield from activity.restored
                    if anew and node.name in SET_UP and node.name not in CLASS_SET_UP:
                        yield from self._set_anew(activity)

    def _by_module(self, module: Module, function: s.Function) -> Iterator[Place]:
        for seen in self.fixtures.chain(module.path):
            for node in seen.facts.body:
                if not isinstance(node, s.Function) or node is function:
                    continue
                if node.name in MODULE_TEAR_DOWN or node.name in _HOOKS or node.name == "setup_function":
                    yield from self.mutations.of(seen, node, ending=True).restored


def _is_taken_out(write: Write) -> bool:
    """Whether a variable or module is taken out, `os.environ.pop("SHOP_URL", None)`."""
    return write.place.kind in (ENVIRONMENT, MODULES) and only_removes(write)
