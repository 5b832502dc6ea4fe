"""Fixes as a user meets them: what is written, what stays as it was, and what is told."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from command import isolint, write

from isolint import cli, fixing
from isolint.finding import Applicability, Confidence, Edit, Finding, Fix, Location, Severity, Span
from isolint.result import Result

LEAKY = """\
import os


def test_report(tmp_path):
    os.chdir(tmp_path)
    os.environ["REGION"] = "eu"
    assert os.listdir() == []
"""
FIXED = """\
import os


def test_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGION", "eu")
    assert os.listdir() == []
"""
FALLBACK = """\
import os

from sqlalchemy import create_engine

engine = create_engine(os.getenv("TEST_DATABASE_URL") or os.environ["DATABASE_URL"])


def test_tables():
    with engine.connect() as connection:
        assert connection
"""
NAME = "tests/test_report.py"


def fixed(tmp_path: Path, content: str | bytes, *options: str) -> bytes:
    """What a test file holds after `--fix`."""
    root = write(tmp_path, {NAME: content})
    outcome = isolint("check", "--fix", *options, cwd=root)
    assert outcome.code in (0, 1)
    return (root / NAME).read_bytes()


# -- what is written


def test_fixes_of_one_function_are_applied_together(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: LEAKY})
    assert isolint("check", "--fix", cwd=root) == (0, "", "2 findings fixed, none left; 1 file checked.\n")
    assert (root / NAME).read_text() == FIXED


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: FIXED})
    before = (root / NAME).stat()
    assert isolint("check", "--fix", cwd=root).err.startswith("0 findings fixed, none left")
    assert (root / NAME).stat().st_ino == before.st_ino


def test_unsafe_fixes_are_applied_only_if_they_are_asked_for(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: FALLBACK})
    assert isolint("check", "--fix", cwd=root).code == 1
    assert (root / NAME).read_text() == FALLBACK
    isolint("check", "--fix", "--unsafe-fixes", cwd=root)
    assert 'create_engine(os.environ["TEST_DATABASE_URL"])' in (root / NAME).read_text()


def test_import_left_unused_is_removed(tmp_path: Path) -> None:
    content = LEAKY.replace("    assert os.listdir() == []\n", "")
    assert b"import os" not in fixed(tmp_path, content)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text.replace(b"    ", b"\t"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.rstrip(b"\n"),
        lambda text: b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + text,
        lambda text: text.replace(b"\n\n\n", b"\n\n\x0c\n"),
        lambda text: text.replace(b"import os\n", b"import os\r\n"),
        lambda text: text + b'\n\nTEXT = """\r\n\ttrailing \n \x0b\n"""  \n',
    ],
    ids=[
        "crlf",
        "cr",
        "tabs",
        "bom",
        "no-final-newline",
        "latin-1",
        "form-feed",
        "mixed-newlines",
        "strings",
    ],
)
def test_all_other_bytes_stay(tmp_path: Path, change: object) -> None:
    assert callable(change)
    assert fixed(tmp_path, change(LEAKY.encode())) == change(FIXED.encode())


def test_new_line_ends_as_its_neighbours_do(tmp_path: Path) -> None:
    content = (
        'import os\r\n\r\n\r\ndef test_it():\r\n    os.environ.update(A="1", B="2")\r\n    assert os.sep\r\n'
    )
    assert b'"1")\r\n    monkeypatch.setenv("B", "2")\r\n' in fixed(tmp_path, content)


def test_mode_is_kept_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: LEAKY})
    (root / NAME).chmod(0o640)
    isolint("check", "--fix", cwd=root)
    assert stat.S_IMODE((root / NAME).stat().st_mode) == 0o640
    assert os.listdir(root / "tests") == ["test_report.py"]


# -- what is left alone


def test_link_within_the_project_is_followed(tmp_path: Path) -> None:
    root = write(tmp_path, {"shared/report.py": LEAKY, "tests/__init__.py": ""})
    (root / NAME).symlink_to("../shared/report.py")
    isolint("check", "--fix", "tests", cwd=root)
    assert (root / NAME).is_symlink()
    assert (root / "shared/report.py").read_text() == FIXED


def test_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    outside = write(
        tmp_path, {"elsewhere.py": LEAKY, "project/pytest.ini": "[pytest]\n", "project/tests/a.py": ""}
    )
    (outside / "project" / NAME).symlink_to("../../elsewhere.py")
    code, _, err = isolint("check", "--fix", NAME, cwd=outside / "project")
    assert (outside / "elsewhere.py").read_text() == LEAKY
    assert (
        "ISO705 cwd-leak was not fixed: tests/test_report.py is a link that leads out of the project" in err
    )
    assert code == 1


def finding(path: str, line: int, fix: Fix | None, code: str = "ISO999") -> Finding:
    place = Location(path, Span(line, 1, line, 2))
    return Finding(code, "made-up", "made up", Severity.ERROR, Confidence.HIGH, place, fix=fix)


def replacement(path: str, line: int, before: str, after: str) -> Edit:
    return Edit(path, Span(line, 1, line, len(before) + 1), after)


def linting(root: Path, *wanted: tuple[str, dict[str, tuple[str, str]]]) -> object:
    """A check that offers, as rule after rule, to replace the first line of files where they begin so."""

    def check(edited: Mapping[str, bytes]) -> Result:
        found = []
        for code, changes in wanted:
            texts = {name: edited.get(name, (root / name).read_bytes()).decode() for name in changes}
            if all(texts[name].startswith(before) for name, (before, _) in changes.items()):
                edits = tuple(replacement(name, 1, *change) for name, change in changes.items())
                fix = Fix("Replace it", Applicability.SAFE, edits)
                found.append(finding(next(iter(changes)), 1, fix, code))
        return Result(tuple(found), (), (), (), ())

    return check


def fix_all(root: Path, *wanted: tuple[str, dict[str, tuple[str, str]]]) -> fixing.Fixed:
    check = linting(root, *wanted)
    assert callable(check)
    return fixing.fix(check, root, unsafe=False)


def test_fix_of_two_files_is_not_half_applied(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "old = 1\n", "b.py": "old = 2\n"})
    done = fix_all(root, ("ISO991", {"a.py": ("old", "new"), "b.py": ("old", "new(")}))
    assert (done.files, done.applied) == ({}, [])
    assert len(done.refused) == 1
    told = "a.py:1: ISO991 made-up was not fixed: b.py could not be read any more: line 1: "
    assert done.refused[0].startswith(told)


def test_fix_that_breaks_a_file_does_not_keep_others_from_it(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "old = 1\n", "b.py": "old = 2\n", "pyproject.toml": "old = 3\n"})
    done = fix_all(
        root,
        ("ISO991", {"a.py": ("old", "def")}),
        ("ISO992", {"b.py": ("old", "new")}),
        ("ISO993", {"pyproject.toml": ("old", "new = [")}),
    )
    assert done.files == {"b.py": (b"old = 2\n", b"new = 2\n")}
    assert [reason.split()[1] for reason in done.refused] == ["ISO991", "ISO993"]


def test_fixes_that_touch_a_refused_one_are_applied(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "old = 1\n", "b.py": "other = 2\n"})
    done = fix_all(
        root,
        ("ISO991", {"a.py": ("old", "def")}),
        ("ISO992", {"a.py": ("old", "class"), "b.py": ("other", "another")}),
        ("ISO993", {"a.py": ("old", "new")}),
        ("ISO994", {"b.py": ("other", "third")}),
    )
    assert done.files == {"a.py": (b"old = 1\n", b"new = 1\n"), "b.py": (b"other = 2\n", b"third = 2\n")}
    assert [each.code for each in done.applied] == ["ISO993", "ISO994"]


def test_what_stays_refused_is_named_after_the_last_pass(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "old = 1\n", "b.py": "one = 2\n"})
    done = fix_all(
        root,
        ("ISO991", {"a.py": ("old", "def")}),
        ("ISO992", {"b.py": ("one", "two")}),
        ("ISO993", {"b.py": ("two", "class")}),
        ("ISO994", {"b.py": ("two", "three")}),
    )
    assert done.files == {"b.py": (b"one = 2\n", b"three = 2\n")}
    assert [reason.split()[1] for reason in done.refused] == ["ISO991"]


def test_overlapping_fixes_wait_for_the_next_pass(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "one = 1\n"})
    done = fix_all(root, ("ISO991", {"a.py": ("one", "two")}), ("ISO992", {"a.py": ("two", "three")}))
    assert done.files == {"a.py": (b"one = 1\n", b"three = 1\n")}
    assert [each.code for each in done.applied] == ["ISO991", "ISO992"]


def test_loops_are_told_with_their_rules_and_other_fixes_are_applied(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "ping = 1\n", "b.py": "old = 2\n"})
    done = fix_all(
        root,
        ("ISO991", {"a.py": ("ping", "pong")}),
        ("ISO992", {"a.py": ("pong", "ping")}),
        ("ISO993", {"b.py": ("old", "new")}),
    )
    assert done.files == {"b.py": (b"old = 2\n", b"new = 2\n")}
    assert len(done.refused) == 1
    assert "ISO991 and ISO992" in done.refused[0]


def test_ten_passes_are_enough(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "x0 = 1\n"})
    steps = [(f"ISO9{n:02}", {"a.py": (f"x{n} ", f"x{n + 1} ")}) for n in range(20)]
    done = fix_all(root, *steps)
    assert done.files == {"a.py": (b"x0 = 1\n", b"x10 = 1\n")}
    assert done.refused == ["10 passes were not enough: ISO910 could fix more"]


def test_fix_may_make_a_file(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "old = 1\n"})
    made = Edit("conftest.py", Span(1, 1, 1, 1), "import pytest\n")

    def check(edited: Mapping[str, bytes]) -> Result:
        fix = Fix("Make it", Applicability.SAFE, (replacement("a.py", 1, "old", "new"), made))
        return Result(() if edited else (finding("a.py", 1, fix),), (), (), (), ())

    done = fixing.fix(check, root, unsafe=False)
    assert fixing.write(root, done.files, done.together) == {}
    assert (root / "conftest.py").read_text() == "import pytest\n"
    assert fixing.diff(done.files).startswith(
        "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old = 1\n+new = 1\n--- /dev/null\n"
    )


def test_diff_shows_no_line_that_stays_as_it_was() -> None:
    tests = [
        f"def test_{n}(s3):\n    client = s3\n\n    chdir({n})\n    push(client)\n\n\n" for n in range(50)
    ]
    before = "".join(tests)
    after = before.replace("test_7(s3)", "test_7(s3, patch)").replace(" chdir(7)", " patch.chdir(7)")
    lines = fixing.diff({"a.py": (before.encode(), after.encode())}).splitlines()
    assert [line for line in lines[2:] if line[0] in "-+"] == [
        "-def test_7(s3):",
        "+def test_7(s3, patch):",
        "-    chdir(7)",
        "+    patch.chdir(7)",
    ]


def test_file_changed_since_it_was_read_is_left_alone_with_all_of_its_fix(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "old = 1\n", "b.py": "old = 2\n", "c.py": "old = 3\n"})
    both = {"a.py": ("old", "new"), "b.py": ("old", "new")}
    done = fix_all(root, ("ISO991", both), ("ISO992", {"c.py": ("old", "new")}))
    (root / "b.py").write_text("old = 4\n")
    left = fixing.write(root, done.files, done.together)
    assert {name: (root / name).read_text() for name in ("a.py", "b.py", "c.py")} == {
        "a.py": "old = 1\n",
        "b.py": "old = 4\n",
        "c.py": "new = 3\n",
    }
    assert left == dict.fromkeys(
        ["a.py", "b.py"], "a.py and b.py were not fixed: b.py has changed since it was read"
    )


def test_file_that_may_not_be_written_is_named_and_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its owner sees it: root may write whatever the mode says, so the answer of the system is made up."""
    root = write(tmp_path, {"a.py": "old = 1\n", "b.py": "old = 2\n", "c.py": "old = 3\n"})
    both = {"a.py": ("old", "new"), "b.py": ("old", "new")}
    done = fix_all(root, ("ISO991", both), ("ISO992", {"c.py": ("old", "new")}))
    may_write = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "b.py" and may_write(path, mode))
    left = fixing.write(root, done.files, done.together)
    assert {name: (root / name).read_text() for name in sorted(os.listdir(root))} == {
        "a.py": "old = 1\n",
        "b.py": "old = 2\n",
        "c.py": "new = 3\n",
    }
    assert left == dict.fromkeys(["a.py", "b.py"], "a.py and b.py were not fixed: b.py may not be written")


