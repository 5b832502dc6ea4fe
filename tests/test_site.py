"""The site builds without a warning, and what its pages show was printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pages import DOCS, blocks, followed, is_shown

PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent.name != "rules")
BY_HAND = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(tmp_path / "trees")]
    built = subprocess.run(
        [*build, str(DOCS), str(tmp_path / "site")], capture_output=True, text=True, check=False
    )
    assert (built.returncode, built.stderr) == (0, "")
    made = {
        path.relative_to(tmp_path / "site").with_suffix("") for path in (tmp_path / "site").rglob("*.html")
    }
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
    text = re.sub(
        r"<!-- (\w+): begin -->.*?<!-- \1: end -->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    for block in blocks(page):
        text = text.replace(block.text, "")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert [line for line in text.splitlines() if len(line) > 120 and "|" not in line] == []


SCHEMAS = {
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    ".github/workflows/": "vendor.github-workflows",
}


def shown_files(beginning: str) -> list[tuple[Path, str]]:
    """The files of that name, or below that folder, that pages show."""
    return [
        (page, block.text) for page in PAGES for block in blocks(page) if block.path.startswith(beginning)
    ]


@pytest.mark.parametrize("beginning", SCHEMAS)
def test_files_for_ci_are_valid_by_the_official_schema(beginning: str, tmp_path: Path) -> None:
    found = shown_files(beginning)
    assert found
    for number, (page, text) in enumerate(found):
        path = tmp_path / f"{number}-{page.stem}.yml"
        path.write_text(text, encoding="utf-8")
        check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[beginning], str(path)]
        checked = subprocess.run(check, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, f"{page}: {checked.stdout}"


def test_workflows_give_the_action_inputs_that_it_has() -> None:
    action = yaml.safe_load((DOCS.parent / "action.yml").read_text(encoding="utf-8"))
    used = [
        step
        for _, text in shown_files(".github/workflows/")
        for step in yaml.safe_load(text)["jobs"]["isolint"]["steps"]
        if step["uses"].startswith("isolint/")
    ]
    assert len(used) >= 3
    assert {name for step in used for name in step.get("with", {})} <= set(action["inputs"])


def test_the_hook_of_pre_commit_is_there() -> None:
    ((_, text),) = shown_files(".pre-commit-config.yaml")
    offered = yaml.safe_load((DOCS.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (repository,) = yaml.safe_load(text)["repos"]
    assert {hook["id"] for hook in repository["hooks"]} <= {hook["id"] for hook in offered}


def test_the_table_of_inputs_is_that_of_the_action() -> None:
    action = yaml.safe_load((DOCS.parent / "action.yml").read_text(encoding="utf-8"))
    page = (DOCS / "recipes" / "github.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == list(action["inputs"])
