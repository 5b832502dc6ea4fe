"""The site builds without a warning, and what its pages show was printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import DOCS, blocks, followed, is_shown

PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent.name != "rules")
BY_HAND = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(tmp_path / "trees")]
    built = subprocess.run(
        [*build, str(DOCS), str(tmp_path / "site")], capture_output=True, text=True, check=False
    )
    assert (built.returncode, built.stderr) == (0, "")
    made = {path.relative_to(tmp_path / "site").with_suffix("") for path in (tmp_path / "site").rglob("*.html")}
    assert made >= {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}


def test_a_broken_link_or_a_page_that_is_in_no_table_of_contents_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text((DOCS / "conf.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "index.md").write_text("# Index\n\n[gone](gone.md)\n")
    (tmp_path / "alone.md").write_text("# Alone\n")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(tmp_path), str(tmp_path / "site")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode != 0
    assert "gone.md" in built.stderr
    assert "alone.md" in built.stderr


@BY_HAND
def test_what_a_page_shows_was_printed(page: Path, tmp_path: Path) -> None:
    for typed, printed in followed(page, tmp_path):
        assert is_shown(printed, typed.printed), f"$ {typed.command}\n{printed}"


@BY_HAND
def test_a_page_has_one_title_and_short_lines(page: Path) -> None:
    text = re.sub(r"<!-- (\w+): begin -->.*?<!-- \1: end -->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for block in blocks(page):
        text = text.replace(block.text, "")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert [line for line in text.splitlines() if len(line) > 120 and "|" not in line] == []
