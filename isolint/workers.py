"""Work shared out among forked processes: each inherits what is known, and sends back what it made of its part."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

MOST = 8
SMALLEST = 400_000  # bytes: below this a second process costs more than it saves


def processes(wanted: int | None, size: int) -> int:
    """How many processes to use for files of this size: those that were asked for, else as many as there are cores."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return 1
    if wanted is not None:
        return wanted
    if size < SMALLEST:
        return 1
    return min(MOST, len(os.sched_getaffinity(0)))


def parts(sizes: Sequence[int], number: int) -> list[list[int]]:
    """The indices of `sizes` in so many groups of about the same sum, each in order."""
    groups: list[list[int]] = [[] for _ in range(number)]
    sums = [0] * number
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        least = sums.index(min(sums))
        groups[least].append(index)
        sums[least] += sizes[index] + 1
    return [sorted(group) for group in groups]


def spread(groups: Sequence[list[int]], work: Callable[[list[int]], Any]) -> list[Any]:
    """What `work` makes of each group (something JSON can hold), all but the first in processes of their own.

    What a process that is killed has left undone is done here.
    """
    children = [(group, *_forked(group, work)) for group in groups[1:]]
    made = [work(groups[0])]
    for group, child, pipe in children:
        with os.fdopen(pipe, "rb") as file:
            data = file.read()
        _, status = os.waitpid(child, 0)
        made.append(json.loads(data) if status == 0 else work(group))
    return made


def _forked(group: list[int], work: Callable[[list[int]], Any]) -> tuple[int, int]:
    """A process that works on a group, and the end of a pipe to read from."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as file:
            file.write(json.dumps(work(group)).encode("ascii"))
        status = 0
    finally:
        os._exit(status)
