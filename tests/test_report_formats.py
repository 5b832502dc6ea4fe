"""The formats for other programs: each fits its schema, and gives back what the findings say."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from isolint import report
from isolint.finding import (
    Applicability,
    Confidence,
    Edit,
    Finding,
    Fix,
    Location,
    Severity,
    Silenced,
    Span,
)

SCHEMAS = Path(__file__).parent / "schemas"
PAGES = {"ISO101": "https://example.org/rules/production-session-import"}
SUMMARIES = {"ISO101": "A test imports the application's own session."}
SOURCES = {
    "tests/test_auth.py": ["import os\n", "zoë = 'ü'; make_session()\n"],
    "app/db.py": ["engine = create_engine(URL)\n"],
}
TRAIL = (
    Location("app/db.py", Span(1, 1, 1, 28), "bound to `engine`"),
    Location("app/db.py", Span(1, 10, 1, 28)),
)
FINDING = Finding(
    "ISO101",
    "production-session-import",
    "`make_session` opens sessions on the application's database",
    Severity.ERROR,
    Confidence.HIGH,
    Location("tests/test_auth.py", Span(2, 12, 2, 24)),
    related=TRAIL,
    lines=(2, 2),
    fix=Fix(
        "use `test_session`",
        Applicability.SAFE,
        (Edit("tests/test_auth.py", Span(2, 12, 2, 24), "test_session"),),
    ),
)
ODD_PATH = "tests/50%, a:b\nü\x1b[31m/test_1.py"
ODD = Finding(
    "ISO501",
    "destructive-autouse-fixture",
    "drops `100%`: a, b\r\n::error::c \x1b[31m <&\"'> \udcff",
    Severity.WARNING,
    Confidence.MEDIUM,
    Location(ODD_PATH, Span(3, 5, 7, 2)),
)
SMELL = Finding(
    "ISO601", "smell", "a smell", Severity.INFO, Confidence.LOW, Location("setup.cfg", Span(1, 1, 1, 1))
)
ALL = (FINDING, ODD, SMELL)
EXTERNAL = ["sarif", "github", "gitlab", "junit", "rdjson", "json-lines", "grouped"]


def lines(path: str) -> Sequence[str]:
    return SOURCES.get(path, [])


def rendered(name: str, *findings: Finding, silenced: tuple[Silenced, ...] = (), color: bool = False) -> str:
    told = report.Report(findings, Path(), lines, PAGES, "0.1.0", color, silenced, SUMMARIES)
    return report.load(name)(told)


def schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMAS / name).read_text("utf-8"))
    return document


# -- all of them


@pytest.mark.parametrize("name", report.formats())
def test_no_format_prints_a_control_character(name: str) -> None:
    printed = rendered(name, *ALL)
    assert not {character for character in printed if not character.isprintable()} - {"\n"}


@pytest.mark.parametrize("name", sorted({*report.formats()} - {"concise"}))
def test_every_format_that_can_hold_it_shows_the_trail(name: str) -> None:
    printed = rendered(name, FINDING)
    assert "app/db.py" in printed
    assert "bound to " in printed


# -- SARIF


def sarif(*findings: Finding, silenced: tuple[Silenced, ...] = ()) -> dict[str, Any]:
    log = json.loads(rendered("sarif", *findings, silenced=silenced))
    jsonschema.Draft4Validator(schema("sarif-2.1.0-rtm.4.json")).validate(log)
    (run,) = log["runs"]
    result: dict[str, Any] = run
    return result


def test_sarif_of_a_clean_run() -> None:
    assert sarif()["results"] == []


def test_sarif_result() -> None:
    run = sarif(*ALL)
    result = run["results"][0]
    assert (result["ruleId"], result["level"]) == ("ISO101", "error")
    assert result["message"]["text"] == FINDING.message
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "tests/test_auth.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 24},
    }
    assert "%SRCROOT%" in run["originalUriBaseIds"]
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_rules_are_those_of_the_results() -> None:
    run = sarif(*ALL)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [each.code for each in ALL]
    assert rules[0]["helpUri"] == PAGES["ISO101"]
    assert rules[0]["shortDescription"]["text"] == SUMMARIES["ISO101"]


def test_sarif_trail_is_related_locations_and_a_flow() -> None:
    result = sarif(FINDING)["results"][0]
    related = result["relatedLocations"]
    assert [each["message"]["text"] for each in related] == [
        "bound to `engine`",
        "engine = create_engine(URL)",
    ]
    assert {each["physicalLocation"]["artifactLocation"]["uri"] for each in related} == {"app/db.py"}
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(steps) == 1 + len(TRAIL)


def test_sarif_uri_gives_any_path_back() -> None:
    odd = sarif(*ALL)["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert odd.isascii()
    assert unquote(odd) == ODD_PATH
    undecoded = Finding(
        "A1", "a", "m", Severity.INFO, Confidence.LOW, Location("\udcff.py", SMELL.location.span)
    )
    uri = sarif(undecoded)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "%FF.py"


def test_sarif_fix() -> None:
    (fix,) = sarif(FINDING)["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"]["startColumn"] == 12
    assert replacement["insertedContent"]["text"] == "test_session"


def test_sarif_suppressions() -> None:
    silenced = (Silenced(ODD, "comment", "on purpose"), Silenced(SMELL, "baseline"))
    results = sarif(FINDING, silenced=silenced)["results"]
    assert [result["suppressions"] for result in results] == [
        [],
        [{"kind": "inSource", "justification": "on purpose"}],
        [{"kind": "external"}],
    ]
    assert "suppressions" not in sarif(FINDING)["results"][0]


def test_sarif_fingerprint_outlives_moved_lines_and_tells_twins_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def prints(*findings: Finding) -> list[str]:
        return [each["partialFingerprints"]["isolint/v1"] for each in sarif(*findings)["results"]]

    (before,) = prints(FINDING)
    monkeypatch.setitem(SOURCES, "tests/test_auth.py", ["\n", *SOURCES["tests/test_auth.py"]])
    moved = Finding(
        FINDING.code,
        FINDING.name,
        FINDING.message,
        FINDING.severity,
        FINDING.confidence,
        Location("tests/test_auth.py", Span(3, 12, 3, 24)),
    )
    assert prints(moved) == [before]
    assert len(set(prints(moved, moved))) == 2


# -- GitHub


def commands(printed: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands as GitHub's runner reads them: kind, properties and message."""

    def decoded(text: str, *extra: tuple[str, str]) -> str:
        for code, character in (*extra, ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            text = text.replace(code, character)
        return text

    found = []
    for line in printed.splitlines():
        assert line.startswith("::")
        head, _, message = line[2:].partition("::")
        kind, _, rest = head.partition(" ")
        pairs = [pair.partition("=") for pair in rest.split(",")]
        properties = {key: decoded(value, ("%3A", ":"), ("%2C", ",")) for key, _, value in pairs}
        found.append((kind, properties, decoded(message)))
    return found


def test_github_command() -> None:
    ((kind, properties, message),) = commands(rendered("github", FINDING))
    assert kind == "error"
    assert properties == {
        "title": "ISO101 production-session-import",
        "file": "tests/test_auth.py",
        "line": "2",
        "endLine": "2",
        "col": "12",
        "endColumn": "24",
    }
    assert message.splitlines() == [
        f"tests/test_auth.py:2:12: ISO101 {FINDING.message}",
        "app/db.py:1:1 bound to `engine`",
        "app/db.py:1:10 engine = create_engine(URL)",
    ]


def test_github_escapes_names_and_messages() -> None:
    ((kind, properties, message),) = commands(rendered("github", ODD))
    assert kind == "warning"
    assert properties["file"] == ODD_PATH.replace("\x1b", "\\x1b")
    assert "drops `100%`: a, b\\r\\n::error::c \\x1b[31m" in message
    assert message.count("\n") == 0
    assert not {"col", "endColumn"} & properties.keys()


def test_github_info_is_a_notice() -> None:
    assert [kind for kind, _, _ in commands(rendered("github", SMELL))] == ["notice"]


def test_github_says_when_it_will_not_show_all() -> None:
    assert "::notice" not in rendered("github", *[FINDING] * 10, *[ODD] * 10)
    first, *rest = commands(rendered("github", *[FINDING] * 11, *[ODD] * 10))
    assert first[0] == "notice"
    assert "10 of 11 errors" in first[2]
    assert "warnings" not in first[2]
    assert len(rest) == 21


# -- GitLab


def gitlab(*findings: Finding) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = json.loads(rendered("gitlab", *findings))
    jsonschema.validate(issues, schema("gitlab-code-quality.json"))
    return issues


def test_gitlab_of_a_clean_run() -> None:
    assert gitlab() == []


def test_gitlab_issues() -> None:
    issues = gitlab(*ALL)
    assert [issue["check_name"] for issue in issues] == [each.code for each in ALL]
    assert [issue["severity"] for issue in issues] == ["critical", "major", "minor"]
    assert [issue["location"]["lines"]["begin"] for issue in issues] == [2, 3, 1]
    assert issues[1]["location"]["path"] == ODD_PATH
    assert issues[0]["description"] == f"{FINDING.name}: {FINDING.message}"
    assert [each["path"] for each in issues[0]["other_locations"]] == ["app/db.py"] * 2


def test_gitlab_fingerprints_are_unique() -> None:
    assert len({issue["fingerprint"] for issue in gitlab(FINDING, FINDING, ODD, SMELL)}) == 4


# -- JUnit


def junit(*findings: Finding) -> ElementTree.Element:
    printed = rendered("junit", *findings)
    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(printed)
    return ElementTree.fromstring(printed)


def test_junit_of_a_clean_run_has_passed() -> None:
    top = junit()
    assert (top.get("tests"), top.get("failures")) == ("1", "0")
    assert [case.get("name") for case in top.iter("testcase")] == ["No findings"]


def test_junit_cases() -> None:
    top = junit(*ALL)
    assert (top.get("tests"), top.get("failures")) == ("3", "3")
    assert [suite.get("tests") for suite in top] == ["1", "1", "1"]
    failures = list(top.iter("failure"))
    assert failures[0].get("message") == FINDING.message
    assert (failures[0].text or "").splitlines()[1:] == [
        "app/db.py:1:1 bound to `engine`",
        "app/db.py:1:10 engine = create_engine(URL)",
    ]
    assert "<&\"'>" in (failures[1].get("message") or "")


# -- rdjson


def rdjson(*findings: Finding) -> list[dict[str, Any]]:
    result = json.loads(rendered("rdjson", *findings))
    jsonschema.validate(result, schema("rdjson.json"))
    diagnostics: list[dict[str, Any]] = result["diagnostics"]
    return diagnostics


def test_rdjson_of_a_clean_run() -> None:
    assert rdjson() == []


def test_rdjson_diagnostics() -> None:
    first, odd, smell = rdjson(*ALL)
    assert first["message"] == FINDING.message
    assert first["code"] == {"value": "ISO101", "url": PAGES["ISO101"]}
    assert [each["message"] for each in first["related_locations"]] == [
        "bound to `engine`",
        "engine = create_engine(URL)",
    ]
    assert (odd["location"]["path"], odd["severity"], smell["severity"]) == (ODD_PATH, "WARNING", "INFO")


def test_rdjson_columns_count_bytes() -> None:
    (diagnostic,) = rdjson(FINDING)
    line = SOURCES["tests/test_auth.py"][1].encode()
    place = diagnostic["location"]["range"]
    found = line[place["start"]["column"] - 1 : place["end"]["column"] - 1]
    assert found == b"make_session"
    (suggestion,) = diagnostic["suggestions"]
    assert suggestion == {"range": place, "text": "test_session"}


def test_rdjson_suggests_no_part_of_a_fix() -> None:
    assert FINDING.fix is not None
    edits = (*FINDING.fix.edits, Edit("tests/conftest.py", Span(1, 1, 1, 1), "import app\n"))
    whole = Fix("two files", Applicability.SAFE, edits)
    finding = Finding(
        FINDING.code,
        FINDING.name,
        FINDING.message,
        FINDING.severity,
        FINDING.confidence,
        FINDING.location,
        fix=whole,
    )
    assert "suggestions" not in rdjson(finding)[0]


# -- lines of JSON, groups of text


def test_json_lines_are_the_objects_of_json() -> None:
    printed = rendered("json-lines", *ALL)
    assert [json.loads(line) for line in printed.splitlines()] == json.loads(rendered("json", *ALL))
    assert rendered("json-lines") == ""


def test_grouped() -> None:
    assert rendered("grouped", FINDING, FINDING, SMELL) == (
        "tests/test_auth.py:\n"
        f"  2:12  ISO101  {FINDING.message}\n"
        "          app/db.py:1:1 bound to `engine`\n"
        "          app/db.py:1:10 engine = create_engine(URL)\n"
        f"  2:12  ISO101  {FINDING.message}\n"
        "          app/db.py:1:1 bound to `engine`\n"
        "          app/db.py:1:10 engine = create_engine(URL)\n"
        "\n"
        "setup.cfg:\n"
        "  1:1  ISO601  a smell\n"
    )


def test_grouped_in_color() -> None:
    assert "\x1b[" in rendered("grouped", FINDING, color=True)


def test_paths_are_relative_and_posix_everywhere() -> None:
    for name in EXTERNAL:
        assert os.getcwd() not in rendered(name, *ALL)
