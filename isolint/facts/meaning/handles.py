"""Library calls that make handles or read configuration, as the vocabulary describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import configured, instances, strings
from isolint.facts.meaning.values import (
    UNKNOWN,
    Address,
    ClassValue,
    Frame,
    Generated,
    Handle,
    Hop,
    Instance,
    Literal,
    Made,
    Method,
    Reference,
    Thing,
    Union,
    UniqueName,
    Value,
    options,
    union,
    via,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import show
from isolint.vocabulary.entries import Argument, Reader
from isolint.vocabulary.entries import Handle as HandleEntry

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator


def passed(node: s.Call, ways: Argument) -> s.Expression | None:
    """The expression a call passes for an argument, None when it does not (or not visibly)."""
    keywords = dict(node.keywords)
    for way in ways:
        if isinstance(way, str) and way in keywords:
            return keywords[way]
        if isinstance(way, int) and way < len(node.arguments):
            before = node.arguments[: way + 1]
            if not any(isinstance(value, s.Starred) for value in before):
                return node.arguments[way]
    return None


def hides_arguments(node: s.Call) -> bool:
    """Whether a call passes arguments that cannot be seen (`*args`, `**options`)."""
    return any(isinstance(a, s.Starred) for a in node.arguments) or any(not name for name, _ in node.keywords)


def library_call(ev: Evaluator, callee: Reference, node: s.Call, frame: Frame) -> Value | None:
    """What calling a library's function or class gives, None if the vocabulary does not say."""
    name = callee.name
    for entry in ev.vocabulary.handles.get(name, ()):
        if _applies(entry, node):
            return make(ev, entry, node, frame)
    for reader in ev.vocabulary.readers.get(name, ()):
        return _read(ev, reader, node, frame)
    for statement in ev.vocabulary.statements.get(name, ()):
        wrapped = passed(node, statement.argument)
        return ev.evaluate(wrapped, frame) if wrapped is not None else UNKNOWN
    for unique in ev.vocabulary.unique.get(name, ()):
        return UniqueName(unique.scope)
    if name in ev.vocabulary.types:
        return _of_type(ev, ev.vocabulary.canonical(name), None)
    if name in ev.vocabulary.web:
        return Made(name, (frame.module.path, node.at), node, frame)
    return None


def _read(ev: Evaluator, reader: Reader, node: s.Call, frame: Frame) -> Value:
    """The configuration variable that a call described by `reader` reads."""
    name, default = passed(node, reader.variable), passed(node, reader.default)
    return configured.variable(ev, name, default, node, frame, reader.implied)


def _applies(entry: HandleEntry, node: s.Call) -> bool:
    """Whether an entry is about a call with these arguments."""
    if entry.when is None:
        return True
    given = passed(node, entry.when.argument)
    return given is not None and show(given) in (repr(entry.when.equals), f'"{entry.when.equals}"')


def make(ev: Evaluator, entry: HandleEntry, node: s.Call, frame: Frame) -> Handle:
    """The handle that a call described by `entry` makes."""
    known = ev.vocabulary.types.get(entry.type)
    kind = known.kind if known is not None else "handle"
    made = Handle(
        entry.type,
        kind,
        level=entry.level,
        made_in=frame.module,
        trail=(Hop(frame.module.path, node.at, show(node)),),
    )
    return _aim(ev, made, entry, node, frame)


def _aim(ev: Evaluator, made: Handle, entry: HandleEntry, node: s.Call, frame: Frame) -> Handle:
    if entry.level:
        return made
    bind = passed(node, entry.bind)
    if bind is not None:
        return _bound_to(made, ev.evaluate(bind, frame))
    target = passed(node, entry.target)
    if target is not None:
        return _with(made, url=ev.evaluate(target, frame))
    components = _components(ev, entry, node, frame)
    if components:
        base = Literal(entry.default) if "://" in entry.default else None
        return _with(made, url=Address(base, components))
    if hides_arguments(node):
        return _with(made, url=UNKNOWN)
    if entry.settings:
        url = configured.of_app(ev, entry, passed(node, (0, "app")), node, frame)
        return _with(made, url=url) if url is not None else _with(made, bound=False)
    if entry.default == "unbound":
        return _with(made, bound=False)
    if entry.default == "memory":
        return _with(made, level="memory")
    return _with(made, url=Literal(entry.default) if entry.default else None, bound=bool(entry.default))


def _components(
    ev: Evaluator, entry: HandleEntry, node: s.Call, frame: Frame
) -> tuple[tuple[str, Value], ...]:
    found = []
    for component, ways in entry.parts.items():
        given = passed(node, ways)
        if given is not None:
            found.append((component, ev.evaluate(given, frame)))
    return tuple(found)


