"""Which routes of an application a test drives, in its own process."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Hop, Made, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import show
from isolint.facts.suite.fixtures import Fixture
from isolint.facts.web.clients import Client, Clients
from isolint.facts.web.requests import Request, may_ask
from isolint.facts.web.routes import Route
from isolint.late import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """A request of a test, the client it goes through and the route that answers it.

    `fixtures` are the functions that prepared for it, the test's own included.
    """

    request: Request
    client: Client
    route: Route
    fixtures: tuple[s.Function, ...]

    @property
    def hop(self) -> Hop:
        return Hop(self.request.module.path, self.request.call.at, show(self.request.call))


class Driven:
    """Follows the requests of tests to routes."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.evaluator = clients.evaluator
        self.fixtures = clients.fixtures
        self._made: dict[str, tuple[Client, ...]] = {}
        self._by: dict[int, tuple[Drive, ...]] = {}

    def by(self, module: Module, test: s.Function) -> tuple[Drive, ...]:
        """The requests that a test itself sends to an application in its own process."""
        if id(test) not in self._by:
            self._by[id(test)] = tuple(self._found(module, test))
        return self._by[id(test)]

    def _found(self, module: Module, test: s.Function) -> Iterator[Drive]:
        if not may_ask(test):
            return
        owner = module.methods.get(id(test))
        closure = self.fixtures.closure(module, test, owner)
        functions = (test, *(fixture.function for fixture in closure))
        candidates = list(self._clients(module, test, closure))
        for request, receiver, frame in self.clients.requests.by(module, test) if candidates else ():
            known = {
                o.place for o in options(self.evaluator.evaluate(receiver, frame)) if isinstance(o, Made)
            }
            own = [client for client in candidates if client.made.place in known]
            if not own and not known and len({client.app.place for client in candidates}) == 1:
                own = [c for c in candidates if self.clients.is_from(c, receiver, frame, request)]
            for client in own[:1]:
                for route in self.clients.asked(client, request):
                    yield Drive(request, client, route, functions)
                    break

    def _clients(self, module: Module, test: s.Function, closure: tuple[Fixture, ...]) -> Iterator[Client]:
        """The clients that a test may use: its module's, those of its fixtures and of the conftests above."""
        modules = dict.fromkeys((module, *(f.module for f in closure), *self.fixtures.chain(module.path)))
        functions = {id(fixture.function) for fixture in closure}
        for seen in modules:
            for client in self.made_in(seen):
                inside = (
                    client.function is None or client.function is test or id(client.function) in functions
                )
                if inside or _is_helper(client.function):
                    yield client

    def made_in(self, module: Module) -> tuple[Client, ...]:
        """The clients that a module makes."""
        if module.path not in self._made:
            self._made[module.path] = tuple(self.clients.made_in(module))
        return self._made[module.path]


def _is_helper(function: s.Function | None) -> bool:
    """Whether a function may be one that tests call: a helper, or the set-up of a class."""
    return function is not None and not function.name.startswith("test")
