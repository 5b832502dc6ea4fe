"""What runs for the tests of a file, as plain data: the tests, the fixtures behind them, who asks for whom.

Standard library only; the facts make it, a report draws it.
"""

from __future__ import annotations

from isolint.late import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A test, set-up or fixture of the closure.

    `kind` is "test", "set-up", "fixture", or "files" for the test files that a conftest's fixtures run around.
    `lines` are the first and last line of its code. `needs` are the places in the closure of what runs for it.
    """

    kind: str
    name: str
    path: str
    lines: tuple[int, int]
    scope: str = ""
    autouse: bool = False
    needs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Closure:
    """The parts that run for the tests of the file `path`; of a conftest, its fixtures and what they need."""

    path: str
    parts: tuple[Part, ...]
