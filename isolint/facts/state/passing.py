"""Writes that need not be taken back: what forgets itself, and what is done only where it is missing."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Names, statements
from isolint.facts.program.show import show
from isolint.facts.state.initial import is_empty
from isolint.facts.state.numbering import is_numbering
from isolint.facts.state.places import ITEM
from isolint.facts.state.writes import Write


def passes(write: Write, names: Names, module: Module | None) -> bool:
    """Whether a write in a module needs no taking back; `names` are those of the body that writes."""
    return takes_away(write) or is_forgotten(write, names) or is_gone(write) or is_numbering(write, module)


def is_forgotten(write: Write, names: Names) -> bool:
    """Whether a signal is given a function of the body itself, which it forgets when the body is over.

    `names` are those of the body that writes. Signals hold receivers weakly, unless they are told not to.
    """
    call, _, given = write.text.partition("(")
    if not call.endswith(".connect") or write.place.parts[-1:] != ("receivers",) or "weak=" in given:
        return False
    name = given.partition(",")[0].removeprefix("receiver=").rstrip(")")
    bindings = names.bindings.get(name, ())
    return write.frame.function is not None and any(isinstance(b.node, s.Function) for b in bindings)


def takes_away(write: Write) -> bool:
    """Whether what was added before goes again: `Reply.kinds = Reply.kinds[:-1]`, `del orders[1]` of `orders = {}`."""
    owner, value = write.owner, write.value
    removed = write.how == "deleted" or write.text.partition("(")[0].endswith(".pop")
    if removed and owner is not None and write.place == owner.place.part(ITEM):
        return is_empty(owner.value)
    if not isinstance(value, s.Subscript) or not isinstance(value.index, s.Opaque):
        return False
    return write.text.partition(" = ")[0] == show(value.value)


def is_gone(write: Write) -> bool:
    """Whether the body that enters something asserts that it is not there any more: the tested code takes it out."""
    container, _, key = write.text.partition(" = ")[0].removesuffix("]").rpartition("[")
    function = write.frame.function
    if not container or not isinstance(function, s.Function):
        return False
    after = (node for node in statements(function.body) if node.at[0] > write.at[0])
    return any((key, container) == missing for node in after for missing in _missing(node))


def _missing(node: s.Statement) -> Iterator[tuple[str, str]]:
    """What a statement asserts not to be in what: `assert key not in where`, `self.assertNotIn(key, where)`."""
    match node:
        case s.Assert(test=s.Compare(left=key, operators=("not in",), comparators=(where,))):
            yield show(key), show(where)
        case s.Evaluate(value=s.Call(function=s.Attribute(name="assertNotIn"), arguments=(key, where, *_))):
            yield show(key), show(where)


def is_done_once(function: s.Function, write: Write) -> bool:
    """Whether a set-up changes an object only where it finds it unchanged: `if not admin.views: ...`."""
    owner = write.text.partition("(")[0].rpartition(".")[0]
    return bool(owner) and any(
        isinstance(node, s.If)
        and node.body[0].at[0] <= write.at[0] <= node.body[-1].at[2]
        and _asks_whether_missing(node.test, owner)
        for node in statements(function.body)
    )


def _asks_whether_missing(test: s.Expression, owner: str) -> bool:
    """Whether a condition holds while an object, or a part of it, is empty or lacks something."""
    shown = show(test)
    return owner in shown and (shown.startswith("not ") or " not in " in shown)
