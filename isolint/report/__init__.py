"""Output formats: a module in this folder is a format, its `render(report)` the text to print."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from types import ModuleType

from isolint.closure import Closure
from isolint.finding import Finding, Location, Silenced
from isolint.fingerprint import fingerprints
from isolint.late import dataclass
from isolint.terminal import visible

HOME = "https://github.com/isolint/isolint"


@dataclass(frozen=True, slots=True)
class Report:
    """What a format is given.

    `findings` are sorted. `source` gives the lines of a file by its path relative to `root`, `()` when
    it cannot be read. `rules` maps each code to the address of its page, `summaries` to the first line of it.
    `silenced` are the findings that a comment or a baseline keeps out of the report. `closures` reads what runs
    for the tests of files, by their paths; it opens the project again, and is for formats that show it.
    """

    findings: tuple[Finding, ...]
    root: Path
    source: Callable[[str], Sequence[str]]
    rules: Mapping[str, str]
    version: str
    color: bool
    silenced: tuple[Silenced, ...] = ()
    summaries: Mapping[str, str] = field(default_factory=dict)
    closures: Callable[[Sequence[str]], Sequence[Closure]] = field(default=lambda paths: (), repr=False)

    def digests(self) -> list[str]:
        """For each finding, and after them for each silenced one, a word by which to know it in other runs."""
        everything = (*self.findings, *(each.finding for each in self.silenced))
        return [fingerprint.digest for _, fingerprint in fingerprints(everything, self.source)]

    def hops(self, finding: Finding) -> Iterator[str]:
        """The trail as text, a line for each hop: its place, and what is said of it or else stands there."""
        for location in finding.related:
            place = f"{location.path}:{location.span.line}:{location.span.column}"
            yield visible(f"{place} {self.said(location)}".rstrip())

    def said(self, location: Location) -> str:
        """What is said of a place, else the line of source that stands there."""
        lines, number = self.source(location.path), location.span.line
        return location.message or (lines[number - 1].strip() if 0 < number <= len(lines) else "")


def formats() -> tuple[str, ...]:
    """The names of the formats, in alphabetical order; none of them is imported."""
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)))


def shows_fixes(name: str) -> bool:
    """Whether a format shows how findings are fixed: its module says so with `SHOWS_FIXES`."""
    return bool(getattr(_module(name), "SHOWS_FIXES", False))


def load(name: str) -> Callable[[Report], str]:
    """The `render` function of the format of that name. Raises ValueError when there is none."""
    render: Callable[[Report], str] = _module(name).render
    return render


def _module(name: str) -> ModuleType:
    if name not in formats():
        raise ValueError(f"unknown output format `{name}`; there are {', '.join(formats())}")
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")


def encodable(text: str) -> str:
    """The text with undecoded bytes, which no other tool could read, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
