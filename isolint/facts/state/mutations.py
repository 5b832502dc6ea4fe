"""What running a test, fixture or helper writes into the state of the process, and what it sees put back.

A run goes through the body in source order, through the helpers of the tests that it calls, and through first-party
code where that puts something back. Nothing is presumed from a type: a write is an assignment, a deletion, `global`,
a call that the vocabulary knows, or a method that changes what is known to be a list, dict or set, or is proved to.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.values import Frame, FunctionValue, Instance, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, walk
from isolint.facts.running.relevance import Relevance
from isolint.facts.state.changes import Changes
from isolint.facts.state.glance import Glance
from isolint.facts.state.idle import Idle
from isolint.facts.state.mutationrun import DEEPEST, MutationRun
from isolint.facts.state.mutators import Mutators
from isolint.facts.state.origins import Origins
from isolint.facts.state.places import Place
from isolint.facts.state.writes import Activity, Write


class Mutations:
    """Runs functions in the mind, for what they write."""

    def __init__(self, origins: Origins, relevance: Relevance) -> None:
        self.origins = origins
        self.evaluator = origins.evaluator
        self.relevance = relevance
        self.changes = Changes(origins)
        self.mutators = Mutators(origins.evaluator)
        self.idle = Idle(origins)
        self.properties: dict[tuple[int, str], bool] = {}  # class and name: whether reading it runs a method
        self._silent: dict[int, bool] = {}
        self._acts: dict[int, tuple[s.Call | s.Attribute, ...]] = {}
        self._known: dict[tuple[int, int, bool], Activity] = {}

    def acts(self, node: s.Statement) -> tuple[s.Call | s.Attribute, ...]:
        """The calls and the reads of names' attributes in a statement, innermost first.

        Without the calls whose results `with` enters: what these do is asked for where they are entered.
        """
        key = id(node)
        if key not in self._acts:
            self._acts[key] = tuple(_acts(node))
        return self._acts[key]

    def of(self, module: Module, function: s.Function, *, ending: bool = False) -> Activity:
        """The activity of a function that nobody in particular calls; `ending` for a tear-down."""
        frame = self.evaluator.function_frame(module, function)
        return self._run(function.body, frame, id(function), ending)

    def writes(self, module: Module, function: s.Function) -> tuple[Write, ...]:
        """What a function that nobody in particular calls writes, at a glance if it is nothing."""
        key = id(function)
        if key not in self._silent:
            glance = Glance(self)
            glance.body(function.body, self.evaluator.function_frame(module, function))
            self._silent[key] = not glance.writes
        return () if self._silent[key] else self.of(module, function).writes

    def of_block(self, module: Module, body: s.Block) -> Activity:
        """The activity of statements at a module's top level."""
        run = MutationRun(self)
        run.body(body, self.evaluator.module_frame(module))
        return Activity(tuple(run.writes), tuple(run.restored))

    def of_method(self, method: FunctionValue, *, ending: bool = False) -> Activity:
        """The activity of a method as an object of another class inherits it; `ending` for a tear-down."""
        if not isinstance(method.function, s.Function):
            return Activity((), ())
        frame = self.evaluator.call_frame(method, None, method.frame)
        of = id(method.receiver.of.node) if isinstance(method.receiver, Instance) else 0
        return self._run(method.function.body, frame, of, ending)

    def _run(self, body: s.Block, frame: Frame, key: int, ending: bool) -> Activity:
        identity = (id(body), key, ending)
        if identity not in self._known:
            run = MutationRun(self)
            run.ending = ending
            run.body(body, frame)
            self._known[identity] = Activity(tuple(run.writes), tuple(run.restored))
        return self._known[identity]

    def decorated(self, node: s.Expression, frame: Frame) -> list[Place]:
        """What a decorator puts back when the decorated function is over."""
        run = MutationRun(self)
        found = run.managed(node, frame)
        callee = node.function if isinstance(node, s.Call) else node
        for option in options(self.evaluator.evaluate(callee, frame)):
            if isinstance(option, FunctionValue) and isinstance(option.function, s.Function):
                _run_inner_functions(run, option)
        return [*found, *run.restored]


def _acts(node: s.Statement) -> Iterator[s.Call | s.Attribute]:
    for expression in expressions(node):
        entered = expression if isinstance(node, s.With) else None
        for inner in reversed(walk(expression)):
            if type(inner) is s.Call:
                if inner is not entered:
                    yield inner
            elif type(inner) is s.Attribute and type(inner.value) is s.Name:
                yield inner


def _run_inner_functions(run: MutationRun, callee: FunctionValue) -> None:
    """Run the functions that a decorator's function defines, for what they put back."""
    function = callee.function
    if not isinstance(function, s.Function) or len(run.active) > DEEPEST:
        return
    frame = run.evaluator.function_frame(callee.module, function)
    run.active.append(id(function))
    run.silent += 1
    run.body(function.body, frame)
    for node in function.body:
        if isinstance(node, s.Function):
            _run_inner_functions(run, FunctionValue(callee.module, node, frame))
    run.silent -= 1
    run.active.pop()
