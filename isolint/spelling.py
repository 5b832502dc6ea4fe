"""Did you mean: the known word that a mistyped one is closest to."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that is closest to `word` in spelling, or None if none is close.

    Of several that are equally close it is the one that begins most like it.
    """
    # Imported here because it is needed only on the way to an error.
    from difflib import SequenceMatcher

    given = word.lower()
    best, found = (0.75, -1), None
    for name in known:
        ratio = SequenceMatcher(None, name.lower(), given).ratio()
        same = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name.lower(), given, strict=False))
        )
        rank = (ratio, same)
        if rank > best:
            best, found = rank, name
    return found


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give `, did you mean 'x'?` for the known word closest to `word`, or nothing if none is close."""
    guess = closest(word, known)
    return f", did you mean '{guess}'?" if guess else ""