def test_files_that_cannot_be_replaced_get_back_what_they_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, {"a.py": "old = 1\n", "b.py": "old = 2\n", "c.py": "old = 3\n"})
    both = {"a.py": ("old", "new"), "b.py": ("old", "new")}
    done = fix_all(root, ("ISO991", both), ("ISO992", {"c.py": ("old", "new")}))
    replace = Path.replace

    def refused(self: Path, target: Path) -> Path:
        if target.name == "b.py":
            raise PermissionError(13, "Permission denied", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refused)
    left = fixing.write(root, done.files, done.together)
    assert {name: (root / name).read_text() for name in sorted(os.listdir(root))} == {
        "a.py": "old = 1\n",
        "b.py": "old = 2\n",
        "c.py": "new = 3\n",
    }
    assert left == dict.fromkeys(["a.py", "b.py"], "a.py and b.py were not fixed: permission denied")


# -- what is told


def test_file_that_may_not_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path, {NAME: LEAKY, "tests/test_other.py": LEAKY})
    may_write = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).name != "test_other.py" and may_write(path, mode)
    )
    monkeypatch.chdir(root)
    code = cli.main(["check", "--fix", "--no-cache"])
    told = capsys.readouterr().err
    assert "tests/test_other.py was not fixed: tests/test_other.py may not be written" in told
    assert "2 findings fixed, 2 left" in told
    assert code == 1
    assert (root / NAME).read_text() == FIXED
    assert (root / "tests/test_other.py").read_text() == LEAKY


