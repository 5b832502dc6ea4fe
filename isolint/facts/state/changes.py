"""Calls that change the state of the process, or see to it that it is put back: from a call to the places."""

from __future__ import annotations

from isolint.facts.meaning import handles
from isolint.facts.meaning.contents import is_container
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Instance,
    Literal,
    Method,
    Parameter,
    Reference,
    Thing,
    UniqueName,
    Unknown,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.show import show
from isolint.facts.state.origins import Origins
from isolint.facts.state.places import ENVIRONMENT, FOLDER, ITEM, LIBRARY, MODULES, STATE, Place, Shared
from isolint.facts.targets.lattice import tokens
from isolint.late import dataclass
from isolint.vocabulary.surroundings import Change

MUTATORS = frozenset(
    "append add pop update insert remove clear extend setdefault sort reverse discard popitem appendleft popleft "
    "extendleft rotate subtract difference_update intersection_update symmetric_difference_update "
    "__setitem__ __delitem__".split()
)
_KEYED = frozenset({"pop", "setdefault", "__setitem__", "__delitem__"})
_OF_ENVIRONMENT = frozenset({"env", "environ", "environment", "envvar", "envvars"})
_OF_FOLDER = frozenset({"chdir", "cwd", "pushd", "cd", "workdir", "filesystem"})

