"""SARIF 2.1.0, the Static Analysis Results Interchange Format of OASIS."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from itertools import groupby
from urllib.parse import quote

from isolint.finding import Edit, Finding, Fix, Location, Severity, Silenced, Span
from isolint.report import HOME, Report, encodable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_BASE = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_KINDS = {"comment": "inSource", "noqa": "inSource", "baseline": "external"}

Object = dict[str, object]

SHOWS_FIXES = True


def render(report: Report) -> str:
    """A log of one run. Silenced findings are among its results, with what suppresses them."""
    run = _Run(report).document()
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


class _Run:
    """The run that a report tells of."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.findings = [*report.findings, *(each.finding for each in report.silenced)]
        self.codes = sorted({finding.code for finding in self.findings})

    def document(self) -> Object:
        """The run as an object of the format."""
        base = {"description": {"text": "The root of the project."}}
        return {
            "tool": {"driver": self._driver()},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {_BASE: base},
            "results": list(self._results()),
        }

    def _driver(self) -> Object:
        by_code = {finding.code: finding for finding in reversed(self.findings)}
        return {
            "name": "isolint",
            "version": self.report.version,
            "informationUri": HOME,
            "rules": [self._rule(by_code[code]) for code in self.codes],
        }

    def _rule(self, finding: Finding) -> Object:
        summary = self.report.summaries.get(finding.code) or finding.name
        rule: Object = {"id": finding.code, "name": finding.name, "shortDescription": {"text": summary}}
        if page := self.report.rules.get(finding.code):
            rule["helpUri"] = page
        return rule

    def _results(self) -> Iterable[Object]:
        by: list[Silenced | None] = [None] * len(self.report.findings)
        by += self.report.silenced
        for finding, silenced, digest in zip(self.findings, by, self.report.digests(), strict=True):
            result = self._result(finding, digest)
            if self.report.silenced:
                result["suppressions"] = [_suppression(silenced)] if silenced else []
            yield result

    def _result(self, finding: Finding, digest: str) -> Object:
        result: Object = {
            "ruleId": finding.code,
            "ruleIndex": self.codes.index(finding.code),
            "level": _LEVELS[finding.severity],
            "message": {"text": encodable(finding.message)},
            "locations": [{"physicalLocation": _physical(finding.location)}],
            "partialFingerprints": {"isolint/v1": digest},
            "properties": {"confidence": str(finding.confidence)},
        }
        if finding.related:
            related = [self._related(location) for location in finding.related]
            result["relatedLocations"] = [{"id": number, **each} for number, each in enumerate(related, 1)]
            steps = [{"physicalLocation": _physical(finding.location)}, *related]
            flow = {"locations": [{"location": step} for step in steps]}
            result["codeFlows"] = [{"threadFlows": [flow]}]
        if finding.fix:
            result["fixes"] = [_fix(finding.fix)]
        return result

    def _related(self, location: Location) -> Object:
        said = encodable(self.report.said(location)) or "here"
        return {"physicalLocation": _physical(location), "message": {"text": said}}


def _suppression(silenced: Silenced) -> Object:
    suppression: Object = {"kind": _KINDS[silenced.by]}
    if silenced.reason:
        suppression["justification"] = encodable(silenced.reason)
    return suppression


def _fix(fix: Fix) -> Object:
    by_path = groupby(sorted(fix.edits, key=lambda edit: edit.path), key=lambda edit: edit.path)
    changes = [
        {"artifactLocation": _artifact(path), "replacements": [_replacement(edit) for edit in edits]}
        for path, edits in by_path
    ]
    return {"description": {"text": encodable(fix.title)}, "artifactChanges": changes}


def _replacement(edit: Edit) -> Object:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.content}}


def _physical(location: Location) -> Object:
    return {"artifactLocation": _artifact(location.path), "region": _region(location.span)}


def _artifact(path: str) -> Object:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _BASE}


def _region(span: Span) -> Object:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
