"""The hooks, as pre-commit itself runs them in a repository.

They are taken from the manifest, but run with the isolint that is under test instead of one that is installed
from the network.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import CLEAN, LEAKY, TEST, Outcome, isolint, write

MANIFEST = Path(__file__).parents[1] / ".pre-commit-hooks.yaml"
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text("utf-8"))}

pytest.importorskip("pre_commit")


def run(*command: str, cwd: Path) -> Outcome:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    home = cwd.parent / "pre-commit-home"
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**own, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def git(root: Path, *arguments: str) -> None:
    own = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    outcome = run("git", *own, *arguments, cwd=root)
    assert outcome.code == 0, outcome.err


def hooked(root: Path, name: str) -> None:
    """Configure pre-commit to run that hook of the manifest."""
    hook = {**HOOKS[name], "language": "system"}
    program, _, arguments = hook["entry"].partition(" ")
    assert program == "isolint"
    hook["entry"] = f"{sys.executable} -m isolint {arguments}"
    document = {"repos": [{"repo": "local", "hooks": [hook]}]}
    write(root, {".pre-commit-config.yaml": json.dumps(document)})


def committed(root: Path, *, no_verify: bool = True) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=x", *(["--no-verify"] if no_verify else []))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that is committed, with a finding in it and the hook configured."""
    root = write(tmp_path / "shop", {**LEAKY, **CLEAN, "pyproject.toml": "[tool.isolint]\n"})
    git(root, "init", "--quiet", "--initial-branch=main")
    hooked(root, "isolint")
    committed(root)
    return root


def pre_commit(root: Path, *arguments: str) -> Outcome:
    git(root, "add", "--all")
    outcome = run(sys.executable, "-m", "pre_commit", "run", *arguments, cwd=root)
    assert "Traceback" not in outcome.out
    return outcome


def test_manifest_is_valid() -> None:
    outcome = run(sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST), cwd=Path.cwd())
    assert outcome.code == 0, outcome.out
    assert set(HOOKS) == {"isolint", "isolint-fix"}


def test_changed_test_file(repository: Path) -> None:
    write(repository, {"tests/test_new.py": TEST})
    code, out, _ = pre_commit(repository)
    assert code == 1
    assert "tests/test_new.py:1:20: ISO101" in out
    assert "tests/test_shop.py" not in out


def test_clean_test_file(repository: Path) -> None:
    write(repository, {"tests/test_sum.py": CLEAN["tests/test_sum.py"] + "\n"})
    code, out, _ = pre_commit(repository)
    assert (code, "Passed" in out) == (0, True)


def test_changed_conftest_only(repository: Path) -> None:
    write(repository, {"tests/conftest.py": TEST.replace("test_connects", "connects")})
    code, out, _ = pre_commit(repository)
    assert code == 1
    assert "tests/conftest.py:1:20: ISO101" in out
    assert "tests/test_shop.py" not in out


def test_changed_pyproject_only(repository: Path) -> None:
    write(
        repository, {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--reuse-db"\n[tool.isolint]\n'}
    )
    code, out, _ = pre_commit(repository)
    assert code == 1
    assert re.search(r"pyproject\.toml:2:\d+: ISO606", out)
    assert "tests/" not in out
    write(repository, {"pyproject.toml": "[tool.isolint]\n# nothing\n"})
    assert pre_commit(repository).code == 0


def test_configuration_counts_from_the_next_run_on(repository: Path) -> None:
    write(repository, {"pyproject.toml": '[tool.isolint]\nignore = ["ISO101"]\n', "tests/test_new.py": TEST})
    assert pre_commit(repository).code == 0


def test_excluded_file(repository: Path) -> None:
    write(repository, {"isolint.toml": 'extend-exclude = ["tests/test_new.py"]\n', "tests/test_new.py": TEST})
    assert pre_commit(repository).code == 0


def test_files_that_are_no_tests(repository: Path) -> None:
    write(repository, {"app/more.py": "from app.db import engine\n", "README.md": "A shop.\n"})
    code, out, _ = pre_commit(repository)
    assert (code, "Passed" in out) == (0, True)


def test_only_files_of_no_interest(repository: Path) -> None:
    write(repository, {"README.md": "A shop.\n"})
    code, out, _ = pre_commit(repository)
    assert (code, "Skipped" in out) == (0, True)


def test_all_files(repository: Path) -> None:
    write(repository, {"tests/test_new.py": TEST})
    code, out, _ = pre_commit(repository, "--all-files")
    assert code == 1
    reported = [line for line in out.splitlines() if "ISO101" in line]
    everything = isolint("check", cwd=repository).out.splitlines()
    assert reported == everything
    assert len(reported) == 2


def test_commit_is_stopped(repository: Path) -> None:
    outcome = run(sys.executable, "-m", "pre_commit", "install", cwd=repository)
    assert outcome.code == 0, outcome.out
    write(repository, {"tests/test_new.py": TEST})
    git(repository, "add", "--all")
    own = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    assert run("git", *own, "commit", "--message=x", cwd=repository).code == 1
    write(repository, {"tests/test_new.py": CLEAN["tests/test_sum.py"]})
    committed(repository, no_verify=False)


@pytest.mark.skipif(
    "--fix" not in isolint("check", "--help", cwd=Path.cwd()).out.split(), reason="there is no --fix yet"
)
def test_file_with_a_fix(repository: Path) -> None:
    hooked(repository, "isolint-fix")
    suppressed = "VALUE = 1  # isolint: ignore[ISO101]\n"
    write(repository, {"tests/test_value.py": suppressed})
    code, out, _ = pre_commit(repository)
    assert code == 1
    assert "files were modified by this hook" in out
    assert (repository / "tests/test_value.py").read_text() == "VALUE = 1\n"
    assert pre_commit(repository).code == 0
