"""Fix all that can be fixed in copies of other projects, and tell what does not hold.

    python -m tests.fix_everything PATH... [--diff FILE]

Each PATH is a checkout; it is copied and not written to. Of every project must hold: each edited file can still be
read, nothing outside of the edits has changed, no finding is new, and a second run has nothing to do.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from isolint import documents, fixing, source
from isolint.engine import check
from isolint.finding import Edit, Finding
from isolint.result import Result
from isolint.rule import load_rules
from isolint.settings import load
from isolint.source import Source, UnreadableError

Kinds = Counter[tuple[str, str]]  # by file and rule

_LEFT_OUT = shutil.ignore_patterns(".git", ".hg", ".venv", "node_modules", "__pycache__")


@dataclass(frozen=True)
class Outcome:
    """What fixing a project came to: the files of tests, what was found in them and is left, fixed, refused.

    `applied` counts the fixes by file and rule, `along` the findings that went without one of their own, `later`
    those that only came up when others had gone, and were fixed. `fixable` are those that are left though they have
    a fix, `edited` counts the files that were changed, `problems` tells what does not hold.
    """

    files: int
    found: int
    left: int
    applied: Kinds
    along: Kinds
    later: Kinds
    fixable: list[str]
    edited: int
    refused: list[str]
    problems: list[str]
    difference: str


def fix_everything(project: Path) -> Outcome:
    """Fix a project in its place, unsafe fixes included, and look at what came of it."""
    settings, rules = load(project), load_rules()
    passes: list[tuple[dict[str, bytes], Result]] = []

    def lint(edited: Mapping[str, bytes]) -> Result:
        result = check(settings, [project], rules, with_fixes=True, edited=edited)
        passes.append((dict(edited), result))
        return result

    fixed = fixing.fix(lint, project, unsafe=True)
    first = passes[0][1]
    problems = [
        *_unreadable({name: after for name, (_, after) in fixed.files.items()}),
        *_touched(project, passes),
        *_new(first, fixed.result),
        *fixing.write(project, fixed.files, fixed.together).values(),
    ]
    ended = _kinds([*fixed.applied, *fixed.result.findings])
    if fixed.files:
        again = fixing.fix(lint, project, unsafe=True)
        problems += [f"{name} changes in a second run" for name in again.files]
    return Outcome(
        files=sum(path.endswith(".py") for path in first.judged),
        found=len(first.findings),
        left=len(fixed.result.findings),
        applied=_kinds(fixed.applied),
        along=_kinds(first.findings) - ended,
        later=ended - _kinds(first.findings),
        fixable=[f"{each.path} {each.code}" for each in fixed.result.findings if each.fix],
        edited=len(fixed.files),
        refused=fixed.refused,
        problems=problems,
        difference=fixing.diff(fixed.files),
    )


def _unreadable(files: Mapping[str, bytes]) -> Iterator[str]:
    """The files that could be edited, and cannot be read any more."""
    for name, data in files.items():
        try:
            given = source.from_bytes(data, name)
            if documents.kind_of(name):
                documents.read(given)
            else:
                source.parse(given)
        except UnreadableError as error:
            yield f"{name} is broken: line {error.line}: {error.message}"


def _new(first: Result, last: Result) -> Iterator[str]:
    """The findings that there were not before; a place may move, so they are counted by file and rule."""
    for (path, code), count in (_kinds(last.findings) - _kinds(first.findings)).items():
        yield f"{path} has {count} new findings of {code}"
    yield from (error for error in last.errors if error not in first.errors or "crashed" in error)


def _kinds(findings: Iterable[Finding]) -> Kinds:
    return Counter((finding.path, finding.code) for finding in findings)


def _touched(project: Path, passes: list[tuple[dict[str, bytes], Result]]) -> Iterator[str]:
    """The files that a pass has changed in another place than the fixes it was offered are for."""
    for (before, result), (after, _) in pairwise(passes):
        for name in after:
            if after[name] == before.get(name) or not set(before) <= set(after):
                continue
            path = project / name
            data = before.get(name) or (path.read_bytes() if path.exists() else b"")
            edits = [
                edit
                for found in result.findings
                if found.fix
                for edit in found.fix.edits
                if edit.path == name
            ]
            if not is_kept(source.from_bytes(data, name), source.from_bytes(after[name], name), edits):
                yield f"{name} has changed outside of its edits"


def is_kept(before: Source, after: Source, edits: Iterable[Edit]) -> bool:
    """Whether all that lies outside of some edits is still there, in its order and its encoding.

    Imports are not looked at: those that are left without a use go.
    """
    spans = list(_spans(before, edits))
    first, *others = _between(before.text, spans)
    if not others or before.encoding != after.encoding:
        return before.text == after.text and before.encoding == after.encoding
    if not after.text.startswith(first) or not after.text.endswith(others[-1]):
        return False
    place = len(first)
    for kept in others[:-1]:
        place = after.text.find(kept, place) + len(kept)
        if place < len(kept):
            return False
    return place <= len(after.text) - len(others[-1])


def _between(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
    """What stands before, between and behind spans of a text."""
    last = 0
    for start, end in sorted(spans):
        if start >= last:
            yield text[last:start]
        last = max(last, end)
    yield text[last:]


def _spans(before: Source, edits: Iterable[Edit]) -> Iterator[tuple[int, int]]:
    """Where edits may change a text: their own places, and the imports with the line below each."""
    starts = [0, *accumulate(map(len, before.lines))]
    for span in (edit.span for edit in edits):
        yield starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
    if documents.kind_of(before.path):
        return
    for node in source.parse(before).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            below = min((node.end_lineno or node.lineno) + 1, len(before.lines))
            yield starts[node.lineno - 1], starts[below]


def main() -> int:
    """Run over the projects that the command line names; 1 where something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.fix_everything", description=__doc__)
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a checkout; it is not written to"
    )
    parser.add_argument("--diff", type=Path, metavar="FILE", help="write what the fixes do to a file")
    options = parser.parse_args()
    missing = [path for path in options.paths if not path.is_dir()]
    if missing:
        parser.error(f"not a folder: {missing[0]}")
    whole: list[Outcome] = []
    for path in options.paths:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder).resolve() / path.resolve().name
            shutil.copytree(path, copy, symlinks=True, ignore=_LEFT_OUT)
            whole.append(fix_everything(copy))
        _tell(str(path), whole[-1])
        if options.diff:
            options.diff.write_text("".join(each.difference for each in whole), encoding="utf-8")
    if len(whole) > 1:
        _tell(f"{len(whole)} projects", _sum(whole))
    return 1 if any(each.problems for each in whole) else 0


