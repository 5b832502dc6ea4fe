"""Who calls a piece of test support: the tests, fixtures and set-ups that a helper works for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isolint.facts.meaning.values import FunctionValue, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.fixtures import MODULE_SET_UP, SET_UP, Fixtures

DEEPEST = 5

Place = tuple[Module, s.Function]


class Callers:
    """Climbs from a function to the functions pytest or unittest calls."""

    def __init__(self, fixtures: Fixtures, modules: Callable[[], tuple[Module, ...]]) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self._modules = modules
        self._by_name: dict[str, list[tuple[Module, s.Function, s.Call]]] | None = None

    @property
    def modules(self) -> tuple[Module, ...]:
        """Every test module, conftest and piece of test support."""
        return self._modules()

    def is_called_by_runner(self, module: Module, function: s.Function) -> bool:
        """Whether a function is a test, a fixture or a set-up."""
        owner = module.methods.get(id(function))
        if id(function) in module.enclosing:
            return False
        if function.name.startswith("test") or function.name in (*SET_UP, *MODULE_SET_UP):
            return True
        return self.fixtures.fixture(module, function, owner) is not None

    def of(self, module: Module, function: s.Function) -> list[Place]:
        """The tests, fixtures and set-ups that come to a function: itself, if it is one."""
        found: dict[int, Place] = {}
        pending: list[tuple[Module, s.Function, int]] = [(module, function, 0)]
        seen: set[int] = set()
        while pending:
            where, current, depth = pending.pop(0)
            if id(current) in seen or depth > DEEPEST:
                continue
            seen.add(id(current))
            if self.is_called_by_runner(where, current):
                found[id(current)] = (where, current)
                continue
            around = where.enclosing.get(id(current))
            if around is not None:
                pending.append((where, around, depth + 1))
            pending += [(m, f, depth + 1) for m, f in self._callers(where, current)]
        return list(found.values())

    def _callers(self, module: Module, function: s.Function) -> Iterator[Place]:
        for where, caller, call in self._calls.get(function.name, ()):
            if caller is not function and self._calls_it(call, where, caller, function):
                yield where, caller

    def _calls_it(self, call: s.Call, module: Module, caller: s.Function, function: s.Function) -> bool:
        frame = self.evaluator.function_frame(module, caller)
        callee = self.evaluator.evaluate(call.function, frame)
        return any(isinstance(o, FunctionValue) and o.function is function for o in options(callee))

    @property
    def _calls(self) -> dict[str, list[tuple[Module, s.Function, s.Call]]]:
        """Every call in the functions of the test modules, by the bare name it calls."""
        if self._by_name is None:
            self._by_name = {}
            for module in self.modules:
                for function in module.functions:
                    for call in calls_in(function.body):
                        self._by_name.setdefault(last_name(call), []).append((module, function, call))
        return self._by_name
