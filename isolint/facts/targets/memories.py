"""Stores in memory that each thread or connection has for itself, though tests use them from several."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from isolint.facts.meaning import handles
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, FunctionValue, Handle, Hop, Reference, Trail, options, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, every_expression, expressions, own_calls, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import last_name
from isolint.facts.targets.lattice import Level, place
from isolint.late import dataclass
from isolint.vocabulary.entries import Handle as Entry

_IN_THREAD = {
    "Thread": "target",
    "Timer": "function",
    "submit": "",
    "map": "",
    "to_thread": "",
    "run_in_executor": "",
    "run_in_threadpool": "",
}
_EXECUTORS = frozenset({"submit", "map"})
_OVERRIDES = "dependency_overrides"
_ONE_CONNECTION = frozenset({"transaction", "connection", "force_rollback"})
_USES = frozenset({"execute", "execute_many", "fetch_all", "fetch_one", "fetch_val", "iterate"})


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A store in memory where it is made, by the call `made`: every `each` has one of its own.

    `where` is what uses it besides the test's own thread, "" where each connection does.
    """

    at: s.Position
    made: str
    each: str
    where: str
    trail: Trail


@dataclass(frozen=True, slots=True, eq=False)
class _Elsewhere:
    """A function that runs in another thread, with the place that sends it there."""

    function: s.Function | s.Lambda
    frame: Frame
    name: str
    hop: Hop


