"""Did you mean: the known word that a mistyped one is closest to."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that is closest to `word` in spelling, or None if none is close."""
    # Imported here because it is needed only on the way to an error.
    from difflib import get_close_matches

    spellings = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), spellings, n=1, cutoff=0.75)
    return spellings[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give `, did you mean 'x'?` for the known word closest to `word`, or nothing if none is close."""
    guess = closest(word, known)
    return f", did you mean '{guess}'?" if guess else ""
