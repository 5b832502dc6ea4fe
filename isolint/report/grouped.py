"""The findings file by file, each with its trail below it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from isolint.finding import Finding
from isolint.report import Report
from isolint.terminal import painter, visible


def render(report: Report) -> str:
    """A block for each file: its path, its findings with their trails, a blank line between two blocks."""
    groups = groupby(report.findings, key=lambda finding: finding.path)
    return "\n".join("".join(_block(report, path, list(findings))) for path, findings in groups)


def _block(report: Report, path: str, findings: list[Finding]) -> Iterator[str]:
    paint = painter(report.color)
    yield paint(visible(path), bold=True) + ":\n"
    places = [f"{each.location.span.line}:{each.location.span.column}" for each in findings]
    width = max(map(len, places))
    for place, finding in zip(places, findings, strict=True):
        code = paint(visible(finding.code), fg="red", bold=True)
        yield f"  {place:<{width}}  {code}  {visible(finding.message)}\n"
        yield from (f"  {'':<{width}}    {hop}\n" for hop in report.hops(finding))
