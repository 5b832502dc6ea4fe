"""Workflow commands of GitHub Actions: an annotation in the pull request for each finding."""

from __future__ import annotations

from collections import Counter

from isolint.finding import Finding, Severity
from isolint.report import Report
from isolint.terminal import visible

SHOWN = 10
"""How many errors, warnings and notices of one step GitHub shows; the others are in its log alone."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """A command for each finding, after a notice where GitHub will not show them all."""
    return _notice(report) + "".join(_command(report, finding) for finding in report.findings)


def _notice(report: Report) -> str:
    counts = Counter(_COMMANDS[finding.severity] for finding in report.findings)
    dropped = [f"{SHOWN} of {count} {kind}s" for kind, count in counts.items() if count > SHOWN]
    if not dropped:
        return ""
    shown = " and ".join(dropped)
    return f"::notice title=isolint::GitHub shows {shown} of a step; all of them are in its log\n"


def _command(report: Report, finding: Finding) -> str:
    span = finding.location.span
    properties = {"title": f"{finding.code} {finding.name}", "file": finding.path, "line": str(span.line)}
    properties["endLine"] = str(span.end_line)
    if span.line == span.end_line:  # GitHub takes columns only within one line
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    # The log does not show the properties, so the message names the place, too.
    place = visible(f"{finding.path}:{span.line}:{span.column}: {finding.code}")
    lines = [f"{place} {visible(finding.message)}", *report.hops(finding)]
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(lines)}\n"


def _data(lines: list[str]) -> str:
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    """The value of a property: line ends are kept as escapes, for a file may have one in its name."""
    kept = {"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"}
    return "".join(kept.get(character) or visible(character) for character in text)
