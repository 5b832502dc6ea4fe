"""Dependencies that tests put in place of an application's own, and whether they are taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, FunctionValue, Reference, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import show
from isolint.facts.running.events import Event
from isolint.facts.running.relevance import FINALIZERS, Relevance
from isolint.facts.running.runs import Runs
from isolint.facts.suite.callers import Callers
from isolint.facts.suite.endings import Endings
from isolint.facts.suite.fixtures import Fixtures
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.suite.owners import Owners

_PUTS = frozenset({"__setitem__", "__set__", "update", "setdefault"})
_READS = frozenset({"get", "copy", "keys", "values", "items", "__contains__", "deepcopy"})
_READERS = frozenset(
    "dict list set tuple len bool sorted print id copy deepcopy copy.copy copy.deepcopy".split()
)


@dataclass(frozen=True, slots=True, eq=False)
class Override:
    """Overrides that nothing removes: of `keys`, put in at `at` for `by`, the test or fixture that comes there.

    `meant` tells that they look meant for the whole run.
    """

    at: s.Position
    app: str
    keys: tuple[str, ...]
    by: s.Function
    trail: Trail
    meant: bool


class Overrides:
    """Reads what is put into registries of dependencies, and what takes it out."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures, callers: Callable[[], Callers]) -> None:
        self.evaluator = evaluator
        self.fixtures = fixtures
        self.runs = Runs(evaluator, Relevance(evaluator, FINALIZERS))
        self.endings = Endings(self.runs, fixtures)
        self.writes = self.runs.relevance.writes
        self._callers = callers

    @cached_property
    def owners(self) -> Owners:
        from isolint.facts.suite.owners import Owners

        return Owners(self.evaluator, self.fixtures)

    def left(self, module: Module) -> Iterator[Override]:
        """The overrides that functions of a test module put in and nothing takes out."""
        for function in module.functions:
            found = self._left_by(module, function)
            if found is not None:
                yield found

    def _left_by(self, module: Module, function: s.Function) -> Override | None:
        puts = self.writes.within(module, function.body)
        if not puts:
            return None
        for where, caller in self._callers().of(module, function):
            left = [
                event
                for event in self._left_in(where, caller)
                if event.path == module.path and event.call.at in puts
            ]
            if left:
                return self._override(where, caller, left)
        return None

    def _override(self, module: Module, caller: s.Function, left: list[Event]) -> Override:
        first = left[0]
        keys = tuple(dict.fromkeys(show(key) for event in left for key in _keys(event)))
        registry = self.writes.registry(first.call)
        app = show(registry.value) if registry is not None else ""
        return Override(first.call.at, app, keys, caller, first.chain, self._is_meant(module, caller))

    def _left_in(self, module: Module, function: s.Function) -> list[Event]:
        """The events of a test, fixture or set-up that put something in which stays."""
        fixture = self.fixtures.fixture(module, function, module.methods.get(id(function)))
        if fixture is not None and fixture.scope in ("session", "package"):
            return []
        events = self.runs.of(module, function).events
        endings: list[Event] | None = None
        left = []
        for index, event in enumerate(events):
            if event.phase != "set up" or not self._puts(event) or not self._is_shared(event):
                continue
            if endings is None:
                around = self.endings.before(module, function)
                endings = [*self.endings.of(module, function), *self.endings.around(module)]
                endings += [e for e in around if self._replaces(e)]
            before = [e for e in events[:index] if e.phase != "set up" or self._replaces(e)]
            later = [*before, *events[index + 1 :], *endings]
            if not all(self._is_removed(key, event, later) for key in _keys(event)):
                left.append(event)
        return left

    def taken_out_inside(self, module: Module, function: s.Function) -> Iterator[tuple[Event, list[Event]]]:
        """What a test puts in and nobody but itself takes out, with the events that do."""
        if not self.writes.within(module, function.body):
            return
        events = self.runs.of(module, function).events
        endings: list[Event] | None = None
        for index, event in enumerate(events):
            if event.chain or event.phase != "set up" or not self._puts(event) or not self._is_shared(event):
                continue
            if endings is None:
                endings = [*self.endings.of(module, function), *self.endings.around(module)]
                endings += [e for e in self.endings.before(module, function) if self._replaces(e)]
            for key in _keys(event):
                ends = [e for e in events[index + 1 :] if self._removes(key, event, e)]
                if ends and not self._is_removed(key, event, [*events[:index], *endings]):
                    yield event, ends

    def is_of_module(self, event: Event) -> bool:
        """Whether the application is made at the top of the test module itself, so that no other module sees it."""
        registry = self.writes.registry(event.call)
        name = "" if registry is None else show(registry.value).partition(".")[0]
        bindings = event.frame.module.names.bindings.get(name, ())
        return bool(bindings) and all(binding.kind == "assign" for binding in bindings)

    def _is_shared(self, event: Event) -> bool:
        registry = self.writes.registry(event.call)
        return registry is not None and self.owners.is_shared(registry.value, event.frame) is True

    def _is_meant(self, module: Module, function: s.Function) -> bool:
        """Whether every test of the project gets an override: an autouse fixture of all of them, a hook."""
        fixture = self.fixtures.fixture(module, function, module.methods.get(id(function)))
        return fixture is not None and fixture.autouse and module.path.endswith("conftest.py")

    # -- what an event does to a registry

    def _puts(self, event: Event) -> bool:
        registry, method = self._method(event)
        if not registry or method not in _PUTS or not event.call.arguments:
            return False
        if method == "__setitem__":
            return True
        given = event.call.arguments[0]
        return isinstance(given, s.Mapping) and bool(given.items)

    def _method(self, event: Event) -> tuple[bool, str]:
        """Whether an event is a call of a registry's own method, and which."""
        function = event.call.function
        owner = function.value if isinstance(function, s.Attribute) else None
        own = isinstance(owner, s.Attribute) and owner.name in self.writes.attributes
        return own, event.method

    def _replaces(self, event: Event) -> bool:
        """Whether an event hands the registry to something that restores it, like `monkeypatch.setitem`."""
        own, _ = self._method(event)
        return not own and self.writes.concerns(event.call) and show(event.call.function) not in _READERS

    def _is_removed(self, key: s.Expression, put: Event, events: list[Event]) -> bool:
        return any(self._removes(key, put, event) for event in events)

    def _removes(self, key: s.Expression, put: Event, event: Event) -> bool:
        if not self.writes.concerns(event.call):
            return False
        own, method = self._method(event)
        if not own:
            return self._replaces(event)
        if method in _READS or self._puts(event) or method == "update":
            return self._is_put_back(key, put, event)
        given = event.call.arguments[:1]
        if method not in ("pop", "__delitem__") or not given:
            return True
        one = self._functions(key, put.frame)
        two = self._functions(given[0], event.frame)
        return not one or not two or not one.isdisjoint(two)

    def _is_put_back(self, key: s.Expression, put: Event, event: Event) -> bool:
        """Whether a dependency is put in its own place, which is as good as taking the other out."""
        match event.call.arguments:
            case (given, value) if event.method == "__setitem__":
                own = self._functions(key, put.frame)
                again = self._functions(given, event.frame), self._functions(value, event.frame)
                return bool(own) and all(own == each for each in again)
        return False

    def _functions(self, node: s.Expression, frame: Frame) -> set[object]:
        """The functions that a key stands for; none where that cannot be told."""
        found = set[object]()
        for value in options(self.evaluator.evaluate(node, frame)):
            match value:
                case FunctionValue():
                    found.add(id(value.function))
                case Reference():
                    found.add(value.name)
        return found


def _keys(event: Event) -> list[s.Expression]:
    """What an event puts something in place of."""
    match event.call.arguments:
        case (s.Mapping(items=items), *_):
            return [key for key, _ in items if key is not None] or [event.call.arguments[0]]
        case (key, *_):
            return [key]
    return []
