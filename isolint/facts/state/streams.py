"""Tear-downs that close a standard stream which their own set-up did not replace."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, FunctionValue, Hop, Instance, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import show
from isolint.facts.running.relevance import called_in, calls_in
from isolint.facts.state.mutations import Mutations
from isolint.facts.state.places import LIBRARY, Place
from isolint.facts.suite.fixtures import Fixtures
from isolint.late import dataclass

_STREAMS = tuple(Place(LIBRARY, ("sys", name)) for name in ("stdout", "stderr", "stdin"))


@dataclass(frozen=True, slots=True, eq=False)
class ClosedStream:
    """A call that closes a stream, in a tear-down that runs for `cls` after another set-up than its own."""

    at: s.Position
    stream: str
    cls: str
    trail: Trail


def closed_streams(module: Module, fixtures: Fixtures, mutations: Mutations) -> Iterator[ClosedStream]:
    """What the tear-downs that run for a module's test cases close of the runner's; each call once."""
    seen: set[s.Position] = set()
    for cls in module.classes:
        if not fixtures.is_test_case(module, cls):
            continue
        instance = Instance(ClassValue(module, cls, fixtures.evaluator.module_frame(module)))
        tear_down = instances.method(fixtures.evaluator, instance, "tearDown")
        set_up = instances.method(fixtures.evaluator, instance, "setUp")
        if tear_down is None or set_up is None or tear_down.module is not module:
            continue
        if "setUp" in called_in(_body(set_up)):
            continue
        written = {write.place for write in mutations.of_method(set_up).writes}
        for call, place in _closing(tear_down, fixtures, mutations):
            if place not in written and call.at not in seen:
                seen.add(call.at)
                hop = Hop(set_up.module.path, set_up.function.at, f"setUp of {cls.name}")
                yield ClosedStream(call.at, show(call.function), cls.name, (hop,))


def _closing(
    method: FunctionValue, fixtures: Fixtures, mutations: Mutations
) -> Iterator[tuple[s.Call, Place]]:
    frame = fixtures.evaluator.call_frame(method, None, method.frame)
    for call in calls_in(_body(method)):
        if isinstance(call.function, s.Attribute) and call.function.name == "close":
            closed = mutations.origins.of(call.function.value, frame)
            if closed is not None and closed.place in _STREAMS:
                yield call, closed.place


def _body(method: FunctionValue) -> s.Block:
    return method.function.body if isinstance(method.function, s.Function) else ()