def test_diff_changes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: LEAKY})
    code, out, err = isolint("check", "--diff", cwd=root)
    assert (code, err) == (1, "2 findings would be fixed, none left; 1 file checked.\n")
    assert out.startswith(f"--- a/{NAME}\n+++ b/{NAME}\n@@ -1,7 +1,7 @@\n")
    assert "\n-    os.chdir(tmp_path)\n" in out
    assert "\n+    monkeypatch.chdir(tmp_path)\n" in out
    assert (root / NAME).read_text() == LEAKY


def test_diff_of_nothing(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: FALLBACK})
    assert isolint("check", "--diff", cwd=root)[:2] == (0, "")


def test_fixed_standard_input_goes_to_stdout(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: FALLBACK})
    told = isolint("check", "--fix", "-", "--stdin-filename", NAME, cwd=root, stdin=LEAKY.encode())
    assert told == (0, FIXED, "2 findings fixed, none left; 1 file checked.\n")
    assert (root / NAME).read_text() == FALLBACK


def test_standard_input_that_cannot_be_fixed_comes_back_as_it_is(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: LEAKY})
    content = FALLBACK.replace("\n", "\r\n")
    code, out, err = isolint(
        "check", "--fix", "-", "--stdin-filename", NAME, cwd=root, stdin=content.encode()
    )
    assert (code, out) == (1, content)
    assert f"{NAME}:5:" in err


