"""The steps in which a web application comes to be."""

from __future__ import annotations

from isolint.facts.meaning import configured
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import UNKNOWN, Hop, Trail, Value, via
from isolint.facts.program import syntax as s
from isolint.late import dataclass
from isolint.vocabulary.entries import Initializer

CURRENT = ("", (0, 0, 0, 0))  # the application at hand, whichever it is

Place = tuple[str, s.Position]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A statement that makes something anew: an application of this place starts without configuration."""

    app: Place


@dataclass(frozen=True, slots=True, eq=False)
class Pinned:
    """An environment variable is set."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Configured:
    """Settings of an application are set: `entries`, or whatever `source` (an object, class or module) holds.

    Without either they cannot be told. `chain` are the calls that lead to the place, `hop`; `sure` is false
    under a condition. `switch` is the environment variable whose default chose the source.
    """

    app: Place
    entries: tuple[tuple[str, Value], ...] | None
    source: Value | None
    hop: Hop
    chain: Trail
    sure: bool
    switch: str = ""

    def value(self, evaluator: Evaluator, key: str) -> Value | None:
        """What it sets a key to, None if it leaves it alone."""
        if self.entries is not None:
            found = dict(self.entries).get(key)
            return None if found is None else via(found, *self.chain, self.hop)
        if self.source is None:
            return UNKNOWN
        held = configured.held(evaluator, self.source, key)
        return None if held is None else via(held, *self.chain, self.hop)


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """An extension reads the configuration. `extension` is the handle or thing it is."""

    entry: Initializer
    extension: Value
    app: Place
    hop: Hop
    chain: Trail
    sure: bool


Step = Made | Pinned | Configured | Ready
