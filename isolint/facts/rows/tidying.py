"""What takes the rows of a test away again: its own clean-up, its fixtures', its tear-down's."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import FunctionValue, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression
from isolint.facts.program.show import show
from isolint.facts.running.effects import Effects
from isolint.facts.running.events import Run
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.fixtures import MODULE_SET_UP, MODULE_TEAR_DOWN, SET_UP, TEAR_DOWN, Fixture, Fixtures
from isolint.facts.suite.isolation import Isolation
from isolint.facts.targets.lattice import tokens

_WORDS = frozenset(
    "drop delete deletes deleted truncate remove unlink rmtree rmdir clean cleanup cleaner cleanups clear purge wipe "
    "reset teardown restore flush flushdb flushall rollback destroy downgrade empty prune sweep recreate "
    "isolated isolate".split()
)
_ELSEWHERE = ("dependency_overrides", "cache_clear", "reset_mock", "environ", "monkeypatch", "caplog")
_RUNNING = frozenset({"run", "check_call", "check_output", "call", "system", "Popen", "call_command"})
_STATE = frozenset(
    "singleton singletons cache caches mock mocks env environ registry state settings config loggers".split()
)
_SAVES = frozenset({"join_transaction_mode", "force_rollback"})
_HOOKS = frozenset(
    {"pytest_runtest_setup", "pytest_runtest_teardown", "pytest_sessionstart", "pytest_sessionfinish"}
    | {"pytest_configure", "pytest_unconfigure"}
)

Place = tuple[Module, s.Function]


class Tidying:
    """Looks for whatever may undo a test's writes: what cannot be told counts as doing so."""

    def __init__(self, effects: Effects, fixtures: Fixtures) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator
        self.fixtures = fixtures
        self.isolation = Isolation(effects, fixtures)
        self._tidies: dict[tuple[int, bool], bool] = {}

    def closure(self, module: Module, function: s.Function) -> tuple[Fixture, ...]:
        """The fixtures in force with a test; for a fixture, those it needs and itself."""
        owner = module.methods.get(id(function))
        fixture = self.fixtures.fixture(module, function, owner)
        if fixture is not None:
            return self.fixtures.transitive([fixture, *self.fixtures.autouse(module, owner)])
        return self.fixtures.closure(module, function, owner)

    def around(self, module: Module, function: s.Function) -> Iterator[Place]:
        """The functions that run before and after a test or fixture, besides itself."""
        for fixture in self.closure(module, function):
            if fixture.function is not function:
                yield fixture.module, fixture.function
        chain = self.fixtures.chain(module.path)
        for seen in (*chain, *(plugin for conftest in chain for plugin in self.fixtures.plugins(conftest))):
            for other in seen.facts.body:
                names = (*MODULE_SET_UP, *MODULE_TEAR_DOWN, *_HOOKS)
                if isinstance(other, s.Function) and other.name in names:
                    yield seen, other
        owner = module.methods.get(id(function))
        if owner is not None:
            yield from self.fixtures.methods(module, owner, (*SET_UP, *TEAR_DOWN))

    def is_isolated(self, module: Module, function: s.Function) -> bool:
        """Whether a library keeps what a test writes from outliving it, or mocks the store."""
        owner = module.methods.get(id(function))
        run = self._run(module, function)
        return self.isolation.holds(module, function, owner, self.closure(module, function), run)

    def _run(self, module: Module, function: s.Function) -> Run:
        """What a function does; of a test, which is one of many, only what it does itself and by its helpers."""
        if function.name.startswith("test"):
            return self.effects.near(module, function)
        return self.effects.of(module, function)

    def tidies(self, module: Module, function: s.Function, *, rollbacks: bool = True) -> bool:
        """Whether a function deletes, drops or, with `rollbacks`, rolls something back: itself or what it calls."""
        key = (id(function), rollbacks)
        if key not in self._tidies:
            self._tidies[key] = self._found(module, function, rollbacks)
        return self._tidies[key]

    def tidies_block(self, module: Module) -> bool:
        """Whether importing a test module, or a conftest above it, deletes or drops something."""
        return any(self._block_tidies(seen) for seen in self.fixtures.chain(module.path))

    def _block_tidies(self, module: Module) -> bool:
        key = (id(module), True)
        if key not in self._tidies:
            body = tuple(n for n in module.facts.body if not isinstance(n, s.Function | s.Class))
            self._tidies[key] = any(tokens(last_name(c)) & _WORDS and not _lets_go(c) for c in calls_in(body))
        return self._tidies[key]

    def _found(self, module: Module, function: s.Function, rollbacks: bool) -> bool:
        for call in calls_in(function.body):
            name = last_name(call)
            if rollbacks and (name == "begin_nested" or not _SAVES.isdisjoint(dict(call.keywords))):
                return True
            found = tokens(name) & _WORDS
            if not rollbacks:
                found -= {"rollback"}
            if (found and not _lets_go(call)) or (name in _RUNNING and _is_told_to(call)):
                return True
        if any(_is_deletion(node) for node in every_expression(function.body)):
            return True
        return self._in_run(module, function)

    def _in_run(self, module: Module, function: s.Function) -> bool:
        for event in self._run(module, function).events:
            if self.effects.destruction(event) is not None:
                return True
            for called in options(self.evaluator.evaluate(event.call.function, event.frame)):
                if isinstance(called, FunctionValue) and self._names_it(called):
                    return True
        return False

    def _names_it(self, called: FunctionValue) -> bool:
        return isinstance(called.function, s.Function) and bool(tokens(called.function.name) & _WORDS)


def _lets_go(call: s.Call) -> bool:
    """Whether a call concerns no rows: `Session.remove()`, `session.flush()`, `dependency_overrides.clear()`."""
    name, words = last_name(call), show(call.function)
    if not tokens(name).isdisjoint(_STATE):
        return True
    return (name in ("remove", "flush") and not call.arguments) or any(w in words for w in _ELSEWHERE)


def _is_told_to(call: s.Call) -> bool:
    """Whether a command that is run says that it deletes: `run(["dropdb", name])`, `call_command("flush")`."""
    spelled = every_expression((s.Evaluate(call, call.at),))
    words = [n.value for n in spelled if isinstance(n, s.Constant) and isinstance(n.value, str)]
    return any(
        word.startswith("drop") or word in _WORDS for text in words for word in tokens(text.replace(":", " "))
    )


def _is_deletion(node: s.Expression) -> bool:
    """Whether a text is a statement that deletes."""
    if isinstance(node, s.Template):
        words = "".join(part for part in node.parts if isinstance(part, str))
    elif isinstance(node, s.Constant) and isinstance(node.value, str):
        words = node.value
    else:
        return False
    start = words.lstrip().lower()
    return start.startswith(("delete from", "truncate", "drop ", "match", "rollback"))
