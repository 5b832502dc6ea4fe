"""What tests do through the handles they hold: read, write, destroy, told by the line that made the handle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning.values import Handle, Instance, Parameter, Trail, Unknown, Value, options, text
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.effects import Effects, flat
from isolint.facts.running.events import Event
from isolint.facts.suite.mentions import Mentions
from isolint.facts.targets.defaults import address_of, is_local
from isolint.facts.targets.lattice import Level, Pins, Target, is_product, judge, place
from isolint.facts.targets.usewords import UseWords
from isolint.late import dataclass, regex

if TYPE_CHECKING:
    from isolint.facts.destruction.losses import Losses

_WRITES = regex(r"\s*(insert|update|replace|merge|create|alter|copy|upsert|delete)\b", re.I)
_EVERYTHING = frozenset({"_all", "*"})

Place = tuple[str, int]


class Degree(IntEnum):
    """How much is done to a store."""

    READS = 0
    WRITES = 1
    DESTROYS = 2


@dataclass(frozen=True, slots=True)
class Use:
    """One thing done through a handle: `what` is destroyed or written; `trail` leads to the call."""

    degree: Degree
    what: str
    handle: Handle
    trail: Trail


class Usage:
    """What the tests of a project do, by every line that the handle they do it with came through.

    `modules` gives all test code, `mentions` who of it may have to do with what, `collected` are the files that pytest
    collects tests from.
    """

    def __init__(
        self,
        effects: Effects,
        replacements: Replacements,
        modules: Callable[[], Iterable[Module]],
        mentions: Mentions,
        collected: frozenset[str],
    ) -> None:
        self.effects = effects
        self.words = UseWords(effects)
        self.replacements = replacements
        self.modules = modules
        self.mentions = mentions
        self.collected = collected
        self._known: set[str] = set()
        self._looked_at: set[str] = set()
        self._seen: dict[Place, list[tuple[str, Use]]] = {}
        self._rolled_back: set[Place] = set()

    @cached_property
    def losses(self) -> Losses:
        from isolint.facts.destruction.losses import Losses

        return Losses(self.effects)

    def of(self, path: str, lines: Iterable[int]) -> Use | None:
        """The worst that is done through what one of these lines of a file made.

        What a test module opens is used there; what a conftest or test support opens, in any of them.
        """
        self._see_users(path)
        seen = [each for line in lines for each in self._seen.get((path, line), ())]
        alone = path in self.collected
        found = [use for by, use in sorted(seen, key=lambda each: each[0]) if by == path or not alone]
        worst = max(found, key=lambda use: use.degree) if found else None
        rolled_back = any((path, line) in self._rolled_back for line in lines)
        return None if worst is not None and rolled_back and worst.degree < Degree.DESTROYS else worst

    def of_models(self, module: Module, function: s.Function | None, handle: Handle) -> Use:
        """The worst that is done through models that a function of a test module, or its top, points to a store.

        `handle` is what they reach. What the function itself destroys of theirs counts, and what the tests do.
        """
        near = [] if function is None else self.effects.near(module, function).events
        modules = [module] if module.path in self.collected else self.modules()
        tests = (e for each in modules for f in each.functions for e in self.effects.near(each, f).events)
        use = Use(Degree.READS, "", handle, ())
        for event in near:
            entry = next(
                (e for n in event.names for e in self.effects.vocabulary.destroyers.get(n, ())), None
            )
            if entry is not None and not event.guarded:
                return Use(Degree.DESTROYS, entry.resource, handle, (*event.chain, event.hop))
        for event in tests:
            if any(
                not entry.handle for n in event.names for entry in self.effects.vocabulary.writers.get(n, ())
            ):
                return Use(Degree.WRITES, "", handle, (*event.chain, event.hop))
        return use

    def by_name(self, events: Iterable[Event], library: str) -> Use | None:
        """A destruction, known by its bare name, in a store of this library that something unknown reaches."""
        for event in events:
            if event.guarded or not isinstance(event.receiver, Unknown | Parameter | Instance):
                continue
            for entry in self.effects.vocabulary.destroyers_by_name.get(event.method, ()):
                if any(call.partition(".")[0] == library for call in entry.call):
                    handle = Handle(library, "client")
                    return Use(Degree.DESTROYS, entry.resource, handle, (*event.chain, event.hop))
        return None

    def _see_users(self, path: str) -> None:
        """Look at what is done in the test modules that may use what a file opens."""
        if path in self._known:
            return
        self._known.add(path)
        for module in self._users(path):
            if module.path not in self._looked_at:
                self._looked_at.add(module.path)
                for at, use in self._in_module(module).items():
                    self._seen.setdefault(at, []).append((module.path, use))

    def _users(self, path: str) -> Iterable[Module]:
        """The test modules that may use what a file opens."""
        project = self.effects.evaluator.project
        module = project.module(path)
        if module is None or path in self.collected:
            return () if module is None else (module,)
        around = self.mentions.surroundings(module)
        if around is None:
            return self.modules()
        return filter(None, map(project.module, sorted({path, *around})))

    def _in_module(self, module: Module) -> dict[Place, Use]:
        found: dict[Place, Use] = {}
        for function in module.functions:
            if self.words.function(module, function):
                self._note(self.effects.near(module, function).events, found)
        self._note(self.effects.of_block(module, module.facts.body).events, found)
        return found

    def _note(self, events: Iterable[Event], found: dict[Place, Use]) -> None:
        for event in events:
            if event.phase != "set up" and self._rolls_back(event):
                trail = event.receiver.trail
                self._rolled_back.update((hop.path, hop.at[0]) for hop in trail)
            if not event.guarded:
                for use in self._uses(event):
                    for hop in use.handle.trail:
                        known = found.get((hop.path, hop.at[0]))
                        if known is None or known.degree < use.degree:
                            found[(hop.path, hop.at[0])] = use

    def _rolls_back(self, event: Event) -> bool:
        isolations = self.effects.vocabulary.isolations
        return any(entry.how == "rollback" for name in event.names for entry in isolations.get(name, ()))

    def _uses(self, event: Event) -> Iterator[Use]:
        told = self._told(event)
        if told is not None:
            degree, what, value = told
            for option in options(value):
                if isinstance(option, Handle) and self._is_in_doubt(option, event.path):
                    yield Use(degree, what, option, (*event.chain, event.hop))

    def _destroys_all(self, event: Event) -> bool:
        """Whether a destruction takes everything, or a thing that is the application's by its name."""
        named = [
            e for name in event.names for e in self.effects.vocabulary.destroyers.get(name, ()) if e.name
        ]
        if not named:
            return True
        loss = self.losses.of(event)
        name = None if loss is None else loss.name
        if name is None:
            return False
        return text(name) in _EVERYTHING or place(name, _NO_PINS, product=False).level == Level.PRODUCTION

    def target(self, handle: Handle, path: str) -> Target:
        """Where a handle leads in the tests of a file; what the product spells out is the application's own."""
        url = handle.url
        own = is_product(handle) or (url is not None and self.leads_through_product(url.trail))
        target = judge(handle, self.replacements.pins(path), product=own)
        if target.level == Level.UNKNOWN and is_local(url):
            return replace(target, why=f"whatever runs at {address_of(url)}")
        return (
            replace(target, why=f"the application's {target.why}") if target.why.startswith("`") else target
        )

    def leads_through_product(self, trail: Trail) -> bool:
        """Whether a trail passes the product: its settings, its factories."""
        modules = [self.effects.evaluator.project.module(hop.path) for hop in trail]
        return any(module is not None and not module.is_test for module in modules)

    def _is_in_doubt(self, handle: Handle, path: str) -> bool:
        """Whether a handle leads to what may be the application's: a database chosen on the way may be a test's."""
        if handle.level:
            return False
        return self.target(handle, path).level == Level.PRODUCTION or is_local(handle.url)

    def _told(self, event: Event) -> tuple[Degree, str, Value] | None:
        """How much an event does, to what, and through which value."""
        destroyed = self.effects.destruction(event)
        if destroyed is not None:
            degree = Degree.DESTROYS if self._destroys_all(event) else Degree.WRITES
            return degree, destroyed[0], destroyed[1]
        if any(name in self.effects.vocabulary.commits for name in event.names):
            return Degree.WRITES, "", event.receiver
        statement = self.effects.statement(event)
        if statement is None:
            return None
        writes = any(_WRITES.match(flat(option)) for option in options(statement))
        return Degree.WRITES if writes else Degree.READS, "", event.receiver


_NO_PINS: Pins = {}
