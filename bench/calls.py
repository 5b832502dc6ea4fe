"""What linting costs, counted: `python bench/calls.py` tells how often Python calls a function for a middling suite.

Seconds drift with the machine, calls do not: two runs of one Python give the same number. With --check the number is
held against the one recorded for this Python in calls.json, and more than a tenth above it is an error; --record writes
it there. The suite is made of cases in fixtures/, so that nothing is downloaded.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import sys
from pathlib import Path

HERE = Path(__file__).parent
CASES = HERE.parent / "fixtures"
RECORDED = HERE / "calls.json"
RULES = (
    "app-client-without-db-override",
    "destructive-autouse-fixture",
    "environ-mutation-leak",
    "hardcoded-resource-name",
    "missing-teardown",
    "production-session-import",
    "unquoted-sql-identifier",
)
MOST = 1.1
"""How many times the recorded number is still accepted."""


def main() -> int:
    """Count, and tell; 1 where there is no number to compare with, or it is passed by too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets decides what is asked first
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    counted, recorded = counts(), _recorded()
    version = "{}.{}".format(*sys.version_info)
    known = recorded.get(version)
    print(f"{counted:,} calls" + (f", {counted / known:.3f} times the {known:,} recorded" if known else ""))
    if options.record:
        _write({**recorded, version: counted})
    elif options.check and known is None:
        print(f"no number is recorded for Python {version}: `python bench/calls.py --record` does it")
    return int(options.check and known is not None and counted > MOST * known)


def counts() -> int:
    """The number of calls, those of built-in functions included, for linting the suite without a cache."""
    from isolint import engine
    from isolint.rule import load_rules
    from isolint.settings import load

    settings, rules = load(CASES, isolated=True), load_rules()
    profile = cProfile.Profile()
    work = engine.Run.result

    def counted(run: engine.Run) -> object:
        return profile.runcall(work, run)

    engine.look(settings, [CASES / rule for rule in RULES], rules, counted)
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def _recorded() -> dict[str, int]:
    found: dict[str, int] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    return found


def _write(numbers: dict[str, int]) -> None:
    RECORDED.write_text(json.dumps(numbers, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
