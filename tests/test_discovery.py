"""Which files a run sees, and which of them it reports on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from isolint import patterns
from isolint.defaults import DEFAULT_EXCLUDE
from isolint.discovery import Files, discover, is_test_context, is_test_file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose parents hold no repository that could ignore it."""
    root = tmp_path / "project"
    root.mkdir()
    return root


def write(root: Path, *paths: str, text: str = "") -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def found(root: Path, *paths: str, force_exclude: bool = False) -> tuple[str, ...]:
    return discover(root, [root / path for path in paths], force_exclude=force_exclude).python


def reported(root: Path, *paths: str, force_exclude: bool = False) -> set[str]:
    return set(discover(root, [root / path for path in paths], force_exclude=force_exclude).reported)


class TestTheProject:
    def test_every_python_file_is_found_sorted_and_relative(self, project: Path) -> None:
        write(project, "b.py", "app/db.py", "app/README.md", "tests/test_a.py", "a.pyc")
        assert found(project) == ("app/db.py", "b.py", "tests/test_a.py")

    @pytest.mark.parametrize(
        "folder",
        [
            ".git",
            ".tox",
            ".venv",
            ".mypy_cache",
            "venv",
            "node_modules",
            "__pycache__",
            "site-packages",
            "lib/site-packages",
            "isolint.egg-info",
            "docs/_build",
        ],
    )
    def test_folders_without_own_code_are_left_out(self, project: Path, folder: str) -> None:
        write(project, f"{folder}/x.py", f"pkg/{folder}/x.py")
        assert found(project) == ()

    def test_a_virtual_environment_is_known_by_its_marker(self, project: Path) -> None:
        write(project, "python311/pyvenv.cfg", "python311/lib/x.py", "env/settings.py")
        assert found(project) == ("env/settings.py",)

    @pytest.mark.parametrize("folder", ["build", "dist"])
    def test_the_output_of_a_build_is_left_out_but_a_package_of_that_name_is_not(
        self, project: Path, folder: str
    ) -> None:
        write(project, f"{folder}/lib/x.py", f"src/{folder}/__init__.py", f"src/{folder}/env.py")
        assert found(project) == (f"src/{folder}/__init__.py", f"src/{folder}/env.py")

    def test_own_globs_replace_the_default_ones(self, project: Path) -> None:
        write(project, "venv/x.py", "legacy/x.py", "app/legacy/x.py", "app/x_pb2.py", "__pycache__/x.py")
        assert discover(project, exclude=["/legacy", "*_pb2.py"]).python == ("app/legacy/x.py", "venv/x.py")

    def test_an_empty_project_has_no_files(self, project: Path) -> None:
        assert discover(project) == Files((), (), frozenset(), ("",), (), (), ())


class TestConfiguration:
    def test_it_is_known_by_its_name_in_every_folder(self, project: Path) -> None:
        write(project, "tox.ini", "api/docker-compose.test.yml", "api/notes.yml", ".env", "api/Makefile")
        assert discover(project).configuration == (
            ".env",
            "api/Makefile",
            "api/docker-compose.test.yml",
            "tox.ini",
        )

    def test_hidden_folders_are_entered_for_that_of_continuous_integration(self, project: Path) -> None:
        write(project, ".github/workflows/ci.yml", ".github/dependabot.yml", ".circleci/config.yml")
        assert discover(project).configuration == (".circleci/config.yml", ".github/workflows/ci.yml")
        assert discover(project, exclude=["ci.yml"]).configuration == (".circleci/config.yml",)

    def test_it_governs_the_folders_below_it(self, project: Path) -> None:
        write(project, ".github/workflows/ci.yml", "api/tox.ini", "api/tests/test_a.py", "web/tox.ini")
        files = discover(project, [project / "api" / "tests"])
        assert [path for path in files.configuration if files.governs(path)] == [
            ".github/workflows/ci.yml",
            "api/tox.ini",
        ]

    def test_a_named_file_brings_no_configuration_with_it(self, project: Path) -> None:
        write(project, "tox.ini", "tests/test_a.py")
        assert not discover(project, [project / "tests" / "test_a.py"]).governs("tox.ini")
        assert discover(project, [project / "tox.ini"]).governs("tox.ini")


