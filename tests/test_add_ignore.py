"""`isolint check --add-ignore`: comments that silence what is found, and not a byte besides."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import CLEAN, DATABASE, LEAKY, TEST, isolint, write

NAME = "production-session-import"
IGNORE = f"# isolint: ignore[{NAME}]"
LINE = "from app.db import engine"


def added(root: Path, source: str | bytes, *arguments: str, path: str = "tests/test_shop.py") -> bytes:
    """What becomes of a test file; isolint finds nothing in it any more."""
    write(root, {**LEAKY, path: source})
    code, out, err = isolint("check", "--add-ignore", *arguments, cwd=root)
    assert (code, out) == (0, ""), err
    assert isolint("check", cwd=root).code == 0
    return (root / path).read_bytes()


def test_comment_at_the_end_of_the_statement(tmp_path: Path) -> None:
    assert added(tmp_path, TEST).decode() == TEST.replace(LINE, f"{LINE}  {IGNORE}")


def test_reason(tmp_path: Path) -> None:
    text = added(tmp_path, TEST, "--reason", "read only, see #12").decode()
    assert text.startswith(f"{LINE}  {IGNORE} -- read only, see #12\n")
    assert isolint("check", "--select", "ISO002", cwd=tmp_path).code == 0


def test_what_was_done_is_told(tmp_path: Path) -> None:
    write(tmp_path, LEAKY)
    assert isolint("check", "--add-ignore", cwd=tmp_path).err == "1 finding suppressed in 1 file.\n"
    assert isolint("check", "--add-ignore", cwd=tmp_path).err == "0 findings suppressed in 0 files.\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{LINE}  # the shop's", f"{LINE}  # the shop's  {IGNORE}"),
        (f"{LINE}  # noqa: E501", f"{LINE}  # noqa: E501  {IGNORE}"),
        (f"{LINE}  # type: ignore", f"{LINE}  # type: ignore  {IGNORE}"),
        (
            f"{LINE}  # isolint: ignore[ISO202] -- why",
            f"{LINE}  # isolint: ignore[ISO202, {NAME}] -- why",
        ),
        (
            f"# isolint: ignore[ISO202]\n{LINE}",
            f"# isolint: ignore[ISO202, {NAME}]\n{LINE}",
        ),
        ("from app.db import (\n    engine,\n)", f"from app.db import (\n    engine,\n)  {IGNORE}"),
        ("from app.db import \\\n    engine", f"from app.db import \\\n    engine  {IGNORE}"),
        (f"{LINE}; text = '''\n'''", f"{IGNORE}\n{LINE}; text = '''\n'''"),
        (f"if True:\n    {LINE}; text = '''\n'''", f"if True:\n    {IGNORE}\n    {LINE}; text = '''\n'''"),
    ],
)
def test_where_the_comment_goes(tmp_path: Path, before: str, after: str) -> None:
    write(tmp_path, {"isolint.toml": 'ignore = ["ISO001"]\n'})
    rest = TEST.removeprefix(LINE)
    assert added(tmp_path, before + rest).decode() == after + rest


def test_two_findings_of_one_line_share_a_comment(tmp_path: Path) -> None:
    write(tmp_path, {"app/db.py": f'{DATABASE}other = create_engine("sqlite:///./two.db")\n'})
    files = {key: value for key, value in LEAKY.items() if key != "app/db.py"}
    write(tmp_path, {**files, "tests/test_shop.py": TEST.replace("engine\n", "engine, other\n", 1)})
    assert isolint("check", "--add-ignore", cwd=tmp_path).err == "2 findings suppressed in 1 file.\n"
    assert (tmp_path / "tests/test_shop.py").read_text().startswith(f"{LINE}, other  {IGNORE}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TEST.replace("\n", "\r\n").encode(), f"{LINE}  {IGNORE}\r\n".encode()),
        (b"\xef\xbb\xbf" + TEST.encode(), b"\xef\xbb\xbf" + f"{LINE}  {IGNORE}\n".encode()),
        (
            b"# coding: latin-1\n# \xe9\n" + TEST.encode(),
            b"# coding: latin-1\n# \xe9\n" + f"{LINE}  {IGNORE}\n".encode(),
        ),
    ],
)
def test_every_other_byte_stays(tmp_path: Path, before: bytes, after: bytes) -> None:
    now = added(tmp_path, before)
    assert now.startswith(after)
    assert now.replace(f"  {IGNORE}".encode(), b"") == before


def test_no_newline_at_the_end_of_the_file(tmp_path: Path) -> None:
    assert added(tmp_path, LINE) == f"{LINE}  {IGNORE}".encode()


def test_mode_and_links_stay(tmp_path: Path) -> None:
    write(tmp_path, {**LEAKY, "shared/shop.py": TEST})
    (tmp_path / "tests/test_shop.py").unlink()
    (tmp_path / "shared/shop.py").chmod(0o755)
    (tmp_path / "tests/test_shop.py").symlink_to("../shared/shop.py")
    isolint("check", "--add-ignore", cwd=tmp_path)
    assert (tmp_path / "tests/test_shop.py").is_symlink()
    assert (tmp_path / "shared/shop.py").stat().st_mode & 0o777 == 0o755
    assert IGNORE in (tmp_path / "shared/shop.py").read_text()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (
            "pytest.ini",
            "[pytest]\naddopts = --reuse-db\n",
            "[pytest]\n# isolint: ignore[reuse-db-by-default]\naddopts = --reuse-db\n",
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\naddopts = "--reuse-db"\n',
            '[tool.pytest.ini_options]\naddopts = "--reuse-db"  # isolint: ignore[reuse-db-by-default]\n',
        ),
    ],
)
def test_configuration_files(tmp_path: Path, path: str, before: str, after: str) -> None:
    write(tmp_path, {**CLEAN, path: before})
    assert isolint("check", cwd=tmp_path).code == 1
    assert isolint("check", "--add-ignore", cwd=tmp_path).code == 0
    assert (tmp_path / path).read_text() == after
    assert isolint("check", cwd=tmp_path).code == 0


def test_what_no_comment_mends_is_left(tmp_path: Path) -> None:
    broken = "def\n"
    write(tmp_path, {**LEAKY, "tests/test_broken.py": broken})
    code, _, err = isolint("check", "--add-ignore", cwd=tmp_path)
    assert code == 1
    assert "tests/test_broken.py:1: ISO000 is left: no comment mends it\n" in err
    assert "1 finding suppressed in 1 file.\n" in err
    assert (tmp_path / "tests/test_broken.py").read_text() == broken


def test_only_what_the_baseline_does_not_hold(tmp_path: Path) -> None:
    write(tmp_path, LEAKY)
    isolint("baseline", cwd=tmp_path)
    write(tmp_path, {"tests/test_new.py": TEST})
    isolint("check", "--baseline", ".isolint-baseline.json", "--add-ignore", cwd=tmp_path)
    assert IGNORE not in (tmp_path / "tests/test_shop.py").read_text()
    assert IGNORE in (tmp_path / "tests/test_new.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--reason", "why"], "--reason is for --add-ignore"),
        (["--add-ignore", "--reason", "a\nb"], "the reason has to be one line of text"),
        (["--add-ignore", "-", "--stdin-filename", "tests/test_shop.py"], "not standard input"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: list[str], said: str) -> None:
    write(tmp_path, LEAKY)
    code, out, err = isolint("check", *arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert said in err
    assert (tmp_path / "tests/test_shop.py").read_text() == TEST


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    write(tmp_path, LEAKY)
    (tmp_path / "tests").chmod(0o555)
    code, _, err = isolint("check", "--add-ignore", cwd=tmp_path)
    (tmp_path / "tests").chmod(0o755)
    if code == 0:
        pytest.skip("permissions do not bind this user")
    assert code == 1
    assert "ISO101 is left: the file could not be written" in err
    assert (tmp_path / "tests/test_shop.py").read_text() == TEST
