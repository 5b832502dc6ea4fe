"""What a finding is known by from one run to the next: its rule, its file and the text of its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from isolint.finding import Finding

_LENGTH = 16


class Fingerprint(NamedTuple):
    """Where a finding is, but for its line number: of those with equal `line`, it is number `occurrence`.

    `line` is a hash of the text of its line, blanks at both ends left out.
    """

    path: str
    code: str
    line: str
    occurrence: int

    @property
    def digest(self) -> str:
        """All of it in one word of hexadecimal digits."""
        return _hash("\0".join(map(str, self)))


def fingerprints(
    findings: Iterable[Finding], source: Callable[[str], Sequence[str]]
) -> Iterator[tuple[Finding, Fingerprint]]:
    """Each finding with its fingerprint, in their order; `source` gives the lines of a file."""
    seen = Counter[tuple[str, str, str]]()
    for finding in findings:
        lines, number = source(finding.path), finding.location.span.line
        text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        key = (finding.path, finding.code, _hash(text))
        seen[key] += 1
        yield finding, Fingerprint(*key, seen[key])


def _hash(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
