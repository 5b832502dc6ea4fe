"""What a run found."""

from __future__ import annotations

from dataclasses import dataclass

from isolint.finding import Finding


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found. `errors` say what kept it from its job.

    `files` are the files that were looked at, `unread` those that could not be; `suppressed` counts the
    findings that comments silenced.
    """

    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    files: tuple[str, ...]
    unread: tuple[str, ...]
    suppressed: int
