"""The commands, their options, output and exit codes, as a user meets them."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import CLEAN, DATABASE, LEAKY, TEST, isolint, write

from isolint import cli, engine

LINE = re.compile(r"tests/test_shop\.py:1:20: ISO101 `engine` is the application's engine: .+shop\.db.*\n")
LEVELS = """\
\"\"\"Findings of every kind.\"\"\"

from isolint.rule import Confidence, Rule, Severity, Test

rule = Rule("LEV001", "levels", severity=Severity.WARNING, since="1.0")


@rule.on(Test)
def check(site, ctx):
    for confidence, sure in ((Confidence.HIGH, "sure"), (Confidence.LOW, "unsure")):
        for severity in (Severity.INFO, Severity.WARNING):
            yield ctx.finding(site.at, f"{sure}-{severity}", confidence=confidence, severity=severity)
"""


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    return write(tmp_path, LEAKY)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write(tmp_path, CLEAN)


# -- what is found, and how it is told


def test_clean_suite(clean: Path) -> None:
    assert isolint("check", cwd=clean) == (0, "", "No findings; 1 file checked.\n")


def test_findings(leaky: Path) -> None:
    code, out, err = isolint("check", cwd=leaky)
    assert (code, err) == (1, "1 finding; 1 file checked.\n")
    assert LINE.fullmatch(out)


def test_exit_zero_still_reports(leaky: Path) -> None:
    code, out, _ = isolint("check", "--exit-zero", cwd=leaky)
    assert code == 0
    assert LINE.fullmatch(out)


def test_quiet_prints_the_report_alone(leaky: Path) -> None:
    code, out, err = isolint("check", "--quiet", cwd=leaky)
    assert (code, err) == (1, "")
    assert LINE.fullmatch(out)


def test_full_shows_the_frame_and_the_trail(leaky: Path) -> None:
    _, out, _ = isolint("check", "--output-format", "full", cwd=leaky)
    assert out.startswith("error[ISO101] production-session-import: ")
    assert "1 | from app.db import engine\n  |                    ^^^^^^\n" in out
    assert "--> app/db.py:3:1" in out
    assert '3 | engine = create_engine("sqlite:///./shop.db")' in out


def test_json(leaky: Path) -> None:
    _, out, _ = isolint("check", "--output-format", "json", cwd=leaky)
    (finding,) = json.loads(out)
    assert (finding["code"], finding["filename"]) == ("ISO101", "tests/test_shop.py")
    assert finding["url"].endswith("/production-session-import.md")
    assert finding["related"][0]["filename"] == "app/db.py"


def test_json_of_clean_suite(clean: Path) -> None:
    assert json.loads(isolint("check", "--output-format", "json", cwd=clean).out) == []


def test_statistics(leaky: Path) -> None:
    code, out, _ = isolint("check", "--statistics", cwd=leaky)
    assert (code, out) == (1, "1\tISO101\tproduction-session-import\n")


def test_show_files(leaky: Path) -> None:
    assert isolint("check", "--show-files", cwd=leaky) == (0, "tests/test_shop.py\n", "")


# -- which rules


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("--select ISO501", 0),
        ("--select ISO1", 1),
        ("--select production-session-import,ISO501", 1),
        ("--select ISO501 --extend-select ISO101", 1),
        ("--ignore ISO101", 0),
        ("--ignore production-session-import", 0),
        ("--ignore ALL --select ISO101", 1),
        ("--per-file-ignores tests/*.py:ISO101", 0),
        ("--per-file-ignores app/*.py:ISO101", 1),
        ("--min-severity error", 1),
        ("--min-confidence low --pedantic", 1),
    ],
)
def test_selection(leaky: Path, options: str, code: int) -> None:
    assert isolint("check", *shlex.split(options), cwd=leaky).code == code


@pytest.mark.parametrize(
    ("comment", "code", "said"),
    [
        ("# isolint: ignore[ISO101]", 0, "No findings; 1 file checked, 1 suppressed.\n"),
        ("# isolint: ignore[production-session-import] -- on purpose", 0, "1 suppressed"),
        ("# noqa: ISO101", 0, "1 suppressed"),
        ("# isolint: ignore[ISO501]", 1, "2 findings"),
        ("# isolint: ignore-file", 0, "1 suppressed"),
    ],
)
def test_suppression(leaky: Path, comment: str, code: int, said: str) -> None:
    first, rest = TEST.split("\n", 1)
    write(leaky, {"tests/test_shop.py": f"{first}  {comment}\n{rest}"})
    outcome = isolint("check", cwd=leaky)
    assert outcome.code == code
    assert said in outcome.err


def test_what_is_not_shown_is_counted(clean: Path) -> None:
    named_for_tests = {"app/db.py": DATABASE.replace("engine =", "test_engine ="), "app/__init__.py": ""}
    write(clean, {**named_for_tests, "tests/test_odd.py": TEST.replace("engine", "test_engine")})
    assert isolint("check", cwd=clean).err == (
        "No findings; 2 files checked, 1 hidden as unsure or slight (see --min-confidence, --pedantic).\n"
    )
    code, out, err = isolint("check", "--min-confidence", "low", cwd=clean)
    assert (code, err) == (1, "1 finding; 2 files checked.\n")
    assert out.startswith("tests/test_odd.py:")


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ("", "sure-warning"),
        ("--pedantic", "sure-info sure-warning"),
        ("--min-confidence low", "sure-warning unsure-warning"),
        ("--min-confidence low --pedantic", "sure-info sure-warning unsure-info unsure-warning"),
        ("--min-severity error", ""),
        ("--min-severity error --pedantic", ""),
        ("--min-confidence high --pedantic --min-severity warning", "sure-warning"),
    ],
)
def test_thresholds(clean: Path, options: str, shown: str) -> None:
    write(clean, {"lint_rules/levels.py": LEVELS, "isolint.toml": 'plugins = ["lint_rules"]\n'})
    _, out, _ = isolint("check", "--select", "LEV001", *options.split(), cwd=clean)
    assert sorted(line.rpartition(" ")[2] for line in out.splitlines()) == shown.split()


def test_unused_suppression_is_a_finding(clean: Path) -> None:
    write(clean, {"tests/test_sum.py": "VALUE = 1  # isolint: ignore[ISO101]\n"})
    code, out, _ = isolint("check", cwd=clean)
    assert code == 1
    assert out == "tests/test_sum.py:1:12: ISO001 unused suppression of `ISO101`\n"


# -- which files


def test_without_a_path_the_test_paths_of_pytest(leaky: Path) -> None:
    write(leaky, {"pytest.ini": "[pytest]\ntestpaths = checks\n", "checks/test_sum.py": "VALUE = 1\n"})
    assert isolint("check", "--show-files", cwd=leaky).out == "checks/test_sum.py\n"


def test_without_a_path_below_the_root_the_current_folder(leaky: Path) -> None:
    write(leaky, {"pytest.ini": "[pytest]\ntestpaths = checks\n", "checks/test_sum.py": "VALUE = 1\n"})
    code, out, _ = isolint("check", cwd=leaky / "tests")
    assert code == 1
    assert LINE.fullmatch(out)


def test_configuration_is_found_from_the_linted_path(
    leaky: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write(leaky, {"pyproject.toml": '[tool.isolint]\nignore = ["ISO101"]\n'})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert isolint("check", str(leaky), cwd=elsewhere).code == 0
    assert isolint("check", str(leaky), "--isolated", cwd=elsewhere).code == 1


def test_files_that_a_tool_names_may_be_no_tests(leaky: Path) -> None:
    code, out, err = isolint("check", "--force-exclude", "app/db.py", cwd=leaky)
    assert (code, out) == (0, "")
    assert err == "Nothing was checked: there is no test file among those given.\n"


def test_force_exclude(leaky: Path) -> None:
    write(leaky, {"isolint.toml": 'extend-exclude = ["tests/"]\n'})
    assert isolint("check", "tests/test_shop.py", cwd=leaky).code == 1
    assert isolint("check", "tests/test_shop.py", "--force-exclude", cwd=leaky).code == 0


# -- standard input


def test_standard_input(leaky: Path) -> None:
    text = f"# as it stands in the editor\n{TEST}".encode()
    write(leaky, {"tests/test_shop.py": "VALUE = 1\n"})
    code, out, _ = isolint(
        "check",
        "-",
        "--stdin-filename",
        "tests/test_shop.py",
        "--output-format",
        "full",
        cwd=leaky,
        stdin=text,
    )
    assert code == 1
    assert "2 | from app.db import engine" in out


def test_standard_input_for_a_file_that_is_not_there_yet(leaky: Path) -> None:
    write(leaky, {"isolint.toml": ""})
    code, out, _ = isolint(
        "check", "-", "--stdin-filename", "new/test_new.py", cwd=leaky / "tests", stdin=TEST.encode()
    )
    assert code == 1
    assert out.startswith("tests/new/test_new.py:1:20: ISO101")


def test_standard_input_that_is_no_test(leaky: Path) -> None:
    code, out, err = isolint(
        "check", "-", "--stdin-filename", "app/db.py", cwd=leaky, stdin=DATABASE.encode()
    )
    assert (code, out) == (0, "")
    assert "Nothing was checked" in err


def test_standard_input_that_is_excluded(leaky: Path) -> None:
    write(leaky, {"isolint.toml": 'extend-exclude = ["tests/"]\n'})
    arguments = ["check", "-", "--stdin-filename", "tests/test_shop.py"]
    assert isolint(*arguments, cwd=leaky, stdin=TEST.encode()).code == 1
    assert isolint(*arguments, "--force-exclude", cwd=leaky, stdin=TEST.encode()).code == 0


def test_standard_input_that_is_no_text(leaky: Path) -> None:
    code, out, _ = isolint(
        "check", "-", "--stdin-filename", "tests/test_x.py", cwd=leaky, stdin=b"x = 1\ny = '\xff'\n"
    )
    assert code == 1
    assert out.startswith("tests/test_x.py:2:1: ISO000 ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-"],
        ["-", "tests", "--stdin-filename", "tests/test_x.py"],
        ["tests", "--stdin-filename", "tests/test_x.py"],
    ],
)
def test_standard_input_that_makes_no_sense(leaky: Path, arguments: list[str]) -> None:
    code, out, err = isolint("check", *arguments, cwd=leaky, stdin=b"")
    assert (code, out) == (2, "")
    assert "standard input" in err


# -- the other commands


@pytest.mark.parametrize("name", ["ISO101", "production-session-import"])
def test_rule(clean: Path, name: str) -> None:
    code, out, err = isolint("rule", name, cwd=clean)
    assert (code, err) == (0, "")
    assert out.startswith("production-session-import (ISO101)\n\nSeverity: error.")
    assert "## Why is this bad?" in out


def test_rule_as_json(clean: Path) -> None:
    document = json.loads(isolint("rule", "ISO501", "--output-format", "json", cwd=clean).out)
    assert (document["code"], document["name"]) == ("ISO501", "destructive-autouse-fixture")


def test_all_rules(clean: Path) -> None:
    documents = json.loads(isolint("rule", "--all", "--output-format", "json", cwd=clean).out)
    assert {"ISO000", "ISO001", "ISO101", "ISO501"} <= {document["code"] for document in documents}
    text = isolint("rule", "--all", cwd=clean).out
    assert all(f"{document['name']} ({document['code']})\n" in text for document in documents)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ISO110"], "there is no rule 'ISO110', did you mean 'ISO101'?"),
        (["production-session"], "did you mean 'production-session-import'?"),
        (["zzz"], "`isolint rules` lists them"),
        ([], "name a rule, or use --all"),
    ],
)
def test_rule_that_does_not_exist(clean: Path, arguments: list[str], said: str) -> None:
    code, out, err = isolint("rule", *arguments, cwd=clean)
    assert (code, out) == (2, "")
    assert said in err


def test_rules(clean: Path) -> None:
    write(clean, {"isolint.toml": 'ignore = ["ISO501"]\n'})
    code, out, _ = isolint("rules", cwd=clean)
    rows = {line.split()[0]: line.split() for line in out.splitlines()}
    assert code == 0
    assert rows["ISO101"] == ["ISO101", "production-session-import", "error", "fix:", "safe", "on"]
    assert rows["ISO501"][-1] == "off"


def test_config_tells_where_a_value_comes_from(clean: Path) -> None:
    write(clean, {"pyproject.toml": '[tool.isolint]\nmin-confidence = "high"\n', "pytest.ini": "[pytest]\n"})
    code, out, _ = isolint("config", "tests", cwd=clean)
    assert code == 0
    assert f"project root: {clean}\n" in out
    assert "pytest's configuration: pytest.ini\n" in out
    assert 'min-confidence = "high"  # pyproject.toml: [tool.isolint] min-confidence\n' in out
    assert "select = not set  # default\n" in out


def test_config_tells_which_files_pytest_does_not_read(clean: Path) -> None:
    write(
        clean,
        {
            "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-q"\n',
            "pytest.ini": "",
            "setup.cfg": "[tool:pytest]\naddopts = -q\n",
            "tox.ini": "[testenv]\ncommands = pytest\n",
        },
    )
    code, out, _ = isolint("config", cwd=clean)
    assert code == 0
    assert "pytest's configuration: pytest.ini\n" in out
    assert [line for line in out.splitlines() if line.startswith("not read by pytest: ")] == [
        "not read by pytest: [tool.pytest.ini_options] in pyproject.toml",
        "not read by pytest: [tool:pytest] in setup.cfg",
    ]


def test_version(clean: Path) -> None:
    assert re.fullmatch(r"isolint, version \d+\.\d+\.\d+\n", isolint("--version", cwd=clean).out)


# -- the terminal


@pytest.mark.parametrize(
    ("environment", "is_colored"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_colors(leaky: Path, environment: dict[str, str], is_colored: bool) -> None:
    out = isolint("check", "--output-format", "full", cwd=leaky, environment=environment).out
    assert ("\x1b[" in out) is is_colored


def test_control_characters_do_not_reach_the_terminal(clean: Path) -> None:
    name = "tests/test_\x1b[31m\u202e.py"
    write(clean, {**LEAKY, name: TEST})
    for output_format in ("concise", "full", "json"):
        code, out, err = isolint("check", "--output-format", output_format, name, cwd=clean)
        assert code == 1
        assert not {"\x1b", "\u202e"} & set(out + err)
    _, _, err = isolint("check", "tests/\x1b[31m.py", cwd=clean)
    assert "\x1b" not in err


def test_closed_pipe_ends_quietly(leaky: Path) -> None:
    lines = "".join(f"def test_{at}():\n    from app.db import engine\n\n" for at in range(2000))
    write(leaky, {"tests/test_shop.py": lines})
    command = f"{shlex.quote(sys.executable)} -m isolint check | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=leaky, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
    assert done.stderr == "2000 findings; 1 file checked.\n"


def test_both_streams_closed(leaky: Path) -> None:
    command = (
        f"({shlex.quote(sys.executable)} -m isolint check; echo $? > code) 2>&1 | true; sleep 2; cat code"
    )
    done = subprocess.run(["bash", "-c", command], cwd=leaky, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk(leaky: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "isolint", "check"],
            cwd=leaky,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"isolint: the report could not be written: No space left on device\n"


# -- mistakes, the user's and isolint's own


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("chek", "there is no command 'chek', did you mean 'check'?"),
        ("tests", "there is no command 'tests', did you mean 'isolint check tests'?"),
        ("check --selct ISO101", "--select"),
        ("check --output-format jsn", "there is no output format 'jsn', did you mean 'json'?"),
        ("check --output-format xml", "there is no output format 'xml'; there are concise, full, g"),
        ("check --select ISO11", "there is no rule 'ISO11', did you mean 'ISO101'?"),
        ("check --ignore missing-teardwn", "did you mean 'missing-teardown'?"),
        ("check --per-file-ignores tests/*.py:ISO1O1", "there is no rule 'ISO1O1', did you mean 'ISO101'?"),
        ("check --per-file-ignores ISO101", "expected GLOB:CODE, got 'ISO101'"),
        ("check --min-severity eror", "did you mean 'error'?"),
        ("check --min-confidence certain", "expected one of 'low', 'medium', 'high'"),
        ("check --config none.toml", "none.toml: No such file or directory"),
        ("config nowhere", "nowhere"),
    ],
)
def test_mistakes_on_the_command_line(leaky: Path, arguments: str, said: str) -> None:
    code, out, err = isolint(*arguments.split(), cwd=leaky)
    assert (code, out) == (2, "")
    assert said in err


def test_fault_of_isolint_is_told_in_one_line(
    leaky: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("nothing\nof the kind")

    monkeypatch.setattr(engine, "check", broken)
    assert cli.main(["check", str(leaky)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(r"KeyError: 'nothing\\nof the kind' \(.*test_cli\.py:\d+\)\n", err)
    assert "report it" in err
    assert "Traceback" not in err


SLOW_RULE = """\
import time
from pathlib import Path

from isolint.rule import File, Rule, Severity

rule = Rule("SLO001", "slow", severity=Severity.INFO, since="1.0")


@rule.on(File)
def check(site, ctx):
    Path("started").touch()
    time.sleep(60)
    return []
"""


def test_interrupt(leaky: Path) -> None:
    write(leaky, {"lint_rules/slow.py": SLOW_RULE, "isolint.toml": 'plugins = ["lint_rules"]\n'})
    command = [sys.executable, "-m", "isolint", "check"]
    with subprocess.Popen(command, cwd=leaky, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 20
        while not (leaky / "started").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=10)
    assert (running.returncode, out) == (130, b"")
    assert err.strip() == b"isolint: interrupted"
