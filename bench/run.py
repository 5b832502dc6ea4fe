"""The benchmark: `python bench/run.py` installs the peers, downloads the sources, measures, and writes table and plot.

Everything is kept in bench/.work, so that a second call measures at once. All tools take turns, round by round, so that
a machine that slows down slows all of them; what is told are medians, and medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tomllib

HERE = Path(__file__).parent
WORK = HERE / ".work"
SUITE = tomllib.loads((HERE / "suite.toml").read_text(encoding="utf-8"))
ISOLINT = HERE.parent
CONFTEST = """\
import pytest


@pytest.fixture
def language():
    return "de"
"""
GROWTH = (5_000, 20_000, 80_000, 320_000, 1_500_000)


class Cost(NamedTuple):
    """What one process took: seconds, seconds of all its processors, megabytes at most, and its exit code."""

    wall: float
    cpu: float
    memory: float
    code: int


class Measured(NamedTuple):
    """What the rounds of a job took, and how many instructions it has (None: not counted)."""

    costs: list[Cost]
    instructions: int | None = None


class Job(NamedTuple):
    """A command to measure. `name` is tool and scenario; `prepare` runs before it, unmeasured."""

    name: str
    command: list[str]
    folder: Path
    prepare: Any = None


def main() -> None:
    """Measure what was asked for, and write results.json, table.md and plot.svg."""
    options = _options()
    WORK.mkdir(exist_ok=True)
    names = options.sources or ["pytest-django", "ckan", "django"]
    results: dict[str, dict[str, Measured]] = {}
    environments = {name: _environment(name, tool["requires"]) for name, tool in _peers(options.tools)}
    environments["isolint"] = _environment("isolint", [str(ISOLINT)])
    for name in names:
        jobs = list(_jobs(name, environments, options.tools))
        results[name] = _measured(jobs, options.rounds, options.instructions)
        _write(results, {}, options.out)
    growth = _grown(environments["isolint"], options.growth) if options.growth else {}
    _write(results, growth, options.out)
    print((options.out / "table.md").read_text(encoding="utf-8"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sources", nargs="*", choices=sorted(SUITE["sources"]))
    parser.add_argument("--tools", nargs="*", choices=sorted(SUITE["tools"]))
    parser.add_argument(
        "--growth", type=int, default=0, metavar="LINES", help="Grow the union up to so many lines."
    )
    parser.add_argument(
        "--instructions",
        type=float,
        default=0,
        metavar="SECONDS",
        help="Count the instructions of what takes no longer, with valgrind: they repeat where seconds drift.",
    )
    parser.add_argument("--out", type=Path, default=WORK)
    return parser.parse_args()


# -- what is measured


def _peers(chosen: Iterable[str] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((name, tool) for name, tool in SUITE["tools"].items() if not chosen or name in chosen)


def _jobs(name: str, environments: Mapping[str, Path], chosen: Iterable[str] | None) -> Iterator[Job]:
    source = SUITE["sources"][name]
    root = _archive(name, source["release"])
    paths = " ".join(_tests(root, source))
    cache = WORK / "cache" / name
    for tool, described in _peers(chosen):
        for scenario in ("cold", "warm"):
            if scenario in described:
                text = described[scenario].format(paths=paths, cache=cache / tool)
                yield Job(f"{tool} {scenario}", _in(environments[tool], text), root)
    own = environments["isolint"]
    check = "isolint check --isolated --exit-zero --output-format concise"
    yield Job("isolint cold", _in(own, f"{check} --no-cache {paths}"), root)
    yield Job("isolint cold, 1 process", _in(own, f"{check} --no-cache --jobs 1 {paths}"), root)
    warm = f"{check} --cache-dir {cache / 'isolint'} {paths}"
    yield Job("isolint warm", _in(own, warm), root)
    if "changed" in source:
        _change(root / source["changed"])
        yield Job("isolint one changed", _in(own, warm), root, lambda: _change(root / source["changed"]))
    if "file" in source:
        yield Job("isolint one file", _in(own, f"{check} --no-cache {source['file']}"), root)
        again = _in(own, f"{check} --cache-dir {cache / 'one'} {source['file']}")
        # What the file depends on may have been changed in the round before: answer once, then measure.
        yield Job("isolint one file, warm", again, root, lambda: _cost(Job("", again, root)))
        yield Job("isolint --diff one file", _in(own, f"{check} --no-cache --diff {source['file']}"), root)
        yield Job("import libcst", [str(own / "bin" / "python"), "-c", "import libcst"], root)


def _measured(jobs: list[Job], rounds: int, longest: float) -> dict[str, Measured]:
    """All jobs in turns; before that, those that answer from a cache once without being measured.

    At the end the instructions are counted of those that take no longer than so many seconds.
    """
    found: dict[str, list[Cost]] = {job.name: [] for job in jobs}
    for number in range(rounds + 1):
        for job in jobs:
            if not number and "warm" not in job.name:
                continue
            if job.prepare is not None:
                job.prepare()
            cost = _cost(job)
            if number:
                found[job.name].append(cost)
            print(f"{number}/{rounds} {job.name}: {cost.wall:.3f} s", file=sys.stderr)
    short = {job.name for job in jobs if min(cost.wall for cost in found[job.name]) <= longest}
    counted = {job.name: _instructions(job) for job in jobs if job.name in short}
    return {name: Measured(costs, counted.get(name)) for name, costs in found.items()}


def _instructions(job: Job) -> int | None:
    """The instructions of a job's process, None where valgrind does not tell."""
    if job.prepare is not None:
        job.prepare()
    counting = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    process = subprocess.run(
        [*counting, *job.command],
        cwd=job.folder,
        env=_surroundings() | {"PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    told = re.search(r"I\s+refs:\s+([\d,]+)", process.stderr)
    return int(told[1].replace(",", "")) if told else None


def _surroundings() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "ISOLINT"))}


