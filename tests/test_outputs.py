"""`--output-format FORMAT[:FILE]`, several times: where the reports go. And the schema of the configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
from command import CLEAN, LEAKY, isolint, write

from isolint import report


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    return write(tmp_path, LEAKY)


@pytest.mark.parametrize("name", report.formats())
def test_every_format_to_a_file(leaky: Path, name: str) -> None:
    printed = isolint("check", "--output-format", name, cwd=leaky).out
    code, out, err = isolint("check", "--output-format", f"{name}:report", cwd=leaky)
    assert (code, out, err) == (1, "", "1 finding; 1 file checked.\n")
    assert (leaky / "report").read_text("utf-8") == printed


@pytest.mark.parametrize(
    ("name", "key"), [("sarif", '"fixes"'), ("rdjson", '"suggestions"'), ("json-lines", '"edits"')]
)
def test_formats_that_take_fixes_have_them(tmp_path: Path, name: str, key: str) -> None:
    write(tmp_path, {"tests/test_a.py": "X = 1  # isolint: ignore[ISO101]\n"})
    assert key in isolint("check", "--output-format", name, cwd=tmp_path).out


def test_several_in_one_run(leaky: Path) -> None:
    wanted = ["--output-format=sarif:a.sarif", "--output-format", "concise", "--output-format=junit:b.xml"]
    code, out, _ = isolint("check", *wanted, cwd=leaky)
    assert code == 1
    assert out.startswith("tests/test_shop.py:1:20: ISO101")
    assert json.loads((leaky / "a.sarif").read_text())["version"] == "2.1.0"
    assert (leaky / "b.xml").read_text().startswith("<?xml")


def test_standard_output_may_be_named(leaky: Path) -> None:
    assert isolint("check", "--output-format", "json:-", cwd=leaky).out.startswith("[")


def test_the_file_is_replaced_as_a_whole(leaky: Path) -> None:
    write(leaky, {"report.json": "x" * 100_000})
    (leaky / "report.json").chmod(0o640)
    isolint("check", "--output-format", "json:report.json", cwd=leaky)
    assert len(json.loads((leaky / "report.json").read_text())) == 1
    assert (leaky / "report.json").stat().st_mode & 0o777 == 0o640
    assert not list(leaky.glob(".isolint-*"))


def test_what_is_no_file_is_written_to(leaky: Path) -> None:
    assert isolint("check", "--output-format", "json:/dev/null", cwd=leaky).code == 1
    assert not os.path.isfile(os.devnull)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["jsn"], "there is no output format 'jsn', did you mean 'json'?"),
        (["jsn:a"], "there is no output format 'jsn', did you mean 'json'?"),
        (["json:"], "a file has to follow `json:`"),
        (["json:none/a.json"], "none/a.json cannot be written: there is no folder "),
        (["json", "full"], "two formats would be written to standard output"),
        (["json:a", "full:a"], "two formats would be written to a"),
    ],
)
def test_mistakes_are_told_before_the_run(leaky: Path, words: list[str], said: str) -> None:
    options = [f"--output-format={word}" for word in words]
    code, out, err = isolint("check", *options, cwd=leaky)
    assert (code, out) == (2, "")
    assert said in err
    assert "checked" not in err


def test_file_that_cannot_be_written(leaky: Path) -> None:
    (leaky / "taken").mkdir()
    code, out, err = isolint(
        "check",
        "--output-format=json:taken",
        "--output-format=concise",
        "--output-format=junit:b.xml",
        cwd=leaky,
    )
    assert code == 2
    assert "isolint: taken could not be written: Is a directory\n" in err
    assert out.startswith("tests/test_shop.py")
    assert (leaky / "b.xml").exists()


def test_schema_of_the_configuration(tmp_path: Path) -> None:
    write(tmp_path, CLEAN)
    code, out, _ = isolint("config", "--schema", cwd=tmp_path)
    assert code == 0
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"select": ["ISO1"], "baseline": "accepted.json", "min-severity": "error"}, schema)
    mistakes: list[dict[str, object]] = [
        {"selct": []},
        {"min-severity": "eror"},
        {"rules": {"no-such-rule": {}}},
    ]
    for wrong in mistakes:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_ignores_in_vain_are_told_of_whole_runs_only(tmp_path: Path) -> None:
    write(tmp_path, {**CLEAN, "isolint.toml": '[per-file-ignores]\n"tests/*" = ["ISO101"]\n'})
    write(tmp_path, {"tests/test_two.py": CLEAN["tests/test_sum.py"]})
    code, out, _ = isolint("check", cwd=tmp_path)
    assert (code, out) == (1, "isolint.toml:2:14: ISO001 `ISO101` ignores nothing in `tests/*`\n")
    for arguments in (["tests/test_sum.py"], ["--select", "ISO5,ISO001"], ["--ignore", "ISO001"]):
        assert isolint("check", *arguments, cwd=tmp_path).code == 0


def test_unreadable_and_unused_can_be_ignored_by_file(tmp_path: Path) -> None:
    write(tmp_path, {"tests/test_a.py": "def\n", "tests/test_b.py": "X = 1  # isolint: ignore[ISO101]\n"})
    assert isolint("check", cwd=tmp_path).code == 1
    ignores = '[per-file-ignores]\n"tests/test_a.py" = ["ISO000"]\n"tests/test_b.py" = ["ISO001"]\n'
    write(tmp_path, {"isolint.toml": ignores})
    assert isolint("check", cwd=tmp_path).out == ""
