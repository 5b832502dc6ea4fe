"""Which blocks of a module speak of certain words at all, told by the file's text: nothing is walked for it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project


class Spoken:
    """Looks for `words`, and those `besides` that a module has of its own, in the lines of its blocks.

    Whatever the case, and within longer words, too: only what it denies is certain.
    """

    def __init__(
        self, project: Project, words: Iterable[str], besides: Callable[[Module], Iterable[str]]
    ) -> None:
        self.project = project
        self.words = frozenset(words)
        self.besides = besides
        self._lines: dict[str, tuple[int, ...]] = {}

    def within(self, module: Module, body: s.Block) -> bool:
        """Whether the text of a block may hold one of the words."""
        lines = self._of(module)
        if not lines or not body:
            return False
        first = body[0].header[0] if isinstance(body[0], s.Function | s.Class) else body[0].at[0]
        index = bisect_left(lines, first)
        return index < len(lines) and lines[index] <= body[-1].at[2]

    def _of(self, module: Module) -> tuple[int, ...]:
        known = self._lines.get(module.path)
        if known is None:
            known = self._lines[module.path] = tuple(self._spoken(module))
        return known

    def _spoken(self, module: Module) -> Iterator[int]:
        """The lines of a file that hold a word, in their order."""
        text = (self.project.text(module.path) or "").replace("\r\n", "\n").replace("\r", "\n").lower()
        words = {word.lower() for word in (*self.words, *self.besides(module))}
        present = sorted(word for word in words if word in text)
        line, end = 1, 0
        for found in re.finditer("|".join(map(re.escape, present)), text) if present else ():
            line, end = line + text.count("\n", end, found.start()), found.start()
            yield line