class TestNamedPaths:
    def test_without_paths_everything_is_reported(self, project: Path) -> None:
        write(project, "a.py", "tests/test_a.py")
        assert discover(project).reported == {"a.py", "tests/test_a.py"}

    def test_only_what_is_named_is_reported_but_all_files_are_known(self, project: Path) -> None:
        write(project, "app/db.py", "tests/test_a.py", "tests/unit/test_b.py", "tests_old/test_c.py")
        assert reported(project, "tests") == {"tests/test_a.py", "tests/unit/test_b.py"}
        assert reported(project, "tests/test_a.py") == {"tests/test_a.py"}
        assert "app/db.py" in found(project, "tests")

    def test_paths_may_be_spelled_in_roundabout_ways(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(project, "tests/test_a.py", "tests/unit/test_b.py")
        monkeypatch.chdir(project / "tests" / "unit")
        assert discover(project, [Path("../test_a.py"), Path("./")]).reported == {
            "tests/test_a.py",
            "tests/unit/test_b.py",
        }

    def test_a_missing_path_is_told_as_it_was_given(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(project, "a.py")
        monkeypatch.chdir(project)
        files = discover(project, [Path("tsets"), Path("a.py/b.py"), Path("a.py")])
        assert files.missing == ("tsets", os.path.join("a.py", "b.py"))
        assert files.reported == {"a.py"}

    def test_a_path_outside_the_project_is_told(self, project: Path) -> None:
        write(project.parent, "other/test_a.py")
        files = discover(project, [project.parent / "other"])
        assert files.outside == (str(project.parent / "other"),)
        assert files.reported == frozenset()

    def test_a_named_file_is_taken_even_if_it_is_left_out_otherwise(self, project: Path) -> None:
        write(project, ".gitignore", text="generated.py\n")
        write(project, "generated.py", "venv/x.py", "venv/y.py")
        files = discover(project, [project / "generated.py", project / "venv/x.py"])
        assert files.python == ("generated.py", "venv/x.py")
        assert files.reported == {"generated.py", "venv/x.py"}

    def test_a_named_folder_is_taken_even_if_it_is_left_out_otherwise(self, project: Path) -> None:
        write(project, "build/lib/x.py", "build/node_modules/y.py", "a.py")
        assert reported(project, "build") == {"build/lib/x.py", "build/node_modules/y.py"}
        assert reported(project, "build/lib") == {"build/lib/x.py"}

    def test_force_exclude_holds_for_named_paths_too(self, project: Path) -> None:
        write(project, ".gitignore", text="generated.py\n")
        write(project, "generated.py", "venv/x.py", "venv/pip.toml", "a.py", "setup.cfg")
        named = ("generated.py", "venv", "venv/x.py", "venv/pip.toml", "a.py", "setup.cfg")
        assert reported(project, *named, force_exclude=True) == {"a.py", "setup.cfg"}
        assert found(project, *named, force_exclude=True) == ("a.py",)

    def test_configuration_files_are_covered_by_name_or_folder(self, project: Path) -> None:
        write(project, "pytest.ini", "deploy/compose.yml", "tests/test_a.py")
        files = discover(project, [project / "pytest.ini", project / "tests"])
        assert files.python == ("tests/test_a.py",)
        assert files.covers("pytest.ini")
        assert files.covers("tests/compose.yml")
        assert not files.covers("deploy/compose.yml")
        assert discover(project).covers("deploy/compose.yml")


class TestWhatCannotBeRead:
    def test_a_folder_without_permission_is_told_and_the_others_go_on(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(project, "a.py", "secret/b.py", "tests/c.py")
        scandir = os.scandir

        def refusing(path: str) -> object:
            if path.endswith("secret"):
                raise PermissionError(13, "Permission denied", path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        files = discover(project)
        assert files.python == ("a.py", "tests/c.py")
        assert [(each.path, each.reason) for each in files.unreadable] == [("secret", "Permission denied")]

    def test_a_root_that_does_not_exist_is_told(self, tmp_path: Path) -> None:
        files = discover(tmp_path / "gone")
        assert files.missing == (str(tmp_path / "gone"),)

    def test_what_is_called_like_a_python_file_but_is_none_is_left_out(self, project: Path) -> None:
        (project / "folder.py").mkdir()
        os.mkfifo(project / "pipe.py")
        (project / "dangling.py").symlink_to(project / "gone.py")
        (project / "itself.py").symlink_to(project / "itself.py")
        assert found(project) == ()

    def test_a_gitignore_that_is_not_utf_8_still_counts(self, project: Path) -> None:
        write(project, "a.py", "b.py")
        (project / ".gitignore").write_bytes(b"caf\xe9\na.py\n")
        assert found(project) == ("b.py",)


class TestLinks:
    def test_a_link_to_a_folder_above_is_no_loop(self, project: Path) -> None:
        write(project, "a/x.py")
        (project / "a" / "loop").symlink_to(project)
        (project / "a" / "self").symlink_to(project / "a")
        assert found(project) == ("a/x.py",)

    def test_a_link_out_of_the_project_is_not_followed(self, project: Path) -> None:
        write(project.parent, "elsewhere/x.py")
        (project / "elsewhere").symlink_to(project.parent / "elsewhere")
        assert found(project) == ()

    def test_a_folder_that_is_linked_too_counts_once_under_its_own_path(self, project: Path) -> None:
        write(project, "z_common/tests/test_a.py")
        (project / "app").mkdir()
        (project / "app" / "tests").symlink_to(project / "z_common" / "tests")
        assert found(project) == ("z_common/tests/test_a.py",)
        assert reported(project, "app/tests") == {"z_common/tests/test_a.py"}
        assert reported(project, "app/tests/test_a.py") == {"z_common/tests/test_a.py"}

    def test_a_linked_file_is_a_file(self, project: Path) -> None:
        write(project.parent, "shared_conftest.py")
        (project / "conftest.py").symlink_to(project.parent / "shared_conftest.py")
        assert found(project) == ("conftest.py",)

    def test_a_project_reached_through_a_link_is_the_same_project(self, project: Path) -> None:
        write(project, "tests/test_a.py")
        link = project.parent / "link"
        link.symlink_to(project)
        assert discover(project, [link / "tests"]).reported == {"tests/test_a.py"}
        assert discover(link, [project / "tests"]).reported == {"tests/test_a.py"}


class TestGitignore:
    def test_a_nested_file_speaks_of_its_folder_and_overrules_the_outer_one(self, project: Path) -> None:
        write(project, ".gitignore", text="*_gen.py\n/local.py\nscratch/\n")
        write(project, "app/.gitignore", text="!keep_gen.py\n/local.py\n")
        write(
            project,
            "a_gen.py",
            "local.py",
            "scratch/x.py",
            "app/keep_gen.py",
            "app/drop_gen.py",
            "app/local.py",
            "app/sub/local.py",
        )
        assert found(project) == ("app/keep_gen.py", "app/sub/local.py")

    def test_a_file_in_an_ignored_folder_cannot_be_excepted(self, project: Path) -> None:
        write(project, ".gitignore", text="out/\n!out/keep.py\nkept/*\n!kept/keep.py\n")
        write(project, "out/keep.py", "kept/keep.py", "kept/drop.py")
        assert found(project) == ("kept/keep.py",)

    def test_what_is_below_a_folder_can_be_ignored_without_the_folder(self, project: Path) -> None:
        write(project, ".gitignore", text="data/**\n!data/**/\n!data/**/*.py\n")
        write(project, "data/a.py", "data/deep/b.py")
        assert found(project) == ("data/a.py", "data/deep/b.py")

    def test_the_files_of_a_repository_around_the_project_count(self, project: Path) -> None:
        repository = project.parent
        write(repository, ".git/info/exclude", text="notes.py\n")
        write(repository, ".gitignore", text="/project/generated/\n/local.py\n")
        write(project, "generated/x.py", "local.py", "notes.py", "a.py")
        assert found(project) == ("a.py", "local.py")

    def test_a_project_that_is_ignored_as_a_whole_is_checked_all_the_same(self, project: Path) -> None:
        write(project.parent, ".git/HEAD")
        write(project.parent, ".gitignore", text="project/\n")
        write(project, "a.py")
        assert found(project) == ("a.py",)

    def test_a_worktree_shares_the_excludes_of_its_repository(self, project: Path) -> None:
        own = project.parent / "main" / ".git" / "worktrees" / "project"
        write(own, "commondir", text="../..\n")
        write(project.parent, "main/.git/info/exclude", text="notes.py\n")
        write(project, ".git", text=f"gitdir: {own}\n")
        write(project, "notes.py", "a.py")
        assert found(project) == ("a.py",)

    def test_malformed_patterns_are_passed_over(self, project: Path) -> None:
        write(project, ".gitignore", text="\n# a comment\n[z-a].py\n!\n/\n[\nb.py\n")
        write(project, "a.py", "b.py")
        assert found(project) == ("a.py",)

    @pytest.mark.skipif(shutil.which("git") is None, reason="compares with git itself")
    @pytest.mark.parametrize(
        "patterns",
        [
            ["*", "!*/", "!test_*.py"],
            ["/*", "!/app/"],
            ["app/*", "!app/tests/"],
            ["**/tests", "!tests/test_a.py"],
            ["app/**/", "!x.py"],
            ["a*", "!app/**"],
            ["app/**/x.py", " x.py", "x.py "],
            ["!app", "*.py", "!/x.py"],
        ],
    )
    def test_the_same_files_are_left_as_git_leaves(self, project: Path, patterns: list[str]) -> None:
        subprocess.run(["git", "init", "-q", str(project)], check=True)
        write(project, ".gitignore", text="\n".join(patterns))
        write(project, "app/.gitignore", text="!/tests/test_b.py\ntests/x.py\n")
        for folder in ("", "app/", "app/tests/", "tests/", "app/deep/app/"):
            write(project, f"{folder}x.py", f"{folder}test_a.py", f"{folder}test_b.py")
        command = ["git", "-C", str(project), "ls-files", "--others", "--exclude-standard", "*.py"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert found(project) == tuple(sorted(listed.split()))


class TestTestFiles:
    @pytest.mark.parametrize(
        "path",
        [
            "tests/test_users.py",
            "app/users/tests.py",
            "app/users_test.py",
            "conftest.py",
            "src/pkg/test_inline.py",
            "tests/migrations/test_0003_backfill.py",
        ],
    )
    def test_files_that_runners_collect(self, path: str) -> None:
        assert is_test_file(path)
        assert is_test_context(path)

    @pytest.mark.parametrize("path", ["tests/factories.py", "app/test/helpers/db.py", "tests/__init__.py"])
    def test_support_code_is_context_but_no_test_file(self, path: str) -> None:
        assert not is_test_file(path)
        assert is_test_context(path)

    @pytest.mark.parametrize(
        "path",
        [
            "app/db.py",
            "app/latest/contest.py",
            "app/testing/helpers.py",
            "app/attests/x.py",
            "testsuite.py",
            "alembic/versions/1f3a_add_user_test.py",
            "db/alembic_main/versions/test_columns.py",
            "app/migrations/0007_drop_test.py",
            "tests/app/migrations/0001_initial.py",
            "crates/linter/resources/test/fixtures/test_raises.py",
            "tests/testdata/test_bad.py",
        ],
    )
    def test_files_that_only_look_like_tests(self, path: str) -> None:
        assert not is_test_file(path)
        assert not is_test_context(path)

    def test_the_names_of_the_pytest_configuration_count_besides(self) -> None:
        assert is_test_file("app/check_users.py", ["check_*.py"])
        assert is_test_file("app/spec/users.py", ["spec/*.py"])
        assert is_test_file("spec/users.py", ["spec/*.py"])
        assert is_test_file("app/test_users.py", ["check_*.py"])
        assert not is_test_file("app/users.py", ["check_*.py", "spec/*.py"])

    def test_collecting_every_name_does_not_make_the_product_a_test(self) -> None:
        assert is_test_file("tests/users.py", ["*.py"])
        assert not is_test_file("app/users.py", ["*.py"])
        assert is_test_file("qa/users.py", ["*.py"], ["qa"])

    def test_own_test_paths_count_besides(self) -> None:
        assert is_test_context("qa/helpers.py", test_paths=["qa"])
        assert is_test_context("packages/a/qa/helpers.py", test_paths=["packages/*/qa/"])
        assert not is_test_context("packages/a/qa/helpers.py", test_paths=["/qa"])


NAMES = (
    *DEFAULT_EXCLUDE,
    "build",
    "*.pyc",
    "data*",
    "a*b/",
    ".git",
    "a_1",
    ".",
    "*.py[co]",
    "*$py.class",
    "?",
    "*~",
)
PATHS = (
    "/dist/",
    "/a.b",
    "docs/_build/",
    "a/*",
    "/*",
    "*/b*",
    "a/*/c?.[ch]",
    "**/a",
    "**/a/b*/",
    "a+b/c@d,e",
)


@pytest.mark.parametrize("line", [*NAMES, *PATHS, *(f"!{line}" for line in (*NAMES, *PATHS))])
def test_a_plain_pattern_is_compiled_as_pathspec_compiles_it(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = GitIgnoreSpec.from_lines([line]).patterns[0]
    monkeypatch.setattr(GitIgnoreSpec, "from_lines", None)
    (pattern,) = patterns._compiled(line)
    assert wanted.regex is not None
    assert (pattern.regex.pattern, pattern.includes) == (wanted.regex.pattern, wanted.include)