def _sum(outcomes: Iterable[Outcome]) -> Outcome:
    whole = Outcome(0, 0, 0, Counter(), Counter(), Counter(), [], 0, [], [], "")
    for each in outcomes:
        whole = Outcome(
            whole.files + each.files,
            whole.found + each.found,
            whole.left + each.left,
            whole.applied + each.applied,
            whole.along + each.along,
            whole.later + each.later,
            [*whole.fixable, *each.fixable],
            whole.edited + each.edited,
            [*whole.refused, *each.refused],
            [*whole.problems, *each.problems],
            "",
        )
    return whole


def _tell(name: str, outcome: Outcome) -> None:
    """One line of what was done, and one for each thing that does not hold."""
    counted = Counter(code for _, code in outcome.applied.elements())
    codes = ", ".join(f"{code} {count}" for code, count in sorted(counted.items()))
    line = (
        f"{name}: {outcome.files} files of tests, {outcome.found} findings, {outcome.applied.total()} fixed"
        f"{f' ({codes})' if codes else ''} in {outcome.edited} files, {len(outcome.refused)} refused, "
        f"{len(outcome.problems)} problems"
    )
    sys.stdout.writelines(
        f"{each}\n" for each in (line, *(f"    {x}" for x in (*outcome.refused, *outcome.problems)))
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
