"""Every fixture case, on its own and all of them in one tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolint.testing import Case, cases, differences, expected, lint

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = [case for case in cases(FIXTURES) if not case.name.startswith("demo")]


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


def test_repaired_twins_are_silent() -> None:
    marked = [case.name for case in CASES if case.is_fixed and expected(case.path.parent / case.path.name)]
    assert not marked