def test_fixes_are_listed(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: LEAKY})
    listed = f"2 findings\n- {NAME}:\n    1 x ISO705 (cwd-leak)\n    1 x ISO701 (environ-mutation-leak)\n"
    assert f"Fixable: {listed}" in isolint("check", "--show-fixes", cwd=root).err
    assert f"Fixed: {listed}" in isolint("check", "--fix", "--show-fixes", cwd=root).err


def test_summary_tells_what_could_be_fixed(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: LEAKY, "tests/test_tables.py": FALLBACK})
    err = isolint("check", "--output-format", "json", cwd=root).err
    assert err.endswith(" 2 fixable with --fix (1 more with --unsafe-fixes).\n")
    assert "fixable" not in isolint("check", "--output-format", "concise", cwd=root).err


def test_exit_non_zero_on_fix(tmp_path: Path) -> None:
    root = write(tmp_path, {NAME: LEAKY})
    assert isolint("check", "--fix", "--exit-non-zero-on-fix", cwd=root).code == 1
    assert isolint("check", "--fix", "--exit-non-zero-on-fix", cwd=root).code == 0


def test_suppression_that_silences_nothing_is_removed(tmp_path: Path) -> None:
    content = "def test_sum():\n    assert 1 + 1 == 2  # isolint: ignore[cwd-leak]\n"
    assert fixed(tmp_path, content) == b"def test_sum():\n    assert 1 + 1 == 2\n"
