"""The Reviewdog Diagnostic Format, as one JSON document."""

from __future__ import annotations

import json

from isolint.finding import Finding, Location, Severity, Span
from isolint.report import HOME, Report, encodable

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}

SHOWS_FIXES = True


def render(report: Report) -> str:
    """The result with a diagnostic for each finding."""
    diagnostics = [_diagnostic(report, finding) for finding in report.findings]
    result = {"source": {"name": "isolint", "url": HOME}, "diagnostics": diagnostics}
    return json.dumps(result, indent=2) + "\n"


def _diagnostic(report: Report, finding: Finding) -> dict[str, object]:
    code = {"value": finding.code}
    if page := report.rules.get(finding.code):
        code["url"] = page
    diagnostic: dict[str, object] = {
        "message": encodable(finding.message),
        "location": _location(report, finding.location),
        "severity": _SEVERITIES[finding.severity],
        "code": code,
    }
    if suggestions := _suggestions(report, finding):
        diagnostic["suggestions"] = suggestions
    if finding.related:
        diagnostic["related_locations"] = [
            {"message": encodable(report.said(related)), "location": _location(report, related)}
            for related in finding.related
        ]
    return diagnostic


def _suggestions(report: Report, finding: Finding) -> list[dict[str, object]]:
    """The fix, if one edit of this file is all of it: a suggestion is taken on its own."""
    edits = finding.fix.edits if finding.fix else ()
    if len(edits) != 1 or edits[0].path != finding.path:
        return []
    return [{"range": _range(report, finding.path, edits[0].span), "text": edits[0].content}]


def _location(report: Report, location: Location) -> dict[str, object]:
    return {"path": encodable(location.path), "range": _range(report, location.path, location.span)}


def _range(report: Report, path: str, span: Span) -> dict[str, object]:
    return {
        "start": _position(report, path, span.line, span.column),
        "end": _position(report, path, span.end_line, span.end_column),
    }


def _position(report: Report, path: str, line: int, column: int) -> dict[str, int]:
    """Columns of this format count bytes of UTF-8."""
    lines = report.source(path)
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    before = text[: column - 1]
    return {"line": line, "column": column + len(before.encode("utf-8", "surrogatepass")) - len(before)}
