"""What a fixture, hook or test destroys in a store of the application, and the proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from isolint.facts.destruction.losses import Loss, Losses
from isolint.facts.meaning.values import Handle, Trail, Value, options, text
from isolint.facts.order.replacements import Place, Replacements
from isolint.facts.running.effects import Effects
from isolint.facts.running.events import Event, Run
from isolint.facts.targets.defaults import address_of, is_local
from isolint.facts.targets.lattice import Level, Target, is_product, is_test_name, judge, place
from isolint.facts.web.wiring import Wiring
from isolint.late import dataclass

_EVERYTHING = frozenset({"_all", "*"})


@dataclass(frozen=True, slots=True)
class Destruction:
    """`what` is destroyed in `target`; `trail` leads from the call to the place that decides where it points.

    `rows` says that the tables stay and only what they hold is deleted; `by_default` that nothing names the target,
    `configured` that the application's own code made the handle, from what it is configured with.
    """

    what: str
    target: Target
    trail: Trail
    rows: bool = False
    by_default: bool = False
    configured: bool = False


class Destructions:
    """Searches runs for destruction that no guard stands before and no replacement diverts."""

    def __init__(self, effects: Effects, replacements: Replacements, wiring: Wiring) -> None:
        self.losses = Losses(effects)
        self.replacements = replacements
        self.wiring = wiring

    def first(self, runs: list[Run], path: str) -> Destruction | None:
        """The first destruction of the application's data in these runs, as the tests of `path` set them up."""
        guarded = False
        for run in runs:
            for event in run.events:
                found = None if guarded or event.guarded else self.by(event, path)
                if found is not None:
                    return found
            guarded = guarded or run.guarded
        return None

    def by(
        self,
        event: Event,
        path: str,
        pins: Mapping[str, Value] | None = None,
        made: frozenset[str] = frozenset(),
    ) -> Destruction | None:
        """The destruction of the application's data that an event is, if it is one; where the event varies, unsure.

        `pins` are variables set for this run besides those the tests of `path` set, `made` the names of what
        the run creates itself.
        """
        loss = self.losses.of(event)
        if loss is None or loss.spelled in made:
            return None
        known = {**self.replacements.pins(path), **(pins or {})}
        if not _is_shared(loss, known):
            return None
        handles = [option for option in options(loss.store) if isinstance(option, Handle)]
        if any(self.wiring.is_left_to_tests(handle, path) for handle in handles):
            return None
        wired = [self.wiring.target(handle, path) for handle in handles]
        targets = [found or _placed(handle, known) for found, handle in zip(wired, handles, strict=True)]
        if not targets or min(target.level for target in targets) < Level.PRODUCTION:
            return None
        trail = (*event.chain, event.hop, *targets[0].trail)
        places: list[Place] = [*event.through, *((hop.path, hop.at[0]) for hop in trail)]
        if self.replacements.replaces(path, places):
            return None
        if event.varies:
            return Destruction(loss.what, replace(targets[0], sure=False), trail, loss.rows)
        named = wired[0] or judge(handles[0], known, product=is_product(handles[0]))
        by_default = named.level < Level.PRODUCTION
        return Destruction(loss.what, targets[0], trail, loss.rows, by_default, _is_configured(trail))


def _is_shared(loss: Loss, pins: Mapping[str, Value]) -> bool:
    """Whether what is destroyed is not, by its name, a test's own."""
    if loss.spelled:
        return not is_test_name(loss.spelled)
    if loss.name is None or text(loss.name) in _EVERYTHING:
        return True
    return place(loss.name, pins, product=False).level >= Level.PRODUCTION


def _placed(handle: Handle, pins: Mapping[str, Value]) -> Target:
    """Where a handle leads; what nobody names is whatever this machine has there."""
    target = judge(handle, pins, product=is_product(handle))
    if target.level == Level.UNKNOWN and not handle.level and is_local(handle.url):
        why = f"whatever runs at {address_of(handle.url)}"
        return Target(Level.PRODUCTION, why, target.trail)
    return target


def _is_configured(trail: Trail) -> bool:
    """Whether a handle is what a function of the product returns that is asked for nothing in particular."""
    return any(
        one.text.endswith("()") and other.text.endswith("() returns") and one.path != other.path
        for one, other in pairwise(trail)
    )
