"""Set-ups that go through variables or modules in a loop: which of them it puts back or takes away."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements, walk
from isolint.facts.state.places import ENVIRONMENT, MODULES, Place

_ALL = {ENVIRONMENT: "environ", MODULES: "modules"}


def swept(place: Place, frame: Frame, evaluator: Evaluator) -> Iterator[Place]:
    """The places that one stands for whose key is the variable of a loop, `del os.environ[key]`.

    A list that is written out has the keys; of all the keys there are, those with the beginning that is asked for.
    """
    key = place.parts[-1] if place.parts else ""
    if place.kind not in _ALL or not key.startswith("<") or not isinstance(frame.function, s.Function):
        return
    for node in statements(frame.function.body):
        if isinstance(node, s.Loop) and isinstance(node.target, s.Name) and node.target.id == key[1:-1]:
            yield from _in_turn(node, place.kind, frame, evaluator)


def _in_turn(loop: s.Loop, kind: str, frame: Frame, evaluator: Evaluator) -> Iterator[Place]:
    """What the variable of a loop is, one after the other."""
    through = _bound(loop.iterable, frame, evaluator)
    match through:
        case s.Sequence(items=items):
            yield from (Place(kind, (str(i.value),)) for i in items if isinstance(i, s.Constant))
        case None:
            pass
        case _ if _ALL[kind] in {_last(inner) for inner in walk(through)}:
            tests = [node.test for node in statements(loop.body) if isinstance(node, s.If)]
            beginnings = [b for e in (through, *tests) for inner in walk(e) for b in _beginnings(inner)]
            yield from (Place(kind, (f"{b}*",)) for b in beginnings)
            if not beginnings and kind == ENVIRONMENT:
                yield Place(kind)


def _bound(node: s.Expression | None, frame: Frame, evaluator: Evaluator) -> s.Expression | None:
    """What a name was assigned, in the function or its module; anything else as it is."""
    if not isinstance(node, s.Name):
        return node
    for names in (evaluator.names(frame), frame.module.names):
        values = [b.value for b in names.bindings.get(node.id, ()) if b.value is not None]
        if values:
            return values[0]
    return None


def _last(node: s.Expression) -> str:
    match node:
        case s.Name(id=name) | s.Attribute(name=name):
            return name
    return ""


def _beginnings(node: s.Expression) -> Iterator[str]:
    """What a call asks a key to begin with: `key.startswith("SHOP_")`, or with one of several."""
    match node:
        case s.Call(function=s.Attribute(name="startswith"), arguments=(given,)):
            each = given.items if isinstance(given, s.Sequence) else (given,)
            yield from (e.value for e in each if isinstance(e, s.Constant) and isinstance(e.value, str))
