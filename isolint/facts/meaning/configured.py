"""Configuration that code reads: variables with their fallbacks, and what an application's config is set to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    Handle,
    Hop,
    Instance,
    Literal,
    ModuleValue,
    Reference,
    UniqueName,
    Unknown,
    Value,
    Variable,
    union,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements
from isolint.facts.program.show import dotted, show
from isolint.vocabulary.entries import Handle as HandleEntry

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator


def of_app(
    ev: Evaluator, entry: HandleEntry, app: s.Expression | None, node: s.Call, frame: Frame
) -> Value | None:
    """What `app.config["KEY"] = ...` sets, in the same body, for the app that an extension is given."""
    body = frame.function.body if isinstance(frame.function, s.Function) else frame.module.facts.body
    if not isinstance(app, s.Name):
        return None
    for statement in statements(body):
        if statement.at[0] >= node.at[0]:
            break
        match statement:
            case s.Evaluate(
                value=s.Call(function=s.Attribute(value=config, name="from_object"), arguments=(source,))
            ):
                if dotted(config) == f"{app.id}.config":
                    return _of_object(ev, ev.evaluate(source, frame), entry.settings, frame)
            case s.Assign(
                targets=(s.Subscript(value=config, index=s.Constant(value=str(key))),), value=value
            ) if value is not None and dotted(config) == f"{app.id}.config" and key in entry.settings:
                return ev.evaluate(value, frame)
    return None


def _of_object(ev: Evaluator, source: Value, keys: tuple[str, ...], frame: Frame) -> Value | None:
    """The setting that an object, or the class or module of that dotted name, holds."""
    source = named_object(ev, source, frame)
    for key in keys:
        found = ev.attribute_of(source, key, None)
        if found != UNKNOWN and not isinstance(found, Reference):
            return found
    return UNKNOWN


def named_object(ev: Evaluator, source: Value, frame: Frame) -> Value:
    """An object as it is, or the class or module that a dotted name in a string means."""
    if not isinstance(source, Literal) or not isinstance(source.value, str):
        return source
    parts = tuple(source.value.split("."))
    for length in range(len(parts), 0, -1):
        path = ev.project.locate(frame.module, parts[:length]) if all(parts) else None
        module = None if path is None else ev.project.module(path)
        if module is not None:
            found: Value = ModuleValue(module)
            for name in parts[length:]:
                found = ev.attribute_of(found, name, None)
            return found
    return UNKNOWN


def held(ev: Evaluator, source: Value, key: str) -> Value | None:
    """The setting `key` of a class, object or module, None if it has none."""
    if isinstance(source, ModuleValue):
        names = source.module.names.bindings
        if key not in names and "*" not in names:
            return None
        found = ev.module_name(source.module, key)
        return None if isinstance(found, Reference) else found
    cls = source.of if isinstance(source, Instance) else source
    if not isinstance(cls, ClassValue):
        return UNKNOWN
    classes, external = instances.lineage(ev, cls)
    found = ev.attribute_of(source, key, None)
    if found == UNKNOWN and not set(external) - {"builtins.object"}:
        bound = any(key in ev.names(instances.body_frame(each)).bindings for each in classes)
        return UNKNOWN if bound or isinstance(source, Instance) else None
    return found


def read_subscript(ev: Evaluator, value: Reference, index: Value, node: s.Subscript, frame: Frame) -> Value:
    """`os.environ["NAME"]` and the like."""
    for _ in ev.vocabulary.readers.get(f"{value.name}.[]", ()):
        if isinstance(index, Literal) and isinstance(index.value, str):
            if index.value in ev.vocabulary.unique_variables:
                return UniqueName(ev.vocabulary.unique_variables[index.value].scope)
            return Variable(index.value, None, trail=(Hop(frame.module.path, node.at, show(node)),))
    return UNKNOWN


def variable(
    ev: Evaluator,
    name: s.Expression | None,
    default: s.Expression | None,
    node: s.Call,
    frame: Frame,
    implied: str = "",
) -> Value:
    """The configuration variable that a call reads, with its fallback; Unknown if the name is not spelled out.

    `implied` is the variable that is read where the call names none.
    """
    value = ev.evaluate(name, frame) if name is not None else Literal(implied) if implied else UNKNOWN
    if not isinstance(value, Literal) or not isinstance(value.value, str):
        return UNKNOWN
    if value.value in ev.vocabulary.unique_variables:
        return UniqueName(ev.vocabulary.unique_variables[value.value].scope)
    fallback_value = ev.evaluate(default, frame) if default is not None else None
    if fallback_value in (Literal(None), Literal("")):
        fallback_value = None
    return Variable(value.value, fallback_value, trail=(Hop(frame.module.path, node.at, show(node)),))


def fallback(values: list[Value]) -> Value:
    """`a or b or c`: the first that holds something; a variable that may be unset falls back to the next."""
    result = values[-1]
    for value in reversed(values[:-1]):
        match value:
            case Variable(default=None):
                result = Variable(value.name, result, trail=value.trail)
            case Variable() | Handle() | Instance():
                result = value
            case Literal():
                result = value if value.value else result
            case Unknown():
                result = union([value, result])
            case _:
                result = union([value, result])
    return result
