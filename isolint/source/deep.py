"""Room for deep trees: what recurses over them runs in a thread with a big stack."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_STACK = 256 * 1024 * 1024
_RECURSION = 100_000


def run_deep(function: Callable[[], T]) -> T:
    """Call `function` where it may recurse a hundred times deeper; return, or raise, what it does.

    For one caller at a time: recursion limit and stack size belong to the whole process.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    recursion, stack = sys.getrecursionlimit(), threading.stack_size(_STACK)
    sys.setrecursionlimit(max(recursion, _RECURSION))
    try:
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(stack)
        sys.setrecursionlimit(recursion)
    if errors:
        raise errors[0]
    return results[0]
