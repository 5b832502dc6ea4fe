"""Clients of web applications in tests: which application each drives, what it asks for, and what that reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from isolint.facts.meaning.values import Frame, Made, Method, Parameter, Trail, Unknown, Value, options
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import called_in, last_name
from isolint.facts.suite.fixtures import Fixture, Fixtures
from isolint.facts.targets.lattice import Target
from isolint.facts.web.paths import HOLE, joined, matches, spelled
from isolint.facts.web.requests import Request, Requests, own_calls
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator
    from isolint.facts.order.latepins import LatePins
    from isolint.facts.web.applications import Applications
    from isolint.facts.web.exposures import Exposures, Need
    from isolint.facts.web.overrides import Overrides, OverridesInForce
    from isolint.facts.web.remote import Elsewhere, Remote
    from isolint.facts.web.routes import Route
    from isolint.facts.web.startups import Startups

MOST_SENDERS = 200
_DRIVING = ("client", "lifespan")


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """A client where a test module makes it, with the application it drives."""

    module: Module
    function: s.Function | None
    made: Made
    app: Made
    entered: bool  # by `with`


@dataclass(frozen=True, slots=True, eq=False)
class OpenClient:
    """A client that reaches the application's store: through a `dependency` of the `route`, the route by
    itself (no dependency), or by a `startup` call that points the application's models there (no route).

    `overridden` are the dependencies that the tests do replace, `app` is what a client of routes drives.
    """

    at: s.Position
    client: str
    target: Target
    trail: Trail
    route: str = ""
    dependency: str = ""
    startup: str = ""
    overridden: tuple[str, ...] = ()
    app: Made | None = None


class Clients:
    """Finds the clients of test modules, and judges each by the requests that tests send through it."""

    def __init__(
        self,
        evaluator: Evaluator,
        fixtures: Fixtures,
        replacements: Replacements,
    ) -> None:
        self.evaluator = evaluator
        self.fixtures = fixtures
        self.replacements = replacements
        self.requests = Requests(evaluator)

    @cached_property
    def applications(self) -> Applications:
        """The applications that clients drive."""
        from isolint.facts.web.applications import Applications

        return Applications(self.evaluator)

    @cached_property
    def overrides(self) -> OverridesInForce:
        from isolint.facts.web.overrides import OverridesInForce

        return OverridesInForce(self.evaluator, self.fixtures)

    @cached_property
    def exposures(self) -> Exposures:
        """What the applications' routes need of the application's own stores."""
        from isolint.facts.web.exposures import Exposures
        from isolint.facts.web.extensions import Extensions

        extensions = Extensions(self.applications, self.fixtures)
        return Exposures(self.applications, extensions, self.replacements, self._late)

    @cached_property
    def startups(self) -> Startups:
        from isolint.facts.web.startups import Startups

        return Startups(self.applications, self.replacements, self._late)

    @cached_property
    def _late(self) -> LatePins:
        from isolint.facts.order.latepins import LatePins

        return LatePins(self.fixtures)

    @cached_property
    def remote(self) -> Remote:
        from isolint.facts.web.remote import Remote

        return Remote(self.applications, self.requests)

    def open_ones(self, module: Module, users: Callable[[], tuple[Module, ...]]) -> Iterator[OpenClient]:
        """The clients of a module that reach the application's own store in the tests of what `users` gives."""
        for client in self.made_in(module):
            found = self._leak(client, users)
            if found is not None:
                yield found

    def elsewhere(self, module: Module, functions: tuple[s.Function, ...]) -> Iterator[Elsewhere]:
        """The requests of these functions to a server that does not see what they replace."""
        yield from self.remote.asked(module, functions) if functions else ()

    def made_in(self, module: Module) -> Iterator[Client]:
        """The clients that a module makes of applications in the same process."""
        functions: list[s.Function | None] = [None, *module.functions]
        for function in functions:
            body = module.facts.body if function is None else function.body
            if called_in(body).isdisjoint(self._words):
                continue
            frame = (
                self.evaluator.module_frame(module)
                if function is None
                else self.evaluator.function_frame(module, function)
            )
            entered = _entered(body)
            for call in own_calls(body):
                if last_name(call) in self._words:
                    for option in options(self.evaluator.evaluate(call, frame)):
                        app = self._app(option)
                        if isinstance(option, Made) and app is not None:
                            yield Client(module, function, option, app, id(call) in entered)
                            break

    @cached_property
    def _words(self) -> frozenset[str]:
        web = self.evaluator.vocabulary.web
        return frozenset(
            name.rpartition(".")[2] for name, entries in web.items() if entries[0].role in _DRIVING
        )

    def _app(self, client: Value) -> Made | None:
        """The application that a client drives."""
        if not isinstance(client, Made) or self.applications.role(client) not in _DRIVING:
            return None
        entry = self.applications.entry(client)
        given = self.applications.argument(client, entry.argument)
        transport = self.applications.argument(client, entry.transport)
        if isinstance(transport, Made) and self.applications.role(transport) == "transport":
            given = self.applications.argument(transport, self.applications.entry(transport).argument)
        if not entry.argument and isinstance(client.call.function, s.Attribute):
            given = self.evaluator.evaluate(client.call.function.value, client.frame)
        for option in options(given) if given is not None else ():
            if isinstance(option, Method) and option.name == "app":
                return self._app(option.receiver)
            if isinstance(option, Made) and self.applications.role(option) == "application":
                return option
        return None

    # -- judging

    def _leak(self, client: Client, users: Callable[[], tuple[Module, ...]]) -> OpenClient | None:
        started = self.started(client)
        if started is not None or self.applications.role(client.made) == "lifespan":
            return started
        own = self.overrides.around(client.module, client.function)
        needs = self.exposures.needs(client.app, own, client.module.path)
        if not needs:
            return None
        modules = tuple(self._modules(client, users))
        for request in self._sent(client, modules):
            for around in self._around(request, own, modules):
                needs = self.exposures.needs(client.app, around, request.module.path)
                need = self._asked_for(request, needs, client)
                if need is not None:
                    return self._told(client, need, tuple(around.names))
        return None

    def _around(self, request: Request, own: Overrides, modules: tuple[Module, ...]) -> Iterator[Overrides]:
        """The overrides in force where a request is sent: once for each test that has it sent."""
        from isolint.facts.web.overrides import Overrides

        here = Overrides()
        here.add(own)
        here.add(self.overrides.around(request.module, request.function))
        senders = list(islice(self._senders(request, modules), MOST_SENDERS))
        for module, function in senders:
            found = Overrides()
            found.add(here)
            found.add(self.overrides.around(module, function))
            yield found
        if not senders:
            yield here

    def _senders(self, request: Request, modules: tuple[Module, ...]) -> Iterator[tuple[Module, s.Function]]:
        """Who has a helper or fixture send its request: the functions that call it, the tests that request it."""
        function = request.function
        if function is None or function.name.startswith("test"):
            return
        owner = request.module.methods.get(id(function))
        if self.fixtures.fixture(request.module, function, owner) is None:
            for module in modules:
                for caller in module.functions:
                    if any(last_name(call) == function.name for call in own_calls(caller.body)):
                        yield module, caller
            return
        for module in modules:
            for test, cls in self.fixtures.tests(module):
                if any(f.function is function for f in self.fixtures.closure(module, test, cls)):
                    yield module, test

    def _told(self, client: Client, need: Need, overridden: tuple[str, ...]) -> OpenClient:
        call = client.made.call
        return OpenClient(
            call.at,
            show(call),
            need.target,
            need.trail,
            route=need.route.title,
            dependency=need.dependency,
            overridden=overridden,
            app=client.app,
        )

    def started(self, client: Client) -> OpenClient | None:
        """What starting the application for a client points its models to."""
        if not client.entered or not self.applications.entry(client.made).starts:
            return None
        found = self.startups.opened(client.app, client.module.path)
        if found is None:
            return None
        call, target, trail = found
        return OpenClient(client.made.call.at, show(client.made.call), target, trail, startup=call)

    def _asked_for(self, request: Request, needs: tuple[Need, ...], client: Client) -> Need | None:
        """The first need of a route that a request leads to."""
        if request.path is None:
            return self.exposures.most(needs, client.app)
        path = joined(self._base(client), request.path)
        for need in needs:
            asked = not request.method or need.route.method in ("", request.method)
            if asked and matches(path, need.route.path):
                return need
        return None

    def asked(self, client: Client, request: Request) -> Iterator[Route]:
        """The routes that a request through a client leads to: the one that answers it comes first."""
        if request.path is None:
            return
        path = joined(self._base(client), request.path)
        for route in self.applications.routes(client.app):
            asked = request.method in ("", route.method) or not route.method
            if asked and matches(path, route.path):
                yield route

    def _base(self, client: Client) -> str:
        """The path that a client puts before those of its requests."""
        base = dict(client.made.call.keywords).get("base_url")
        if base is None:
            return ""
        url = spelled(self.evaluator.evaluate(base, client.made.frame))
        return url.partition("://")[2].partition("/")[2] if "://" in url else HOLE if HOLE in url else ""

    # -- requests

    def _sent(self, client: Client, modules: tuple[Module, ...]) -> Iterator[Request]:
        for module in modules:
            for request, receiver, frame in self.requests.of(module):
                if self.is_from(client, receiver, frame, request) and not is_refused(request):
                    yield request

    def _modules(self, client: Client, users: Callable[[], tuple[Module, ...]]) -> Iterator[Module]:
        """The modules whose tests may use a client: its own, and those that see its fixture or import from it."""
        yield client.module
        fixture = self._fixture(client)
        for module in users():
            if module is client.module:
                continue
            seen = None if fixture is None else self.fixtures.find(fixture.name, module)
            if (
                (seen is not None and seen.function is fixture.function)
                if fixture
                else self._imports(module, client)
            ):
                yield module

    def _fixture(self, client: Client) -> Fixture | None:
        function = client.function
        while function is not None:
            owner = client.module.methods.get(id(function))
            found = self.fixtures.fixture(client.module, function, owner)
            if found is not None:
                return found
            function = client.module.enclosing.get(id(function))
        return None

    def _imports(self, module: Module, client: Client) -> bool:
        for bindings in module.names.bindings.values():
            for binding in (b for b in bindings if b.kind == "import"):
                if self.evaluator.project.import_target(module, binding).module is client.module:
                    return True
        return client.module.path.endswith("conftest.py") and client.module in self.fixtures.chain(
            module.path
        )

    def is_from(self, client: Client, receiver: s.Expression, frame: Frame, request: Request) -> bool:
        """Whether a request is sent through a client, as far as can be told."""
        found = options(self.evaluator.evaluate(receiver, frame))
        if any(isinstance(option, Made) and option.place == client.made.place for option in found):
            return True
        unknown = all(isinstance(option, Unknown | Parameter) for option in found)
        return unknown and request.path is not None


def _entered(body: s.Block) -> frozenset[int]:
    """The expressions, by identity, that a body enters by `with`."""
    return frozenset(id(e) for node in statements(body) if isinstance(node, s.With) for e, _ in node.items)


def is_refused(request: Request) -> bool:
    """Whether the function that sends a request expects it to be turned away, and nothing else."""
    if request.function is None:
        return False
    codes = {
        inner.value
        for node in statements(request.function.body)
        if isinstance(node, s.Assert)
        for inner in walk(node.test)
        if isinstance(inner, s.Constant) and isinstance(inner.value, int) and 200 <= inner.value < 500
    }
    return bool(codes) and min(codes) >= 400
