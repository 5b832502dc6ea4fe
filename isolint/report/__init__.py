"""Output formats: a module in this folder is a format, its `render(report)` the text to print."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from isolint.finding import Finding


@dataclass(frozen=True, slots=True)
class Report:
    """What a format is given.

    `findings` are sorted. `source` gives the lines of a file by its path relative to `root`, `()` when
    it cannot be read. `rules` maps each code to the address of its page.
    """

    findings: tuple[Finding, ...]
    root: Path
    source: Callable[[str], Sequence[str]]
    rules: Mapping[str, str]
    version: str
    color: bool


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
