"""The leaks are real: a test of each case fails after the one that isolint names, and passes before it."""

from __future__ import annotations

import json
from pathlib import Path

import proving
import pytest

PROOFS = {
    "environ-mutation-leak/proof_two_regions": "ISO701",
    "mutable-class-state/proof_one_playlist": "ISO702",
    "module-state-mutated-by-test/proof_one_recipe": "ISO703",
    "broad-scope-mutable-fixture/proof_one_roster": "ISO704",
    "cwd-leak/proof_folder_that_is_gone": "ISO705",
    "sys-modules-leak/proof_without_the_codec": "ISO706",
    "global-attribute-leak/proof_stubbed_scale": "ISO707",
    "stale-cached-reader/proof_first_currency": "ISO708",
}
proofs = pytest.mark.parametrize("case", PROOFS, ids=lambda case: case.partition("/")[0])


def run(project: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and output of pytest in a project."""
    result = proving.run_python(project, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments)
    return result.returncode, result.stdout + result.stderr


def ids(project: Path) -> list[str]:
    """The project's tests in the order of its source: the one that leaks, and the one that meets it."""
    found = [line for line in run(project, "--collect-only", "tests")[1].splitlines() if "::" in line]
    assert len(found) == 2
    return found


@proofs
def test_passes_before_and_fails_after(case: str, tmp_path: Path) -> None:
    project = proving.lay(case, tmp_path / "project")
    first, second = ids(project)
    assert run(project, second, first)[0] == 0
    code, output = run(project, first, second)
    assert code == 1
    assert "1 failed, 1 passed" in output


@proofs
def test_repaired_suite_passes_in_both_orders(case: str, tmp_path: Path) -> None:
    project = proving.lay(f"{case}.fixed", tmp_path / "project")
    first, second = ids(project)
    assert run(project, first, second)[0] == 0
    assert run(project, second, first)[0] == 0


@proofs
def test_isolint_tells_beforehand(case: str, tmp_path: Path) -> None:
    for name, codes in ((case, {PROOFS[case]}), (f"{case}.fixed", set())):
        project = proving.lay(name, tmp_path / Path(name).name)
        arguments = ("-m", "isolint", "check", "--output-format", "json", "--isolated")
        assert {
            found["code"] for found in json.loads(proving.run_python(project, *arguments).stdout)
        } == codes
