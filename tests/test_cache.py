"""The cache: a run that it answers says what a run without it says, whatever happened in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command import CLEAN, DATABASE, LEAKY, TEST, Outcome, isolint, write

from isolint.cache import Cache

CACHE = ".isolint_cache"
OTHER_TEST = """\
import os


def test_region():
    os.environ["REGION"] = "eu"
"""
LISTED = "import sys; from isolint.cli import main; main(); print(*sys.modules, file=sys.stderr)"


def entries(root: Path) -> list[Path]:
    return sorted((root / CACHE).glob("*.json"))


def fresh(root: Path, *options: str) -> Outcome:
    return isolint("check", "--no-cache", *options, cwd=root)


def age(root: Path, seconds: float = 10) -> None:
    """Let all files have been written some time ago, so that their times are to be trusted."""
    past = time.time() - seconds
    for path in (root, *root.rglob("*")):
        os.utime(path, (past, past))


def is_recalled(root: Path) -> bool:
    """Whether a run gets by without the rules."""
    done = subprocess.run(
        [sys.executable, "-c", LISTED, "check"], cwd=root, capture_output=True, text=True, check=True
    )
    return "isolint.facts.knowledge" not in done.stderr.split()


@pytest.fixture
def warm(tmp_path: Path) -> Path:
    """A project with findings that was checked once."""
    age(write(tmp_path, {**LEAKY, "tests/test_region.py": OTHER_TEST, "pytest.ini": "[pytest]\n"}))
    assert isolint("check", cwd=tmp_path).code == 1
    return tmp_path


def test_unchanged_project_is_recalled(warm: Path) -> None:
    assert is_recalled(warm)
    assert isolint("check", cwd=warm) == fresh(warm)


def test_touched_files_are_compared_by_content(warm: Path) -> None:
    for path in warm.rglob("*.py"):
        path.touch()
    assert is_recalled(warm)


def test_clean_run_is_recalled(tmp_path: Path) -> None:
    isolint("check", cwd=write(tmp_path, CLEAN))
    assert is_recalled(tmp_path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "test": lambda root: write(root, {"tests/test_shop.py": OTHER_TEST}),
    "test of the same length and time": lambda root: _disguised(root / "tests/test_region.py"),
    "product": lambda root: write(root, {"app/db.py": DATABASE.replace("sqlite:///./shop.db", "sqlite://")}),
    "new test": lambda root: write(root, {"tests/test_third.py": OTHER_TEST}),
    "removed test": lambda root: (root / "tests/test_region.py").unlink(),
    "new conftest": lambda root: write(
        root, {"tests/conftest.py": "import os\nos.environ['REGION'] = 'test'\n"}
    ),
    "new folder": lambda root: write(root, {"more/tests/test_more.py": TEST}),
    "removed product": lambda root: (root / "app/db.py").unlink(),
    "pytest's configuration": lambda root: write(root, {"pytest.ini": "[pytest]\ntestpaths = app\n"}),
    "isolint's configuration": lambda root: write(root, {"isolint.toml": "ignore = ['ISO101']\n"}),
    "ignored by git": lambda root: write(root, {".gitignore": "test_region.py\n", ".git/HEAD": ""}),
    "suppression": lambda root: write(
        root, {"tests/test_region.py": "# isolint: ignore-file\n" + OTHER_TEST}
    ),
    "unreadable": lambda root: write(root, {"tests/test_region.py": "def ("}),
}


def _disguised(path: Path) -> None:
    status = path.stat()
    path.write_text(OTHER_TEST.replace('os.environ["REGION"]', 'os.getenv("REGION") ').replace("=", "#"))
    assert path.stat().st_size == status.st_size
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_seen(warm: Path, change: str) -> None:
    before = isolint("check", cwd=warm)
    CHANGES[change](warm)
    after = isolint("check", cwd=warm)
    assert after == fresh(warm)
    assert after != before


@pytest.mark.parametrize(
    "options", [["--select", "ISO701"], ["--pedantic"], ["tests/test_shop.py"], ["--output-format", "json"]]
)
def test_other_question_has_its_own_answer(warm: Path, options: list[str]) -> None:
    for _ in range(2):
        assert isolint("check", *options, cwd=warm) == fresh(warm, *options)


def test_serves_another_checkout(warm: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "checkout"
    write(other, {p.relative_to(warm).as_posix(): p.read_bytes() for p in warm.rglob("*") if p.is_file()})
    assert is_recalled(other)
    assert isolint("check", cwd=other) == fresh(warm)


def test_spoilt_entries_are_passed_over(warm: Path) -> None:
    (entry,) = entries(warm)
    whole = entry.read_bytes()
    for spoilt in (
        b"",
        whole[:-20],
        whole[: len(whole) // 2],
        b"PK\x03\x04",
        whole.replace(b"ISO101", b"ISO999"),
    ):
        entry.write_bytes(spoilt)
        assert isolint("check", cwd=warm) == fresh(warm)


def test_folder_that_cannot_be_written(warm: Path) -> None:
    blocked = warm / "blocked"
    blocked.write_text("a file")
    assert isolint("check", "--cache-dir", str(blocked / "in"), cwd=warm) == fresh(warm)


def test_killed_run_does_no_harm(tmp_path: Path) -> None:
    files = {f"tests/test_{number}.py": OTHER_TEST for number in range(40)}
    write(tmp_path, {**LEAKY, **files})
    for wait in (0.05, 0.2, 0.4, 0.6):
        run = subprocess.Popen(
            [sys.executable, "-m", "isolint", "check"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert isolint("check", cwd=tmp_path) == fresh(tmp_path)


def test_two_runs_at_once(tmp_path: Path) -> None:
    write(tmp_path, LEAKY)
    command = [sys.executable, "-m", "isolint", "check"]
    runs = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "12"
    ]
    said = [run.communicate(timeout=120) for run in runs]
    assert said[0] == said[1]
    assert isolint("check", cwd=tmp_path) == fresh(tmp_path)
    assert not list((tmp_path / CACHE).glob("new-*"))


def test_entries_are_bounded(warm: Path) -> None:
    (entry,) = entries(warm)
    for number in range(80):
        (warm / CACHE / f"{number:032}.json").write_bytes(entry.read_bytes())
    write(warm, {"tests/test_region.py": TEST})
    isolint("check", cwd=warm)
    assert len(entries(warm)) <= 64


def test_places_of_the_cache(tmp_path: Path) -> None:
    write(tmp_path, CLEAN)
    isolint("check", "--no-cache", cwd=tmp_path)
    isolint("check", "--cache-dir", "one", cwd=tmp_path)
    isolint("check", cwd=tmp_path, environment={"ISOLINT_CACHE_DIR": "two"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "tests", "two"]
    isolint("check", cwd=tmp_path)
    assert (tmp_path / CACHE / ".gitignore").read_text() == "*\n"


def test_isolints_own_sources_are_read_again_once_they_are_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write(tmp_path / "isolint", {"a.py": "A = 1\n", "words/b.toml": "b = 1\n"})
    monkeypatch.setattr("isolint.cache.RECENT", -(10**12))
    monkeypatch.setattr("isolint.cache.__file__", str(package / "cache.py"))
    cache = Cache(tmp_path, tmp_path / "answers")
    told = [cache.own_sources(), cache.own_sources()]
    (tmp_path / "answers" / "own-sources").write_text("spoilt")
    assert {*told, cache.own_sources()} == {told[0]}
    written = (package / "a.py").stat().st_mtime_ns
    write(package, {"a.py": "A = 2\n"})
    os.utime(package / "a.py", ns=(written, written))
    told.append(cache.own_sources())
    write(package, {"words/c.toml": ""})
    told.append(cache.own_sources())
    assert len(set(told)) == 3
    monkeypatch.setattr("builtins.open", None)
    assert cache.own_sources() == told[-1]
