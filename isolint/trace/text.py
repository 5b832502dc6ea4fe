"""An answer as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolint.terminal import Paint, cells, painter, visible
from isolint.trace.answer import Answer, Effect, Level, Piece, Ruling, Step, Subject
from isolint.trace.words import UNTOLD

_COLORS = {
    "production": "red",
    "memory": "green",
    "a disposable store": "green",
    "a store of the tests": "green",
}

# A shorter end of a trail is repeated rather than referred to.
SHORTEST = 3


def render(answer: Answer, *, color: bool) -> str:
    """The place, what it stands for or does, and the last word."""
    blocks = _Text(painter(color)).blocks(answer)
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


class _Text:
    """Lines of text, with or without colours."""

    def __init__(self, paint: Paint) -> None:
        self.paint = paint
        self.shown: set[tuple[Step, ...]] = set()

    def blocks(self, answer: Answer) -> Iterator[list[str]]:
        """The parts of the answer, which a blank line separates."""
        if answer.kind == "line":
            yield [f"{self._place(answer.place)}  {visible(answer.source)}".rstrip()]
        for subject in answer.subjects:
            yield list(self._subject(subject))
        for effect in answer.effects:
            yield list(self._effect(effect, "", ("set up",)))
        yield from self._pieces(answer.pieces)
        for ruling in answer.rulings:
            if ruling.here:
                yield list(self._ruling(ruling))
        yield [f"{self.paint('verdict', bold=True)}: {visible(answer.verdict)}"]

    def _place(self, text: str) -> str:
        return self.paint(visible(text), fg="blue", bold=True)

    # -- what a line stands for

    def _subject(self, subject: Subject, indent: str = "") -> Iterator[str]:
        name = self.paint(visible(f"`{subject.name}`"), bold=True)
        yield f"{indent}{name} is {visible(subject.what)}"
        if subject.target is not None:
            yield f"{indent}it leads to {self._level(subject.target)}"
        yield from self._steps(subject.steps, f"{indent}  ")
        yield from (f"{indent}against a finding: {visible(said)}" for said in subject.against)

    def _level(self, level: Level) -> str:
        if level.name == UNTOLD:
            return visible(level.why or "a place that cannot be told")
        color = next((c for name, c in _COLORS.items() if level.name.startswith(name)), None)
        return self.paint(visible(str(level)), fg=color) if color else visible(str(level))

    def _steps(self, steps: Sequence[Step], indent: str) -> Iterator[str]:
        """A trail; where it goes the way of one shown before, that is said instead."""
        tails = [tuple(steps[start:]) for start in range(len(steps))]
        known = next((start for start, tail in enumerate(tails) if tail in self.shown), len(steps))
        self.shown.update(tails)
        if len(steps) - known < SHORTEST:
            yield from self._all_steps(steps, indent)
        else:
            yield from self._all_steps(steps[: known + 1], indent)
            yield f"{indent}… and on, as above"

    def _all_steps(self, steps: Sequence[Step], indent: str) -> Iterator[str]:
        places = [visible(f"{step.path}:{step.line}") for step in steps]
        width = max((cells(place) for place in places), default=0)
        for step, place in zip(steps, places, strict=True):
            said = f"  — {visible(step.what)}" if step.what else ""
            room = " " * (width - cells(place))
            yield f"{indent}{self._place(place)}{room}  {visible(step.source)}{said}"

    # -- what code does

    def _effect(self, effect: Effect, indent: str, untold: Sequence[str]) -> Iterator[str]:
        """What is done; its phase goes without saying where it is one of the `untold`."""
        phase = "" if effect.phase in untold else f"{effect.phase}: "
        where = f", in {self._level(effect.target)}" if effect.target is not None else ""
        guard = ", behind a guard" if effect.guarded else ""
        yield f"{indent}{self.paint(phase + visible(effect.what), bold=True)}{where}{guard}"
        yield from self._steps(effect.steps, f"{indent}  ")
        yield from (f"{indent}against a finding: {visible(said)}" for said in effect.against)

    def _pieces(self, pieces: Sequence[Piece]) -> Iterator[list[str]]:
        if not pieces:
            return
        yield list(self._piece(pieces[0], ""))
        others = pieces[1:]
        if others:
            noun = "the fixtures around it" if pieces[0].kind != "fixture" else "the fixtures it requests"
            lines = [f"{noun}, numbered in the order of set-up:"]
            for piece in others:
                lines += self._piece(piece, "  " * (piece.depth + 1))
            yield lines

    def _piece(self, piece: Piece, indent: str) -> Iterator[str]:
        number = f"{piece.order}. " if piece.order else f"{piece.kind} "
        name = self.paint(visible(f"`{piece.name}`"), bold=True)
        where = self._place(f"{piece.path}:{piece.line}")
        facts = ", ".join(_facts(piece))
        yield f"{indent}{number}{name}  {where}{'  ' + facts if facts else ''}"
        inner = indent + "   "
        untold = ("hand out",) if piece.kind in ("fixture", "set-up") else ("hand out", "set up")
        if piece.others:
            yield f"{inner}requests, from pytest or a plugin: {visible(', '.join(piece.others))}"
        if piece.guard is not None:
            yield f"{inner}checks first that the store is a test's:"
            yield from self._all_steps((piece.guard,), f"{inner}  ")
        for effect in piece.effects:
            yield from self._effect(effect, inner, untold)
        for subject in piece.handles:
            yield from self._subject(subject, inner)
        if not (piece.effects or piece.handles or piece.guard or piece.told):
            yield f"{inner}creates, destroys and hands out nothing that isolint knows"

    def _ruling(self, ruling: Ruling) -> Iterator[str]:
        code = self.paint(visible(f"{ruling.severity}[{ruling.code}]"), fg="red", bold=True)
        yield f"{code} {visible(f'{ruling.name}: {ruling.message}')}"
        yield from self._steps(ruling.steps, "  ")


def _facts(piece: Piece) -> Iterator[str]:
    """The scope of a fixture, how it comes to run and where."""
    if piece.told:
        yield "told above"
        return
    if piece.scope:
        yield f"{piece.scope} scope"
    if piece.autouse:
        yield "autouse"
    if piece.why and piece.why != "autouse":
        yield f"by {piece.why}"
    if piece.files is not None:
        reach = "in force in" if piece.autouse else "within reach of"
        yield f"{reach} {piece.files} test file{'' if piece.files == 1 else 's'}"