def _bound_to(made: Handle, value: Value) -> Handle:
    """`made`, reaching what the handle it is bound to reaches."""
    bounds = [option for option in options(value) if isinstance(option, Handle)]
    if not bounds:
        mocked = [option for option in options(value) if isinstance(option, Thing)]
        return _with(made, url=UNKNOWN, level="memory" if mocked and _mocks(mocked[0]) else "")
    chosen = max(bounds, key=lambda handle: handle.url is not None and not handle.level)
    return Handle(
        made.type,
        made.kind,
        url=chosen.url,
        level=chosen.level,
        made_in=chosen.made_in,
        bound=chosen.bound,
        trail=(*made.trail, *chosen.trail),
    )


def _mocks(thing: Thing) -> bool:
    return thing.made_by.startswith(("unittest.mock.", "mock."))


def _with(
    made: Handle, *, url: Value | None = None, level: str | None = None, bound: bool | None = None
) -> Handle:
    return Handle(
        made.type,
        made.kind,
        url=url if url is not None else made.url,
        level=made.level if level is None else level,
        made_in=made.made_in,
        bound=made.bound if bound is None else bound,
        trail=made.trail,
    )


def _as(ev: Evaluator, handle: Handle, type_name: str) -> Handle:
    """A handle of another type that reaches the same store."""
    known = ev.vocabulary.types.get(type_name)
    return Handle(
        ev.vocabulary.canonical(type_name),
        known.kind if known is not None else handle.kind,
        url=handle.url,
        level=handle.level,
        made_in=handle.made_in,
        bound=handle.bound,
        trail=handle.trail,
    )


def _of_type(ev: Evaluator, type_name: str, module: Module | None) -> Handle:
    """A handle known by its type alone."""
    known = ev.vocabulary.types[type_name]
    return Handle(ev.vocabulary.canonical(type_name), known.kind, made_in=module)


def typed(ev: Evaluator, names: tuple[str, ...]) -> Handle | None:
    """A handle of the first of these library types that the vocabulary knows."""
    for name in names:
        if name in ev.vocabulary.types:
            return _of_type(ev, name, None)
    return None


def annotated(ev: Evaluator, annotation: s.Expression, frame: Frame) -> Value | None:
    """What an annotation says of a value: a handle of a library type, or an object of a first-party class."""
    match annotation:
        case s.Binary(operator="|"):
            return annotated(ev, annotation.left, frame) or annotated(ev, annotation.right, frame)
        case s.Subscript():
            inner = annotation.index
            first = inner.items[0] if isinstance(inner, s.Sequence) and inner.items else inner
            outer = ev.evaluate(annotation.value, frame)
            if isinstance(outer, Reference) and outer.name in ev.vocabulary.types:
                return typed(ev, (outer.name,))
            return annotated(ev, first, frame)
        case s.Name() | s.Attribute():
            value = ev.evaluate(annotation, frame)
            if isinstance(value, Reference):
                return typed(ev, (value.name,))
            if isinstance(value, ClassValue):
                return Instance(value)
    return None


def entered(ev: Evaluator, value: Value) -> Value:
    """What `with value as x` binds."""
    match value:
        case Union():
            return union([entered(ev, option) for option in value.options])
        case Generated():
            return via(value.item, *value.trail)
        case Handle():
            given = gives(ev, value, "with")
            return given or value
        case Method():
            coerced = as_value(ev, value)
            return entered(ev, coerced) if not isinstance(coerced, Method) else UNKNOWN
        case Instance():
            for name in ("__enter__", "__aenter__"):
                method = instances.method(ev, value, name)
                if method is not None:
                    result = ev.result(method, ev.call_frame(method, None, value.of.frame))
                    return result if result != UNKNOWN else value
    return value


def gives(ev: Evaluator, handle: Handle, name: str) -> Handle | None:
    """The handle that a method, attribute or operation of a handle leads to."""
    for type_name in ev.vocabulary.lineage(handle.type):
        found = ev.vocabulary.types[type_name].gives.get(name)
        if found is not None:
            return _as(ev, handle, found)
    return None


def as_value(ev: Evaluator, method: Method) -> Value:
    """An attribute of a handle read as a value in its own right."""
    if isinstance(method.receiver, Handle):
        given = gives(ev, method.receiver, method.name)
        if given is None and method.name not in selects(ev, method.receiver):
            given = _selected(ev, method.receiver, "*", Literal(method.name)) or gives(
                ev, method.receiver, "*"
            )
        return given or method
    if isinstance(method.receiver, UniqueName):
        return method.receiver
    return method


def read(ev: Evaluator, value: Value) -> Value:
    """A value, an attribute of a handle for what it stands for."""
    return as_value(ev, value) if isinstance(value, Method) else value


