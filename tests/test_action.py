"""The GitHub action: valid, and its shell steps do what they say with whatever they are given."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from command import LEAKY, write

REPOSITORY = Path(__file__).parents[1]
ACTION = REPOSITORY / "action.yml"
DOCUMENT: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
INSTALL, CHECK = DOCUMENT["runs"]["steps"]

# Records what it is called with, one argument a line, and ends as isolint does with findings.
RECORDER = """\
#!/bin/sh
printf '%s\\n' "$@" > called.txt
exit 1
"""


class Done(NamedTuple):
    """The exit code of a step, what it printed, and the outputs it set."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]


def run(step: dict[str, Any], where: Path, **inputs: str) -> Done:
    """Run a step as the runner does: the script in a file, the inputs in the environment."""
    temporary = where.parent / f"{where.name}-runner"
    temporary.mkdir(exist_ok=True)
    script, output = temporary / "step.sh", temporary / "output"
    script.write_text(step["run"], encoding="utf-8")
    output.write_text("")
    own = {name: inputs.get(name, "") for name in step["env"]}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=where,
        env={**os.environ, **own, "GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(temporary)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
    return Done(done.returncode, done.stdout, done.stderr, outputs)


def called(where: Path, **inputs: str) -> tuple[list[str], Done]:
    """The arguments that the check step calls isolint with."""
    scripts = write(where.parent, {"scripts/isolint": RECORDER}) / "scripts"
    (scripts / "isolint").chmod(stat.S_IRWXU)
    done = run(CHECK, where, ISOLINT_SCRIPTS=str(scripts), **inputs)
    return (where / "called.txt").read_text().splitlines(), done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path / "project", LEAKY)


def test_it_is_valid_by_the_official_schema() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", str(ACTION)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_nothing_is_spliced_into_a_script() -> None:
    for step in DOCUMENT["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_every_input_is_used_and_described() -> None:
    text = ACTION.read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(DOCUMENT["inputs"])
    assert all(given["description"] for given in DOCUMENT["inputs"].values())


def test_without_inputs_it_annotates_the_test_paths(project: Path) -> None:
    arguments, done = called(project)
    assert arguments == ["check", "--output-format", "github", "--"]
    assert (done.code, done.outputs) == (1, {})


def test_all_inputs_reach_isolint_as_they_are(project: Path) -> None:
    arguments, done = called(
        project,
        ISOLINT_PATHS="tests/a b.py\n\n-x.py\n",
        ISOLINT_ARGS="--min-severity\nerror\n",
        ISOLINT_BASELINE="ci/base line.json",
        ISOLINT_SARIF_FILE="out/isolint.sarif",
    )
    assert arguments[3:] == [
        "--output-format", "sarif:out/isolint.sarif", "--baseline", "ci/base line.json",
        "--min-severity", "error", "--", "tests/a b.py", "-x.py",
    ]  # fmt: skip
    assert done.outputs == {"sarif-file": f"{project}/out/isolint.sarif"}


def test_an_input_is_never_run(project: Path) -> None:
    hostile = '"; touch owned; $(touch owned) `touch owned` ${IFS} *'
    arguments, done = called(
        project,
        ISOLINT_PATHS=hostile,
        ISOLINT_ARGS=hostile,
        ISOLINT_BASELINE=hostile,
        ISOLINT_SARIF_FILE=hostile,
    )
    assert (arguments.count(hostile), f"sarif:{hostile}" in arguments) == (3, True)
    assert not (project / "owned").exists()
    assert done.outputs == {"sarif-file": f"{project}/{hostile}"}


def test_an_absolute_sarif_file_stays_where_it_is(project: Path) -> None:
    assert called(project, ISOLINT_SARIF_FILE="/tmp/x.sarif")[1].outputs == {"sarif-file": "/tmp/x.sarif"}


def test_a_file_name_of_two_lines_sets_no_output_of_its_own(project: Path) -> None:
    done = run(CHECK, project, ISOLINT_SCRIPTS="/nowhere", ISOLINT_SARIF_FILE="/x\nsarif-file=/etc/passwd")
    assert (done.code, done.outputs) == (2, {})
    assert "::error::" in done.out


def test_it_installs_itself_and_reports(project: Path) -> None:
    installed = run(INSTALL, project, ISOLINT_SOURCE=str(REPOSITORY))
    assert installed.code == 0, installed.err
    scripts = installed.outputs["scripts"]
    done = run(CHECK, project, ISOLINT_SCRIPTS=scripts, ISOLINT_SARIF_FILE="isolint.sarif")
    assert done.code == 1, done.err
    assert re.search(r"^::error .*file=tests/test_shop\.py,line=1", done.out, re.MULTILINE)
    (told,) = json.loads(Path(done.outputs["sarif-file"]).read_text(encoding="utf-8"))["runs"]
    assert [result["ruleId"] for result in told["results"]] == ["ISO101"]


def test_a_release_that_is_not_there_fails_the_step(project: Path) -> None:
    done = run(INSTALL, project, ISOLINT_SOURCE=str(REPOSITORY), ISOLINT_VERSION="0.0.dev999")
    assert done.code != 0
    assert "isolint==0.0.dev999" in done.err
    assert done.outputs == {}
