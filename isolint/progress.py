"""A progress bar on stderr: on a terminal alone, and not for a run that is over before one could read it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

import click

Item = TypeVar("Item")

PATIENCE = 1.0
"""The seconds that a run takes before it shows how far it is."""

_ERASE = "\r\x1b[K\x1b[?25h"
"""What takes the bar away and shows the cursor again, which the bar hides."""


def watched(items: Sequence[Item], started: float) -> Iterator[Item]:
    """The items, and a bar while they are worked off; `started` is when the run did, by `time.monotonic`."""
    if not sys.stderr.isatty():
        yield from items
        return
    done = 0
    for item in items:
        if time.monotonic() - started >= PATIENCE:
            break
        yield item
        done += 1
    if done < len(items):
        yield from _with_bar(items, done)


def _with_bar(items: Sequence[Item], done: int) -> Iterator[Item]:
    bar = click.progressbar(length=len(items), label="isolint", file=sys.stderr, show_eta=False)
    bar.update(done)
    try:
        for item in items[done:]:
            bar.render_progress()
            yield item
            bar.update(1)
    finally:
        click.echo(_ERASE, err=True, nl=False)