def _cost(job: Job) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(
        job.command, cwd=job.folder, env=_surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        print(f"{job.name} failed with {process.returncode}: {shlex.join(job.command)}", file=sys.stderr)
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, process.returncode)


def _change(path: Path) -> None:
    """Change the code of a file as an edit does, that of a conftest which the project does not have, too."""
    text = path.read_text(encoding="utf-8") if path.exists() else CONFTEST
    kept = text.partition("# changed")[0].rstrip()
    path.write_text(
        f"{kept}\n\n\n# changed\ndef changed_between_two_runs():\n    return {time.time_ns()}\n",
        encoding="utf-8",
    )


# -- growth


def _grown(environment: Path, most: int) -> dict[int, Cost]:
    """What isolint takes for the first so many lines of the union of all sources' tests, in one process."""
    found: dict[int, Cost] = {}
    for wanted in (size for size in GROWTH if size <= most):
        root, lines = _union(wanted)
        command = "isolint check --isolated --exit-zero --no-cache --jobs 1 ."
        found[lines] = min(_cost(Job("growth", _in(environment, command), root)) for _ in range(2))
        print(f"growth: {lines} lines: {found[lines].cpu:.2f} s of CPU", file=sys.stderr)
    return found


def _union(wanted: int) -> tuple[Path, int]:
    """A tree with tests of the sources, folder by folder, of at least so many lines if there are as many."""
    root = WORK / "union" / str(wanted)
    shutil.rmtree(root, ignore_errors=True)
    (root / ".git").mkdir(parents=True)
    lines = 0
    for name, source in SUITE["sources"].items():
        home = _archive(name, source["release"])
        for tests in _tests(home, source):
            for path in sorted((home / tests).rglob("*.py")):
                if lines >= wanted:
                    return root, lines
                target = root / name / path.relative_to(home)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                lines += path.read_bytes().count(b"\n")
    return root, lines


# -- what is installed and downloaded


def _environment(name: str, requires: list[str]) -> Path:
    folder = WORK / "environments" / name
    mark = folder / "requires.json"
    if not mark.exists() or json.loads(mark.read_text()) != requires or name == "isolint":
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *requires], check=True)
        mark.write_text(json.dumps(requires))
    return folder


