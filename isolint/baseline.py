"""The baseline: findings that are accepted, in a file that is committed and gets shorter.

It knows a finding by its file, its rule and the text of its line, and by which of several alike it is, so that
lines may be moved without waking it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from isolint import files
from isolint.finding import Finding, Silenced
from isolint.fingerprint import Fingerprint, fingerprints
from isolint.late import dataclass, regex
from isolint.result import Result

NAME = ".isolint-baseline.json"
VERSION = 1

Source = Callable[[str], Sequence[str]]

_ENTRY = regex(r"(?P<code>[A-Z]+[0-9]+) (?P<line>[0-9a-f]{16})(?: #(?P<occurrence>[1-9][0-9]{0,8}))?")
_NEVER = frozenset({"ISO000", "ISO001", "ISO002"})


class BaselineError(Exception):
    """A baseline that cannot be read or written; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a baseline was made of: how many entries it has, and how many of them came and went."""

    entries: frozenset[Fingerprint]
    added: int
    removed: int


def read(path: Path) -> frozenset[Fingerprint]:
    """The entries of the baseline at `path`. Raises BaselineError."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BaselineError(f"there is no baseline {path}; `isolint baseline` writes one") from None
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path} is no baseline: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("findings"), dict):
        raise BaselineError(f"{path} is no baseline: there are no `findings` in it")
    if document.get("version") != VERSION:
        raise BaselineError(f"{path} is of version {document.get('version')!r}; this isolint reads {VERSION}")
    return frozenset(_entry(path, name, word) for name, word in _words(path, document["findings"]))


def write(path: Path, entries: Iterable[Fingerprint]) -> None:
    """Write the entries as a baseline to `path`, an entry on each line. Raises BaselineError."""
    findings: dict[str, list[str]] = {}
    for entry in sorted(entries):
        number = f" #{entry.occurrence}" if entry.occurrence > 1 else ""
        findings.setdefault(entry.path, []).append(f"{entry.code} {entry.line}{number}")
    text = json.dumps({"version": VERSION, "findings": findings}, indent=1) + "\n"
    try:
        files.replace(path, text.encode())
    except OSError as error:
        raise BaselineError(f"{path} could not be written: {error.strerror or error}") from None


def applied(result: Result, entries: frozenset[Fingerprint], source: Source) -> Result:
    """The result without the findings in the baseline, which are among the silenced ones instead."""
    known = _known(result, source)
    accepted = [finding for finding in result.findings if known[finding] in entries]
    kept = tuple(finding for finding in result.findings if known[finding] not in entries)
    silenced = tuple(Silenced(finding, "baseline") for finding in accepted)
    return replace(result, findings=kept, silenced=(*result.silenced, *silenced))


def stale(
    result: Result, entries: frozenset[Fingerprint], root: Path, source: Source
) -> frozenset[Fingerprint]:
    """The entries that stand for nothing any more: of rules that ran, in files that were looked at or are gone.

    `result` is one that no baseline was applied to.
    """
    found = set(_known(result, source).values())
    return frozenset(
        entry
        for entry in entries - found
        if (entry.path in result.judged and entry.code in result.codes) or not (root / entry.path).exists()
    )


def renewed(
    result: Result, entries: frozenset[Fingerprint], root: Path, source: Source, *, prune: bool
) -> Change:
    """The entries that a baseline should have: without the stale ones and, unless `prune`, with all findings.

    What cannot be read or suppresses nothing is to be mended, and never taken in.
    """
    known = _known(result, source)
    reported = {known[finding] for finding in result.findings if finding.code not in _NEVER}
    gone = stale(result, entries, root, source)
    left = (entries - gone) | (frozenset() if prune else reported)
    return Change(left, len(left - entries), len(gone))


def _known(result: Result, source: Source) -> Mapping[Finding, Fingerprint]:
    """Every finding that nothing silences and its fingerprint, which no threshold has a say in."""
    everything = sorted((*result.findings, *result.hidden), key=lambda finding: finding.sort_key)
    return dict(fingerprints(everything, source))


def _words(path: Path, findings: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for name, words in findings.items():
        if not isinstance(words, list):
            raise BaselineError(f"{path} is no baseline: {name!r} has no list of findings")
        yield from ((name, word) for word in words)


def _entry(path: Path, name: str, word: object) -> Fingerprint:
    found = _ENTRY.fullmatch(word) if isinstance(word, str) else None
    if found is None:
        raise BaselineError(f"{path} is no baseline: {word!r} of {name!r} is no finding")
    return Fingerprint(name, found["code"], found["line"], int(found["occurrence"] or 1))
