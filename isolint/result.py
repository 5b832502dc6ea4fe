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
    were looked for in, `codes` the rules that ran, `ignored` the path and code of what the configuration ignores.
    """

    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    files: tuple[str, ...]
    unread: tuple[str, ...]
    silenced: tuple[Silenced, ...] = ()
    hidden: tuple[Finding, ...] = ()
    judged: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    ignored: frozenset[tuple[str, str]] = frozenset()

    @property
    def suppressed(self) -> int:
        """How many findings comments silenced."""
        return sum(each.by != "baseline" for each in self.silenced)


class Earlier(NamedTuple):
    """An earlier run: what it found, what the Python files that have changed since held then.

    Those that are new or gone among them, which hold or held nothing, are `moved`. `others` are the files it read that
    are not Python, all of them unchanged. Paths are relative to the project.
    """

    result: Result
    held: Mapping[str, bytes]
    moved: frozenset[str]
    others: tuple[str, ...]


def merged(earlier: Result, now: Result, woken: frozenset[str]) -> Result:
    """What an earlier run found outside the woken files, and what this one found in them."""

    def both(was: tuple[Finding, ...], is_: tuple[Finding, ...]) -> tuple[Finding, ...]:
        kept = [finding for finding in was if finding.path not in woken]
        new = [finding for finding in is_ if finding.path in woken or finding.path in now.unread]
        return tuple(sorted(dict.fromkeys([*kept, *new]), key=lambda finding: finding.sort_key))

    def paths(was: tuple[str, ...], is_: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(path for path in was if path not in woken), *is_]))

    silenced = [each for each in earlier.silenced if each.finding.path not in woken]
    return Result(
        both(earlier.findings, now.findings),
        now.errors,
        tuple(sorted(paths(earlier.files, now.files))),
        tuple(sorted(paths(earlier.unread, now.unread))),
        (*silenced, *now.silenced),
        both(earlier.hidden, now.hidden),
        frozenset(paths(tuple(earlier.judged), tuple(now.judged))),
        now.codes,
        now.ignored,
    )
