"""Which methods of the project's own classes change their object: proved from their bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from isolint.facts.meaning import instances
from isolint.facts.meaning.contents import is_written_container
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    FunctionValue,
    Hop,
    Instance,
    Items,
    Parameter,
    Table,
    Unknown,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import bind, expressions, statements, walk
from isolint.facts.program.show import dotted, show
from isolint.facts.state.changes import MUTATORS
from isolint.facts.state.opposites import taken_back
from isolint.facts.state.places import Shared
from isolint.facts.targets.lattice import tokens

DEEPEST = 4
_CACHING = frozenset(
    "cache cached caches memo memos lock locks log logger logs warnings deprecations".split()
)
# What these hold is the database's.
_STORES = frozenset({"session", "db", "database"})
# What a method of such a name writes, it keeps to answer faster the next time.
_COLLECTIONS = frozenset(
    "list dict set deque defaultdict OrderedDict Counter List Dict Set MutableMapping MutableSequence "
    "MutableSet Deque DefaultDict bytearray ChainMap".split()
)
# What has methods of other names is a collection; these are those of sessions, clients and queues, too.
_ALSO_OF_OTHERS = frozenset({"add", "remove", "clear", "update", "discard", "insert", "sort", "subtract"})
_ANSWERS = frozenset({"get", "find", "lookup", "resolve", "is", "has", "list", "iter"})


class _Change(NamedTuple):
    """Where a method changes its object, and what of it, in the words of the code: `self.lines[0]`, `self.lines`."""

    hop: Hop
    of: set[str]


class Mutators:
    """Knows methods that put something into their object or take something out of it.

    Storing a value under a name, `self.text = text`, is not counted: most methods that do so start anew.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._known: dict[tuple[int, int], _Change | None] = {}

    def changes(self, shared: Shared, method: str) -> Hop | None:
        """Where a method of a shared thing changes it; None where it does not, or where that cannot be told."""
        if shared.value is None or shared.frame is None:
            return None
        values = options(self.evaluator.evaluate(shared.value, shared.frame))
        found = (self._method(value, method) for value in values if isinstance(value, Instance))
        return next((change.hop for change in found if change is not None), None)

    def _method(self, instance: Instance, name: str, depth: int = 0) -> _Change | None:
        """How a first-party method changes its object, if it does."""
        if answers(name):
            return None
        found = instances.method(self.evaluator, instance, name)
        if found is None or depth > DEEPEST or not isinstance(found.function, s.Function):
            return None
        key = (id(found.function), id(instance.of.node))
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._changes_self(found, found.function, instance, depth)
        return self._known[key]

    def _changes_self(
        self, method: FunctionValue, function: s.Function, instance: Instance, depth: int
    ) -> _Change | None:
        if not function.parameters or method.receiver is None or isinstance(method.receiver, ClassValue):
            return None
        if any(
            isinstance(d, s.Name) and d.id in ("staticmethod", "classmethod") for d in function.decorators
        ):
            return None
        me = function.parameters[0].name
        mine = {me}
        fresh = _filled_anew(function.body, me)
        kept = taken_back(function.body) | {f"{me}.{name}" for name in fresh}
        memos, path = _memos(function), method.module.path
        for node in statements(function.body):
            if isinstance(node, s.Assign) and _stored(node) in memos:
                continue
            found = [self._call(call, me, mine, fresh, instance, depth, path) for call in _calls(node)]
            written = self._written(node, mine, fresh)
            if written is not None:
                hop = Hop(path, node.at, f"{show(written)} is changed")
                found.insert(0, _Change(hop, {show(written), show(_looked_into(written))}))
            for change in found:
                if change is not None and kept.isdisjoint(change.of):
                    return change
            _spread(node, mine, fresh)
        return None

    def _written(self, node: s.Statement, mine: set[str], fresh: set[str]) -> s.Expression | None:
        targets: tuple[s.Expression, ...] = ()
        if isinstance(node, s.Delete):
            targets = node.targets
        elif isinstance(node, s.Assign) and node.value is not None:
            targets = tuple(t for t in node.targets if isinstance(t, s.Subscript) or node.operator != "=")
        parts = (t for t in targets if isinstance(t, s.Attribute | s.Subscript) and _is_part(t, mine, fresh))
        return next(parts, None)

    def _call(
        self,
        call: s.Call,
        me: str,
        mine: set[str],
        fresh: set[str],
        instance: Instance,
        depth: int,
        path: str,
    ) -> _Change | None:
        function = call.function
        if not isinstance(function, s.Attribute):
            return None
        owner = function.value
        if isinstance(owner, s.Name) and owner.id == me:
            return self._method(instance, function.name, depth + 1)
        if isinstance(owner, s.Call) and isinstance(owner.function, s.Name) and owner.function.id == "super":
            return None
        if function.name not in MUTATORS or not _is_part(owner, mine, fresh):
            return None
        if _is_of(owner, me) and not self._is_collection(instance, owner.name, function.name):
            return None
        return _Change(Hop(path, call.at, show(call)), {show(owner), show(_looked_into(owner))})

    def _is_collection(self, instance: Instance, attribute: str, method: str) -> bool:
        """Whether what an object keeps as an attribute is a list, dict or set: sessions can `remove`, too."""
        classes, _ = instances.lineage(self.evaluator, instance.of)
        for cls in classes:
            kept = [
                (node.value, node.annotation)
                for _, node in self.evaluator.assignments(cls.node).get(attribute, ())
            ]
            kept += [
                (found.value, found.annotation) for found in bind(cls.node.body).bindings.get(attribute, ())
            ]
            if any(is_written_container(value) or _is_noted(annotation) for value, annotation in kept):
                return True
        held = tuple(options(instances.attribute(self.evaluator, instance, attribute)))
        if any(isinstance(value, Items | Table) for value in held):
            return True
        known = any(not isinstance(value, Unknown | Parameter) for value in held)
        return not known and method not in _ALSO_OF_OTHERS


