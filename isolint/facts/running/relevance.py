"""Which calls and functions can matter at all, told cheaply, so that runs need not follow the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, Frame, FunctionValue, Instance, Value, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import (
    NO_CALLS,
    Calls,
    expressions,
    own_calls,
    parts,
    statements,
    told,
    walk,
)
from isolint.facts.running.registries import Writes
from isolint.facts.targets.guards import is_guard, is_guard_call

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator

DEEPEST = 20
FINALIZERS = frozenset(
    {"addfinalizer", "addCleanup", "addAsyncCleanup", "addClassCleanup", "addModuleCleanup", "callback"}
    | {"push_async_callback", "enterContext", "addInstanceCleanup"}
)
FINALIZER_FUNCTIONS = frozenset(
    {"atexit.register", "weakref.finalize", "unittest.addModuleCleanup", "zope.testing.setupstack.register"}
)
_FOR_SOMETHING = frozenset({"weakref.finalize", "zope.testing.setupstack.register"})


def registration(node: s.Call, names: Iterable[str]) -> s.Call | None:
    """The call of a function of these names as one that is given what to call at the end, and then its arguments.

    None for any other function. `register(test, os.chdir, here)` is first given what it is for.
    """
    if FINALIZER_FUNCTIONS.isdisjoint(names):
        return None
    if _FOR_SOMETHING.isdisjoint(names):
        return node
    return s.Call(node.function, node.arguments[1:], node.keywords, node.at)


class Relevance:
    """Knows the words of effects, and which first-party functions come to one of them."""

    def __init__(self, evaluator: Evaluator, words: frozenset[str] | None = None) -> None:
        self.evaluator = evaluator
        self.words = _effect_words(evaluator) if words is None else words
        self.guarded = words is None
        self.writes = Writes(evaluator.vocabulary.creators)
        self._functions: dict[int, bool] = {}
        self._open: set[int] = set()
        self._provisional: set[int] = set()
        self._leans = 0
        self._names: dict[str, frozenset[str]] = {}
        self._speaking: dict[str, bool] = {}

    def call(self, node: s.Call, module: Module) -> bool:
        """Whether a call in a module may itself be an effect, by its bare name."""
        return last_name(node) in self.words or self.concerns(node, module)

    def concerns(self, node: s.Call, module: Module) -> bool:
        """Whether a call in a module is one of a registry's methods, or is handed a registry."""
        return self._speaks_of_registry(module) and self.writes.concerns(node)

    def _speaks_of_registry(self, module: Module) -> bool:
        known = self._speaking.get(module.path)
        if known is None:
            text = self.evaluator.project.text(module.path) or ""
            known = self._speaking[module.path] = any(name in text for name in self.writes.attributes)
        return known

    def near(self, node: s.Call, module: Module) -> bool:
        """Whether a call may itself be an effect, or lead straight into first-party code, by its bare name."""
        name = last_name(node)
        return name in self.words or name in self._named_in(module) or self.concerns(node, module)

    def any_near(self, body: s.Block, module: Module) -> bool:
        """Whether that may hold for one of the calls of a body."""
        names = called_in(body)
        if not names.isdisjoint(self.words) or not names.isdisjoint(self._named_in(module)):
            return True
        return self._speaks_of_registry(module)

    def _named_in(self, module: Module) -> frozenset[str]:
        known = self._names.get(module.path)
        if known is None:
            known = self._names[module.path] = self._first_party_names(module)
        return known

    def _first_party_names(self, module: Module) -> frozenset[str]:
        names = {function.name for function in module.functions}
        for bindings in module.names.bindings.values():
            for binding in bindings:
                if binding.kind != "import":
                    continue
                found = self.evaluator.project.import_target(module, binding).module
                if found is not None:
                    names |= {binding.name, *(function.name for function in found.functions)}
        return frozenset(names)

    def function(self, callee: FunctionValue) -> bool:
        """Whether running a first-party function may come to an effect or a guard."""
        key = id(callee.function)
        known = self._functions.get(key)
        if known is not None:
            self._leans += key in self._provisional
            return known
        if key in self._open:
            self._leans += 1
            return False
        if len(self._open) > DEEPEST:
            return True
        leans = self._leans
        self._open.add(key)
        found = self._functions[key] = self._matters(callee)
        self._open.discard(key)
        if not found and leans != self._leans:
            self._provisional.add(key)
        if not self._open:
            self._settle(found)
        return found

    def _settle(self, found: bool) -> None:
        """Forget what was denied of functions because one that was still open had not been found to matter."""
        if found:
            for key in self._provisional:
                del self._functions[key]
        self._provisional.clear()

    def _matters(self, callee: FunctionValue) -> bool:
        function = callee.function
        if isinstance(function, s.Lambda):
            calls = [inner for inner in walk(function.body) if isinstance(inner, s.Call)]
            frame = callee.frame
        else:
            calls = list(calls_in(function.body))
            frame = self.evaluator.function_frame(callee.module, function)
            if self.guarded and (any(map(is_guard_call, calls)) or self._guards(function.body, frame)):
                return True
            if self.writes.within(callee.module, function.body):
                return True
        if any(self.call(node, callee.module) for node in calls):
            return True
        return any(self._leads_on(node, frame) for node in calls)

    def _guards(self, body: s.Block, frame: Frame) -> bool:
        tests = [n.test for n in statements(body) if isinstance(n, s.Assert | s.If)]
        return any(is_guard(test, frame, self.evaluator) for test in tests)

    def _leads_on(self, node: s.Call, frame: Frame) -> bool:
        return any(self.value(option) for option in options(self.evaluator.evaluate(node.function, frame)))

    def value(self, callee: Value) -> bool:
        """Whether calling a value may come to an effect by way of first-party code."""
        if isinstance(callee, FunctionValue):
            return self.function(callee)
        if isinstance(callee, ClassValue):
            return any(self.function(method) for method in _constructors(self.evaluator, callee))
        if isinstance(callee, Instance):
            method = instances.method(self.evaluator, callee, "__call__")
            return method is not None and self.function(method)
        return False