def _archive(name: str, release: str) -> Path:
    """The unpacked source archive of a release, downloaded by pip if it is not there."""
    root = WORK / "sources" / f"{name}-{release}"
    if not root.exists():
        archives = WORK / "archives"
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        pattern = f"{name.replace('-', '?')}-{release}.tar.gz"
        if not list(archives.glob(pattern)):
            subprocess.run([*pip, "-d", str(archives), f"{name}=={release}"], check=True)
        (archive,) = archives.glob(pattern)
        with tarfile.open(archive) as file:
            file.extractall(WORK / "unpacked", filter="data")
        (unpacked,) = (WORK / "unpacked").iterdir()
        root.parent.mkdir(exist_ok=True)
        unpacked.rename(root)
        (root / ".git").mkdir(exist_ok=True)  # so that it is a project of its own to every tool
    return root


def _tests(root: Path, source: Mapping[str, Any]) -> list[str]:
    found = [path for pattern in source["tests"] for path in sorted(root.glob(pattern))]
    return [path.relative_to(root).as_posix() for path in found]


def _in(environment: Path, text: str) -> list[str]:
    program, *arguments = shlex.split(text)
    return [str(environment / "bin" / program), *arguments]


# -- what is told


def _write(results: Mapping[str, Mapping[str, Measured]], growth: Mapping[int, Cost], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    raw = {"results": results, "growth": growth}
    (out / "results.json").write_text(json.dumps(raw, indent=1), encoding="utf-8")
    (out / "table.md").write_text(_table(results, growth), encoding="utf-8")
    (out / "plot.svg").write_text(_plot(results), encoding="utf-8")


def _table(results: Mapping[str, Mapping[str, Measured]], growth: Mapping[int, Cost]) -> str:
    rows = []
    head = "| | wall s | CPU s | MB | times ruff cold | million instructions |"
    for source, by_job in results.items():
        base = by_job["ruff cold"].costs if "ruff cold" in by_job else []
        rows += [f"\n### {source}\n", head, "|---|---|---|---|---|---|"]
        for name, (costs, instructions) in by_job.items():
            wall, cpu, memory = (
                statistics.median(getattr(c, f) for c in costs) for f in ("wall", "cpu", "memory")
            )
            ratios = [cost.wall / other.wall for cost, other in zip(costs, base, strict=False)]
            ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
            failed = " (failed)" if any(cost.code not in (0, 1) for cost in costs) else ""
            counted = f"{instructions / 1e6:,.0f}" if instructions else ""
            rows.append(f"| {name}{failed} | {wall:.3f} | {cpu:.3f} | {memory:.0f} | {ratio} | {counted} |")
    if growth:
        rows += ["\n### growth, one process\n", "| lines | CPU s |", "|---|---|"]
        rows += [f"| {lines:,} | {cost.cpu:.2f} |" for lines, cost in growth.items()]
        rows.append(f"\nexponent: {_exponent(growth):.2f}")
    return "\n".join(rows).lstrip() + "\n"


def _exponent(growth: Mapping[int, Cost]) -> float:
    """The slope of the CPU time over the lines, both as logarithms."""
    points = [(math.log(lines), math.log(cost.cpu)) for lines, cost in growth.items()]
    if len(points) < 2:
        return math.nan
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def _plot(results: Mapping[str, Mapping[str, Measured]]) -> str:
    """Bars of the median wall times, on a logarithmic scale from 10 ms to 1,000 s."""
    bars: list[str] = []
    top = 20
    for source, by_job in results.items():
        bars.append(f'<text x="10" y="{top}" font-weight="bold">{source}</text>')
        for name, (costs, _) in by_job.items():
            top += 18
            wall = statistics.median(cost.wall for cost in costs)
            width = max(1, 100 * math.log10(max(wall, 0.01) / 0.01))
            color = "#2b6cb0" if name.startswith("isolint") else "#a0aec0"
            bars.append(f'<text x="190" y="{top}" text-anchor="end">{name}</text>')
            bars.append(f'<rect x="200" y="{top - 11}" width="{width:.0f}" height="13" fill="{color}"/>')
            bars.append(f'<text x="{205 + width:.0f}" y="{top}">{wall:.3f} s</text>')
        top += 30
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="{top}" font-size="12">'
    return "\n".join([head, *bars, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
