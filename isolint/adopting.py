"""What helps an old suite: the baseline, the changes since a commit, and comments put in by the run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isolint.console import FAILED, Failure, say
from isolint.invocation import configured, prepared

if TYPE_CHECKING:
    from isolint.fingerprint import Fingerprint
    from isolint.reader import Standard
    from isolint.result import Result
    from isolint.rule import Rule
    from isolint.settings import Settings
    from isolint.since import Changes


def changed(settings: Settings, since: str | None) -> Changes | None:
    """What has changed since that commit, None when nobody asks. Raises Failure where git cannot tell."""
    if since is None:
        return None
    from isolint.since import GitError, changes

    try:
        return changes(settings.root, since)
    except GitError as error:
        raise Failure(str(error)) from error


def adopted(
    result: Result,
    settings: Settings,
    changes: Changes | None,
    standard: Standard | None = None,
    edited: Mapping[str, bytes] | None = None,
) -> Result:
    """The result without what is in the baseline, and with what is on changed lines alone.

    Tells of entries of the baseline that stand for nothing any more, unless files were `edited` for the run.
    Raises Failure.
    """
    if settings.baseline is not None:
        from isolint import baseline
        from isolint.presentation import lines_of

        source = lines_of(settings, standard, edited or {})
        entries = _entries(settings.baseline)
        gone = baseline.stale(result, entries, settings.root, source) if edited is None else ()
        result = baseline.applied(result, entries, source)
        if gone:
            told = "entry stands" if len(gone) == 1 else "entries stand"
            say(
                f"isolint: {len(gone)} {told} in {_shown(settings.baseline)} for what is not found any more; "
                "`isolint baseline --prune` takes such out"
            )
    if changes is not None:
        from isolint.since import narrowed

        result = narrowed(result, changes)
    return result


def add_ignores(result: Result, settings: Settings, rules: Sequence[Rule], reason: str | None) -> int:
    """Put a suppression comment to each finding, tell what came of it, and give the exit code."""
    from isolint.adding import ReasonError, add
    from isolint.source import run_deep

    known = {rule.code: rule.name for rule in rules}
    try:
        added = run_deep(lambda: add(result.findings, settings.root, known, reason or ""))
    except ReasonError as error:
        raise Failure(str(error)) from error
    for finding, why in added.left:
        say(f"isolint: {finding.path}:{finding.location.span.line}: {finding.code} is left: {why}")
    say(f"{_number(added.count, 'finding')} suppressed in {_number(len(added.paths), 'file')}.")
    for error_told in result.errors:
        say(f"isolint: {error_told}")
    if result.errors:
        return FAILED
    return 1 if added.left else 0


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False, path_type=Path))
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="The file to write.")
@click.option("--prune", is_flag=True, help="Take out what is not found any more, and add nothing.")
@configured
def baseline(paths: Sequence[Path], prune: bool, config: Path | None, isolated: bool, **given: object) -> int:
    """Accept the findings there are: write them to a file, for `isolint check --baseline FILE`.

    The file is to be committed. Run this again to accept new findings and to take out those that are mended.
    The usual FILE is the one that `baseline` in the configuration names, else .isolint-baseline.json.
    """
    from isolint.invocation import common, linted, named

    settings, rules = prepared(common(paths), config, isolated, given)
    return _renew(settings, linted(settings, named(settings, paths), rules), prune)


def _renew(settings: Settings, result: Result, prune: bool) -> int:
    from isolint import baseline
    from isolint.presentation import lines_of

    for error in result.errors:
        say(f"isolint: {error}")
    if result.errors:
        say("No baseline was written.")
        return FAILED
    path = settings.baseline or settings.root / baseline.NAME
    before = _entries(path) if prune or path.exists() else frozenset()
    change = baseline.renewed(result, before, settings.root, lines_of(settings), prune=prune)
    if not change.entries and not path.exists():
        say("No findings: no baseline is needed.")
        return 0
    try:
        baseline.write(path, change.entries)
    except baseline.BaselineError as error:
        raise Failure(str(error)) from error
    held = _number(len(change.entries), "finding")
    say(f"{_shown(path)} holds {held}: {change.added} added, {change.removed} taken out.")
    if settings.baseline is None:
        say(
            f'Use it with `--baseline {_shown(path)}`, or set `baseline = "{path.name}"` in the configuration.'
        )
    return 0


def _entries(path: Path) -> frozenset[Fingerprint]:
    from isolint import baseline

    try:
        return baseline.read(Path(_shown(path)))
    except baseline.BaselineError as error:
        raise Failure(str(error)) from error


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
