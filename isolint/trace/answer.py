"""What a trace tells, as plain data: a format renders it, nothing in it knows how."""

from __future__ import annotations

from isolint.late import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a trail: a place, its source in short, and what it is."""

    path: str
    line: int
    source: str
    what: str


@dataclass(frozen=True, slots=True)
class Level:
    """Where a handle leads: a point of the lattice in words, and why."""

    name: str
    why: str

    def __str__(self) -> str:
        return self.name if self.why in ("", self.name) else f"{self.name}: {self.why}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Something an expression stands for. `target` is None where it reaches no store.

    `against` is what speaks against a finding: pins, replacements, guards.
    """

    name: str
    what: str
    line: int
    target: Level | None
    steps: tuple[Step, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """Something a piece of code does, in which `phase`, and the way there.

    `guarded` tells of a guard before it in the code, `against` is what else speaks against a finding.
    """

    phase: str
    what: str
    target: Level | None
    guarded: bool
    steps: tuple[Step, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A test, a fixture, or any other function, with what it does.

    `depth` is its place in the tree of requests; `why` says what put a fixture there; `others` are requested
    fixtures that pytest or a plugin provides. `order` counts from 1 in the order of set-up. `guard` is the
    check that everything after it stands behind. A piece that was `told` before is told by name alone.
    """

    kind: str
    name: str
    path: str
    line: int
    depth: int = 0
    order: int = 0
    scope: str = ""
    autouse: bool = False
    files: int | None = None
    why: str = ""
    requests: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    guard: Step | None = None
    told: bool = False
    effects: tuple[Effect, ...] = ()
    handles: tuple[Subject, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A finding, and what keeps it out of the report: "" where nothing does.

    `about` is the code it marks; `here` tells whether that lies in what was asked for, or on its trail. `steps`
    are the finding's own trail, empty where that was told already.
    """

    code: str
    name: str
    severity: str
    message: str
    path: str
    line: int
    about: str
    kept_back: str
    here: bool
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is told of a place. `verdict` is the last word, in a sentence; `kind` is "line" or a piece's.

    Of a line, `subjects` are what it stands for and `effects` what it does; of a function, the first of `pieces`
    is the function itself, the others are the fixtures around it.
    """

    place: str
    kind: str
    source: str
    subjects: tuple[Subject, ...]
    effects: tuple[Effect, ...]
    pieces: tuple[Piece, ...]
    rulings: tuple[Ruling, ...]
    verdict: str
