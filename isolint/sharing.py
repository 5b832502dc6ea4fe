"""The files of a run shared out among processes, and what each found put together as if one had found it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from isolint import inputs, workers
from isolint.finding import Finding, Silenced
from isolint.late import regex
from isolint.reader import Reader
from isolint.records import from_record, to_record

SAMPLE = 16
_NAMED_TEST = regex(r"(?:^|/)test[^/]*\.py$|_test\.py$")

Watch = Callable[[Sequence[Any]], Iterator[Any]]


class Run(Protocol):
    """What is shared: `checked` gives the findings in a place, and notes in the rest what it comes across."""

    reader: Reader
    errors: list[str]
    silenced: list[Silenced]
    ignored: set[tuple[str, str]]

    def checked(self, place: Any, /) -> list[Finding]: ...


def checked(run: Run, places: Sequence[Any], jobs: int | None, watch: Watch) -> list[Finding]:
    """The findings in all places, looked for by several processes if it is worth it."""
    sizes = [len(run.reader.text(place.path) or "") for place in places]
    number = min(workers.processes(jobs, sum(sizes)), len(places))
    if number < 2:
        return [finding for place in watch(places) for finding in run.checked(place)]
    # Judging the support of the tests, and some tests, brings to light what concerns the whole suite: every process
    # inherits that.
    first = [i for i, place in enumerate(places) if not i % SAMPLE or not _NAMED_TEST.search(place.path)]
    rest = sorted({*range(len(places))}.difference(first))
    groups = [[rest[i] for i in group] for group in workers.parts([sizes[i] for i in rest], number)]

    def work(group: list[int]) -> list[Any]:
        return _part(run, places, group, watch if group is groups[0] else iter)

    return _together(run, [_part(run, places, first, iter), *workers.spread(groups, work)])


def _part(run: Run, places: Sequence[Any], group: Sequence[int], watch: Watch) -> list[Any]:
    """What is found in some of the places, as JSON can hold it, and what was come across on the way."""
    found = []
    known = len(run.errors)
    for index, place in zip(group, watch([places[index] for index in group]), strict=True):
        findings = to_record(run.checked(place))
        found.append([index, findings, run.errors[known:], to_record(run.silenced)])
        del run.errors[known:], run.silenced[:]
    unread = to_record(list(run.reader.unreadable.values()))
    return [found, sorted(run.ignored), unread, inputs.noted()]


def _together(run: Run, parts: Sequence[list[Any]]) -> list[Finding]:
    """The findings of all parts in the order of the places; what was come across is noted in the run."""
    by_index: dict[int, list[Any]] = {}
    for found, ignored, unread, seen in parts:
        by_index |= {index: rest for index, *rest in found}
        run.ignored.update((path, code) for path, code in ignored)
        for finding in from_record(unread):
            run.reader.unreadable.setdefault(finding.path, finding)
        inputs.add(seen)
    findings: list[Finding] = []
    for index in sorted(by_index):
        here, errors, silenced = by_index[index]
        findings += from_record(here)
        run.errors += errors
        run.silenced += from_record(silenced)
    return findings
