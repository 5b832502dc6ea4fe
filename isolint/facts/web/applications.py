"""Web applications as the code puts them together: their routes, and what is called for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.facts.meaning import handles, instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    FunctionValue,
    Hop,
    Instance,
    Items,
    Literal,
    Made,
    Method,
    Parameter,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements, told
from isolint.facts.program.show import show
from isolint.facts.running.relevance import last_name
from isolint.facts.web.listedroutes import listed
from isolint.facts.web.paths import spelled
from isolint.facts.web.routes import Route
from isolint.facts.web.views import VERBS, handlers
from isolint.late import dataclass
from isolint.vocabulary.entries import Argument
from isolint.vocabulary.surroundings import Web

Place = tuple[str, s.Position]
MOST_ROUTES = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One call of the code that says something of an application or router: `owner` is which one.

    `function` is the function that it decorates or names.
    """

    owner: Value
    entry: Web
    call: s.Call
    frame: Frame
    function: FunctionValue | None


class Applications:
    """Finds what belongs to an application, starting at the module that makes it."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.web = evaluator.vocabulary.web
        self._parts: dict[str, tuple[Part, ...]] = {}
        self._routes: dict[Place, tuple[Route, ...]] = {}

    def role(self, value: Value) -> str:
        """What a value is to the web: "application", "router", "client" and so on, "" for nothing."""
        return self.entry(value).role if isinstance(value, Made) else ""

    def entry(self, made: Made) -> Web:
        """The vocabulary's entry for what was made."""
        return self.web[made.made_by][0]

    def argument(self, made: Made, ways: Argument) -> Value | None:
        """What the call that made a thing was given for an argument."""
        node = handles.passed(made.call, ways)
        return None if node is None else self.evaluator.evaluate(node, made.frame)

    # -- routes

    def routes(self, app: Made) -> tuple[Route, ...]:
        """The routes of an application, those of the routers joined to it included."""
        if app.place not in self._routes:
            self._routes[app.place] = ()
            found: list[Route] = []
            for route in (*listed(self, app, ""), *self._of(app, self._modules(app), "", (), 0)):
                found.append(route)
                if len(found) >= MOST_ROUTES:
                    break
            self._routes[app.place] = tuple(found)
        return self._routes[app.place]

    def _of(
        self, owner: Made, modules: list[Module], prefix: str, around: tuple[Value, ...], depth: int
    ) -> Iterator[Route]:
        entry = self.entry(owner)
        prefix += self._path(self.argument(owner, entry.prefix))
        around = (*around, *self._listed(handles.passed(owner.call, entry.dependencies), owner.frame))
        for part in self._belonging(owner, modules):
            own = self._listed(handles.passed(part.call, part.entry.dependencies), part.frame)
            if part.entry.role == "route" and part.function is not None:
                yield self._route(part, part.function, prefix, (*around, *own))
            elif part.entry.role in ("join", "joins") and depth < 8:
                yield from self._joined(part, prefix, (*around, *own), depth)

    def _joined(self, part: Part, prefix: str, around: tuple[Value, ...], depth: int) -> Iterator[Route]:
        node = self._what_joins(part)
        given = handles.passed(part.call, part.entry.prefix)
        if given is not None and part.entry.role == "join":
            prefix += self._path(self.evaluator.evaluate(given, part.frame))
        for option in options(self.evaluator.evaluate(node, part.frame)) if node is not None else ():
            if isinstance(option, Made) and self.role(option) in ("router", "application"):
                yield from listed(self, option, prefix)
                modules = [*dict.fromkeys([*self._modules(option), part.frame.module])]
                yield from self._of(option, modules, prefix, around, depth + 1)

    def _what_joins(self, part: Part) -> s.Expression | None:
        """The expression for the router that a call joins to the application: its argument, or what it makes."""
        if part.entry.role == "join":
            return handles.passed(part.call, part.entry.argument)
        function = part.call.function
        is_made = self.role(self.evaluator.evaluate(part.call, part.frame)) == "router"
        return part.call if is_made else function.value if isinstance(function, s.Attribute) else None

    def _route(self, part: Part, function: FunctionValue, prefix: str, around: tuple[Value, ...]) -> Route:
        node = handles.passed(part.call, part.entry.argument)
        path = prefix + ("" if node is None else spelled(self.evaluator.evaluate(node, part.frame)))
        hop = Hop(part.frame.module.path, part.call.at, show(part.call))
        method = self.method(part.call, part.frame) or _verb(function)
        return Route(method, path or "/", function, around, hop)

    def method(self, call: s.Call, frame: Frame) -> str:
        """The one method that the route of a call answers to, "" for several."""
        methods = self._listed(dict(call.keywords).get("methods"), frame)
        if len(methods) == 1:
            return (text(methods[0]) or "").upper()
        name = last_name(call)
        return name.upper() if name in VERBS else ""

    def _path(self, value: Value | None) -> str:
        return "" if value is None else spelled(value)

    def _listed(self, node: s.Expression | None, frame: Frame) -> tuple[Value, ...]:
        value = None if node is None else self.evaluator.evaluate(node, frame)
        return value.values if isinstance(value, Items) else ()

    # -- start-up

    def startups(self, app: Made) -> Iterator[tuple[Part | None, FunctionValue | None]]:
        """What runs when an application starts: functions of its own, or a call that says which store to open."""
        for option in self._given(app, self.entry(app).lifespan):
            if isinstance(option, FunctionValue):
                yield None, option
        for part in self._belonging(app, self._modules(app)):
            if part.entry.role == "startup" and _is_start(part.call):
                yield part, part.function

    def _given(self, made: Made, ways: Argument) -> tuple[Value, ...]:
        value = self.argument(made, ways)
        return () if value is None else options(value)

    # -- reading modules

    def _modules(self, made: Made) -> list[Module]:
        """The modules that may add to what was made: the one that makes it, and those its value came through."""
        paths = dict.fromkeys([made.place[0], *(hop.path for hop in made.trail)])
        found = (self.evaluator.project.module(path) for path in paths)
        return [module for module in found if module is not None]

    def _belonging(self, owner: Made, modules: list[Module]) -> Iterator[Part]:
        for module in modules:
            for part in self.parts(module):
                if isinstance(part.owner, Made) and _is_same(part.owner, owner):
                    yield part
        yield from self._by_helpers(owner)

    def _by_helpers(self, owner: Made) -> Iterator[Part]:
        """What functions add that are handed the application where it is made: `register_routers(app)`."""
        function = owner.frame.function
        body = function.body if isinstance(function, s.Function) else owner.frame.module.facts.body
        if self.role(owner) != "application" or isinstance(function, s.Lambda):
            return
        for call in (call for node in statements(body) for call in _calls(node)):
            if any(self._is(argument, owner) for argument in call.arguments[:2]):
                for callee in options(self.evaluator.evaluate(call.function, owner.frame)):
                    if isinstance(callee, FunctionValue) and isinstance(callee.function, s.Function):
                        yield from self._of_helper(callee, callee.function)

    def _of_helper(self, callee: FunctionValue, function: s.Function) -> Iterator[Part]:
        for part in self.parts(callee.module):
            if isinstance(part.owner, Parameter) and part.owner.function == function.qualname:
                yield part

    def _is(self, node: s.Expression, owner: Made) -> bool:
        if not isinstance(node, s.Name):
            return False
        value = self.evaluator.evaluate(node, owner.frame)
        return isinstance(value, Made) and value.place == owner.place

    def parts(self, module: Module) -> tuple[Part, ...]:
        """What a module says of applications and routers."""
        if module.path not in self._parts:
            self._parts[module.path] = ()
            frame = self.evaluator.module_frame(module)
            found = list(self._in(module.facts.body, frame))
            for function in module.functions:
                found += self._in(function.body, self.evaluator.function_frame(module, function))
            self._parts[module.path] = tuple(found)
        return self._parts[module.path]

    def _in(self, body: s.Block, frame: Frame) -> Iterator[Part]:
        for node in statements(body):
            if isinstance(node, s.Function):
                for decorator in node.decorators:
                    if isinstance(decorator, s.Call):
                        yield from self._part(decorator, frame, (FunctionValue(frame.module, node, frame),))
            elif isinstance(node, s.Class):
                cls = ClassValue(frame.module, node, frame)
                for decorator in node.decorators:
                    if isinstance(decorator, s.Call) and last_name(decorator) in self._words:
                        yield from self._part(decorator, frame, handlers(self.evaluator, cls))
            else:
                for call in _calls(node):
                    yield from self._part(call, frame, None)

    def _part(
        self, call: s.Call, frame: Frame, decorated: tuple[FunctionValue, ...] | None
    ) -> Iterator[Part]:
        if last_name(call) not in self._words:
            return
        if isinstance(call.function, s.Attribute):
            yield from self._by_method(call, call.function, frame, decorated)
        if decorated is None:
            for callee in options(self.evaluator.evaluate(call.function, frame)):
                for entry in self.web.get(getattr(callee, "name", ""), ()):
                    node = handles.passed(call, entry.argument)
                    if entry.role in ("startup", "joins") and node is not None:
                        owner = self.evaluator.evaluate(node, frame)
                        yield Part(owner, entry, call, frame, None)

    def _by_method(
        self,
        call: s.Call,
        function: s.Attribute,
        frame: Frame,
        decorated: tuple[FunctionValue, ...] | None,
    ) -> Iterator[Part]:
        for option in options(self.evaluator.evaluate(function.value, frame)):
            owner: Value = option
            if isinstance(option, Method) and option.name == "router":
                owner = option.receiver
            for entry in self._entries(owner, function.name):
                if entry.role == "joins":
                    node = handles.passed(call, entry.argument)
                    app = UNKNOWN if node is None else self.evaluator.evaluate(node, frame)
                    yield Part(app, entry, call, frame, None)
                    continue
                if entry.role == "join":
                    yield Part(owner, entry, call, frame, None)
                for handler in (self._named(call, entry, frame) if entry.function else decorated) or ():
                    yield Part(owner, entry, call, frame, handler)

    def _entries(self, owner: Value, name: str) -> tuple[Web, ...]:
        if isinstance(owner, Made):
            return self.web.get(f"{owner.made_by}.{name}", ())
        return self._words[name][:1] if isinstance(owner, Parameter) else ()

    def _named(self, call: s.Call, entry: Web, frame: Frame) -> tuple[FunctionValue, ...]:
        """The function, or the methods of the class, that a call names to answer requests."""
        node = handles.passed(call, entry.function)
        match node:
            case s.Call(function=s.Attribute(value=cls, name="as_view")):
                node = cls
        value = None if node is None else self.evaluator.evaluate(node, frame)
        if isinstance(value, ClassValue):
            return handlers(self.evaluator, value)
        return (value,) if isinstance(value, FunctionValue) else ()

    @cached_property
    def _words(self) -> dict[str, tuple[Web, ...]]:
        """The bare names of the calls that add to an application."""
        found: dict[str, tuple[Web, ...]] = {}
        for name, entries in self.web.items():
            adding = tuple(e for e in entries if e.role in ("join", "joins", "route", "startup"))
            if adding:
                found.setdefault(name.rpartition(".")[2], adding)
        return found

    # -- what is called for a function's arguments

    def injected(self, value: Value) -> tuple[Value, ...]:
        """What the framework calls for the arguments of a function, class or callable object."""
        functions = self.callable(value)
        return tuple(called for f in functions for _, values in self.parameters(f) for called in values)

    def parameters(self, function: FunctionValue) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """The parameters that the framework fills, with what it calls for them."""
        frame = self.frame(function)
        for parameter in function.function.parameters:
            called = tuple(self._for_parameter(parameter, frame))
            if called:
                yield parameter.name, called

    def frame(self, function: FunctionValue) -> Frame:
        """The frame of a function that the framework calls."""
        if isinstance(function.function, s.Function):
            return self.evaluator.function_frame(function.module, function.function)
        return function.frame

    def callable(self, value: Value) -> Iterator[FunctionValue]:
        """The function that runs when a value is called."""
        match value:
            case FunctionValue():
                yield value
            case ClassValue():
                yield from instances.methods(self.evaluator, Instance(value), ("__init__",))
            case Instance():
                yield from instances.methods(self.evaluator, value, ("__call__",))

    def _for_parameter(self, parameter: s.Parameter, frame: Frame) -> Iterator[Value]:
        outer = frame.parent or frame
        for node in (parameter.default, parameter.annotation):
            if node is None or isinstance(node, s.Constant):
                continue
            for option in options(self.evaluator.evaluate(node, outer)):
                if self.role(option) == "injection":
                    yield from self.called_for(option, parameter.annotation, outer)

    def called_for(
        self, marker: Value, annotation: s.Expression | None = None, frame: Frame | None = None
    ) -> Iterator[Value]:
        """What `Depends(f)` has called: `f`, or the class that the argument is annotated with."""
        if not isinstance(marker, Made):
            return
        given = self._given(marker, self.entry(marker).argument)
        if given and given != (Literal(None),):
            yield from given
        elif annotation is not None and frame is not None:
            match annotation:
                case s.Subscript(index=s.Sequence(items=(first, *_))):
                    annotation = first
            yield from options(self.evaluator.evaluate(annotation, frame))


def _is_same(seen: Made, owner: Made) -> bool:
    """Whether what some code adds to is an application itself, not another one out of the same factory."""
    steps = {(hop.path, hop.at) for hop in owner.trail}
    return seen.place == owner.place and all((hop.path, hop.at) in steps for hop in seen.trail)


def _calls(node: s.Statement) -> Iterator[s.Call]:
    if isinstance(node, s.Class):
        return
    yield from told(node).calls


def _verb(function: FunctionValue) -> str:
    """The HTTP method that the method of a class answers to."""
    name = function.function.name if isinstance(function.function, s.Function) else ""
    return name.upper() if function.receiver is not None and name in VERBS else ""


def _is_start(call: s.Call) -> bool:
    """Whether `on_event` and its kin name the start, not the end."""
    first = call.arguments[0] if call.arguments else None
    return not isinstance(first, s.Constant) or first.value == "startup"
