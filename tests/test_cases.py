"""Every fixture case, on its own and all of them in one tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolint.rule import load_rules
from isolint.testing import Case, cases, differences, expected, lint, mended, without_marks

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = [case for case in cases(FIXTURES) if not case.name.startswith("demo")]

FIXABLE = {rule.name: rule.code for rule in load_rules() if rule.fixable}
FAULTY = [
    case
    for case in CASES
    if not case.is_fixed
    and FIXABLE.get(case.name.partition("/")[0]) in {mark.code for mark in expected(case.path)}
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path) -> None:
    root = case.lay(tmp_path)
    result = lint(root)
    assert not result.errors
    assert not differences(expected(root), result.findings)


def test_all_cases_in_one_tree(tmp_path: Path) -> None:
    wanted = []
    for case in (case for case in CASES if not case.is_configured):
        folder = case.name.replace("-", "_").replace(".", "_")
        root = case.lay(tmp_path / folder)
        wanted += [(folder, mark) for mark in expected(root)]
    result = lint(tmp_path)
    assert not result.errors
    problems = differences(
        [mark.__class__(f"{folder}/{mark.path}", mark.line, mark.code) for folder, mark in wanted],
        result.findings,
    )
    assert not problems


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case.name)
def test_what_fixes_make_of_a_case_is_its_twin(case: Case, tmp_path: Path) -> None:
    root = case.lay(tmp_path)
    fixed = mended(root, case.name.partition("/")[0])
    assert not fixed.refused
    if not fixed.applied:
        return
    laid = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    made = laid | {name: after for name, (_, after) in fixed.files.items()}
    wanted = case.twin.contents()
    made = {name if case.path.is_dir() else ".": without_marks(data) for name, data in made.items()}
    assert made == wanted
    assert not any(finding.fix for finding in fixed.result.findings)


def test_marks_in_repaired_twins_are_at_what_no_fix_mends() -> None:
    """A twin written by hand is silent; one that fixes make still shows the faults they leave."""
    marked = [case for case in CASES if case.is_fixed and expected(case.path)]
    assert {case.name.partition("/")[0] for case in marked} <= FIXABLE.keys()
