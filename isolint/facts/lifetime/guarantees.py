"""Clean-up that only success reaches: on which path what was made, started or replaced is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from isolint.facts.lifetime import mentions
from isolint.facts.lifetime.dependencies import Overrides
from isolint.facts.lifetime.lifecycle import Lifecycle
from isolint.facts.lifetime.starts import WAITS, Start, Starts
from isolint.facts.lifetime.ways import Step, assertion, between, path_to
from isolint.facts.meaning.values import FunctionValue, Hop, ModuleValue, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.program.show import show
from isolint.facts.running.events import Event
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.endings import Endings
from isolint.facts.targets.lattice import tokens
from isolint.late import dataclass

OPPOSITES = {
    "activate": ("deactivate", "disable"),
    "on": ("off",),
    "enable": ("disable",),
    "install": ("uninstall",),
    "start": ("stop",),
    "patch": ("unpatch",),
    "freeze": ("unfreeze",),
    "register": ("unregister",),
    "subscribe": ("unsubscribe",),
    "connect": ("disconnect",),
}
_RESETS = frozenset("reset clear stop off disable deactivate cleanup teardown shutdown close restore".split())


@dataclass(frozen=True, slots=True, eq=False)
class Unguaranteed:
    """A clean-up that may be skipped: what was begun at `at`, and the steps to the end that may not come.

    `end` is where it is undone, `late` tells that this is a `finally` whose `try` begins too late.
    `minor` tells that what stays harms few: a temporary file, an override in an application of the test module's own.
    `resource` is what it is where it is made on a server, else "".
    """

    at: s.Position
    what: str
    undo: str
    failing: s.Position
    trail: Trail
    minor: bool
    end: s.Position
    late: bool
    resource: str = ""


class Guarantees:
    """Compares the place where something begins with the places where it ends."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        starts: Starts,
        overrides: Overrides,
        endings: Endings,
        is_mocked: Callable[..., bool],
    ) -> None:
        self.effects = lifecycle.effects
        self.evaluator = lifecycle.evaluator
        self.lifecycle = lifecycle
        self.starts = starts
        self.overrides = overrides
        self.endings = endings
        self.fixtures = overrides.fixtures
        self.is_mocked = is_mocked

    def missing(self, module: Module, self_tests: tuple[s.Block, ...]) -> Iterator[Unguaranteed]:
        """The clean-ups of a module's tests and self-tests that a failure skips, each once."""
        seen: set[s.Position] = set()
        for found in self._missing(module, self_tests):
            if found.at not in seen:
                seen.add(found.at)
                yield found

    def _missing(self, module: Module, self_tests: tuple[s.Block, ...]) -> Iterator[Unguaranteed]:
        if module.is_test:
            for function in module.functions:
                if function.name.startswith("test") and id(function) not in module.enclosing:
                    yield from self._in_test(module, function)
        for body in self_tests:
            events = list(self.effects.of_block(module, body).events)
            for function in module.functions:
                yield from self._in_function(module, function, events, [])

    def _in_test(self, module: Module, function: s.Function) -> Iterator[Unguaranteed]:
        if self.fixtures.fixture(module, function, module.methods.get(id(function))) is not None:
            return
        events = list(self.effects.near(module, function).events)
        yield from self._in_function(module, function, events, self._endings(module, function))
        yield from self._overrides(module, function)
        yield from self._opposites(module, function)

    def _endings(self, module: Module, function: s.Function) -> Iterator[Event]:
        yield from self.endings.of(module, function)
        yield from self.endings.around(module)

    def _in_function(
        self, module: Module, function: s.Function, events: list[Event], endings: Iterable[Event]
    ) -> Iterator[Unguaranteed]:
        """What one function creates or starts and undoes on the way of success alone."""
        for event in events:
            begin = _own_hop(event, module, function)
            if begin is None or event.phase != "set up":
                continue
            for what, resource, undoes in self._begun(event, module, function):
                endings = list(endings)
                ends = [other for other in (*events, *endings) if other is not event and undoes(other)]
                places = [(end, _own_hop(end, module, function)) for end in ends]
                if places and all(place is not None and end.phase != "tear down" for end, place in places):
                    hops = [place for _, place in places if place is not None]
                    created = what.endswith("created here")
                    found = self._judge(module, function, begin, hops, what, created=created)
                    if found is None or (created and self.is_mocked(event, (module, function))):
                        continue
                    yield replace(found, resource=resource)

    def _begun(
        self, event: Event, module: Module, function: s.Function
    ) -> Iterator[tuple[str, str, Callable[[Event], bool]]]:
        """What an event creates or starts, in words, what that is on a server, and what tells what undoes it."""
        for creation in self.lifecycle.creations(event):
            if not creation.managed and self.lifecycle.outlives(creation):
                made = creation.resource if creation.shared else ""
                yield f"the {creation.resource} created here", made, partial(self.lifecycle.removes, creation)
        if not event.chain:
            for start in self.starts.starts(event, function):
                if start.handle is None or not self.starts.all_are_stopped(start, module, function):
                    yield f"the {start.entry.resource} started here", "", partial(_stops, start)

    def _overrides(self, module: Module, function: s.Function) -> Iterator[Unguaranteed]:
        for put, ends in self.overrides.taken_out_inside(module, function):
            begin = _own_hop(put, module, function)
            own = [(end, hop) for end in ends if (hop := _own_hop(end, module, function)) is not None]
            if begin is not None and len(own) == len(ends):
                shown = self.overrides.writes.shown
                hops = [hop if end.chain else replace(hop, text=shown(end.call)) for end, hop in own]
                found = self._judge(module, function, begin, hops, "the dependency override put in here")
                if found is not None:
                    yield replace(found, minor=self.overrides.is_of_module(put))

    # -- the way from the beginning to the end

    def _judge(
        self,
        module: Module,
        function: s.Function,
        begin: Hop,
        ends: list[Hop],
        what: str,
        *,
        created: bool = False,
    ) -> Unguaranteed | None:
        """What is wrong with the clean-ups of one thing in a function, if anything.

        What is `created`, in a store that outlives the process, is worth a `try` that begins at once.
        """
        first = path_to(function.body, begin.at[0])
        ways = [(end, path_to(function.body, end.at[0])) for end in ends if end.at[0] > begin.at[0]]
        if not first or not ways or any(step.is_handler for _, way in ways for step in way):
            return None
        if any(_covers(first, way) for _, way in ways):
            return None
        finals = [(end, way) for end, way in ways if any(step.is_final for step in way)]
        if finals and not created:
            return None
        faults = [self._fault(first, way, module, function) for _, way in finals or ways]
        end, found = (finals or ways)[0][0], faults[0]
        if found is None or None in faults:
            return None
        why = "may fail before the `try`" if finals else "may fail"
        hops = (Hop(begin.path, found.at, why), Hop(begin.path, end.at, f"{end.text} is skipped then"))
        return Unguaranteed(
            begin.at, what, end.text, found.at, hops, "temporary" in what, end.at, bool(finals)
        )

    def _fault(
        self, first: tuple[Step, ...], way: tuple[Step, ...], module: Module, function: s.Function
    ) -> s.Statement | None:
        """What may fail on the way from a beginning to an end, so that the end does not come."""
        depth = next((index for index, step in enumerate(way) if step.is_final), None)
        if depth is None:
            return assertion(between(first, way))
        return self._risk(between(first, way[:depth]), module, function)

    def _risk(self, gap: Iterator[s.Statement], module: Module, function: s.Function) -> s.Statement | None:
        """The first of these statements that calls a first-party function, or asserts."""
        frame = self.evaluator.function_frame(module, function)
        for node in gap:
            if isinstance(node, s.Assert | s.Raise):
                return node
            for call in calls_in((node,)):
                callee = self.evaluator.evaluate(call.function, frame)
                if any(
                    isinstance(o, FunctionValue) and isinstance(o.function, s.Function)
                    for o in options(callee)
                ):
                    return node
        return None

    # -- opposites: `api.on()` and `api.off()` of a module

    def _opposites(self, module: Module, function: s.Function) -> Iterator[Unguaranteed]:
        """Pairs of functions of a product module that switch something on and off for the whole process."""
        calls = [
            n.value for n in statements(function.body) if isinstance(n, s.Evaluate) and _is_plain(n.value)
        ]
        for call in calls:
            if not isinstance(call, s.Call) or not isinstance(call.function, s.Attribute):
                continue
            words, owner = OPPOSITES.get(call.function.name, ()), call.function.value
            ends = [
                other
                for other in calls
                if isinstance(other, s.Call) and _is_call_of(other, show(owner), words) and other.at > call.at
            ]
            if (
                not ends
                or not self._is_product(module, function, owner)
                or self._is_ended(module, owner, words)
            ):
                continue
            begin = Hop(module.path, call.at, show(call))
            hops = [Hop(module.path, end.at, show(end)) for end in ends]
            found = self._judge(module, function, begin, hops, f"what `{show(call)}` switches on")
            if found is not None:
                yield found

    def _is_product(self, module: Module, function: s.Function, owner: s.Expression) -> bool:
        value = self.evaluator.evaluate(owner, self.evaluator.function_frame(module, function))
        return isinstance(value, ModuleValue) and not value.module.is_test

    def _is_ended(self, module: Module, owner: s.Expression, words: tuple[str, ...]) -> bool:
        """Whether a fixture, tear-down or clean-up in sight switches it off, too, or resets it."""
        name = show(owner).rpartition(".")[2]
        for seen in self.fixtures.chain(module.path):
            for function in seen.functions:
                if function.name.startswith("test"):
                    continue
                if any(last_name(call) in words or _resets(call, name) for call in calls_in(function.body)):
                    return True
        found = mentions.within(module.facts.body)
        return any(
            isinstance(e, s.Attribute) and e.name in words and not (isinstance(p, s.Call) and p.function is e)
            for e, p in found
        )


