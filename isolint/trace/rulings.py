"""What the rules say of a place, and the last word on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from isolint.engine import Run
from isolint.facts.program.project import Module
from isolint.finding import Finding
from isolint.trace.answer import Effect, Piece, Ruling, Step, Subject
from isolint.trace.steps import Steps
from isolint.trace.words import UNTOLD

Range = tuple[str, int, int]  # path, first and last line

_KEPT_BACK = {
    "suppressed": "{} holds {}, but a comment silences it",
    "ignored": "{} holds {}, but the configuration ignores it for this file",
    "hidden": "{} holds {}, but is not sure or grave enough to be reported without --pedantic",
    "": "{} is reported {}",
}


class Rulings:
    """Runs the rules on the files concerned, each once."""

    def __init__(self, run: Run, steps: Steps) -> None:
        self.run = run
        self.steps = steps
        self._verdicts = cache(self._of_file)

    def on(self, asked: Range, around: Iterable[Range], trails: Sequence[Sequence[Step]]) -> Iterator[Ruling]:
        """The findings in the lines asked for, then those in the lines around them or on their trails."""
        places = [(step.path, step.line, step.line) for trail in trails for step in trail]
        ranges = [*around, *places]
        told = {tuple((step.path, step.line) for step in trail) for trail in trails}
        for finding, kept_back in self._verdicts(asked[0]):
            if _lies_in(finding, asked):
                steps = self.steps.of_finding(finding)
                yield self._ruling(finding, kept_back, True, () if _is_told(finding, told) else steps)
        for path in dict.fromkeys(path for path, _, _ in ranges):
            for finding, kept_back in self._verdicts(path):
                lies_there = any(_lies_in(finding, each) for each in ranges if each[0] == path)
                if lies_there and not _lies_in(finding, asked):
                    yield self._ruling(finding, kept_back, False, ())

    def _of_file(self, path: str) -> list[tuple[Finding, str]]:
        module = self.run.knowledge.project.module(path)
        return self.run.verdicts(module) if module is not None and self.is_judged(module) else []

    def is_judged(self, module: Module) -> bool:
        """Whether the rules look at a file."""
        return module.is_test or bool(self.run.knowledge.module_sites(module).self_tests)

    def _ruling(self, finding: Finding, kept_back: str, here: bool, steps: tuple[Step, ...]) -> Ruling:
        return Ruling(
            finding.code,
            finding.name,
            str(finding.severity),
            finding.message,
            finding.path,
            finding.location.span.line,
            self.steps.marked(finding.location),
            kept_back,
            here,
            steps,
        )


def _lies_in(finding: Finding, lines: Range) -> bool:
    path, first, last = lines
    start, end = finding.location.span.line, finding.location.span.end_line
    return finding.path == path and start <= last and end >= first


def _is_told(finding: Finding, told: set[tuple[tuple[str, int], ...]]) -> bool:
    """Whether one of the trails told goes the way of a finding."""
    places = [(each.path, each.span.line) for each in finding.related]
    return any(all(place in trail for place in places) for trail in told)


def sentence(rulings: Sequence[Ruling]) -> str:
    """What is reported, and what is held back and why; "" where the rules say nothing."""
    said = [_KEPT_BACK[r.kept_back].format(r.code, _where(r)) for r in rulings]
    return "; ".join(dict.fromkeys(said))


def _where(ruling: Ruling) -> str:
    place = "here" if ruling.here else f"at {ruling.path}:{ruling.line}"
    return f"{place}, for `{ruling.about}`" if ruling.about else place


def reason(subjects: Sequence[Subject], effects: Sequence[Effect], pieces: Sequence[Piece]) -> str:
    """Why nothing is reported, as far as the targets and what speaks against them say, to go on a sentence with."""
    handles = [*subjects, *(each for piece in pieces for each in piece.handles)]
    doings = [*effects, *(each for piece in pieces for each in piece.effects)]
    told = [*(handle.target for handle in handles), *(effect.target for effect in doings)]
    targets = [target for target in told if target is not None]
    against = [said for handle in handles for said in handle.against]
    against += [said for effect in doings for said in effect.against]
    against += [_guarded(piece, piece.guard) for piece in pieces if piece.guard is not None and targets]
    if not against and any(effect.guarded for effect in doings):
        against.append("a guard stands before it")
    if against:
        return f": {'; '.join(dict.fromkeys(against))}"
    names = dict.fromkeys(str(target) for target in targets if target.name != UNTOLD)
    if any(name.startswith("production") for name in names):
        return f", though it leads to {' and '.join(n for n in names if n.startswith('production'))}"
    if names:
        return f": it leads to {' and '.join(names)}"
    return ": where it leads cannot be told" if targets else ""


def _guarded(piece: Piece, guard: Step) -> str:
    place = f"{guard.path}:{guard.line}"
    return f"`{piece.name}` checks first that the store is a test's ({place})"