def answers(name: str) -> bool:
    """Whether a method says by its name that it only gives something back."""
    return name.partition("_")[0] in _ANSWERS


def _is_of(node: s.Expression, me: str) -> TypeGuard[s.Attribute]:
    """Whether an expression is an attribute of the object itself."""
    return isinstance(node, s.Attribute) and isinstance(node.value, s.Name) and node.value.id == me


def _is_noted(annotation: s.Expression | None) -> bool:
    """Whether an annotation says list, dict or set, `dict[str, int]`."""
    if isinstance(annotation, s.Subscript):
        annotation = annotation.value
    name = dotted(annotation) if annotation is not None else None
    return name is not None and name.rpartition(".")[2] in _COLLECTIONS


def _looked_into(node: s.Expression) -> s.Expression:
    """What an entry lies in, `self.lines` of `self.lines[0]`; anything else as it is."""
    while isinstance(node, s.Subscript):
        node = node.value
    return node


def _calls(node: s.Statement) -> Iterator[s.Call]:
    for expression in expressions(node):
        yield from (inner for inner in walk(expression) if isinstance(inner, s.Call))


def _filled_anew(body: s.Block, me: str) -> set[str]:
    """The attributes that a method empties and fills again: it leaves there what it finds out each time."""
    emptied: set[str] = set()
    filled: set[str] = set()
    for node in statements(body):
        for call in _calls(node):
            match call.function:
                case s.Attribute(value=s.Attribute(value=s.Name(id=owner), name=kept), name=name) if (
                    owner == me
                ):
                    if name == "clear":
                        emptied.add(kept)
                    elif kept in emptied and name in MUTATORS:
                        filled.add(kept)
        for target in node.targets if isinstance(node, s.Assign) else ():
            if isinstance(target, s.Subscript) and _is_of(target.value, me) and target.value.name in emptied:
                filled.add(target.value.name)
    return filled


def _memos(function: s.Function) -> set[tuple[str, str, str]]:
    """What a method looks up under a key, to make and keep it where it is missing: container, key and name."""
    found = set()
    for node in statements(function.body):
        if isinstance(node, s.Assign) and isinstance(node.value, s.Call) and len(node.targets) == 1:
            target, look, given = node.targets[0], node.value.function, node.value.arguments
            looks = isinstance(look, s.Attribute) and look.name == "get" and len(given) == 1
            if looks and isinstance(look, s.Attribute) and isinstance(target, s.Name):
                found.add((show(look.value), show(given[0]), target.id))
    return found


def _stored(node: s.Assign) -> tuple[str, str, str] | None:
    """The container, the key and the name that an assignment keeps there."""
    target = node.targets[0] if len(node.targets) == 1 else None
    if not isinstance(target, s.Subscript) or not isinstance(node.value, s.Name):
        return None
    return show(target.value), show(target.index), node.value.id


def _spread(node: s.Statement, mine: set[str], fresh: set[str]) -> None:
    """Local names for parts of the object, and attributes that the method itself makes anew."""
    if isinstance(node, s.Loop) and isinstance(node.target, s.Name) and node.iterable is not None:
        if _is_part(_looked_up(node.iterable), mine, fresh):
            mine.add(node.target.id)
    elif isinstance(node, s.Assign) and node.value is not None:
        for target in node.targets:
            if isinstance(target, s.Name) and _is_part(_looked_up(node.value), mine, fresh):
                mine.add(target.id)
            elif isinstance(target, s.Attribute) and isinstance(target.value, s.Name):
                fresh.add(target.name)


def _looked_up(node: s.Expression) -> s.Expression:
    """The container that a look-up reads from."""
    if isinstance(node, s.Call) and isinstance(node.function, s.Attribute):
        return node.function.value if node.function.name in ("values", "get", "keys") else node
    return node


def _is_part(node: s.Expression, mine: set[str], fresh: set[str]) -> bool:
    """Whether an expression is something the object holds, other than a cache or what was made just now."""
    if isinstance(node, s.Name):
        return node.id in mine
    first: s.Expression = node
    while isinstance(first, s.Attribute | s.Subscript):
        if isinstance(first, s.Attribute) and isinstance(first.value, s.Name) and first.value.id in mine:
            return first.name not in fresh and tokens(first.name).isdisjoint(_CACHING | _STORES)
        first = first.value
    return isinstance(first, s.Name) and first.id in mine
