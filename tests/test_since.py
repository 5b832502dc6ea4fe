"""`isolint check --since REF`: findings on the lines that changed, whoever has committed them or not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from command import LEAKY, TEST, isolint, write

from isolint.since import changes

SECOND = TEST.replace("test_connects", "test_again")


def git(root: Path, *arguments: str) -> None:
    own = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *own, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=x")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, LEAKY)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    return tmp_path


def test_old_findings_are_not_reported(repository: Path) -> None:
    code, out, err = isolint("check", "--since", "main", cwd=repository)
    assert (code, out, err) == (0, "", "No findings on lines changed since main; 1 file checked.\n")


def test_new_file_that_git_does_not_know(repository: Path) -> None:
    write(repository, {"tests/test_new.py": SECOND})
    code, out, _ = isolint("check", "--since", "main", cwd=repository)
    assert code == 1
    assert out.startswith("tests/test_new.py:1:20: ISO101")
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize("state", ["changed", "staged", "committed"])
def test_changed_line(repository: Path, state: str) -> None:
    git(repository, "switch", "--quiet", "--create", "topic")
    write(repository, {"tests/test_shop.py": f"import os\n{TEST}\n\nfrom app.db import engine as two\n"})
    if state != "changed":
        git(repository, "add", "--all")
    if state == "committed":
        git(repository, "commit", "--quiet", "--message=x")
    code, out, _ = isolint("check", "--since", "main", cwd=repository)
    assert code == 1
    assert out.startswith("tests/test_shop.py:10:")
    assert len(out.splitlines()) == 1


def test_what_the_other_branch_did_meanwhile_does_not_count(repository: Path) -> None:
    git(repository, "branch", "topic")
    write(repository, {"tests/test_shop.py": TEST.replace("import engine", "import engine  # ours")})
    commit(repository)
    git(repository, "switch", "--quiet", "topic")
    assert isolint("check", "--since", "main", cwd=repository).code == 0


def test_facts_come_from_the_whole_project(repository: Path) -> None:
    write(repository, {"tests/test_new.py": SECOND})
    _, out, _ = isolint("check", "--since", "HEAD", "--output-format", "full", cwd=repository)
    assert "app/db.py" in out


def test_file_moved_without_a_change(repository: Path) -> None:
    git(repository, "mv", "tests/test_shop.py", "tests/test_store.py")
    assert isolint("check", "--since", "HEAD", cwd=repository).code == 0


def test_project_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    shop = write(tmp_path / "services/shop", {**LEAKY, "isolint.toml": ""})
    write(tmp_path / "other", {"tests/test_shop.py": SECOND})
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    write(shop, {"tests/test_shop.py": SECOND.replace("import engine", "import engine  # new")})
    code, out, _ = isolint("check", "--since", "main", cwd=shop)
    assert code == 1
    assert out.startswith("tests/test_shop.py:1:")


@pytest.mark.parametrize(
    "name", ["50%, a b.py", 'qu"ote\\.py', "tab\there.py", "größe.py", "new\nline.py", "+++ b.py"]
)
def test_names_that_git_quotes(repository: Path, name: str) -> None:
    write(repository, {f"tests/{name}": "a = 1\n"})
    commit(repository)
    write(repository, {f"tests/{name}": "a = 1\nb = 2\n-- c\n"})
    assert changes(repository, "HEAD").lines == {f"tests/{name}": ((2, 3),)}


def test_lines_that_look_like_headers(repository: Path) -> None:
    write(repository, {"tests/test_a.py": "-- a\n++ b\nc\n"})
    commit(repository)
    write(repository, {"tests/test_a.py": "c\n++ d/none.py\n@@ -1 +1 @@\n"})
    assert changes(repository, "HEAD").lines == {"tests/test_a.py": ((2, 3),)}


def test_settings_of_the_user_change_nothing(repository: Path) -> None:
    for key, value in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("color.ui", "always"),
        ("diff.external", "false"),
        ("diff.interHunkContext", "5"),
        ("core.fsmonitor", "touch ran-fsmonitor"),
    ]:
        git(repository, "config", key, value)
    write(repository, {"tests/test_shop.py": TEST.replace("import engine", "import engine  # new")})
    assert isolint("check", "--since", "HEAD", cwd=repository).code == 1
    assert not (repository / "ran-fsmonitor").exists()


def test_from_within_a_hook(repository: Path) -> None:
    write(repository, {"tests/test_new.py": SECOND})
    environment = {"GIT_DIR": "elsewhere", "GIT_INDEX_FILE": "elsewhere", "GIT_WORK_TREE": "/"}
    assert isolint("check", "--since", "main", cwd=repository, environment=environment).code == 1


def test_broken_file_is_told_when_it_changed(repository: Path) -> None:
    write(repository, {"tests/test_broken.py": "a = 1\nb = (\n"})
    commit(repository)
    assert isolint("check", "--since", "HEAD", cwd=repository).code == 0
    write(repository, {"tests/test_broken.py": "a = 2\nb = (\n"})
    assert isolint("check", "--since", "HEAD", cwd=repository).code == 1


@pytest.mark.parametrize(
    "ref", ["none", "-v", "--output=written", "", "HEAD~5", "a b", "main:tests/test_shop.py"]
)
def test_commit_that_there_is_none_of(repository: Path, ref: str) -> None:
    code, out, err = isolint("check", f"--since={ref}", cwd=repository)
    assert (code, out) == (2, "")
    assert f"git knows no commit '{ref}' in {repository}" in err
    assert not (repository / "written").exists()


def test_no_repository(tmp_path: Path) -> None:
    write(tmp_path, LEAKY)
    environment = {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    code, out, err = isolint("check", "--since", "main", cwd=tmp_path, environment=environment)
    assert (code, out) == (2, "")
    assert f"git cannot tell what has changed in {tmp_path}: fatal: not a git repository" in err


def test_repository_that_git_does_not_trust(repository: Path) -> None:
    environment = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    code, _, err = isolint("check", "--since", "main", cwd=repository, environment=environment)
    assert code == 2
    assert "dubious ownership" in err


def test_histories_with_nothing_in_common(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--orphan", "other")
    write(repository, {**LEAKY, "README": "from the beginning"})
    commit(repository)
    code, _, err = isolint("check", "--since", "main", cwd=repository)
    assert code == 2
    assert "HEAD and 'main' have no commit in common; of a shallow clone, fetch more of the history" in err


def test_fixes_would_move_the_lines(repository: Path) -> None:
    code, out, err = isolint("check", "--since", "main", "--fix", cwd=repository)
    assert (code, out) == (2, "")
    assert "--fix and --diff do not go with --since" in err


def test_no_git(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    code, _, err = isolint("check", "--since", "main", cwd=repository, environment={"PATH": os.fspath(empty)})
    assert code == 2
    assert "`--since` needs git, and there is none on the PATH" in err
