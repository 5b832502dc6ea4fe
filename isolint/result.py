"""What a run found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from isolint.finding import Finding, Silenced
from isolint.late import dataclass

NOTHING: Mapping[str, bytes] = MappingProxyType({})
"""Files whose content was edited, for those that are read as they are: none."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found. `errors` say what kept it from its job.

    `files` are the files that were looked at (of configuration those that were named), `unread` those that could
    not be. `hidden` are the findings that are not sure or grave enough to be reported, `silenced` those that a
    comment or a baseline keeps out of the report. `judged` are the paths, of tests and configuration, that findings
    were looked for in, `codes` the rules that ran.
    """

    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    files: tuple[str, ...]
    unread: tuple[str, ...]
    silenced: tuple[Silenced, ...] = ()
    hidden: tuple[Finding, ...] = ()
    judged: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()

    @property
    def suppressed(self) -> int:
        """How many findings comments silenced."""
        return sum(each.by != "baseline" for each in self.silenced)


class Earlier(NamedTuple):
    """An earlier run: what it found, what the Python files that have changed since held then.

    `others` are the files it read that are not Python, all of them unchanged. Paths are relative to the project.
    """

    result: Result
    held: Mapping[str, bytes]
    others: tuple[str, ...]
