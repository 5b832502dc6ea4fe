"""A JSON list in the shape of ruff's, with `confidence` and `related`; schemas/report.json describes it."""

from __future__ import annotations

import json

from isolint.finding import Edit, Finding, Fix, Location, Span
from isolint.report import Report

SHOWS_FIXES = True


def render(report: Report) -> str:
    """The findings as a JSON list in ASCII; `[]` when there is none."""
    entries = [entry(finding, report.rules.get(finding.code)) for finding in report.findings]
    return json.dumps(entries, indent=2) + "\n"


def entry(finding: Finding, url: str | None) -> dict[str, object]:
    """A finding as an object of the schema; `url` is the page of its rule."""
    return {
        "cell": None,
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "url": url,
        "filename": finding.path,
        **_span(finding.location.span),
        "fix": _fix(finding.fix) if finding.fix else None,
        "noqa_row": finding.lines[1] or None,
        "related": [_related(location) for location in finding.related],
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "applicability": str(fix.applicability),
        "message": fix.title,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, object]:
    return {"filename": edit.path, "content": edit.content, **_span(edit.span)}


def _related(location: Location) -> dict[str, object]:
    return {"filename": location.path, **_span(location.span), "message": location.message}


def _span(span: Span) -> dict[str, object]:
    return {
        "location": {"row": span.line, "column": span.column},
        "end_location": {"row": span.end_line, "column": span.end_column},
    }
