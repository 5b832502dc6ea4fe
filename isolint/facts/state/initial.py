"""Does a write only set what was there from the start? Resetting a cache or flag to its first value leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, Frame, Instance, options
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import reaching
from isolint.facts.program.show import dotted, show
from isolint.facts.state.origins import Origins
from isolint.facts.state.places import Place, Shared
from isolint.facts.state.writes import Write
from isolint.facts.targets.lattice import is_test_name


def is_empty(value: s.Expression | None) -> bool:
    """Whether an expression is None, false, zero or an empty container."""
    match value:
        case s.Constant():
            return not value.value
        case s.Sequence() | s.Mapping():
            return not value.items
        case s.Call():
            return not value.arguments and not value.keywords and _makes_container(value)
    return False


def is_initial(value: s.Expression, owner: Shared, name: str, origins: Origins) -> bool:
    """Whether a value is the one that the attribute or item of a shared thing starts with."""
    if not isinstance(value, s.Constant) and not is_empty(value) and not _is_made_anew(value):
        return False
    return any(is_same(value, first) for first in _first_values(owner, name, origins))


def _first_values(owner: Shared, name: str, origins: Origins) -> Iterator[s.Expression | None]:
    if owner.sort == "module" and owner.module is not None:
        yield from (b.value for b in owner.module.names.bindings.get(name, ())[:1])
    elif owner.cls is not None:
        yield from _in_class(owner.cls, name, origins)
    elif isinstance(owner.value, s.Mapping):
        yield from (v for k, v in owner.value.items if isinstance(k, s.Constant) and str(k.value) == name)
    elif owner.value is not None and owner.frame is not None:
        for made in options(origins.evaluator.evaluate(owner.value, owner.frame)):
            if isinstance(made, Instance):
                yield from _in_class(made.of, name, origins)


def _in_class(cls: ClassValue, name: str, origins: Origins) -> Iterator[s.Expression | None]:
    evaluator = origins.evaluator
    for ancestor in instances.lineage(evaluator, cls)[0]:
        for binding in evaluator.names(instances.body_frame(ancestor)).bindings.get(name, ())[:1]:
            yield _default(binding.value)
        for function, node in evaluator.assignments(ancestor.node).get(name, ()):
            if function.name == "__init__":
                yield node.value


def _default(value: s.Expression | None) -> s.Expression | None:
    """The default of a field, `field(default=None)`; of anything else the value itself."""
    if isinstance(value, s.Call):
        return dict(value.keywords).get("default", value)
    return value


def is_same(value: s.Expression, first: s.Expression | None) -> bool:
    """Whether two expressions are the same constant, both empty containers, or the same call without arguments."""
    if isinstance(value, s.Constant) and isinstance(first, s.Constant):
        return type(value.value) is type(first.value) and value.value == first.value
    if _is_made_anew(value) and first is not None and show(value) == show(first):
        return True
    if not isinstance(value, s.Constant) and not is_empty(value):
        return False
    return not isinstance(value, s.Constant) and not isinstance(first, s.Constant) and is_empty(first)


def _is_made_anew(value: s.Expression) -> bool:
    """Whether a value is an object made of nothing, `Local()`."""
    return isinstance(value, s.Call) and not value.arguments and not value.keywords


def is_new_key(write: Write) -> bool:
    """Whether an item is set under a key that is not among those its dict is written out with, or is a test's own."""
    what, _, value = write.text.partition(" = ")
    key = what.rpartition("[")[2].rstrip("]")
    if not value or key[:1] not in ("'", '"'):
        return False
    container = None if write.owner is None else write.owner.value
    if not isinstance(container, s.Mapping) or not container.items:
        return is_test_name(key.strip("'\""))
    known = [name.value for name, _ in container.items if isinstance(name, s.Constant)]
    return len(known) == len(container.items) and key.strip("'\"") not in known


def found_unchanged(test: s.Expression, frame: Frame, origins: Origins) -> list[Place]:
    """What a test asserts to be as it was kept before, `assert sys.stdout is kept`: the code under test restores it."""
    match test:
        case s.Compare(left=left, operators=("==" | "is",), comparators=(right,)) if show(left) != show(
            right
        ):
            found, kept = origins.of(left, frame), _kept(right, frame, origins)
            if found is not None and found.place == kept:
                return [found.place]
    return []


def _kept(node: s.Expression, frame: Frame, origins: Origins) -> Place | None:
    """The place that a name keeps the earlier value of, or a copy of it."""
    if not isinstance(node, s.Name):
        return None
    bound = reaching(origins.evaluator.names(frame).bindings.get(node.id, ()), node.at[0])
    value = bound[0].value if bound else None
    if isinstance(value, s.Call):
        copied = value.arguments[0] if value.arguments else value.function
        value = copied.value if isinstance(copied, s.Attribute) and not value.arguments else copied
    found = None if value is None else origins.of(value, frame)
    return None if found is None else found.place


def _makes_container(value: s.Call) -> bool:
    return (dotted(value.function) or "") in ("set", "dict", "list", "OrderedDict", "deque", "defaultdict")


def missing_in(test: s.Expression, frame: Frame, origins: Origins) -> list[Place]:
    """The container of `if key not in container`: what is put there then is made once and kept on purpose."""
    match test:
        case s.Compare(operators=("not in",), comparators=(container,)):
            found = origins.of(container, frame)
            return [] if found is None else [found.place]
    return []
