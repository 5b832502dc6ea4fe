"""What a run writes into the state of the process."""

from __future__ import annotations

from isolint.facts.meaning.values import Frame, Hop, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import show
from isolint.facts.state.places import Place, Shared, whole
from isolint.late import dataclass

_OF_STAND_INS = (("return_value",), ("side_effect",), ("called",), ("call_count",), ("call_args",))


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """One write. `how` is "set", "deleted", "changed" or "reset"; `owner` the shared thing written to or in.

    `chain` holds the calls that lead from the run's own body to it; `value` what is assigned, `by` the
    function that does it, as something that a test may have replaced; `proof` where a method changes its object.
    """

    place: Place
    owner: Shared | None
    how: str
    at: s.Position
    frame: Frame
    text: str
    chain: Trail
    value: s.Expression | None = None
    by: Place | None = None
    proof: Trail = ()

    @property
    def path(self) -> str:
        return self.frame.module.path

    @property
    def hop(self) -> Hop:
        return Hop(self.path, self.at, self.text)


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """The writes of a run that last when its body is over, and the places it sees put back at the end."""

    writes: tuple[Write, ...]
    restored: tuple[Place, ...]


def is_undone(place: Place, by: Place | None, restored: Place) -> bool:
    """Whether a write is undone where a place is restored, or never happens, its function being replaced."""
    return whole(restored).covers(whole(place)) or (by is not None and restored.covers(by))


def is_of_what_is_put(write: Write, put: set[str]) -> bool:
    """Whether a write changes what the same run has put there before, a stand-in or something new.

    `put` are the targets that were set so far, in the words of the code; this one is added.
    """
    target = write.text.partition(" = ")[0]
    known = any(target.startswith((f"{earlier}.", f"{earlier}[")) for earlier in put)
    if write.how == "set" and target != write.text:
        put.add(target)
    return known


def is_answer(write: Write) -> bool:
    """Whether a write tells a stand-in what to answer, or what it was called with: it goes when the stand-in goes."""
    return write.place.parts[-1:] in _OF_STAND_INS


def spelled(node: s.Expression, value: s.Expression | None, how: str) -> str:
    """A write as a reader would put it."""
    if how == "deleted":
        return f"del {show(node)}"
    if value is not None:
        return (
            f"{show(node)} {'=' if how != 'changed' or not isinstance(node, s.Name) else '+='} {show(value)}"
        )
    return show(node)


def present(test: s.Expression) -> str:
    """The attribute of `if hasattr(thing, "answer")`: what is deleted then was computed and kept, to be made anew."""
    match test:
        case s.Call(function=s.Name(id="hasattr"), arguments=(owner, s.Constant(value=str(name)))):
            return f"{show(owner)}.{name}"
    return ""


def pairs(target: s.Expression, value: s.Expression) -> list[tuple[s.Expression, s.Expression | None]]:
    """Targets with what is assigned to each."""
    if not isinstance(target, s.Sequence):
        return [(target, value)]
    if isinstance(value, s.Sequence) and len(value.items) == len(target.items):
        return list(zip(target.items, value.items, strict=True))
    return [(inner, None) for inner in target.items]


def only_removes(write: Write) -> bool:
    """Whether a write only takes something out of what is there."""
    return ".pop(" in write.text or ".setdefault(" in write.text or ".unsetenv" in write.text


def place_in(module: Module, write: Write) -> s.Position | None:
    """Where a write shows in a module: itself, or the call that leads to it."""
    if write.path == module.path:
        return write.at
    hops = [hop for hop in write.chain if hop.path == module.path]
    return hops[-1].at if hops else None
