"""The objects of the `json` format, one on each line."""

from __future__ import annotations

import json

from isolint.report import Report
from isolint.report.json import entry

SHOWS_FIXES = True


def render(report: Report) -> str:
    """A line of JSON in ASCII for each finding; nothing when there is none."""
    entries = (entry(finding, report.rules.get(finding.code)) for finding in report.findings)
    return "".join(json.dumps(each) + "\n" for each in entries)