def attribute(ev: Evaluator, value: Handle | Thing | Method, name: str) -> Value:
    """An attribute of a handle, or of an attribute of one."""
    if isinstance(value, Method):
        coerced = as_value(ev, value)
        return ev.attribute_of(coerced, name, None) if coerced is not value else Method(value, name)
    return Method(value, name, trail=value.trail)


def subscript(ev: Evaluator, value: Handle | Method, index: Value) -> Value:
    """`handle[index]`."""
    if isinstance(value, Method):
        coerced = as_value(ev, value)
        return subscript(ev, coerced, index) if isinstance(coerced, Handle) else UNKNOWN
    return _selected(ev, value, "[]", index) or gives(ev, value, "[]") or UNKNOWN


def called(ev: Evaluator, value: Handle | Thing | Method, node: s.Call, frame: Frame) -> Value:
    """What calling a handle, or a method of one, gives."""
    if isinstance(value, Handle):
        for type_name in ev.vocabulary.lineage(value.type):
            for reader in ev.vocabulary.readers.get(f"{type_name}.__call__", ()):
                return _read(ev, reader, node, frame)
        return _rebound(ev, gives(ev, value, "()"), node, frame) or UNKNOWN
    if isinstance(value, Method) and isinstance(value.receiver, Handle):
        ways = selects(ev, value.receiver).get(value.name)
        if ways is not None:
            chosen = passed(node, ways)
            if chosen is None and not hides_arguments(node):
                return gives(ev, value.receiver, value.name) or UNKNOWN
            name = ev.evaluate(chosen, frame) if chosen is not None else UNKNOWN
            return _selected(ev, value.receiver, value.name, name) or UNKNOWN
        given = gives(ev, value.receiver, value.name)
        return given if given is not None else _made_by_method(ev, value, node, frame)
    if isinstance(value, Method):
        made = value.receiver.made_by if isinstance(value.receiver, Made) else ""
        if f"{made}.{value.name}" in ev.vocabulary.web:
            return Made(f"{made}.{value.name}", (frame.module.path, node.at), node, frame)
        return strings.called(ev, value, node, frame)
    return UNKNOWN


def _made_by_method(ev: Evaluator, value: Method, node: s.Call, frame: Frame) -> Value:
    receiver = value.receiver
    if isinstance(receiver, Handle):
        if receiver.level == "disposable":
            return UniqueName("run", trail=receiver.trail)
        for type_name in ev.vocabulary.lineage(receiver.type):
            for entry in ev.vocabulary.handles.get(f"{type_name}.{value.name}", ()):
                if _applies(entry, node):
                    return make(ev, entry, node, frame)
            for reader in ev.vocabulary.readers.get(f"{type_name}.{value.name}", ()):
                return _read(ev, reader, node, frame)
    return UNKNOWN


def _rebound(ev: Evaluator, handle: Handle | None, node: s.Call, frame: Frame) -> Handle | None:
    """A session made by its factory, bound anew where the call says so."""
    if handle is None:
        return None
    bind = passed(node, ("bind",))
    return handle if bind is None else _bound_to(handle, ev.evaluate(bind, frame))


def selects(ev: Evaluator, handle: Handle) -> dict[str, Argument]:
    """The ways to pick another database of the server that a handle reaches."""
    found: dict[str, Argument] = {}
    for type_name in reversed(ev.vocabulary.lineage(handle.type)):
        found.update(ev.vocabulary.types[type_name].selects)
    return found


def _selected(ev: Evaluator, handle: Handle, way: str, name: Value) -> Handle | None:
    """The handle of another database of the same server."""
    if way not in selects(ev, handle):
        return None
    given = gives(ev, handle, way)
    type_name = given.type if given is not None else handle.type
    if handle.level:
        return _as(ev, handle, type_name)
    url = Address(handle.url, (("database", name),))
    return _with(_as(ev, handle, type_name), url=url, bound=True)


def referenced(ev: Evaluator, name: str) -> Value:
    """A library's name: an object the vocabulary knows as a handle, or just the name."""
    for entry in ev.vocabulary.instances.get(name, ()):
        known = ev.vocabulary.types[ev.vocabulary.canonical(entry.type)]
        return Handle(known.name, known.kind, level=entry.level if entry.level != "unknown" else "")
    return Reference(name)


def from_class(ev: Evaluator, cls: ClassValue, node: s.Call, frame: Frame) -> Value | None:
    """The handle that calling a first-party subclass of a library's handle class makes."""
    if not cls.node.bases:
        return None
    for name in instances.lineage(ev, cls)[1]:
        for entry in ev.vocabulary.handles.get(name, ()):
            return make(ev, entry, node, frame)
    return None
