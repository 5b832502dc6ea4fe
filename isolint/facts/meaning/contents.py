"""Lists, dicts and sets that are written out as such, and what is in them."""

from __future__ import annotations

from isolint.facts.program import syntax as s
from isolint.facts.program.show import dotted
from isolint.facts.state.places import FIXTURE, ITEM, STATE, Shared


def inside(owner: Shared, index: s.Expression | None) -> Shared:
    """Something in a container; what it is, where the container is written out."""
    key = index.value if isinstance(index, s.Constant) else None
    place = owner.place.part(ITEM if key is None or owner.place.kind == STATE else str(key))
    value = _written(owner.value, key)
    unseen = owner.place.kind == FIXTURE and owner.sort == "object" and not is_container(owner)
    return Shared(
        place,
        owner.sort if owner.sort == "part" else "entry" if unseen else "object",
        owner.module,
        value,
        owner.frame,
        scope=owner.scope,
        steps=owner.steps,
        trail=owner.trail,
    )


def _written(container: s.Expression | None, key: object) -> s.Expression | None:
    match container:
        case s.Mapping():
            for name, value in container.items:
                if isinstance(name, s.Constant) and name.value == key:
                    return value
        case s.Sequence() if container.items:
            if isinstance(key, int) and -len(container.items) <= key < len(container.items):
                return container.items[key]
            if key is None and len({type(item) for item in container.items}) == 1:
                return container.items[0]
    return None


_CONTAINERS = frozenset(
    "list dict set bytearray defaultdict OrderedDict Counter deque ChainMap UserDict UserList".split()
)


def is_container(shared: Shared) -> bool:
    """Whether a shared thing is known to be a list, dict or set: it is written as one."""
    if shared.place.kind in ("environment", "modules"):
        return True
    return is_written_container(shared.value)


def is_written_container(value: s.Expression | None) -> bool:
    """Whether an expression makes a list, dict or set."""
    match value:
        case s.Mapping():
            return True
        case s.Sequence(kind=kind):
            return kind != "tuple"
        case s.Comprehension():
            return True
        case s.Call():
            return (dotted(value.function) or "").rpartition(".")[2] in _CONTAINERS
    return False
