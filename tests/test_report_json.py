"""`--output-format json`: ruff's shape and ours, as the published schema describes it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from isolint.finding import Applicability, Confidence, Edit, Finding, Fix, Location, Severity, Span
from isolint.report import Report, load

PAGES = {"ISO101": "https://example.org/rules/production-session-import"}
FINDING = Finding(
    "ISO101",
    "production-session-import",
    "`make_session` opens sessions on the application's database",
    Severity.ERROR,
    Confidence.HIGH,
    Location("tests/test_auth.py", Span(4, 29, 4, 41)),
    related=(Location("app/db.py", Span(31, 1, 32, 2), "bound to `engine`"),),
    lines=(4, 6),
    fix=Fix(
        "import `test_session`",
        Applicability.SAFE,
        (
            Edit("tests/test_auth.py", Span(4, 29, 4, 41), "test_session"),
            Edit("tests/conftest.py", Span(1, 1, 1, 1), "import app\n"),
        ),
    ),
)
UNREADABLE = Finding(
    "ISO000",
    "unreadable-file",
    "not UTF-8: \udcff \x1b[31m",
    Severity.ERROR,
    Confidence.MEDIUM,
    Location("tests/test_größe.py", Span(1, 1, 1, 1)),
)


def rendered(*findings: Finding) -> str:
    return load("json")(Report(findings, Path(), lambda path: (), PAGES, "0.1.0", color=True))


def parsed(*findings: Finding) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = json.loads(rendered(*findings))
    return result


def schema() -> dict[str, Any]:
    text = (files("isolint") / "schemas" / "report.json").read_text("utf-8")
    result: dict[str, Any] = json.loads(text)
    return result


def ruff_reports(folder: Path) -> list[dict[str, Any]]:
    (folder / "sample.py").write_text("import os\n")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format=json", "."]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    result: list[dict[str, Any]] = json.loads(run.stdout)
    return result


def test_no_finding_is_an_empty_list() -> None:
    assert rendered() == "[]\n"


def test_a_finding_with_its_trail_and_its_fix() -> None:
    assert parsed(FINDING) == [
        {
            "cell": None,
            "code": "ISO101",
            "name": "production-session-import",
            "message": "`make_session` opens sessions on the application's database",
            "severity": "error",
            "confidence": "high",
            "url": "https://example.org/rules/production-session-import",
            "filename": "tests/test_auth.py",
            "location": {"row": 4, "column": 29},
            "end_location": {"row": 4, "column": 41},
            "fix": {
                "applicability": "safe",
                "message": "import `test_session`",
                "edits": [
                    {
                        "filename": "tests/test_auth.py",
                        "content": "test_session",
                        "location": {"row": 4, "column": 29},
                        "end_location": {"row": 4, "column": 41},
                    },
                    {
                        "filename": "tests/conftest.py",
                        "content": "import app\n",
                        "location": {"row": 1, "column": 1},
                        "end_location": {"row": 1, "column": 1},
                    },
                ],
            },
            "noqa_row": 6,
            "related": [
                {
                    "filename": "app/db.py",
                    "location": {"row": 31, "column": 1},
                    "end_location": {"row": 32, "column": 2},
                    "message": "bound to `engine`",
                }
            ],
        }
    ]


def test_what_a_finding_lacks_is_null() -> None:
    (entry,) = parsed(UNREADABLE)
    assert (entry["url"], entry["fix"], entry["noqa_row"], entry["related"]) == (None, None, None, [])


def test_the_text_is_ascii_and_gives_every_character_back() -> None:
    text = rendered(UNREADABLE)
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)[0]["message"] == UNREADABLE.message


def test_the_output_fits_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(parsed(FINDING, UNREADABLE), schema())


def test_the_schema_names_every_key_and_its_version() -> None:
    described = schema()["$defs"]
    (entry,) = parsed(FINDING)
    assert set(described["finding"]["properties"]) == set(entry)
    assert set(described["fix"]["properties"]) == set(entry["fix"])
    assert set(described["edit"]["properties"]) == set(entry["fix"]["edits"][0])
    assert set(described["related"]["properties"]) == set(entry["related"][0])
    assert schema()["$id"].endswith(":v1")


def test_an_absolute_file_name_does_not_fit_the_schema() -> None:
    (entry,) = parsed(UNREADABLE)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**entry, "filename": "/home/me/tests/test_a.py"}], schema())


def test_every_key_ruff_prints_is_there(tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    (theirs,) = ruff_reports(tmp_path)
    (ours,) = parsed(FINDING)
    assert theirs.keys() <= ours.keys()
    assert theirs["location"].keys() == ours["location"].keys()
    assert theirs["fix"].keys() == ours["fix"].keys()
    assert theirs["fix"]["edits"][0].keys() <= ours["fix"]["edits"][0].keys()
