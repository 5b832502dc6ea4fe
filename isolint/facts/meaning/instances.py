"""Attributes of first-party classes and their objects: methods, properties, settings fields, `self.x = ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning import handles
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Literal,
    Method,
    Reference,
    Union,
    Value,
    Variable,
    options,
    union,
    via,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import Binding, bind, reaching, statements
from isolint.facts.program.show import show
from isolint.facts.targets.lattice import is_test_name

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

_PROPERTIES = ("property", "cached_property", "hybrid_property", "classproperty")


def lineage(ev: Evaluator, cls: ClassValue) -> tuple[tuple[ClassValue, ...], tuple[str, ...]]:
    """A class with its first-party ancestors, nearest first, and the names of those outside the project."""
    if cls.frame.function is not None or cls.frame.owner is not None:
        return _climbed(ev, cls)
    known = ev.lineages.get(id(cls.node))
    if known is None:
        cuts = ev.cuts
        known = _climbed(ev, cls)
        if cuts == ev.cuts:
            ev.lineages[id(cls.node)] = known
    classes, external = known
    return ((cls, *classes[1:]), external) if cls.trail or classes[0].trail else known


def _climbed(ev: Evaluator, cls: ClassValue) -> tuple[tuple[ClassValue, ...], tuple[str, ...]]:
    classes: list[ClassValue] = []
    external: list[str] = []
    pending = [cls]
    while pending and len(classes) < 30:
        current = pending.pop(0)
        if current in classes:
            continue
        classes.append(current)
        for base in current.node.bases:
            for value in options(ev.evaluate(base, current.frame)):
                if isinstance(value, ClassValue):
                    pending.append(value)
                elif isinstance(value, Reference):
                    external.append(value.name)
                elif isinstance(value, Handle):
                    external.append(value.type)
    return tuple(classes), tuple(dict.fromkeys(external))


def body_frame(cls: ClassValue) -> Frame:
    """The frame in which a class body runs: one for each frame that the class is defined in."""
    bodies = cls.frame.bodies
    if bodies is None:
        bodies = cls.frame.bodies = {}
    known = bodies.get(id(cls.node))
    if known is None:
        known = bodies[id(cls.node)] = Frame(cls.module, None, cls.frame, {}, None, cls.node)
    return known


def attribute(ev: Evaluator, instance: Instance, name: str) -> Value:
    """The attribute of an object: what its call was given, what its class says, what its methods assign."""
    if instance.trail or instance.of.frame.function is not None or instance.of.frame.owner is not None:
        return _attribute(ev, instance, name)
    key = (id(instance.of.node), id(instance.call), id(instance.frame), name)
    known = ev.attributes.get(key)
    if known is not None:
        return known[1]
    cuts = ev.cuts
    found = _attribute(ev, instance, name)
    if cuts == ev.cuts:
        ev.attributes[key] = (
            instance,
            found,
        )  # the object is kept, so that nothing else gets these identities
    return found


def _attribute(ev: Evaluator, instance: Instance, name: str) -> Value:
    classes, external = lineage(ev, instance.of)
    settings = not ev.vocabulary.settings_bases.isdisjoint(external)
    given = _given(ev, instance, name, classes)
    if given is not None:
        return given
    for cls in classes:
        bindings = bind(cls.node.body).bindings.get(name)
        if bindings:
            assigned = None if settings else _assigned(ev, instance, classes, name)
            declared = _declared(ev, cls, bindings, instance, settings)
            return declared if assigned is None or assigned == UNKNOWN else assigned
    assigned = _assigned(ev, instance, classes, name)
    if assigned is not None:
        return assigned
    typed = handles.typed(ev, external)
    return handles.attribute(ev, typed, name) if typed is not None else UNKNOWN


def class_attribute(ev: Evaluator, cls: ClassValue, name: str) -> Value:
    """The attribute of a class itself."""
    if cls.trail or cls.frame.function is not None or cls.frame.owner is not None:
        return _class_attribute(ev, cls, name)
    key = (id(cls.node), name)
    known = ev.class_attributes.get(key)
    if known is not None:
        return known
    cuts = ev.cuts
    found = _class_attribute(ev, cls, name)
    if cuts == ev.cuts:
        ev.class_attributes[key] = found
    return found


def _class_attribute(ev: Evaluator, cls: ClassValue, name: str) -> Value:
    classes, external = lineage(ev, cls)
    settings = not ev.vocabulary.settings_bases.isdisjoint(external)
    for ancestor in classes:
        bindings = bind(ancestor.node.body).bindings.get(name)
        if bindings:
            declared = _declared(ev, ancestor, bindings, cls, settings)
            return declared if declared != Literal(None) else _kept(ev, cls, ancestor, name) or declared
    for ancestor in classes:
        kept = _kept(ev, cls, ancestor, name)
        if kept is not None:
            return kept
    typed = _base_handle(ev, classes, name) or handles.typed(ev, external)
    return handles.attribute(ev, typed, name) if typed is not None else UNKNOWN


def _base_handle(ev: Evaluator, classes: tuple[ClassValue, ...], name: str) -> Handle | None:
    """The handle that a class has for a base, `db.Model`, if it is what gives the classes this attribute."""
    for cls in classes:
        for base in cls.node.bases:
            value = ev.evaluate(base, cls.frame)
            if isinstance(value, Method):
                value = handles.as_value(ev, value)
            if isinstance(value, Handle) and handles.gives(ev, value, name) is not None:
                return value
    return None


def _kept(ev: Evaluator, cls: ClassValue, ancestor: ClassValue, name: str) -> Value | None:
    """What class methods assign to `cls.name`: the one instance of a singleton."""
    found: list[Value] = []
    for function, node in ev.assignments(ancestor.node).get(name, ()):
        if node.value is not None:
            method = FunctionValue(ancestor.module, function, body_frame(ancestor), cls)
            hop = Hop(ancestor.module.path, node.at, f"{ancestor.node.name}.{name} = {show(node.value)}")
            found.append(via(ev.evaluate(node.value, ev.call_frame(method, None, ancestor.frame)), hop))
    return union(_meaningful(found)) if _meaningful(found) else None


def called(ev: Evaluator, instance: Instance, node: s.Call, frame: Frame) -> Value:
    """The result of calling an object."""
    classes, external = lineage(ev, instance.of)
    for cls in classes:
        function = ev.methods(cls.node).get("__call__")
        if function is not None:
            method = FunctionValue(cls.module, function, body_frame(cls), instance)
            return ev.call_value(method, node, frame)
    typed = handles.typed(ev, external)
    return ev.call_value(typed, node, frame) if typed is not None else UNKNOWN


def receiver(cls: ClassValue, function: s.Function) -> Value:
    """What the first parameter of a method stands for: an object, or in a class method the class."""
    names = {show(decorator) for decorator in function.decorators}
    return cls if "classmethod" in names or function.name == "__new__" else Instance(cls)


def method(ev: Evaluator, instance: Instance, name: str) -> FunctionValue | None:
    """The first-party method of an object, bound to it."""
    key = (id(instance.of.node), name)
    if key in ev.inherited:
        found = ev.inherited[key]
    else:
        cuts = ev.cuts
        found = _inherited(ev, instance.of, name)
        local = instance.of.frame.function is not None or instance.of.frame.owner is not None
        if cuts == ev.cuts and not local:
            ev.inherited[key] = found
    if found is None:
        return None
    cls, function = found
    return FunctionValue(cls.module, function, body_frame(cls), instance)


def _inherited(ev: Evaluator, cls: ClassValue, name: str) -> tuple[ClassValue, s.Function] | None:
    """The first-party function that a class has under a name, and the class in whose body it stands."""
    for ancestor in lineage(ev, cls)[0]:
        function = ev.methods(ancestor.node).get(name)
        if function is not None:
            return ancestor, function
    return None


def methods(ev: Evaluator, instance: Instance, names: tuple[str, ...]) -> list[FunctionValue]:
    """Those first-party methods of an object that it has."""
    return [found for name in names if (found := method(ev, instance, name)) is not None]


def varies(ev: Evaluator, node: s.Call, frame: Frame) -> bool:
    """Whether a call runs one method or another: its object may be of one of several first-party classes."""
    if not isinstance(node.function, s.Attribute):
        return False
    known = frame.memory.get(node.function.value)
    if not isinstance(known, Union):
        return False
    name = node.function.name
    kinds = {id(o.of.node): o for o in known.options if isinstance(o, Instance)}
    found = [method(ev, kind, name) for kind in kinds.values()]
    return len({None if each is None else id(each.function) for each in found}) > 1


def is_property(function: s.Function | s.Lambda) -> bool:
    """Whether reading a method as an attribute runs it."""
    return isinstance(function, s.Function) and any(
        show(d).rpartition(".")[2] in _PROPERTIES for d in function.decorators
    )


def _given(ev: Evaluator, instance: Instance, name: str, classes: tuple[ClassValue, ...]) -> Value | None:
    """The keyword argument of the call, for classes whose fields are their arguments."""
    if instance.call is None or instance.frame is None:
        return None
    if any("__init__" in ev.methods(cls.node) for cls in classes):
        return None
    for keyword, value in instance.call.keywords:
        if keyword == name:
            return ev.evaluate(value, instance.frame)
    return None


def _declared(
    ev: Evaluator, cls: ClassValue, bindings: tuple[Binding, ...], owner: Value, settings: bool
) -> Value:
    frame = body_frame(cls)
    values: list[Value] = []
    for binding in reaching(bindings, None):
        if isinstance(binding.node, s.Function):
            values.append(_method_value(ev, cls, binding.node, owner))
        elif settings and isinstance(binding.node, s.Assign):
            values.append(_field(ev, cls, binding, frame))
        else:
            values.append(ev.binding(binding, frame))
    return union(values)


def _method_value(ev: Evaluator, cls: ClassValue, function: s.Function, owner: Value) -> Value:
    decorators = {
        show(d.function if isinstance(d, s.Call) else d).rpartition(".")[2] for d in function.decorators
    }
    receiver: Value | None = owner if isinstance(owner, Instance) else None
    if "staticmethod" in decorators:
        receiver = None
    elif "classmethod" in decorators:
        receiver = owner.of if isinstance(owner, Instance) else owner
    value = FunctionValue(cls.module, function, body_frame(cls), receiver)
    if isinstance(owner, Instance) and decorators.intersection(_PROPERTIES):
        hop = Hop(cls.module.path, function.name_at, f"the property {function.name}")
        result = ev.result(value, ev.call_frame(value, None, cls.frame))
        return union([via(option, hop) for option in options(result)])
    return value


def _field(ev: Evaluator, cls: ClassValue, binding: Binding, frame: Frame) -> Value:
    """A field of a settings class: a configuration variable with, perhaps, a default."""
    default: Value | None = None
    name = _prefix(ev, cls) + binding.name.upper()
    expression = binding.value
    if isinstance(expression, s.Call) and show(expression.function).rpartition(".")[2] == "Field":
        named = dict(expression.keywords)
        name = _alias(named) or name
        expression = named.get("default") or (expression.arguments[0] if expression.arguments else None)
    if expression is not None and not isinstance(expression, s.Opaque):
        default = ev.evaluate(expression, frame)
    if isinstance(default, Variable) and not (is_test_name(binding.name) > is_test_name(default.name)):
        return default
    if default in (Literal(None), Literal("")):
        default = None
    hop = Hop(cls.module.path, binding.node.at, _field_text(binding))
    return via(Variable(name, default), hop)


def _alias(named: dict[str, s.Expression]) -> str:
    """The variable that a field names itself, `Field(validation_alias="SHOP_DB")`; of several the first."""
    for word in ("validation_alias", "alias", "env"):
        match named.get(word):
            case s.Constant(value=str(name)):
                return name.upper()
            case (
                s.Call(arguments=(s.Constant(value=str(name)), *_))
                | s.Sequence(items=(s.Constant(value=str(name)), *_))
            ):
                return name.upper()
    return ""


def _prefix(ev: Evaluator, cls: ClassValue) -> str:
    """The `env_prefix` of a settings class."""
    for binding in bind(cls.node.body).bindings.get("model_config", ()):
        match binding.value:
            case s.Call(keywords=keywords):
                given = dict(keywords).get("env_prefix")
            case s.Mapping(items=items):
                named = {k.value: v for k, v in items if isinstance(k, s.Constant)}
                given = named.get("env_prefix")
            case _:
                given = None
        if isinstance(given, s.Constant) and isinstance(given.value, str):
            return given.value.upper()
    return ""


def _field_text(binding: Binding) -> str:
    kind = f": {show(binding.annotation)}" if binding.annotation is not None else ""
    return (
        f"{binding.name}{kind} = {show(binding.value)}"
        if binding.value is not None
        else f"{binding.name}{kind}"
    )


def _assigned(ev: Evaluator, instance: Instance, classes: tuple[ClassValue, ...], name: str) -> Value | None:
    """What methods assign to `self.name`, the constructor's word first; `self.x = x or self.x` asks for itself."""
    key = (id(instance.of.node), id(instance.call), id(instance.frame), name)
    if key in ev.assigning:
        ev.give_up()
        return None
    ev.assigning.add(key)
    try:
        return _assigned_in(ev, instance, classes, name)
    finally:
        ev.assigning.discard(key)


