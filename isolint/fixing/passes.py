"""The passes: check, choose the fixes that do not overlap, try them, check again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isolint.finding import Applicability, Edit, Finding, Fix
from isolint.fixing.texts import RefusedError, Texts
from isolint.reader import Standard
from isolint.result import Result

MOST_PASSES = 10
Chosen = list[tuple[Finding, Fix]]
Check = Callable[[Mapping[str, bytes]], Result]


@dataclass
class Fixed:
    """What fixing has come to.

    `result` is what is found in the edited files, `files` what each held and is to hold (None: was not there).
    `applied` are the findings that were fixed, `refused` says which fixes were not applied and why. `together`
    holds the files of each fix: all of them are to be written, or none.
    """

    result: Result
    files: dict[str, tuple[bytes | None, bytes]]
    applied: list[Finding]
    refused: list[str]
    together: list[frozenset[str]]


@dataclass
class _Passes:
    """The state between two passes."""

    texts: Texts
    unsafe: bool
    codes_left_out: frozenset[str]
    applied: list[Finding] = field(default_factory=list)
    refused: dict[str, None] = field(default_factory=dict)
    together: set[frozenset[str]] = field(default_factory=set)

    def wanted(self, findings: Iterable[Finding], broken: Container[int] = ()) -> Chosen:
        """The fixes that may be applied at the same time, in the order of the findings, without the broken ones."""
        taken: dict[str, set[Edit]] = {}
        chosen = []
        for finding, fix in self._allowed(findings):
            own = self._by_file(finding, fix) if id(finding) not in broken else None
            if own is None or any(_collide(edit, taken.get(name, set())) for name, edit in own):
                continue
            for name, edit in own:
                taken.setdefault(name, set()).add(edit)
            chosen.append((finding, fix))
        return chosen

    def _allowed(self, findings: Iterable[Finding]) -> Iterator[tuple[Finding, Fix]]:
        least = Applicability.UNSAFE if self.unsafe else Applicability.SAFE
        for finding in findings:
            fix = finding.fix
            if fix is not None and fix.applicability >= least and finding.code not in self.codes_left_out:
                yield finding, fix

    def _by_file(self, finding: Finding, fix: Fix) -> list[tuple[str, Edit]] | None:
        """The edits of a fix by the file they change; None, and told, for a fix that cannot be had."""
        try:
            return [(self.texts.file(edit.path), edit) for edit in fix.edits]
        except RefusedError as error:
            self._refuse(finding, error)
            return None

    def apply(self, findings: Sequence[Finding], chosen: Chosen) -> int:
        """Apply what was chosen of some findings, and in the place of fixes that break a file those they kept away.

        Returns how many were applied.
        """
        try:
            tried = self.texts.tried(fix for _, fix in chosen)
        except RefusedError:
            chosen = self._sound(findings, chosen)
            tried = self.texts.tried(fix for _, fix in chosen)
        self.texts.accept(tried)
        self.applied += [finding for finding, _ in chosen]
        self.together.update(frozenset(self.texts.file(e.path) for e in fix.edits) for _, fix in chosen)
        return len(chosen)

    def _sound(self, findings: Sequence[Finding], chosen: Chosen) -> Chosen:
        """The fixes that do not break a file, each tried with those before it."""
        broken: set[int] = set()
        while True:
            sound: Chosen = []
            for finding, fix in chosen:
                try:
                    self.texts.tried([*(each for _, each in sound), fix])
                    sound.append((finding, fix))
                except RefusedError as error:
                    self._refuse(finding, error)
                    broken.add(id(finding))
            if len(sound) == len(chosen):
                return sound
            chosen = self.wanted(findings, broken)

    def _refuse(self, finding: Finding, error: RefusedError) -> None:
        place = f"{finding.path}:{finding.location.span.line}"
        self.refused[f"{place}: {finding.code} {finding.name} was not fixed: {error}"] = None


def fix(check: Check, root: Path, *, unsafe: bool, standard: Standard | None = None) -> Fixed:
    """Fix what can be fixed, in memory. `check` lints the project with some files edited, fixes included.

    Nothing is written. With `standard` only that file is edited.
    """
    left_out: frozenset[str] = frozenset()
    while True:
        given = {} if standard is None else {standard.path: standard.data}
        passes = _Passes(Texts(root, given), unsafe, left_out)
        result, looping = _run(check, passes, only=standard.path if standard else "")
        if not looping:
            break
        left_out |= looping
    if left_out:
        names = " and ".join(sorted(left_out))
        passes.refused[f"the fixes of {names} undo each other or themselves: none of them was applied"] = None
    return Fixed(result, passes.texts.changed(), passes.applied, list(passes.refused), list(passes.together))


def _run(check: Check, passes: _Passes, only: str) -> tuple[Result, frozenset[str]]:
    """The result after the last pass; or the rules whose fixes lead back to where they came from."""
    states = [passes.texts.changed()]
    codes: list[frozenset[str]] = []
    while True:
        result = check(passes.texts.after)
        passes.refused.clear()
        findings = [f for f in result.findings if not only or _stays_in(f, only)]
        chosen = passes.wanted(findings)
        if len(codes) == MOST_PASSES and chosen:
            names = ", ".join(sorted({finding.code for finding, _ in chosen}))
            passes.refused[f"{MOST_PASSES} passes were not enough: {names} could fix more"] = None
            return result, frozenset()
        applied = passes.apply(findings, chosen)
        if not applied:
            return result, frozenset()
        codes.append(frozenset(finding.code for finding in passes.applied[-applied:]))
        states.append(passes.texts.changed())
        if states[-1] in states[:-1]:
            return result, frozenset().union(*codes[states.index(states[-1]) :])


def _stays_in(finding: Finding, path: str) -> bool:
    return finding.fix is None or all(edit.path == path for edit in finding.fix.edits)


def _collide(edit: Edit, taken: Iterable[Edit]) -> bool:
    """Whether an edit overlaps or touches one that is another; what two fixes have in common is done once."""
    start, end = (edit.span.line, edit.span.column), (edit.span.end_line, edit.span.end_column)
    for other in taken:
        if other == edit:
            continue
        first, last = (other.span.line, other.span.column), (other.span.end_line, other.span.end_column)
        if start <= last and first <= end:
            return True
    return False
