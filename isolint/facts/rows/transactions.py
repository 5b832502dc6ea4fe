"""Where a fixture rolls back what its tests have committed before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isolint.facts.meaning.values import Handle, Parameter, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements, walk
from isolint.facts.program.show import show
from isolint.facts.rows.driven import Driven
from isolint.facts.rows.tidying import Tidying
from isolint.facts.running.events import Event
from isolint.facts.suite.fixtures import SET_UP, TEAR_DOWN, Fixture
from isolint.facts.targets.lattice import Level, Target
from isolint.late import dataclass

_OWN = ("session", "connection", "extension")
_OUTER = "transaction"
_SAVES = frozenset({"join_transaction_mode", "force_rollback"})


@dataclass(frozen=True, slots=True, eq=False)
class Escape:
    """A rollback that comes too late: `commit` was called by `test` before.

    `ended` is the test's own rollback that ended the transaction around the session, if there was one.
    """

    at: s.Position
    module: Module
    rollback: str
    commit: str
    test: str
    target: Target
    trail: Trail
    ended: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Session:
    """What a fixture or set-up hands out and rolls back at the end.

    It is `joined` when it works in the transaction of a connection, which the session's own rollback ends for good.
    """

    module: Module
    function: s.Function
    fixture: Fixture | None
    handle: Handle
    rollback: Event
    joined: bool


class Transactions:
    """Compares the rollbacks of fixtures with the commits of the tests that use them."""

    def __init__(
        self,
        tidying: Tidying,
        driven: Driven,
        target: Callable[[Handle, str], Target],
        modules: Callable[[], tuple[Module, ...]],
    ) -> None:
        self.tidying = tidying
        self.driven = driven
        self.effects = tidying.effects
        self.evaluator = tidying.evaluator
        self.fixtures = tidying.fixtures
        self.target = target
        self.modules = modules

    def escapes(self, module: Module) -> Iterator[Escape]:
        """The rollbacks in a module that undo nothing of what the tests write."""
        if not module.is_test or "rollback" not in module.facts.attributes:
            return
        if not any("rollback" in _names(f.body) for f in module.functions):
            return
        for session in self._sessions(module):
            if self._keeps_nothing(session):
                continue
            found = next(self._committed(session), None)
            if found is not None:
                yield found

    # -- what is rolled back

    def _sessions(self, module: Module) -> Iterator[_Session]:
        for function in module.functions:
            owner = module.methods.get(id(function))
            fixture = self.fixtures.fixture(module, function, owner)
            if fixture is None and not (owner is not None and function.name in TEAR_DOWN):
                continue
            for event in self.effects.of(module, function).events:
                if event.method != "rollback" or not _stands_in(event, module, function):
                    continue
                if fixture is not None and event.phase == "set up":
                    continue
                handle = self._handed_out(event, module, function, fixture, owner)
                if handle is not None:
                    joined = _in_transaction(handle)
                    yield _Session(module, function, fixture, handle, event, joined)
                    break

    def _handed_out(
        self,
        event: Event,
        module: Module,
        function: s.Function,
        fixture: Fixture | None,
        owner: s.Class | None,
    ) -> Handle | None:
        """The session that tests get, if the rollback is to undo what they do with it and cannot."""
        rolled = next((o for o in options(event.receiver) if isinstance(o, Handle)), None)
        if rolled is None:
            return None
        if fixture is None:
            return rolled if rolled.kind in _OWN and not _in_transaction(rolled) else None
        given = next((o for o in options(self.fixtures.value(fixture)) if isinstance(o, Handle)), None)
        if given is None or given.kind not in _OWN:
            return None
        if rolled.kind == _OUTER:
            shared = _places(_opened(rolled)) & _places(given.trail)
            return given if _opened(rolled) and bool(shared) == _in_transaction(given) else None
        shared = _places(rolled.trail) & _places(given.trail)
        return given if rolled.kind in _OWN and shared and not _in_transaction(given) else None

    def _keeps_nothing(self, session: _Session) -> bool:
        """Whether there is nothing that could outlive the test: a store of its own, or recipes in force."""
        places = [(session.module, session.function), *self.tidying.around(session.module, session.function)]
        if any(_saves(function) for _, function in places):
            return True
        if any(self.tidying.tidies(m, f, rollbacks=False) for m, f in places):
            return True
        target = self.target(session.handle, session.module.path)
        if session.handle.url is None and not session.handle.level:
            return True
        return target.level <= Level.DISPOSABLE and not self._is_shared(session.handle)

    def _is_shared(self, handle: Handle) -> bool:
        """Whether a store in memory, or made for the run, is made once for many tests."""
        if not handle.trail:
            return False
        made = handle.trail[-1]
        module = self.evaluator.project.module(made.path)
        if module is None:
            return False
        around = [f for f in module.functions if f.at[0] <= made.at[0] <= f.at[2]]
        if not around:
            return True
        owner = module.methods.get(id(around[0]))
        fixture = self.fixtures.fixture(module, around[0], owner)
        return fixture is not None and fixture.scope != "function"

    # -- what is committed

    def _committed(self, session: _Session) -> Iterator[Escape]:
        for module, test in self._tests(session):
            if self.tidying.is_isolated(module, test) or self._is_tidied(module, test, session):
                continue
            ended = self._ended(module, test, session) if session.joined else None
            if session.joined and ended is None:
                continue
            for trail, commit in self._commits(module, test, session, ended):
                yield Escape(
                    session.rollback.call.at,
                    session.module,
                    show(session.rollback.call),
                    commit,
                    test.name,
                    self.target(session.handle, session.module.path),
                    trail if ended is None else (ended.hop, *trail),
                    "" if ended is None else show(ended.call),
                )

    def _tests(self, session: _Session) -> Iterator[tuple[Module, s.Function]]:
        own = session.module.methods.get(id(session.function))
        for module in dict.fromkeys((session.module, *self.modules())):
            for test, owner in self.fixtures.tests(module):
                if session.fixture is None:
                    if owner is own:
                        yield module, test
                elif any(f.function is session.function for f in self.fixtures.closure(module, test, owner)):
                    yield module, test

    def _is_tidied(self, module: Module, test: s.Function, session: _Session) -> bool:
        places = [(module, test), *self.tidying.around(module, test)]
        return any(self.tidying.tidies(m, f, rollbacks=False) for m, f in places if f is not session.function)

    def _ended(self, module: Module, test: s.Function, session: _Session) -> Event | None:
        """The rollback by which a test ends the transaction that its session works in."""
        handlers = [h for n in statements(test.body) if isinstance(n, s.Try) for h in n.handlers]
        handled = {n.at[0] for handler in handlers for n in statements(handler.body)}
        for event in self.effects.of(module, test).events:
            own = event.method == "rollback" and not event.chain and event.call.at[0] not in handled
            if own and self._is_its(event, session):
                return event
        return None

    def _commits(
        self, module: Module, test: s.Function, session: _Session, ended: Event | None
    ) -> Iterator[tuple[Trail, str]]:
        if ended is not None:
            behind = [e for e in self.effects.of(module, test).events if e.call.at > ended.call.at]
            for event in behind:
                if event.method == "commit" and not event.chain and self._is_its(event, session):
                    yield (event.hop,), show(event.call)
            return
        places = [(module, test)]
        owner = module.methods.get(id(test))
        if session.fixture is None and owner is not None:
            places += self.fixtures.methods(module, owner, SET_UP)
        for fixture in self.fixtures.closure(module, test, owner):
            if fixture.function is not session.function:
                places.append((fixture.module, fixture.function))
        for where, function in places:
            for event in self.effects.of(where, function).events:
                if event.method == "commit" and event.phase == "set up" and self._is_its(event, session):
                    yield (*event.chain, event.hop), show(event.call)
        yield from self._by_routes(module, test, session)

    def _is_its(self, event: Event, session: _Session) -> bool:
        """Whether a commit is one of the session that the fixture hands out."""
        for option in options(event.receiver):
            if isinstance(option, Handle) and option.kind in _OWN:
                if option.trail and option.trail == session.handle.trail:
                    return True
                if _inside(option.trail, session):
                    return True
        return False

    def _by_routes(self, module: Module, test: s.Function, session: _Session) -> Iterator[tuple[Trail, str]]:
        """What the application commits whose dependency the tests have give out the session."""
        if session.fixture is None:
            return
        for driven in self.driven.by(module, test):
            if not any(_gives_out(f, session.fixture.name) for f in driven.fixtures):
                continue
            route = driven.route.function
            if not isinstance(route.function, s.Function):
                continue
            for event in self.effects.of(route.module, route.function).events:
                if event.method == "commit" and self._is_injected(event):
                    yield (driven.hop, driven.route.hop, *event.chain, event.hop), show(event.call)

    def _is_injected(self, event: Event) -> bool:
        """Whether a commit is one of a session that nobody has bound in sight."""
        found = options(event.receiver)
        return any(
            isinstance(o, Parameter) or (isinstance(o, Handle) and o.url is None and not o.level)
            for o in found
        )


def _in_transaction(session: Handle) -> bool:
    """Whether a session works in the transaction of a connection that somebody else has begun."""
    return session.kind == "session" and any(
        ".connect(" in hop.text or ".begin(" in hop.text for hop in session.trail
    )


def _stands_in(event: Event, module: Module, function: s.Function) -> bool:
    """Whether a call stands in a function itself, or in one inside it."""
    return event.path == module.path and function.at[0] <= event.call.at[0] <= function.at[2]


def _inside(trail: Trail, session: _Session) -> bool:
    """Whether a handle was made by the fixture, or the set-up of the class."""
    if session.fixture is None:
        return bool(trail) and bool(_places(trail[:1]) & _places(session.handle.trail[:1]))
    first, last = session.function.at[0], session.function.at[2]
    return any(hop.path == session.module.path and first <= hop.at[0] <= last for hop in trail)


def _places(trail: Trail) -> set[tuple[str, s.Position]]:
    return {(hop.path, hop.at) for hop in trail}


def _opened(transaction: Handle) -> Trail:
    """The steps of a transaction that make its connection."""
    return tuple(hop for hop in transaction.trail if ".connect(" in hop.text or ".begin(" in hop.text)


def _names(body: s.Block) -> set[str]:
    return {node.name for node in every_expression(body) if isinstance(node, s.Attribute)}


def _saves(function: s.Function) -> bool:
    """Whether a function works with savepoints, or puts something else in the place of `commit`."""
    for node in every_expression(function.body):
        match node:
            case s.Call(function=s.Attribute(name="begin_nested")):
                return True
            case s.Call(keywords=keywords) if not _SAVES.isdisjoint(dict(keywords)):
                return True
            case s.Constant(value="commit"):
                return True
    return any(
        isinstance(target, s.Attribute) and target.name == "commit"
        for node in statements(function.body)
        if isinstance(node, s.Assign)
        for target in node.targets
    )


def _gives_out(function: s.Function, name: str) -> bool:
    """Whether a fixture overrides a dependency with something that mentions another fixture."""
    bodies = [*every_expression(function.body)]
    overrides = any(isinstance(n, s.Attribute) and n.name == "dependency_overrides" for n in bodies)
    return overrides and any(isinstance(n, s.Name) and n.id == name for e in bodies for n in walk(e))
