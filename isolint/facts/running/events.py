"""What a run is made of."""

from __future__ import annotations

from isolint.facts.meaning.values import Frame, Hop, Trail, Value
from isolint.facts.program import syntax as s
from isolint.facts.program.show import show
from isolint.facts.running.passed import Passed


@s.node
class Event:
    """One library call. `names` are the fully qualified names it may be known by, `method` its bare last name.

    `path` is the module it stands in and `chain` the calls that lead to it, outermost first. `through` are the
    first-party functions entered on the way, as (path, line). `tolerant` is true inside a
    `try` that swallows the failure. `store` is the handle that a callback's caller
    passes on. `passed` knows whether a guard stands before it. `phase` is "set up", "tear down"
    (after the fixture's yield, or registered to run at the end) or "always" (in a `finally`).
    `managed` tells that `with` undoes it, `varies` that it depends on the class of an object on the way,
    which may be one of several.
    """

    names: tuple[str, ...]
    method: str
    call: s.Call
    frame: Frame
    receiver: Value
    chain: Trail
    phase: str
    passed: Passed
    managed: bool = False
    store: Value | None = None
    through: tuple[tuple[str, int], ...] = ()
    tolerant: bool = False
    varies: bool = False

    @property
    def guarded(self) -> bool:
        """Whether a guard stands before it."""
        return bool(self.passed)

    @property
    def path(self) -> str:
        return self.frame.module.path

    @property
    def hop(self) -> Hop:
        return Hop(self.path, self.call.at, show(self.call))


@s.node
class Run:
    """The events of one call, and what has been passed when it is over."""

    events: tuple[Event, ...]
    passed: Passed

    @property
    def guarded(self) -> bool:
        """Whether a guard has been passed when it is over."""
        return bool(self.passed)
