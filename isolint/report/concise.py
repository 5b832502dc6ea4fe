"""One line for each finding, as flake8 prints it."""

from __future__ import annotations

from isolint.finding import Finding
from isolint.report import Report
from isolint.terminal import visible


def render(report: Report) -> str:
    """`path:line:column: CODE message` for each finding; nothing when there is none."""
    return "".join(f"{visible(_line(finding))}\n" for finding in report.findings)


def _line(finding: Finding) -> str:
    span = finding.location.span
    return f"{finding.path}:{span.line}:{span.column}: {finding.code} {finding.message}"