def last_name(node: s.Call) -> str:
    """The bare name a call calls something by, "" for anything but a name or attribute."""
    function = node.function
    if type(function) is s.Attribute:
        return function.name
    return function.id if type(function) is s.Name else ""


def calls_in(body: s.Block) -> tuple[s.Call, ...]:
    """Every call of a body, those in lambdas and nested functions included."""
    return _all_calls(body).calls


def called_in(body: s.Block) -> frozenset[str]:
    """The bare names that those calls call something by."""
    return _all_calls(body).names


def _all_calls(body: s.Block) -> Calls:
    if not body:
        return NO_CALLS
    try:
        of, known = body[0]._calls
        if of is body:
            return known
    except AttributeError:
        pass
    found = _with_inner(body) if any(map(_holds_inner, statements(body))) else own_calls(body)
    body[0]._calls = (body, found)
    return found


def _holds_inner(node: s.Statement) -> bool:
    return isinstance(node, s.Function | s.Class) or bool(told(node).lambdas)


def _with_inner(body: s.Block) -> Calls:
    """The calls of a body, with those of the lambdas, functions and classes in it."""
    calls: list[s.Call] = []
    for node in statements(body):
        if told(node).lambdas:
            inside = [e for expression in expressions(node) for e in parts(expression)]
            calls += [e for e in inside if isinstance(e, s.Call)]
        else:
            calls += told(node).calls
        if isinstance(node, s.Function | s.Class):
            calls += _all_calls(node.body).calls
    return Calls(tuple(calls), frozenset(map(last_name, calls)))


def _constructors(evaluator: Evaluator, cls: ClassValue) -> Iterator[FunctionValue]:
    for name in ("__init__", "__new__", "__post_init__"):
        method = instances.method(evaluator, Instance(cls), name)
        if method is not None:
            yield method


def _effect_words(evaluator: Evaluator) -> frozenset[str]:
    vocabulary = evaluator.vocabulary
    names = [*vocabulary.destroyers, *vocabulary.creators, *vocabulary.executors, *vocabulary.callbacks]
    names += vocabulary.commits
    mocks = [
        name
        for name, entries in vocabulary.isolations.items()
        if any(e.how in ("mock", "patch") for e in entries)
    ]
    undone = [undo for entries in vocabulary.creators.values() for entry in entries for undo in entry.undo]
    words = {name.rpartition(".")[2] for name in (*names, *mocks, *undone, *FINALIZER_FUNCTIONS)}
    classes = {name.split(".")[-2] for name in names if name.endswith(".__call__")}
    return frozenset(words | FINALIZERS | classes | {"rollback"}) - {"__call__", ""}