class Memories:
    """Finds them in test modules."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        handles_ = evaluator.vocabulary.handles.items()
        made = [name for name, entries in handles_ if any(entry.memory_of for entry in entries)]
        self._words = frozenset(name.rpartition(".")[2] for name in made)

    def of(self, module: Module) -> Iterator[Split]:
        """The stores that a module makes and uses from more than one thread, or by more than one connection."""
        for node, frame in self._calls(module):
            if not self._may_make(node, module):
                continue
            entry = self._entry(node, frame)
            if entry is None:
                continue
            if entry.memory_of == "connection":
                yield from self._by_connection(node, module)
            else:
                yield from self._by_thread(node, module)

    def _calls(self, module: Module) -> Iterator[tuple[s.Call, Frame]]:
        """Every call of a module, with the frame it stands in."""
        bodies: list[tuple[s.Block, Frame]] = [(module.facts.body, self.evaluator.module_frame(module))]
        bodies += [(f.body, self.evaluator.function_frame(module, f)) for f in module.functions]
        for body, frame in bodies:
            yield from ((call, frame) for call in own_calls(body).calls)

    def _may_make(self, node: s.Call, module: Module) -> bool:
        """Whether a call may be one of the library's, by its name or one that the module gives it."""
        if last_name(node) in self._words:
            return True
        if not isinstance(node.function, s.Name):
            return not isinstance(node.function, s.Attribute)
        bindings = module.names.bindings.get(node.function.id)
        if bindings is None:
            return not hasattr(builtins, node.function.id)
        return any(_may_rename(binding, self._words) for binding in bindings)

    def _entry(self, node: s.Call, frame: Frame) -> Entry | None:
        """What is known of a call that makes a store in memory, if nothing in the call makes all share it."""
        if handles.hides_arguments(node):
            return None
        for callee in options(self.evaluator.evaluate(node.function, frame)):
            for entry in self._entries(callee.name) if isinstance(callee, Reference) else ():
                target = handles.passed(node, entry.target)
                url = None if target is None else text(self.evaluator.evaluate(target, frame))
                if (
                    url is None
                    or target is None
                    or "+aio" in url
                    or "cache=shared" in url
                    or "uri=true" in url
                ):
                    continue
                in_memory = (
                    place(self.evaluator.evaluate(target, frame), {}, product=False).level == Level.MEMORY
                )
                if in_memory and not any(name in entry.shares for name, _ in node.keywords):
                    return entry
        return None

    def _entries(self, name: str) -> Iterator[Entry]:
        return (entry for entry in self.evaluator.vocabulary.handles.get(name, ()) if entry.memory_of)

    # -- connections

    def _by_connection(self, node: s.Call, module: Module) -> Iterator[Split]:
        bodies = [module.facts.body, *(f.body for f in module.functions)]
        called = {last_name(c): c for body in bodies for c in every_expression(body) if isinstance(c, s.Call)}
        used = next((call for name, call in called.items() if name in _USES), None)
        if used is not None and _ONE_CONNECTION.isdisjoint(called):
            yield Split(node.at, show(node), "connection", "", (Hop(module.path, used.at, show(used)),))

    # -- threads

    def _by_thread(self, node: s.Call, module: Module) -> Iterator[Split]:
        made = (module.path, node.at[0])
        filled = next(self._filling(made, module), None)
        if filled is None:
            return
        for elsewhere in self._elsewhere(module):
            used = next(self._using(elsewhere, made), None)
            if used is not None:
                trail = (filled, elsewhere.hop, used)
                yield Split(node.at, show(node), "thread", elsewhere.name, trail)
                return

    def _filling(self, made: tuple[str, int], module: Module) -> Iterator[Hop]:
        """Where tables are made in the store, by a call that is handed its engine."""
        for call, frame in self._calls(module):
            if last_name(call) == "create_all":
                given = (*call.arguments, *(value for _, value in call.keywords))
                if any(self._leads_to(value, frame, made) for value in given):
                    yield Hop(module.path, call.at, show(call))

    def _using(self, elsewhere: _Elsewhere, made: tuple[str, int]) -> Iterator[Hop]:
        """Where a function opens a session or connection of the store."""
        function, frame = elsewhere.function, elsewhere.frame
        inside = every_expression(function.body) if isinstance(function, s.Function) else walk(function.body)
        for node in inside:
            if isinstance(node, s.Call) and self._leads_to(node, frame, made):
                yield Hop(frame.module.path, node.at, show(node))

    def _leads_to(self, node: s.Expression, frame: Frame, made: tuple[str, int]) -> bool:
        for option in options(self.evaluator.evaluate(node, frame)):
            if isinstance(option, Handle) and made in {(hop.path, hop.at[0]) for hop in option.trail}:
                return True
        return False

    def _elsewhere(self, module: Module) -> Iterator[_Elsewhere]:
        for function in module.functions:
            frame = self.evaluator.function_frame(module, function)
            yield from self._sent(function.body, frame)
        yield from self._sent(module.facts.body, self.evaluator.module_frame(module))

    def _sent(self, body: s.Block, frame: Frame) -> Iterator[_Elsewhere]:
        for node in statements(body):
            if isinstance(node, s.Assign) and node.value is not None:
                for target in node.targets:
                    if isinstance(target, s.Subscript) and last_of(target.value) == _OVERRIDES:
                        yield from self._functions(node.value, frame, node.at)
            for expression in expressions(node):
                for call in (n for n in walk(expression) if isinstance(n, s.Call)):
                    for given in self._handed_over(call):
                        yield from self._functions(given, frame, call.at)

    def _handed_over(self, call: s.Call) -> Iterator[s.Expression]:
        """The functions that a call has another thread run."""
        name = last_name(call)
        if name not in _IN_THREAD:
            return
        if name in _EXECUTORS and not (
            isinstance(call.function, s.Attribute) and _is_pool(call.function.value)
        ):
            return
        given = dict(call.keywords).get(_IN_THREAD[name])
        first = call.arguments[1:2] if name in ("run_in_executor", "Thread", "Timer") else call.arguments[:1]
        yield from (given,) if given is not None else first

    def _functions(self, node: s.Expression, frame: Frame, at: s.Position) -> Iterator[_Elsewhere]:
        hop = Hop(frame.module.path, at, f"{show(node)} runs in another thread")
        for option in options(self.evaluator.evaluate(node, frame)):
            if isinstance(option, FunctionValue):
                inside = option.function
                if isinstance(inside, s.Function):
                    around = self.evaluator.function_frame(option.module, inside)
                    yield _Elsewhere(inside, around, inside.name, hop)
                else:
                    yield _Elsewhere(inside, Frame(option.module, inside, option.frame), show(node), hop)


def _may_rename(binding: Binding, words: frozenset[str]) -> bool:
    """Whether a name may stand for one of these words: by an alias, or by what is assigned to it."""
    if binding.imported is not None:
        return binding.imported.name in words
    return not isinstance(binding.node, s.Function | s.Class)


def _is_pool(node: s.Expression) -> bool:
    name = show(node).lower()
    return "pool" in name or "executor" in name


def last_of(node: s.Expression) -> str:
    """The last name of a dotted name."""
    return node.name if isinstance(node, s.Attribute) else ""