def _stops(start: Start, event: Event) -> bool:
    """Whether an event stops what was started: the same name's method, or a function for all there is.

    Waiting for the end is no way to bring it about.
    """
    if event.method in WAITS:
        return False
    if any(name in start.entry.undo for name in event.names) and not isinstance(
        start.handle, s.Name | s.Attribute
    ):
        return True
    function = event.call.function
    if event.method not in start.words or not isinstance(function, s.Attribute):
        return False
    return start.handle is None or show(function.value) == show(start.handle)


def _covers(first: tuple[Step, ...], way: tuple[Step, ...]) -> bool:
    """Whether a clean-up stands in the `finally` of a `try` around the beginning."""
    around = {id(step.inside) for step in first if not step.is_final}
    return any(step.is_final and id(step.inside) in around for step in way)


def _own_hop(event: Event, module: Module, function: s.Function) -> Hop | None:
    """The step of an event that stands in a function itself."""
    for hop in reversed((*event.chain, event.hop)):
        inside = hop.path == module.path and function.at[0] <= hop.at[0] <= function.at[2]
        if inside and not _defines_around(function.body, hop.at[0]):
            return hop
    return None


def _defines_around(body: s.Block, line: int) -> bool:
    """Whether a line stands in a function that a body defines."""
    return any(
        isinstance(node, s.Function | s.Class)
        and node.at[0] <= line <= node.at[2]
        and (isinstance(node, s.Function) or _defines_around(node.body, line))
        for node in statements(body)
    )


def _resets(call: s.Call, owner: str) -> bool:
    match call.function:
        case s.Attribute(value=value, name=name) if show(value).rpartition(".")[2] == owner:
            return not tokens(name).isdisjoint(_RESETS)
    return False


def _is_plain(value: s.Expression) -> bool:
    return isinstance(value, s.Call) and not value.arguments and not value.keywords


def _is_call_of(call: s.Call, owner: str, words: tuple[str, ...]) -> bool:
    return (
        isinstance(call.function, s.Attribute)
        and call.function.name in words
        and show(call.function.value) == owner
    )
