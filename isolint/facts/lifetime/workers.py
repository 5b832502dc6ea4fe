"""What each worker of pytest-xdist makes or empties anew though all of them share it."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.configuration.parallel import Parallel, Workers
from isolint.facts.lifetime.lifecycle import NAMED_STORES, Creation, Lifecycle, literal_name
from isolint.facts.meaning.values import (
    Address,
    Handle,
    Hop,
    Literal,
    Text,
    Trail,
    UniqueName,
    Value,
    Variable,
    options,
    text,
)
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.effects import flat
from isolint.facts.running.events import Event
from isolint.facts.sites import FixtureSite, SetUp, Sites
from isolint.facts.sql import statements as sql
from isolint.facts.suite.mocks import Mocks
from isolint.facts.targets.lattice import Level, judge
from isolint.late import dataclass, regex

_BROAD = ("session", "package")
_FILE = regex(r"(?P<name>[^/\\]+)\.(?:db|sqlite|sqlite3)\Z")
_EARLY_HOOKS = frozenset({"pytest_configure", "pytest_sessionstart"})


@dataclass(frozen=True, slots=True, eq=False)
class Blind:
    """Each worker does what stands `at`: `what` says it in words.

    `name` is what is made or destroyed by, of a file what it is called without its extension, "" where the code does
    not say it; `named` is the place where it is written, if that is known.
    """

    at: s.Position
    what: str
    workers: Workers
    trail: Trail
    name: str = ""
    named: s.Position | None = None


class WorkerBlindness:
    """Looks through what fixtures of the session and the first hooks do."""

    def __init__(
        self, lifecycle: Lifecycle, parallel: Parallel, replacements: Replacements, mocks: Mocks
    ) -> None:
        self.lifecycle = lifecycle
        self.effects = lifecycle.effects
        self.evaluator = lifecycle.evaluator
        self.parallel = parallel
        self.replacements = replacements
        self.mocks = mocks
        self._found: dict[str, tuple[Blind, ...]] = {}

    def of(self, sites: Sites) -> tuple[Blind, ...]:
        """What the session's fixtures and hooks of a module do to what all workers share, one for each of them."""
        path = sites.module.path
        if path not in self._found:
            self._found[path] = tuple(self._in(sites))
        return self._found[path]

    def named(self, sites: Sites) -> frozenset[s.Position]:
        """The places of the names among them."""
        return frozenset(found.named for found in self.of(sites) if found.named is not None)

    def _in(self, sites: Sites) -> Iterator[Blind]:
        module = sites.module
        broad: list[FixtureSite | SetUp] = [f for f in sites.fixture_sites if f.fixture.scope in _BROAD]
        broad += [h for h in sites.set_ups if h.kind == "hook" and h.function.name in _EARLY_HOOKS]
        workers = self.parallel.workers(module.path) if broad and module.is_test else None
        if workers is None or self._tells_workers_apart(module):
            return
        for site in broad:
            found = next(self._by(site, workers), None)
            if found is not None:
                yield found

    def _tells_workers_apart(self, module: Module) -> bool:
        around = self.lifecycle.effects.evaluator.project.conftests(module.path)
        return any(self.parallel.speaks_of_workers(seen) for seen in (module, *around))

    def _by(self, site: FixtureSite | SetUp, workers: Workers) -> Iterator[Blind]:
        for event in self.effects.of(site.module, site.function).events:
            hop = _line_in(event, site.module.path)
            if hop is None or event.tolerant or self.mocks.is_mocked(event, (site.module, site.function)):
                continue
            for what, trail, name, named in self._shared(event, site.module.path):
                if not any(self._speaks(step.path) for step in (*event.chain, *trail)):
                    way = (*event.chain, event.hop, *trail, workers.hop)
                    yield Blind(hop.at, what, workers, way, name, named)

    def _speaks(self, path: str) -> bool:
        module = self.evaluator.project.module(path)
        return module is not None and self.parallel.speaks_of_workers(module)

    def _shared(self, event: Event, path: str) -> Iterator[tuple[str, Trail, str, s.Position | None]]:
        """What an event makes or destroys that is the same for all workers."""
        for creation in self.lifecycle.creations(event):
            if creation.resource in NAMED_STORES and self._is_shared(creation, event):
                spelled = self.lifecycle.spelled(creation)
                own = spelled is not None and spelled[1] == path and literal_name(creation) is not None
                named = spelled[0] if own and spelled is not None else None
                trail = spelled[2] if spelled is not None else ()
                name = (text(creation.value) if creation.value is not None else None) or ""
                yield f"creates the {creation.resource}{_shown(creation.value)}", trail, name, named
        destroyed = self.effects.destruction(event)
        one = destroyed is not None and self._names_the_same(event)
        if destroyed is not None and one and self._is_one_for_all(destroyed[1], path):
            trail = next((o.trail for o in options(destroyed[1]) if isinstance(o, Handle)), ())
            yield f"destroys {destroyed[0]}", trail, self._destroyed_name(event, destroyed[1]), None

    def _destroyed_name(self, event: Event, store: Value) -> str:
        """What is destroyed by an event, or the file that it lies in."""
        entry, statement = self.effects.destroyer(event), self.effects.statement(event)
        argument = None if entry is None else self.effects.argument(event, entry.name)
        if argument is not None:
            return text(argument) or ""
        if statement is not None:
            for action in (a for option in options(statement) for a in sql.actions(flat(option))):
                if action.verb == "drop" and action.object in ("schema", "database"):
                    return action.name
        urls = (text(o.url) for o in options(store) if isinstance(o, Handle) and o.url is not None)
        found = next((_FILE.search(url) for url in urls if url), None)
        return found["name"] if found is not None else ""

    def _names_the_same(self, event: Event) -> bool:
        """Whether what an event destroys has the same name for all workers, if it has one."""
        entry = self.effects.destroyer(event)
        if entry is not None:
            name = self.effects.argument(event, entry.name)
            return name is None or all(_is_fixed(option) for option in options(name))
        statement = self.effects.statement(event)
        known = (
            []
            if statement is None
            else [action for o in options(statement) for action in sql.actions(flat(o))]
        )
        return not any(sql.HOLE in action.name for action in known)

    def _is_shared(self, creation: Creation, event: Event) -> bool:
        """Whether a creation fails for the second worker: its name is the same for all, and must be new."""
        statement = self.effects.statement(event)
        if statement is not None and any("if not exists" in flat(o).lower() for o in options(statement)):
            return False
        if creation.value is None or not all(_is_fixed(option) for option in options(creation.value)):
            return False
        return creation.shared and self.lifecycle.outlives(creation)

    def _is_one_for_all(self, store: Value, path: str) -> bool:
        """Whether a handle leads to a database, file or server that all workers have in common."""
        pins = self.replacements.pins(path)
        handles = [option for option in options(store) if isinstance(option, Handle)]
        if not handles or any(handle.type.startswith("django.") for handle in handles):
            return False
        for handle in handles:
            if handle.url is None or not all(_is_fixed(option) for option in options(handle.url)):
                return False
            if judge(handle, pins, product=True).level <= Level.DISPOSABLE:
                return False
            if any(_has_unique(pins.get(name)) for name in _variables(handle.url)):
                return False
        return True


def _line_in(event: Event, path: str) -> Hop | None:
    """The innermost step to an event that lies in a file."""
    hops = [hop for hop in (*event.chain, event.hop) if hop.path == path]
    return hops[-1] if hops else None


def _is_fixed(value: Value) -> bool:
    """Whether a text is told by the code or by the environment alone, and so the same for all workers."""
    match value:
        case Literal(value=str() | int()):
            return True
        case Variable(default=default):
            return default is None or all(_is_fixed(option) for option in options(default))
        case Text(parts=parts):
            return all(_is_fixed(option) for part in parts for option in options(part))
        case Address(base=base, components=components):
            known = [*(value for _, value in components), *([base] if base is not None else [])]
            return all(_is_fixed(option) for part in known for option in options(part))
    return False


def _has_unique(value: Value | None) -> bool:
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(isinstance(part, UniqueName) for part in parts)


def _variables(url: Value) -> Iterator[str]:
    for option in options(url):
        if isinstance(option, Variable):
            yield option.name
        elif isinstance(option, Text):
            yield from (part.name for part in option.parts if isinstance(part, Variable))


def _shown(value: Value | None) -> str:
    known = None if value is None else text(value)
    return "" if known is None else f" `{known}`"
