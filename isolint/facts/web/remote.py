"""Requests of a module's own tests to the server of the module's own application, in another process."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Frame, Hop, Made, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import called_in
from isolint.facts.web.applications import Applications
from isolint.facts.web.paths import matches, spelled
from isolint.facts.web.requests import Request, Requests
from isolint.facts.web.routes import Route
from isolint.late import dataclass, regex

_LOCAL = regex(r"^https?://(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(:\d+)?(/|$)")
_STARTS = frozenset(
    "Server Thread Process Popen serve start start_server run_server create_task ensure_future "
    "run_in_executor live_server run_app".split()
)


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """A request to a server in another process, by a test that replaces `name` in its own."""

    at: s.Position
    client: str
    name: str
    route: str
    trail: Trail


class Remote:
    """Finds tests that replace a module's global and then ask its application over the network."""

    def __init__(self, applications: Applications, requests: Requests) -> None:
        self.applications = applications
        self.evaluator = applications.evaluator
        self.requests = requests

    def asked(self, module: Module, functions: tuple[s.Function, ...]) -> Iterator[Elsewhere]:
        """Those among the functions of a module; each is told once."""
        for function in functions:
            swapped = _swapped(function)
            if swapped and not _starts_server(function):
                found = self._first(module, function, swapped)
                if found is not None:
                    yield found

    def _first(
        self, module: Module, function: s.Function, swapped: dict[str, s.Position]
    ) -> Elsewhere | None:
        routes = [route for app in self._apps(module) for route in self.applications.routes(app)]
        used = [name for name in swapped if any(_reads(route, name) for route in routes)]
        if not used:
            return None
        found: list[Elsewhere] = []
        for request, receiver, frame in self.requests.of(module):
            client = self._local(request, receiver, frame) if request.function is function else None
            for route in routes:
                if client is None:
                    break
                if route.method in ("", request.method) and matches(request.path or "", route.path):
                    trail = (Hop(module.path, swapped[used[0]], f"{used[0]} = …"), route.hop)
                    found.append(Elsewhere(client.at, show(client), used[0], route.title, trail))
        return min(found, key=lambda each: each.route.startswith(("GET", "HEAD")), default=None)

    def _apps(self, module: Module) -> Iterator[Made]:
        for name in module.names.bindings:
            for option in options(self.evaluator.module_name(module, name)):
                is_app = self.applications.role(option) == "application"
                if is_app and isinstance(option, Made) and option.place[0] == module.path:
                    yield option

    def _local(self, request: Request, receiver: s.Expression, frame: Frame) -> s.Call | None:
        """The call that says that a request goes to a server on this machine."""
        if request.path is None:
            return None
        if _LOCAL.match(request.path):
            return request.call
        for option in options(self.evaluator.evaluate(receiver, frame)):
            if isinstance(option, Made) and self.applications.role(option) == "client":
                given = dict(option.call.keywords)
                base = None if {"app", "transport"}.intersection(given) else given.get("base_url")
                if base is not None and _LOCAL.match(spelled(self.evaluator.evaluate(base, option.frame))):
                    return option.call
        return None


def _swapped(function: s.Function) -> dict[str, s.Position]:
    """The globals that a function gives another value, and where."""
    declared = {
        name
        for node in statements(function.body)
        if isinstance(node, s.Scope) and node.kind == "global"
        for name in node.names
    }
    found: dict[str, s.Position] = {}
    for node in statements(function.body):
        if isinstance(node, s.Assign) and declared:
            for name in (inner for target in node.targets for inner in walk(target)):
                if isinstance(name, s.Name) and name.id in declared:
                    found.setdefault(name.id, node.at)
    return found


def _starts_server(function: s.Function) -> bool:
    """Whether a function may run the server itself, in the same process."""
    return not called_in(function.body).isdisjoint(_STARTS)


def _reads(route: Route, name: str) -> bool:
    function = route.function.function
    if isinstance(function, s.Lambda):
        return False
    return any(
        isinstance(inner, s.Name) and inner.id == name
        for node in statements(function.body)
        for expression in expressions(node)
        for inner in walk(expression)
    )
