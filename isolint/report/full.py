"""Each finding with its code, and the trail that proves it: the format for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from isolint.finding import Applicability, Confidence, Finding, Location, Severity
from isolint.frame import FrameLine, frame, hop, label
from isolint.report import Report
from isolint.terminal import Paint, painter, visible, width

SHOWS_FIXES = True

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_FLAGS = {Applicability.SAFE: "--fix", Applicability.UNSAFE: "--fix --unsafe-fixes"}


def render(report: Report) -> str:
    """The findings, a blank line between two of them; nothing when there is none."""
    blocks = ("\n".join(_Block(report, finding).lines()) for finding in report.findings)
    return "\n".join(f"{block}\n" for block in blocks)


class _Block:
    """The lines printed for one finding."""

    def __init__(self, report: Report, finding: Finding) -> None:
        self.finding = finding
        self.source = report.source
        self.paint: Paint = painter(report.color)
        self.color = _COLORS[finding.severity]
        self.digits = max(len(str(number)) for number in self._numbers())
        self.room = width() - self.digits - 3

    def lines(self) -> Iterator[str]:
        """The header, the frame, the trail, and what helps."""
        yield self._header()
        yield from self._place(self.finding.location)
        yield from self._trail()
        yield from self._notes()

    def _numbers(self) -> Iterator[int]:
        """The highest line numbers that can be shown."""
        location = self.finding.location
        yield min(location.span.end_line + 1, max(len(self.source(location.path)), location.span.line))
        yield from (related.span.line for related in self.finding.related)

    def _header(self) -> str:
        finding = self.finding
        title = self.paint(visible(f"{finding.severity}[{finding.code}]"), fg=self.color, bold=True)
        return f"{title} {self.paint(visible(f'{finding.name}: {finding.message}'), bold=True)}"

    def _place(self, location: Location) -> Iterator[str]:
        yield self._arrow(location)
        shown = list(frame(self.source(location.path), location.span, location.message, self.room))
        if shown:
            yield self._gutter(None, "")
            yield from self._framed(shown, self.color)
        elif location.message:
            yield self._gutter(None, visible(location.message))

    def _trail(self) -> Iterator[str]:
        if self.finding.related:
            yield self.paint("the trail:", bold=True)
        for path, hops in groupby(self.finding.related, key=lambda location: location.path):
            yield from self._hops(tuple(hops), self.source(path))

    def _hops(self, hops: Sequence[Location], source: Sequence[str]) -> Iterator[str]:
        """The hops within one file, in the order of the trail."""
        yield self._arrow(hops[0])
        yield self._gutter(None, "")
        previous = None
        for location in hops:
            shown = list(hop(source, location.span, label(source, location), self.room))
            if not shown:
                yield self._unframed(location)
            elif location.span.line == previous:
                shown = shown[1:]
            yield from self._framed(shown, "blue")
            previous = location.span.line

    def _notes(self) -> Iterator[str]:
        if self.finding.confidence < Confidence.HIGH:
            yield self._note("note", f"{self.finding.confidence} confidence")
        if fix := self.finding.fix:
            yield self._note("help", f"{fix.title} ({_FLAGS[fix.applicability]})")

    def _note(self, kind: str, text: str) -> str:
        return f"{self.paint(kind, fg='cyan', bold=True)}: {visible(text)}"

    def _arrow(self, location: Location) -> str:
        where = visible(f"{location.path}:{location.span.line}:{location.span.column}")
        return f"{' ' * self.digits}{self.paint('-->', fg='blue', bold=True)} {where}"

    def _unframed(self, location: Location) -> str:
        said = f": {visible(location.message)}" if location.message else ""
        return self._gutter(None, f"line {location.span.line}{said}")

    def _framed(self, shown: Iterable[FrameLine], color: str) -> Iterator[str]:
        for number, text in shown:
            yield self._gutter(number, text if number else self.paint(text, fg=color, bold=True))

    def _gutter(self, number: int | None, text: str) -> str:
        margin = self.paint(f"{number or '':>{self.digits}} |", fg="blue", bold=True)
        return f"{margin} {text}".rstrip()
