"""How what a call makes is undone: the other half of the vocabulary's pairs, as it can be written next to it."""

from __future__ import annotations

from collections.abc import Iterable

from isolint.facts.lifetime.lifecycle import Creation, is_unique, place_of
from isolint.facts.lifetime.starts import Start
from isolint.facts.meaning.values import Handle, options, text
from isolint.facts.program import syntax as s
from isolint.facts.running.events import Event
from isolint.facts.targets.lattice import Level
from isolint.late import dataclass
from isolint.vocabulary import Vocabulary

_POSTGRESQL = frozenset({"psycopg", "psycopg2", "asyncpg", "psycopg_pool", "pytest_postgresql"})
_REMOVED_WHEN_EMPTY = frozenset({"bucket"})
_CONDITIONAL = ("if_not_exists", "checkfirst", "exist_ok", "if not exists")


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoes a call: a method of the `"receiver"`, of the `"result"`, or a `"function"`, named in full; for
    what executes a `"statement"`, or a `"construct"` that stands for one, the opposite of it.

    `name` is the expression of what is removed, `keyword` how it is passed, empty for a position; without a
    name the arguments are those of the call. `creator` is the last name of what is undone: the function that is
    called, or one that is handed to it. `sure` tells that nothing but what was made can be hit.
    """

    call: s.Call
    kind: str
    creator: str
    function: str
    name: s.Expression | None
    keyword: str
    resource: str
    shared: bool
    sure: bool
    postgresql: bool


class Undoing:
    """Reads the pairs of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def of_creation(self, creation: Creation) -> Undo | None:
        """What removes what was created; None where that might be more than was made, or cannot be said."""
        event = creation.event
        if event.tolerant or creation.managed or not event.names or creation.resource in _REMOVED_WHEN_EMPTY:
            return None
        sure = is_unique(creation) or creation.resource.startswith("temporary")
        if not sure and (self._is_conditional(event) or place_of(creation.store) > Level.TEST_SHAPED):
            return None
        kind, function = self._other_half(creation.undo, event.names) if creation.undo else ("statement", "")
        if kind == "function" and any(name in self.vocabulary.executors for name in event.names):
            kind = "construct"
        keyword = self._keyword(function, creation, event) if creation.name is not None else ""
        if not kind or keyword is None:
            return None
        return Undo(
            event.call,
            kind,
            event.names[0].rpartition(".")[2],
            function,
            creation.name,
            keyword,
            creation.resource,
            creation.shared,
            sure,
            _is_postgresql(event),
        )

    def of_start(self, start: Start) -> Undo | None:
        """What stops what was started; None for what needs more than a call, such as a server in a thread."""
        event, entry = start.event, start.entry
        if entry.resource == "server" or not event.names:
            return None
        kind, function = self._other_half(entry.undo, event.names)
        if kind not in ("receiver", "result"):
            return None
        creator = event.names[0].rpartition(".")[2]
        return Undo(event.call, kind, creator, function, None, "", entry.resource, False, True, False)

    def _other_half(self, undo: Iterable[str], names: Iterable[str]) -> tuple[str, str]:
        """Of the functions and methods that undo something the one that belongs to the call's own name."""
        known = tuple(undo)
        for name in names:
            owner = name.rpartition(".")[0]
            for each in known:
                if not each.startswith(".") and each.rpartition(".")[0] == owner:
                    return "receiver", each
        for each in known:
            if each.startswith("."):
                return "result", each[1:]
        return ("function", known[0]) if known else ("", "")

    def _keyword(self, function: str, creation: Creation, event: Event) -> str | None:
        """How the name is passed to what removes: by the keyword of the creation, or by position."""
        given = {name for name, value in event.call.keywords if value is creation.name}
        ways = [entry.name for entry in self.vocabulary.destroyers.get(function, ())]
        if not given or not function:
            return ""
        (keyword,) = given
        if any(keyword in way for way in ways):
            return keyword
        return "" if any(isinstance(way, int) for each in ways for way in each) else None

    def _is_conditional(self, event: Event) -> bool:
        """Whether the call makes nothing where it is there already: then it is somebody else's, perhaps."""
        return any(name in _CONDITIONAL for name, _ in event.call.keywords)


def _is_postgresql(event: Event) -> bool:
    """Whether a statement goes to PostgreSQL."""
    for option in options(event.receiver):
        if isinstance(option, Handle):
            url = text(option.url) if option.url is not None else ""
            if option.type.partition(".")[0] in _POSTGRESQL or (url or "").startswith("postgres"):
                return True
    return False
