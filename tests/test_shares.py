"""The same findings, however the work is shared: among processes, and among machines."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from command import LEAKY, isolint, write

from isolint import workers
from isolint.shard import Shard, parse

FIXTURES = Path(__file__).parents[1] / "fixtures"
JSON = ("--output-format", "json", "--no-cache", "--isolated")


def found(root: Path, *options: str) -> list[dict[str, Any]]:
    """The findings that a run reports."""
    entries: list[dict[str, Any]] = json.loads(isolint("check", *options, *JSON, cwd=root).out)
    return entries


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with many findings, a file that cannot be read, and suppressions."""
    root = tmp_path_factory.mktemp("project")
    rules = ("environ-mutation-leak", "production-session-import", "unguarded-destructive-call", "cwd-leak")
    for rule in rules:
        for path in (FIXTURES / rule).glob("*.py"):
            write(root, {f"tests/{rule}/test_{path.stem}.py": path.read_bytes()})
    silenced = 'import os\n\n\ndef test_eu():\n    os.environ["REGION"] = "eu"  # isolint: ignore[ISO701]\n'
    return write(root, {**LEAKY, "tests/test_broken.py": "def (", "tests/test_eu.py": silenced})


@pytest.fixture(scope="module")
def whole(project: Path) -> list[dict[str, Any]]:
    """What one process finds in all of it."""
    entries = found(project, "--jobs", "1")
    assert len(entries) > 20
    return entries


@pytest.mark.parametrize("jobs", ["2", "5"])
def test_processes_find_the_same(project: Path, whole: list[dict[str, Any]], jobs: str) -> None:
    assert found(project, "--jobs", jobs) == whole


def test_processes_count_the_same(project: Path) -> None:
    said = [isolint("check", "--no-cache", "--jobs", jobs, cwd=project).err for jobs in ("1", "3")]
    assert said[0] == said[1]


@pytest.mark.parametrize("number", [2, 5])
def test_shards_find_everything_once(project: Path, whole: list[dict[str, Any]], number: int) -> None:
    shards = [found(project, "--shard", f"{part}/{number}") for part in range(1, number + 1)]
    assert sum(map(len, shards)) == len(whole)
    assert all(shard != whole for shard in shards)


def test_merged_shards_are_the_whole_report(project: Path, tmp_path: Path) -> None:
    for part in (1, 2, 3):
        write(tmp_path, {f"{part}.json": isolint("check", "--shard", f"{part}/3", *JSON, cwd=project).out})
    code, out, _ = isolint("report", "merge", "3.json", "1.json", "2.json", "2.json", cwd=tmp_path)
    assert (code, out) == (1, isolint("check", *JSON, cwd=project).out)


def test_merging_nothing_found(tmp_path: Path) -> None:
    code, out, _ = isolint("report", "merge", "1.json", cwd=write(tmp_path, {"1.json": "[]\n"}))
    assert (code, json.loads(out)) == (0, [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "1.json: no such file"),
        ("{", "1.json: it is no JSON"),
        ("{}", "no report"),
        ("[3]", "no report"),
    ],
)
def test_what_cannot_be_merged(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        write(tmp_path, {"1.json": content})
    code, _, err = isolint("report", "merge", "1.json", cwd=tmp_path)
    assert code == 2
    assert said.lower() in err.lower()


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", ""])
def test_no_shard(tmp_path: Path, text: str) -> None:
    code, _, err = isolint("check", "--shard", text, cwd=write(tmp_path, LEAKY))
    assert code == 2
    assert "expected I/N" in err


def test_shard_without_files_is_no_failure(tmp_path: Path) -> None:
    write(tmp_path, LEAKY)
    codes = {
        isolint("check", "--no-cache", "--shard", f"{part}/9", cwd=tmp_path).code for part in range(1, 10)
    }
    assert codes == {0, 1}


def test_every_content_has_one_shard() -> None:
    for number in (1, 2, 7):
        shards = [parse(f"{part}/{number}") for part in range(1, number + 1)]
        for content in (b"", b"def test(): ...", bytes(range(256))):
            assert sum(shard.holds(content) for shard in shards) == 1
    assert Shard(1, 1).holds(b"anything")


def test_killed_process_is_stood_in_for() -> None:
    me = os.getpid()

    def work(group: list[int]) -> list[int]:
        if os.getpid() != me and 2 in group:
            os.kill(os.getpid(), signal.SIGKILL)
        return [10 * number for number in group]

    assert workers.spread([[0], [1], [2, 3]], work) == [[0], [10], [20, 30]]


def test_parts_are_even() -> None:
    groups = workers.parts([9, 1, 1, 1, 8, 2], 2)
    assert sorted(index for group in groups for index in group) == list(range(6))
    assert {sum([9, 1, 1, 1, 8, 2][index] for index in group) for group in groups} <= {10, 11, 12}
