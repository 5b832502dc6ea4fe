"""Routes that an application is handed in a list: handlers, classes of handlers, routers, `Route(...)`.

Their dependencies are asked for by name, in the dicts that the application, routers, classes and handlers are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.facts.meaning import handles, instances
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    FunctionValue,
    Hop,
    Items,
    Made,
    Reference,
    Table,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements
from isolint.facts.program.show import show
from isolint.facts.web.paths import spelled
from isolint.facts.web.routes import Route
from isolint.late import dataclass
from isolint.vocabulary.surroundings import Web

if TYPE_CHECKING:
    from isolint.facts.web.applications import Applications

Named = dict[str, Value]
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds for a handler by where it is listed: the path so far, and dependencies by their names."""

    path: str
    named: Named


def listed(web: Applications, owner: Made, prefix: str, depth: int = 0) -> Iterator[Route]:
    """The routes in the list that an application or router was made with."""
    entry = web.entry(owner)
    if entry.routes:
        around = _Around(prefix, _names(web, handles.passed(owner.call, entry.dependencies), owner.frame))
        yield from _in_list(web, handles.passed(owner.call, entry.routes), owner.frame, around, depth)


def _in_list(
    web: Applications, node: s.Expression | None, frame: Frame, around: _Around, depth: int
) -> Iterator[Route]:
    value = None if node is None else web.evaluator.evaluate(node, frame)
    for option in options(value) if value is not None else ():
        for item in option.values if isinstance(option, Items) else ():
            for one in options(item):
                if depth < _DEEPEST:
                    yield from _of_item(web, one, around, depth)


def _of_item(web: Applications, item: Value, around: _Around, depth: int) -> Iterator[Route]:
    match item:
        case FunctionValue(function=s.Function() as function):
            yield from _handled(web, item, function, around)
        case ClassValue():
            yield from _controlled(web, item, around)
        case Made() if web.role(item) == "router":
            entry = web.entry(item)
            prefix = _below(around.path, web.argument(item, entry.prefix))
            named = around.named | _names(web, handles.passed(item.call, entry.dependencies), item.frame)
            inside = _Around(prefix, named)
            yield from _in_list(web, handles.passed(item.call, entry.routes), item.frame, inside, depth + 1)
        case Made() if web.role(item) == "route":
            entry = web.entry(item)
            endpoint = web.argument(item, entry.function)
            if isinstance(endpoint, FunctionValue):
                yield _route(web, endpoint, entry, item.call, item.frame, around)


def _controlled(web: Applications, cls: ClassValue, around: _Around) -> Iterator[Route]:
    """The handlers of a class that holds some, below the path that the class says."""
    frame = instances.body_frame(cls)
    path = instances.class_attribute(web.evaluator, cls, "path")
    own = _table(instances.class_attribute(web.evaluator, cls, "dependencies"))
    inside = _Around(_below(around.path, path), around.named | own)
    for node in statements(cls.node.body):
        if isinstance(node, s.Function):
            yield from _handled(web, FunctionValue(cls.module, node, frame), node, inside)


def _handled(
    web: Applications, value: FunctionValue, function: s.Function, around: _Around
) -> Iterator[Route]:
    for decorator in function.decorators:
        target = decorator.function if isinstance(decorator, s.Call) else decorator
        for callee in options(web.evaluator.evaluate(target, value.frame)):
            entries = web.web.get(callee.name, ()) if isinstance(callee, Reference) else ()
            if entries and entries[0].role == "route":
                call = decorator if isinstance(decorator, s.Call) else s.Call(target, (), (), target.at)
                named = around.named | _names(web, handles.passed(call, entries[0].dependencies), value.frame)
                yield _route(web, value, entries[0], call, value.frame, _Around(around.path, named))


def _route(
    web: Applications, function: FunctionValue, entry: Web, call: s.Call, frame: Frame, around: _Around
) -> Route:
    node = handles.passed(call, entry.argument)
    path = _below(around.path, None if node is None else web.evaluator.evaluate(node, frame))
    hop = Hop(frame.module.path, call.at, show(call))
    return Route(
        web.method(call, frame), path or "/", function, tuple(_asked(web, function, around.named)), hop
    )


def _asked(web: Applications, function: FunctionValue, named: Named) -> Iterator[Value]:
    """The dependencies that a handler asks for by the names of its arguments, and those that these ask for."""
    pending, seen = [function], set[str]()
    while pending:
        current = pending.pop()
        for parameter in current.function.parameters:
            found = named.get(parameter.name)
            if found is None or parameter.name in seen:
                continue
            seen.add(parameter.name)
            yield found
            pending += [called for value in web.called_for(found) for called in web.callable(value)]


def _names(web: Applications, node: s.Expression | None, frame: Frame) -> Named:
    return {} if node is None else _table(web.evaluator.evaluate(node, frame))


def _table(value: Value) -> Named:
    return dict(value.entries) if isinstance(value, Table) else {}


def _below(base: str, path: Value | None) -> str:
    """A path below another one."""
    added = "" if path is None or path == UNKNOWN else spelled(path).strip("/")
    return f"{base.rstrip('/')}/{added}" if added else base
