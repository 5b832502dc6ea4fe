"""Requests that tests send to servers of which they know nothing but the address."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import handles
from isolint.facts.meaning.values import Made, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression
from isolint.facts.rows.libraries import Libraries
from isolint.facts.rows.outcomes import expected_status, speaks_of
from isolint.facts.rows.payloads import Field, Payloads
from isolint.facts.rows.tidying import Tidying
from isolint.facts.rows.written import Written
from isolint.facts.running.events import Event
from isolint.facts.running.failures import fails_on_purpose
from isolint.facts.running.reaching import Reaching
from isolint.facts.running.relevance import called_in, calls_in
from isolint.facts.suite.fixtures import is_parametrized, requested
from isolint.facts.targets.lattice import tokens
from isolint.facts.web.paths import HOLE, spelled
from isolint.late import dataclass
from isolint.vocabulary.entries import Sender

_STANDING_IN = frozenset(
    "patch Mock MagicMock AsyncMock mocker monkeypatch responses respx requests_mock httpretty vcr betamax pook "
    "aioresponses httpserver httpx_mock respx_mock rsps mocket httmock moto mock flexmock pretend MockTransport "
    "testcontainers docker live_server make_httpserver wiremock".split()
)
_MOCKS = frozenset(name for name in _STANDING_IN if name[0].isupper())  # `mock.patch` may be a request, too
_STARTING = frozenset(
    "Popen Thread Process Server serve serve_forever start start_server run_server create_server live_server "
    "check_call create_task".split()
)
_BUILT_IN = frozenset(
    "request tmp_path tmpdir tmp_path_factory tmpdir_factory capsys capfd caplog recwarn pytestconfig record_property "
    "event_loop anyio_backend subtests worker_id testrun_uid benchmark faker".split()
)
_ASKS = frozenset("login signin authenticate auth token tokens headers credentials".split())
CREATED = 201
_CREATING = frozenset("create add insert register new make store save signup".split())


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A request that makes something on a server: the way to the call that sends it, and what it carries."""

    event: Event
    address: str
    fields: tuple[Field, ...]

    @property
    def trail(self) -> Trail:
        return (*self.event.chain, self.event.hop)


