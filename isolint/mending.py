"""What `check` does where fixes are asked for: fix, write or show the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from isolint import documents, fixing
from isolint.finding import Finding
from isolint.invocation import Wish
from isolint.late import dataclass
from isolint.reader import Standard
from isolint.result import NOTHING, Result


class Lint(Protocol):
    """Checks what was asked for, with some files edited."""

    def __call__(self, *, with_fixes: bool, edited: Mapping[str, bytes] = NOTHING) -> Result: ...


@dataclass(frozen=True)
class Mended:
    """What came of it: what is found now, the findings that were fixed, and what could not be done.

    `difference` is the diff; `standard` holds standard input as it is now.
    """

    result: Result
    applied: Sequence[Finding] = ()
    refused: Sequence[str] = ()
    difference: str = ""
    standard: Standard | None = None


def mend(lint: Lint, root: Path, wish: Wish, standard: Standard | None) -> Mended:
    """Fix what can be fixed, and write it unless only the difference is wanted or it is standard input."""
    fixed = fixing.fix(
        lambda edited: lint(with_fixes=True, edited=edited), root, unsafe=wish.unsafe, standard=standard
    )
    if wish.diff:
        return Mended(fixed.result, fixed.applied, fixed.refused, fixing.diff(fixed.files), standard)
    if standard is not None:
        _, data = fixed.files.get(standard.path, (None, standard.data))
        now = Standard(standard.path, data)
        return Mended(fixed.result, fixed.applied, fixed.refused, standard=now)
    left = fixing.write(root, fixed.files, fixed.together)
    applied = [finding for finding in fixed.applied if not _touches(finding, left)]
    result = fixed.result
    if left or any(documents.kind_of(name) for name in fixed.files):
        result = lint(with_fixes=True)
    return Mended(result, applied, [*fixed.refused, *dict.fromkeys(left.values())])


def _touches(finding: Finding, left: Mapping[str, str]) -> bool:
    """Whether a finding's fix has to do with a file that was left alone."""
    return finding.fix is not None and any(edit.path in left for edit in finding.fix.edits)
