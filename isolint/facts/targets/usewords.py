"""Which functions of the tests may use a store, told before they are run in the mind: by the words in them."""

from __future__ import annotations

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Instance,
    Method,
    Parameter,
    Reference,
    Unknown,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements, walk
from isolint.facts.program.show import bare
from isolint.facts.running.relevance import FINALIZER_FUNCTIONS, FINALIZERS, called_in, calls_in, last_name
from isolint.facts.running.runs import Runs

_MADE_BY = ("__init__", "__new__")
_DEEPEST = 10


class UseWords:
    """Knows the names of calls that destroy, write, read or roll back, and looks for them in functions.

    A function is asked for itself and for those that it calls itself, which is as far as `Runs.near` goes.
    """

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.evaluator = runs.evaluator
        vocabulary = runs.vocabulary
        undone = [
            name
            for name, entries in vocabulary.isolations.items()
            if any(entry.how == "rollback" for entry in entries)
        ]
        used = [*vocabulary.destroyers, *vocabulary.commits, *vocabulary.executors, *undone]
        self.names = frozenset(used)
        self.words = _last_names(used)
        self.handing = FINALIZERS | _last_names([*vocabulary.callbacks, *FINALIZER_FUNCTIONS])
        self._own: dict[int, bool] = {}
        self._called: dict[str, frozenset[str]] = {}
        self._by_module: dict[tuple[str, str], bool | None] = {}

    def function(self, module: Module, function: s.Function) -> bool:
        """Whether running a function may use a store, by what it or a function that it calls says."""
        frame = self.evaluator.function_frame(module, function)
        calls = calls_in(function.body)
        if self._uses(calls, called_in(function.body), frame) or self._ends(function):
            return True
        if self.runs.relevance.any_near(function.body, module) and any(
            self._leads(call, module, frame) for call in calls
        ):
            return True
        return any(
            self._exits(context, frame)
            for node in statements(function.body)
            if isinstance(node, s.With)
            for context, _ in node.items
        )

    def _exits(self, context: s.Expression, frame: Frame) -> bool:
        """Whether leaving a context uses a store, by what its class says."""
        if isinstance(context, s.Call):
            callees = options(self.evaluator.evaluate(context.function, frame))
            if all(isinstance(callee, Reference) or _is_generator(callee) for callee in callees):
                return False
        made = options(self.evaluator.evaluate(context, frame))
        return any(isinstance(o, Instance) and self._value(o, ("__exit__", "__aexit__")) for o in made)

    # -- one function

    def _uses(self, calls: tuple[s.Call, ...], names: frozenset[str], frame: Frame) -> bool:
        """Whether one of these calls, of these names, uses a store itself."""
        words = self.words
        named = [] if names.isdisjoint(words) else [call for call in calls if last_name(call) in words]
        if not names.isdisjoint(self.handing):
            return bool(named) or any(
                bare(given) in words for call in calls for given in (*call.arguments, *_values(call))
            )
        return any(self._is_use(call, frame, unknown=False) for call in named)

    def _is_use(self, call: s.Call, frame: Frame, *, unknown: bool) -> bool:
        """Whether a call is of the library, or else is handed a handle; `unknown` is the answer for what is."""
        for value in options(self.evaluator.evaluate(call.function, frame)):
            if isinstance(value, Reference):
                if value.name in self.names:
                    return True
            elif isinstance(value, Handle | Method) or (unknown and isinstance(value, Unknown | Parameter)):
                return True
        given = [self.evaluator.evaluate(node, frame) for node in (*call.arguments, *_values(call))]
        return any(isinstance(option, Handle) for value in given for option in options(value))

    def _says_so(self, module: Module, function: s.Function | s.Lambda, frame: Frame) -> bool:
        """Whether a function may use a store itself, whoever calls it."""
        key = id(function)
        known = self._own.get(key)
        if known is None:
            if isinstance(function, s.Lambda):
                calls = tuple(inner for inner in walk(function.body) if isinstance(inner, s.Call))
                names = frozenset(map(last_name, calls))
            else:
                calls, names = calls_in(function.body), called_in(function.body)
            named = [] if names.isdisjoint(self.words) else [c for c in calls if last_name(c) in self.words]
            if named and not isinstance(function, s.Lambda):
                frame = self.evaluator.function_frame(module, function)
            known = self._own[key] = (
                any(self._is_use(call, frame, unknown=True) for call in named)
                if names.isdisjoint(self.handing)
                else self._uses(calls, names, frame)
            )
        return known

    def _ends(self, function: s.Function) -> bool:
        """Whether a function has a part that runs when it is over, where any call of a factory may roll back."""
        if function.is_generator:
            return True
        for node in statements(function.body):
            if isinstance(node, s.Try) and node.final:
                return True
            if isinstance(node, s.Function) and any(bare(d) in FINALIZERS for d in node.decorators):
                return True
        return False

    # -- the functions it calls

    def _leads(self, call: s.Call, module: Module, frame: Frame) -> bool:
        """Whether a call leads straight into a function that says so."""
        name = last_name(call)
        if name in self.handing and self._hands_on(call, frame):
            return True
        if not self.runs.relevance.near(call, module):
            return False
        if isinstance(call.function, s.Name):
            key = (module.path, name)
            if key not in self._by_module:
                self._by_module[key] = self._by_name(module, name)
            known = self._by_module[key]
            if known is not None:
                return known
        elif name in self._named_in(module):
            return True
        elif frame.owner is not None and name in self.evaluator.methods(frame.owner) and _is_own(call):
            return False
        return any(self._value(v, _MADE_BY) for v in options(self.evaluator.evaluate(call.function, frame)))

    def _hands_on(self, call: s.Call, frame: Frame) -> bool:
        given = [*call.arguments, *(value for _, value in call.keywords)]
        return any(
            isinstance(option, FunctionValue) and self._function(option)
            for node in given
            for option in options(self.evaluator.evaluate(node, frame))
        )

    def _value(self, value: Value, of_class: tuple[str, ...]) -> bool:
        """Whether calling a function or object, or these methods of a class, comes to one of the names."""
        if isinstance(value, FunctionValue):
            return self._function(value)
        if isinstance(value, ClassValue):
            methods = instances.methods(self.evaluator, Instance(value), of_class)
        elif isinstance(value, Instance):
            methods = instances.methods(self.evaluator, value, ("__call__", *of_class))
        else:
            return False
        return any(map(self._function, methods))

    def _function(self, value: FunctionValue) -> bool:
        return self._says_so(value.module, value.function, value.frame)

    def _named_in(self, module: Module) -> frozenset[str]:
        """The names of functions that say so, in a module and those that it imports from."""
        known = self._called.get(module.path)
        if known is None:
            around = {module.path: module}
            for bindings in module.names.bindings.values():
                for binding in bindings:
                    if binding.kind == "import":
                        found = self.evaluator.project.import_target(module, binding).module
                        if found is not None:
                            around[found.path] = found
            known = self._called[module.path] = frozenset(
                function.name
                for each in around.values()
                for function in each.functions
                if self._says_so(each, function, self.evaluator.module_frame(each))
            )
        return known

    def _by_name(self, module: Module, name: str, depth: int = 0) -> bool | None:
        """Whether what a module's name stands for says so; None where it takes more than names to tell."""
        bindings = module.names.bindings.get(name)
        if not bindings or depth > _DEEPEST:
            return None
        found = False
        for binding in bindings:
            node = binding.node
            told: bool | None = None
            if isinstance(node, s.Function):
                told = self._says_so(module, node, self.evaluator.module_frame(module))
            elif isinstance(node, s.Class):
                cls = ClassValue(module, node, self.evaluator.module_frame(module))
                told = self._value(cls, _MADE_BY)
            elif binding.kind == "import":
                target = self.evaluator.project.import_target(module, binding)
                if target.module is None:
                    told = False
                elif len(target.rest) == 1:
                    told = self._by_name(target.module, target.rest[0], depth + 1)
            if told is None:
                return None
            found = found or told
        return found


def _last_names(names: list[str]) -> frozenset[str]:
    return frozenset(name.rpartition(".")[2] for name in names) - {"__call__", ""}


def _values(call: s.Call) -> list[s.Expression]:
    return [value for _, value in call.keywords]


def _is_generator(callee: Value) -> bool:
    """Whether a function is a context manager made of a generator, whose parts run as it is called."""
    return (
        isinstance(callee, FunctionValue)
        and isinstance(callee.function, s.Function)
        and callee.function.is_generator
    )


def _is_own(call: s.Call) -> bool:
    """Whether a call is one of a method of the same object, `self.…()`."""
    function = call.function
    return (
        isinstance(function, s.Attribute)
        and isinstance(function.value, s.Name)
        and function.value.id in ("self", "cls")
    )