class Network:
    """Reads the requests of tests, and tells those that reach a server from those that something answers for it."""

    def __init__(self, written: Written, payloads: Payloads, tidying: Tidying) -> None:
        self.written = written
        self.payloads = payloads
        self.tidying = tidying
        self.fixtures = tidying.fixtures
        self.evaluator = tidying.evaluator
        self.libraries = Libraries(self.fixtures, written.vocabulary.senders)
        self._posting, self._deleting = (self._coming_to(method) for method in ("POST", "DELETE"))
        self._may_be_made: dict[int, bool] = {}
        self._cleaning: dict[str, bool] = {}
        self._standing_in: dict[int, bool] = {}

    def made(self, module: Module, function: s.Function) -> Iterator[Sent]:
        """The requests by which a test makes something on a server that it has not started itself."""
        if not self.may_be_made(module, function) or not self._posting.starts(module, function):
            return
        if speaks_of(function, CREATED) or self._cleans(module):
            yield from self._posted(module, function)

    def may_be_made(self, module: Module, function: s.Function) -> bool:
        """Whether a test may send such a request, told without following what it sends."""
        key = id(function)
        if key not in self._may_be_made:
            sends = self.libraries.may_be_used(module)
            self._may_be_made[key] = sends and self._is_real(module, function)
        return self._may_be_made[key]

    def _coming_to(self, method: str) -> Reaching:
        senders = self.written.vocabulary.senders.items()
        names = [name for name, entries in senders if any(entry.method == method for entry in entries)]
        return Reaching(self.evaluator, frozenset(name.rpartition(".")[2] for name in names))

    def _cleans(self, module: Module) -> bool:
        """Whether some test of a module sends a request that deletes."""
        if module.path not in self._cleaning:
            tests = self.fixtures.tests(module)
            self._cleaning[module.path] = any(self._deletes(module, test) for test, _ in tests)
        return self._cleaning[module.path]

    def _posted(self, module: Module, function: s.Function) -> Iterator[Sent]:
        for event in self.written.run(module, function).events:
            entry = self._entry(event)
            if entry is None or entry.method != "POST" or event.phase != "set up":
                continue
            content = handles.passed(event.call, entry.content)
            if content is not None and self._creates(event, module, function):
                address = self._address(event, entry)
                if address.startswith(("http://", "https://", HOLE)):
                    yield Sent(event, _shown(address), self.payloads.fields(content, event.frame))

    def _address(self, event: Event, entry: Sender) -> str:
        """Where a request goes, below the base of the client that sends it; "" for an application at hand."""
        where = handles.passed(event.call, entry.address)
        path = "" if where is None else spelled(self.evaluator.evaluate(where, event.frame))
        if not isinstance(event.receiver, Made):
            return path
        given = dict(event.receiver.call.keywords)
        if not {"app", "transport", ""}.isdisjoint(given):
            return ""
        base = given.get("base_url")
        if base is None or "://" in path:
            return path
        below = spelled(self.evaluator.evaluate(base, event.receiver.frame))
        return f"{below.rstrip('/')}/{path.lstrip('/')}"

    def _entry(self, event: Event) -> Sender | None:
        for name in event.names:
            for entry in self.written.vocabulary.senders.get(name, ()):
                return entry
        return None

    def _creates(self, event: Event, module: Module, function: s.Function) -> bool:
        """Whether a request is expected to make something: by the status asserted, or by its counterpart.

        That is a helper named for it, in a module whose tests delete, too.
        """
        at = event.chain[0].at if event.chain else event.call.at
        own = next((call for call in calls_in(function.body) if call.at == at), None)
        if fails_on_purpose(function.body, at[0]) or _only_signs_in(event):
            return False
        codes = expected_status(function, own) if own is not None else ()
        if codes and min(codes) >= 400:
            return False
        if CREATED in codes:
            return True
        called = [hop.text.partition("(")[0].rpartition(".")[2] for hop in event.chain]
        named = any(not tokens(name).isdisjoint(_CREATING) for name in called)
        return named and self._cleans(module)

    def _deletes(self, module: Module, test: s.Function) -> bool:
        if not self._deleting.starts(module, test):
            return False
        entries = (self._entry(event) for event in self.written.run(module, test).events)
        return any(entry is not None and entry.method == "DELETE" for entry in entries)

    def _is_real(self, module: Module, function: s.Function) -> bool:
        """Whether nothing in sight answers the requests of a test, or starts the server for it."""
        owner = module.methods.get(id(function))
        closure = self.tidying.closure(module, function)
        if any(not self._is_known(name, module, owner) for name in requested(function, owner is not None)):
            return False
        functions = [function, *(f.function for f in closure)]
        functions += [f for _, f in self.tidying.around(module, function)]
        functions += _helpers(functions, module)
        if any(self._is_stand_in(each) for each in functions):
            return False
        marks = [b.value for b in module.names.bindings.get("pytestmark", ()) if b.value is not None]
        marks += owner.decorators if owner is not None else ()
        return not any(_mentions(node, _STANDING_IN) for node in marks)

    def _is_stand_in(self, function: s.Function) -> bool:
        known = self._standing_in.get(id(function))
        if known is None:
            known = self._standing_in[id(function)] = _stands_in(function)
        return known

    def _is_known(self, name: str, module: Module, owner: s.Class | None) -> bool:
        return (
            name in _BUILT_IN
            or self.fixtures.find(name, module, owner) is not None
            or self._is_passed(name, module)
        )

    def _is_passed(self, name: str, module: Module) -> bool:
        """Whether some test of a module has an argument of this name from `parametrize`."""
        return any(is_parametrized(test, name) for test, _ in self.fixtures.tests(module))


def _only_signs_in(event: Event) -> bool:
    """Whether what sends a request is a helper that asks for a token, by its name or that of one around it."""
    return any(_ASKS & tokens(hop.text.partition("(")[0].rpartition(".")[2]) for hop in event.chain)


def _shown(address: str) -> str:
    return "the server it is sent to" if address.startswith(HOLE) else f"`{address.replace(HOLE, '…')}`"


def _stands_in(function: s.Function) -> bool:
    """Whether a function replaces something, or starts a server."""
    if any(p.name in _STANDING_IN for p in function.parameters):
        return True
    if any(_mentions(decorator, _STANDING_IN) for decorator in function.decorators):
        return True
    if not called_in(function.body).isdisjoint(_STARTING):
        return True
    return any(
        (isinstance(n, s.Name) and n.id in _STANDING_IN) or (isinstance(n, s.Attribute) and n.name in _MOCKS)
        for n in every_expression(function.body)
    )


def _helpers(functions: list[s.Function], module: Module) -> list[s.Function]:
    """The functions and methods of a test module that some of these call."""
    called = frozenset[str]().union(*(called_in(function.body) for function in functions))
    known = {id(function) for function in functions}
    return [f for f in module.functions if f.name in called and id(f) not in known]


def _parts(node: s.Expression) -> Iterator[s.Expression]:
    return every_expression((s.Evaluate(node, node.at),))


def _mentions(node: s.Expression, names: frozenset[str]) -> bool:
    return any(
        (isinstance(n, s.Name) and n.id in names) or (isinstance(n, s.Attribute) and n.name in names)
        for n in _parts(node)
    )
