"""What each rule costs: `python bench/rules.py PROJECT` tells its time, and which share of the files it listens to.

The first rule to ask for something pays for it: what the rules share is counted once, with the rule that came first.
With --alone every rule runs by itself on a project opened anew, which takes as many runs as there are rules.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from isolint import engine
from isolint.engine import Run
from isolint.facts.program.project import Module
from isolint.rule import Rule, load_rules
from isolint.settings import Settings, load


class Cost(NamedTuple):
    """The code of a rule, its seconds, the share of files with a site that it listens to, its findings."""

    code: str
    seconds: float
    woken: float
    findings: int


def main() -> None:
    """Print a table, the dearest rule first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", type=Path)
    parser.add_argument("--alone", action="store_true")
    options = parser.parse_args()
    settings, rules = load(options.project, isolated=True), load_rules()
    groups = [[rule] for rule in rules] if options.alone else [list(rules)]
    costs = [cost for group in groups for cost in costs_of(settings, options.project, group)]
    print("| rule | seconds | files woken | findings |\n|---|---|---|---|")
    for cost in sorted(costs, key=lambda each: -each.seconds):
        print(f"| {cost.code} | {cost.seconds:.2f} | {cost.woken:.0%} | {cost.findings} |")


def costs_of(settings: Settings, project: Path, rules: Sequence[Rule]) -> list[Cost]:
    """What these rules cost in a project that is opened for them."""
    return engine.look(settings, [project], rules, lambda run: _costs(run, rules))


def _costs(run: Run, rules: Sequence[Rule]) -> list[Cost]:
    modules = list(run._modules())
    return [_cost(run, rule, modules) for rule in rules]


def _cost(run: Run, rule: Rule, places: Sequence[Module]) -> Cost:
    woken = sum(any(run.knowledge.sites(place).of(kind) for kind in rule.listeners) for place in places)
    began = time.perf_counter()
    found = sum(len(list(run._findings(rule, place))) for place in places)
    return Cost(rule.code, time.perf_counter() - began, woken / max(1, len(places)), found)


if __name__ == "__main__":
    main()
