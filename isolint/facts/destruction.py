"""What a fixture, hook or test destroys in a store of the application, and the proof."""

from __future__ import annotations

from dataclasses import dataclass

from isolint.facts.effects import Effects
from isolint.facts.events import Event, Run
from isolint.facts.replacements import Place, Replacements
from isolint.facts.targets import Level, Target, is_product, judge, place
from isolint.facts.values import Handle, Trail, options
from isolint.facts.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Destruction:
    """`what` is destroyed in `target`; `trail` leads from the call to the place that decides where it points."""

    what: str
    target: Target
    trail: Trail


class Destructions:
    """Searches runs for destruction that no guard stands before and no replacement diverts."""

    def __init__(self, effects: Effects, replacements: Replacements, wiring: Wiring) -> None:
        self.effects = effects
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

    def by(self, event: Event, path: str) -> Destruction | None:
        """The destruction of the application's data that an event is, if it is one."""
        destroyed = self.effects.destruction(event)
        if destroyed is None:
            return None
        what, value = destroyed
        name = self.effects.named(event)
        if (
            name is not None
            and place(name, self.replacements.pins(path), product=False).level < Level.PRODUCTION
        ):
            return None
        targets = [self._target(option, path) for option in options(value) if isinstance(option, Handle)]
        if not targets or min(target.level for target in targets) < Level.PRODUCTION:
            return None
        trail = (*event.chain, event.hop, *targets[0].trail)
        places: list[Place] = [*event.through, *((hop.path, hop.at[0]) for hop in trail)]
        if self.replacements.replaces(path, places):
            return None
        return Destruction(what, targets[0], trail)

    def _target(self, handle: Handle, path: str) -> Target:
        wired = self.wiring.target(handle, path)
        return wired or judge(handle, self.replacements.pins(path), product=is_product(handle))
