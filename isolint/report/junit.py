"""JUnit's XML, as CI servers read it: a suite for each file with findings, a failed case for each of them."""

from __future__ import annotations

from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from isolint.finding import Finding
from isolint.report import Report
from isolint.terminal import visible

_CLEAN = "No findings"


def render(report: Report) -> str:
    """The document; without a finding it holds one case, and that has passed."""
    count = len(report.findings)
    top = Element("testsuites", _counts("isolint", count or 1, count))
    for path, findings in groupby(report.findings, key=lambda finding: finding.path):
        _add_suite(top, report, path, list(findings))
    if not count:
        suite = SubElement(top, "testsuite", _counts("isolint", 1, 0))
        SubElement(suite, "testcase", {"name": _CLEAN, "classname": "isolint", "time": "0"})
    indent(top)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(top, encoding="unicode")}\n'


def _add_suite(top: Element, report: Report, path: str, findings: list[Finding]) -> None:
    suite = SubElement(top, "testsuite", _counts(path, len(findings), len(findings)))
    for finding in findings:
        span = finding.location.span
        name = f"{finding.code} {finding.name} ({span.line}:{span.column})"
        case = SubElement(suite, "testcase", {"name": name, "classname": visible(path), "time": "0"})
        said = visible(finding.message)
        failure = SubElement(case, "failure", {"type": str(finding.severity), "message": said})
        place = visible(f"{path}:{span.line}:{span.column}: {finding.code}")
        failure.text = "\n".join([f"{place} {said}", *report.hops(finding)])


def _counts(name: str, tests: int, failures: int) -> dict[str, str]:
    return {"name": visible(name), "tests": str(tests), "failures": str(failures), "errors": "0"}
