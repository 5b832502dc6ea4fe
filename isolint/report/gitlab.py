"""GitLab's code quality report: a subset of the issues of the Code Climate specification."""

from __future__ import annotations

import json

from isolint.finding import Finding, Location, Severity
from isolint.report import Report, encodable

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "minor"}


def render(report: Report) -> str:
    """A JSON list of issues; `[]` when there is no finding."""
    issues = [
        _issue(report, finding, digest)
        for finding, digest in zip(report.findings, report.digests(), strict=False)
    ]
    return json.dumps(issues, indent=2) + "\n"


def _issue(report: Report, finding: Finding, digest: str) -> dict[str, object]:
    return {
        "type": "issue",
        "check_name": finding.code,
        "description": encodable(f"{finding.name}: {finding.message}"),
        "categories": ["Bug Risk"],
        "severity": _SEVERITIES[finding.severity],
        "fingerprint": digest,
        "location": _location(finding.location),
        "other_locations": [_location(related) for related in finding.related],
        "content": {"body": "\n".join(f"    {hop}" for hop in report.hops(finding))},
    }


def _location(location: Location) -> dict[str, object]:
    lines = {"begin": location.span.line, "end": location.span.end_line}
    return {"path": encodable(location.path), "lines": lines}
