"""`isolint baseline` and `isolint check --baseline`: accepted findings stay quiet, new ones do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import CLEAN, LEAKY, TEST, isolint, write

FILE = ".isolint-baseline.json"
SECOND = TEST.replace("test_connects", "test_again")


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    return write(tmp_path, {**LEAKY, "isolint.toml": f'baseline = "{FILE}"\n'})


@pytest.fixture
def accepted(leaky: Path) -> Path:
    assert isolint("baseline", cwd=leaky).code == 0
    return leaky


def entries(root: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((root / FILE).read_text())["findings"]
    return found


def test_without_one_everything_is_reported(tmp_path: Path) -> None:
    root = write(tmp_path, LEAKY)
    assert isolint("check", cwd=root).code == 1
    code, out, err = isolint("baseline", cwd=root)
    assert (code, out) == (0, "")
    assert err.startswith(f"{FILE} holds 1 finding: 1 added, 0 taken out.\n")
    assert f"--baseline {FILE}" in err
    assert isolint("check", cwd=root).code == 1
    code, out, err = isolint("check", "--baseline", FILE, cwd=root)
    assert (code, out) == (0, "")
    assert err == "No findings; 1 file checked, 1 in the baseline.\n"


def test_only_a_new_fault_is_reported(accepted: Path) -> None:
    write(accepted, {"tests/test_new.py": SECOND})
    code, out, err = isolint("check", cwd=accepted)
    assert code == 1
    assert out.startswith("tests/test_new.py:1:20: ISO101")
    assert len(out.splitlines()) == 1
    assert err == "1 finding; 2 files checked, 1 in the baseline.\n"


def test_moved_lines_do_not_wake_old_ones(accepted: Path) -> None:
    write(accepted, {"tests/test_shop.py": f'"""Connects."""\n\nimport os\n\n{TEST}'})
    assert isolint("check", cwd=accepted).code == 0


def test_another_fault_of_the_same_kind_in_the_file_is_new(accepted: Path) -> None:
    write(
        accepted,
        {"tests/test_shop.py": TEST.replace("\n\n\n", "\nfrom app.db import engine as other\n\n\n", 1)},
    )
    code, out, _ = isolint("check", cwd=accepted)
    assert code == 1
    assert out.startswith("tests/test_shop.py:2:")


def test_the_same_line_once_more_is_new(accepted: Path) -> None:
    write(accepted, {"tests/test_shop.py": f"{TEST}\n\n{SECOND}"})
    code, out, _ = isolint("check", cwd=accepted)
    assert code == 1
    assert len(out.splitlines()) == 1


def test_changed_line_is_new(accepted: Path) -> None:
    write(accepted, {"tests/test_shop.py": TEST.replace("import engine", "import engine  # the shop's")})
    assert isolint("check", cwd=accepted).code == 1


def test_mended_ones_are_told_and_pruned(accepted: Path) -> None:
    write(accepted, {"tests/test_new.py": SECOND})
    isolint("baseline", cwd=accepted)
    assert set(entries(accepted)) == {"tests/test_new.py", "tests/test_shop.py"}
    write(accepted, {"tests/test_shop.py": CLEAN["tests/test_sum.py"], "tests/test_more.py": SECOND})
    code, _, err = isolint("check", "--exit-zero", cwd=accepted)
    assert f"isolint: 1 entry stands in {FILE} for what is not found any more" in err
    code, _, err = isolint("baseline", "--prune", cwd=accepted)
    assert (code, err) == (0, f"{FILE} holds 1 finding: 0 added, 1 taken out.\n")
    assert set(entries(accepted)) == {"tests/test_new.py"}
    code, out, err = isolint("check", cwd=accepted)
    assert out.startswith("tests/test_more.py")
    assert "any more" not in err


def test_entries_of_deleted_files_are_stale(accepted: Path) -> None:
    (accepted / "tests/test_shop.py").unlink()
    write(accepted, CLEAN)
    assert "any more" in isolint("check", cwd=accepted).err
    isolint("baseline", "--prune", cwd=accepted)
    assert entries(accepted) == {}


def test_what_this_run_does_not_look_at_is_not_stale(accepted: Path) -> None:
    write(accepted, CLEAN)
    for arguments in (["tests/test_sum.py"], ["--select", "ISO501"], ["--min-severity", "error"]):
        code, _, err = isolint("check", *arguments, cwd=accepted)
        assert (code, "any more" in err) == (0, False)
    isolint("baseline", "--prune", "tests/test_sum.py", cwd=accepted)
    assert set(entries(accepted)) == {"tests/test_shop.py"}


def test_thresholds_do_not_count_twins_anew(leaky: Path) -> None:
    isolint("baseline", cwd=leaky)
    assert isolint("check", "--min-confidence", "low", "--pedantic", cwd=leaky).code == 0


def test_the_file_is_small_and_stays_as_it_is(accepted: Path) -> None:
    before = (accepted / FILE).read_bytes()
    assert isolint("baseline", cwd=accepted).err == f"{FILE} holds 1 finding: 0 added, 0 taken out.\n"
    assert (accepted / FILE).read_bytes() == before
    (word,) = entries(accepted)["tests/test_shop.py"]
    code, line = word.split()
    assert code == "ISO101"
    assert len(line) == 16


def test_unused_suppressions_and_broken_files_are_not_accepted(leaky: Path) -> None:
    write(leaky, {"tests/test_a.py": "X = 1  # isolint: ignore[ISO101]\n", "tests/test_b.py": "def\n"})
    isolint("baseline", cwd=leaky)
    assert set(entries(leaky)) == {"tests/test_shop.py"}


def test_clean_suite_needs_none(tmp_path: Path) -> None:
    write(tmp_path, CLEAN)
    assert isolint("baseline", cwd=tmp_path) == (0, "", "No findings: no baseline is needed.\n")
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no baseline: "),
        ("[]", "is no baseline: there are no `findings` in it"),
        ('{"version": 2, "findings": {}}', "is of version 2; this isolint reads 1"),
        ('{"version": 1, "findings": {"a.py": "ISO101"}}', "'a.py' has no list of findings"),
        ('{"version": 1, "findings": {"a.py": ["ISO101 1"]}}', "'ISO101 1' of 'a.py' is no finding"),
        ("[" * 100_000, "is no baseline: "),
    ],
)
def test_broken_baseline(leaky: Path, content: str, said: str) -> None:
    write(leaky, {FILE: content})
    for arguments in (["check"], ["baseline"]):
        code, out, err = isolint(*arguments, cwd=leaky)
        assert (code, out) == (2, "")
        assert said in err


def test_missing_baseline(tmp_path: Path) -> None:
    write(tmp_path, LEAKY)
    code, out, err = isolint("check", "--baseline", "none.json", cwd=tmp_path)
    assert (code, out) == (2, "")
    assert "there is no baseline" in err
    assert "`isolint baseline` writes one" in err


def test_baseline_that_cannot_be_written(leaky: Path) -> None:
    code, _, err = isolint("baseline", "--baseline", "none/here.json", cwd=leaky)
    assert code == 2
    assert "could not be written" in err