def _assigned_in(
    ev: Evaluator, instance: Instance, classes: tuple[ClassValue, ...], name: str
) -> Value | None:
    for cls in classes:
        found: list[Value] = []
        for function, node in ev.assignments(cls.node).get(name, ()):
            if node.value is None:
                continue
            if function.name != "__init__" and found and _meaningful(found):
                break
            value = FunctionValue(cls.module, function, body_frame(cls), instance)
            call = instance.call if function.name == "__init__" else None
            inside = ev.call_frame(value, call, instance.frame or cls.frame)
            hop = Hop(cls.module.path, node.at, f"self.{name} = {show(node.value)}")
            found.append(via(ev.evaluate(node.value, inside), hop))
        if found:
            return union(_meaningful(found) or found)
    return None


def _meaningful(values: list[Value]) -> list[Value]:
    return [value for value in values if value != Literal(None)]


def assignments(cls: s.Class) -> dict[str, list[tuple[s.Function, s.Assign]]]:
    """What the methods of a class assign to attributes of `self`, the constructor's first."""
    found: dict[str, list[tuple[s.Function, s.Assign]]] = {}
    functions = [node for node in statements(cls.body) if isinstance(node, s.Function) and node.parameters]
    for function in sorted(functions, key=lambda f: f.name != "__init__"):
        me = function.parameters[0].name
        for node in statements(function.body):
            if isinstance(node, s.Assign):
                for target in node.targets:
                    match target:
                        case s.Attribute(value=s.Name(id=owner), name=name) if owner == me:
                            found.setdefault(name, []).append((function, node))
    return found