_RESETS = frozenset(
    {"reset", "clear", "flush", "restore", "truncate", "purge", "drop", "undo", "rollback", "detach"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """What one call does to the state: the place, the shared thing it belongs to, and what ends it."""

    place: Place
    owner: Shared | None
    ends: str = ""
    is_reset: bool = False


class Changes:
    """Reads calls."""

    def __init__(self, origins: Origins) -> None:
        self.origins = origins
        self.evaluator = origins.evaluator
        self.vocabulary = origins.evaluator.vocabulary
        self.words = MUTATORS | {name.rpartition(".")[2] for name in self.vocabulary.changes} | {"chdir"}

    def of(self, node: s.Call, frame: Frame) -> list[Effect]:
        """The effects of a call on the state of the process."""
        found = self._of_container(node, frame)
        callee = self.evaluator.evaluate(node.function, frame)
        for option in options(callee):
            for name in self._names(option):
                for entry in self.vocabulary.changes.get(name, ())[:1]:
                    found += self._described(entry, node, frame)
            if isinstance(option, FunctionValue) and not found:
                found += self._handed_out(node, frame)
        if isinstance(node.function, s.Attribute) and node.function.name == "chdir" and not found:
            receiver = self.evaluator.evaluate(node.function.value, frame)
            if isinstance(receiver, UniqueName):
                found.append(Effect(Place(FOLDER), None))
        return found

    def _handed_out(self, node: s.Call, frame: Frame) -> list[Effect]:
        """What a function of a library's own project changes by the object it makes: `self.settings(...)`."""
        made = [v.of for v in options(self.evaluator.evaluate(node, frame)) if isinstance(v, Instance)]
        entries = [
            e for cls in made for name in self._names(cls) for e in self.vocabulary.changes.get(name, ())[:1]
        ]
        return [effect for entry in entries for effect in self._described(entry, node, frame)]

    def _names(self, callee: Value) -> tuple[str, ...]:
        """The names that the vocabulary may know a callee by; in a library's own project it is first-party."""
        match callee:
            case ClassValue(module=module, node=node):
                return (f"{module.dotted}.{node.qualname}",)
            case Reference():
                return (callee.name,)
            case Method(receiver=Handle() as receiver):
                return tuple(f"{name}.{callee.name}" for name in self.vocabulary.lineage(receiver.type))
            case Method(receiver=Thing() as receiver):
                return (f"{receiver.made_by}.{callee.name}",)
        return ()

    def _of_container(self, node: s.Call, frame: Frame) -> list[Effect]:
        function = node.function
        if not isinstance(function, s.Attribute) or function.name not in MUTATORS:
            return []
        owner = self.origins.of(function.value, frame)
        is_list = owner is not None and function.name == "clear" and owner.place.parts[-1:] == ("handlers",)
        if owner is None or not (is_list or is_container(owner)):
            return []
        if function.name == "clear":
            return [Effect(owner.place, owner, is_reset=True)]
        if owner.place.kind in (ENVIRONMENT, MODULES):
            if function.name in _KEYED and node.arguments:
                return [Effect(owner.place.part(self.key(node.arguments[0], frame)), owner)]
            return [Effect(place, owner) for place in self._updated(owner.place, node, frame)]
        return [Effect(owner.place.part(ITEM), owner)]

    def _updated(self, whole: Place, node: s.Call, frame: Frame) -> list[Place]:
        """The keys that `update(...)` writes; the whole, where they cannot be told."""
        keys = [name for name, _ in node.keywords if name]
        for argument in node.arguments:
            if not isinstance(argument, s.Mapping):
                return [whole]
            keys += [self.key(key, frame) for key, _ in argument.items if key is not None]
        return [whole.part(key) for key in keys] or [whole]

    def key(self, node: s.Expression, frame: Frame) -> str:
        """A key as text: what it is, or else how it is written."""
        known = text(self.evaluator.evaluate(node, frame))
        return known if known is not None else f"<{show(node)}>"

    def _described(self, entry: Change, node: s.Call, frame: Frame) -> list[Effect]:
        key = handles.passed(node, entry.key)
        name = entry.part or (self.key(key, frame) if key is not None else "")
        match entry.state:
            case "environment":
                place = Place(ENVIRONMENT)
            case "modules":
                place = Place(MODULES)
            case "folder":
                return [Effect(Place(FOLDER), None, entry.ends)]
            case "setting":
                inner = (self.key(key, frame),) if key is not None else ()
                return [Effect(Place(entry.part, inner), None, entry.ends)]
            case _:
                return self._of_target(entry, name, key is not None, node, frame)
        return [Effect(place.part(name) if name else place, None, entry.ends)]

    def _of_target(self, entry: Change, name: str, has_key: bool, node: s.Call, frame: Frame) -> list[Effect]:
        if not entry.target:
            whole = self.named(entry.part, frame) or Place(LIBRARY).part_of(entry.part)
            return [Effect(whole, None, entry.ends)]
        target = handles.passed(node, entry.target)
        if "self" in entry.target and isinstance(node.function, s.Attribute):
            target = node.function.value
        if target is None:
            return []
        value = self.evaluator.evaluate(target, frame)
        if isinstance(value, Literal) and isinstance(value.value, str):
            place = self.named(value.value, frame)
            return [Effect(place, None, entry.ends)] if place is not None else []
        owner = self.origins.of(target, frame)
        if owner is None:
            return []
        if entry.state == "item" and owner.place.kind not in (ENVIRONMENT, MODULES):
            name = ITEM
        named = bool(entry.part) or has_key
        return [Effect(owner.place.part(name) if named else owner.place, owner, entry.ends)]

    def named(self, name: str, frame: Frame) -> Place | None:
        """The place that a dotted name, as `patch` takes it, leads to."""
        parts = tuple(name.split("."))
        if not all(parts):
            return None
        resolved = self.origins.project.resolve(frame.module, parts)
        if resolved.module is None:
            return Place(LIBRARY).part_of(name)
        found: Shared | None = Shared(Place(STATE, (resolved.module.path,)), "module", resolved.module)
        for part in resolved.rest[:-1]:
            found = None if found is None else self.origins.member(found, part)
        if found is None:
            return None
        return found.place.part(resolved.rest[-1]) if resolved.rest else found.place

    def guessed(self, node: s.Expression, frame: Frame) -> list[Place]:
        """What a context manager or decorator that cannot be seen puts back, by its name."""
        call = node.function if isinstance(node, s.Call) else node
        match call:
            case s.Name(id=name) | s.Attribute(name=name):
                pass
            case _:
                return []
        callee = self.evaluator.evaluate(call, frame)
        if not isinstance(callee, Unknown | Reference | Parameter | Method):
            return []
        return kept_by_name(name)


def kept_by_name(name: str) -> list[Place]:
    """What a fixture, context manager or decorator puts back that nobody can see, as its name tells."""
    words = tokens(name)
    found = [Place(ENVIRONMENT)] if not words.isdisjoint(_OF_ENVIRONMENT) else []
    if not words.isdisjoint(_OF_FOLDER):
        found.append(Place(FOLDER))
    if "argv" in words:
        found.append(Place(LIBRARY, ("sys", "argv")))
    return found


def is_resetting(name: str) -> bool:
    """Whether a function says by its name that it begins anew."""
    return not _RESETS.isdisjoint(name.lower().split("_"))
