"""Does a later write of the same body take an earlier one back, or an ending what was written out before?"""

from __future__ import annotations

from collections.abc import Iterable

from isolint.facts.meaning.contents import is_container
from isolint.facts.meaning.values import Frame
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.state.initial import is_empty
from isolint.facts.state.origins import Origins
from isolint.facts.state.places import ENVIRONMENT, FOLDER, ITEM, Place
from isolint.facts.state.writes import Write, is_undone
from isolint.facts.targets.lattice import tokens

_PUTS_IN = frozenset({"add", "append", "insert", "register", "put", "push", "connect", "subscribe", "update"})
_TAKES_OUT = frozenset({"remove", "delete", "pop", "discard", "unregister", "disconnect", "unsubscribe"})


def puts_back(later: Write, write: Write) -> bool:
    """Whether a later write of the same body undoes an earlier one: it removes it, or sets a value kept before."""
    if not (later.place.covers(write.place) or write.place.covers(later.place)):
        return False
    if later.place.kind == FOLDER or later.how in ("deleted", "reset") or ".pop(" in later.text:
        return True
    if later.how == "changed" and _is_opposite(write.text, later.text):
        return True
    if _sets_again(write.text, later.text):
        return True
    if later.place.kind != ENVIRONMENT and (is_empty(later.value) or _flips(write.value, later.value)):
        return True
    return isinstance(later.value, s.Name | s.Attribute) and later.value is not write.value


def _is_opposite(first: str, later: str) -> bool:
    """Whether one call puts in what the other takes out, by the verbs of their methods."""
    verbs = [tokens(text.partition("(")[0].rpartition(".")[2]) for text in (first, later)]
    one, other = (("in" if words & _PUTS_IN else "out" if words & _TAKES_OUT else "") for words in verbs)
    return {one, other} == {"in", "out"}


def _sets_again(first: str, later: str) -> bool:
    """Whether a setting's function is called once more, with a name in place of the value before."""
    function, _, given = first.partition("(")
    other, _, name = later.partition("(")
    last = name.rpartition(", ")[2].rstrip(")")
    return function == other and name != given and last.replace(".", "").isidentifier()


def _flips(first: s.Expression | None, later: s.Expression | None) -> bool:
    """Whether a flag is set and turned again."""
    return (
        isinstance(first, s.Constant)
        and isinstance(later, s.Constant)
        and isinstance(first.value, bool)
        and later.value is (not first.value)
    )


def taken_back(body: s.Block) -> frozenset[str]:
    """What a body puts something into and takes it out of in the end, in the words of the code.

    `self.level += 1` and `self.stack.append(name)`, with `-= 1` and `.pop()` behind them or in a `finally`.
    """
    ends = [node for each in body for node in (each.final if isinstance(each, s.Try) else (each,))]
    return frozenset(_moved(body, "+=", _PUTS_IN) & _moved(ends, "-=", _TAKES_OUT))


def _moved(nodes: Iterable[s.Statement], operator: str, verbs: frozenset[str]) -> set[str]:
    """What the statements of a block change by an operator, or by a method of such a name."""
    found = set()
    for node in nodes:
        match node:
            case s.Assign(targets=(target,), operator=used) if used == operator:
                found.add(show(target))
            case s.Evaluate(value=s.Call(function=s.Attribute(value=owner, name=name))) if name in verbs:
                found.add(show(owner))
    return found


def leaves_nothing(write: Write, restored: Iterable[Place]) -> bool:
    """Whether putting these places back takes a write back, too."""
    return any(
        is_undone(write.place, write.by, place) or _is_emptied(write, place) or _is_entry(write, place)
        for place in restored
    )


def entry(write: Write) -> Place | None:
    """The place of the one entry that a write sets, with its key, `PRICES["plum"] = 3`; None for any other write."""
    target = write.text.partition(" = ")[0]
    key = target.rpartition("[")[2]
    if write.value is None or write.place.parts[-1:] != (ITEM,) or key[:1] not in ('"', "'"):
        return None
    return Place(write.place.kind, (*write.place.parts[:-1], f"[{key}"))


def _is_entry(write: Write, restored: Place) -> bool:
    """Whether a write goes to an entry, or into one, that is set anew."""
    *owner, key = restored.parts or ("",)
    if not key.startswith(("['", '["')) or write.place.kind != restored.kind or not owner:
        return False
    inside = write.place.parts[: len(owner) + 1] == (*owner, ITEM)
    return inside and f"{owner[-1]}{key}" in write.text.partition(" = ")[0]


def _is_emptied(write: Write, restored: Place) -> bool:
    """Whether a method changes something in its object, and what its object holds is put back."""
    owner = write.owner
    if owner is None or write.how != "changed" or write.place != owner.place or is_container(owner):
        return False
    return write.place.covers(restored)


def put_back_in_turn(call: s.Call, frame: Frame, origins: Origins) -> list[Place]:
    """What `setattr(owner, name, value)` of a loop puts back: the pairs that its function writes out to go through.

    `[(shop.prices, "today"), (shop.mail, "send")]` are two such pairs.
    """
    match call.arguments, frame.function:
        case (s.Name() as first, s.Name(), _), s.Function(body=body) if origins.of(first, frame) is None:
            pass
        case _:
            return []
    found: list[Place] = []
    for node in statements(body):
        for inner in (e for expression in expressions(node) for e in walk(expression)):
            match inner:
                case s.Sequence(items=(s.Name() | s.Attribute() as owner, s.Constant(value=str(name)), *_)):
                    shared = origins.of(owner, frame)
                    found += [shared.place.part(name)] if shared is not None else []
    return found
