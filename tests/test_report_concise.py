"""`--output-format concise`, and how a format is found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolint.finding import Confidence, Finding, Location, Severity, Span
from isolint.report import Report, formats, load


def concise(*findings: Finding) -> str:
    return load("concise")(Report(findings, Path(), lambda path: (), {}, "0.1.0", color=True))


def finding(path: str, span: Span, message: str) -> Finding:
    return Finding(
        "ISO301", "missing-teardown", message, Severity.WARNING, Confidence.HIGH, Location(path, span)
    )


def test_no_finding_prints_nothing() -> None:
    assert concise() == ""


def test_a_line_for_each_finding() -> None:
    first = finding("tests/test_a.py", Span(3, 5, 3, 9), "the schema stays")
    second = finding("tests/test_b.py", Span(12, 1, 14, 2), "the bucket stays")
    assert concise(first, second) == (
        "tests/test_a.py:3:5: ISO301 the schema stays\ntests/test_b.py:12:1: ISO301 the bucket stays\n"
    )


def test_control_characters_are_escaped_and_never_start_a_line() -> None:
    hostile = finding("tests/\x1b[2Jx.py", Span(1, 1, 1, 2), "`a\nb\u202e`\udcff\t")
    assert concise(hostile) == "tests/\\x1b[2Jx.py:1:1: ISO301 `a\\nb\\u202e`\\udcff\\t\n"


def test_letters_of_any_script_are_printed_as_they_are() -> None:
    assert concise(finding("tests/test_größe.py", Span(1, 1, 1, 2), "`表` stays")) == (
        "tests/test_größe.py:1:1: ISO301 `表` stays\n"
    )


def test_every_format_can_be_loaded_by_its_name() -> None:
    assert {"concise", "full", "json"} <= set(formats())
    assert all(callable(load(name)) for name in formats())


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"unknown output format `yaml`; there are .*concise.*full.*json"):
        load("yaml")
