"""What isolint says: a finding, the places that prove it, and the edits that would mend it.

Standard library only; every other room may import this one.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from functools import total_ordering

from isolint.late import dataclass


@total_ordering
class _Level(Enum):
    """An enumeration whose members are ordered as they are written."""

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        members = list(type(self))
        return members.index(self) < members.index(other)

    def __str__(self) -> str:
        return str(self.value)


class Severity(_Level):
    """How bad the fault is: a smell, a leak or collision, real data destroyed or written."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Confidence(_Level):
    """How well the finding is proved: LOW findings are shown only when asked for."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Applicability(_Level):
    """Whether a fix may be applied without a person looking at it."""

    UNSAFE = "unsafe"
    SAFE = "safe"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text. Lines and columns count from 1; columns are characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file (POSIX path relative to the project root) and what is to be said of it."""

    path: str
    span: Span
    message: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` in the file `path` by `content`."""

    path: str
    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together: all of them are applied, or none.

    An edit of a file that is not there makes it; its span is that of an empty text.
    """

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one place.

    `related` is the trail: the hops from `location` to the place that decides, in order.
    `lines` are the first and last line of the statement the finding lies in (for a compound statement
    its header); a suppression comment on any of them, or alone on the line above, applies.
    `subject` is what the rule knows of the fault and its fixes need; it is gone when the finding is reported.
    """

    code: str
    name: str
    message: str
    severity: Severity
    confidence: Confidence
    location: Location
    related: tuple[Location, ...] = ()
    lines: tuple[int, int] = (0, 0)
    fix: Fix | None = None
    subject: object = field(default=None, compare=False, repr=False)

    @property
    def path(self) -> str:
        return self.location.path

    @property
    def sort_key(self) -> tuple[str, Span, str, str]:
        return (self.location.path, self.location.span, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that is not reported. `by` is "comment", "noqa" or "baseline"; a comment may give a reason."""

    finding: Finding
    by: str
    reason: str = ""
