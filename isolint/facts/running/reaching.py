"""Which functions can come to a call of certain words at all: told before anything is run in the mind."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import ClassValue, Frame, FunctionValue, Instance, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.running.relevance import Relevance, calls_in


class Reaching(Relevance):
    """Relevance to `words` alone: besides the calls, what they are handed and what `with` leaves is followed.

    With `within`, a wider relevance, only calls that stand in test code count: the product is followed as far as
    that one follows it, and only where it works with objects of the tests' classes, which it may call.
    """

    def __init__(self, evaluator: Evaluator, words: frozenset[str], within: Relevance | None = None) -> None:
        super().__init__(evaluator, words)
        self.within = within

    def starts(self, module: Module, function: s.Function) -> bool:
        """Whether running a function that nobody in particular calls may come to such a call."""
        return self.function(FunctionValue(module, function, self.evaluator.module_frame(module)))

    def function(self, callee: FunctionValue) -> bool:
        """Whether running a first-party function may come to such a call."""
        if self.within is not None and not callee.module.is_test:
            return _is_of_tests(callee) and self.within.function(callee)
        return super().function(callee)

    def _matters(self, callee: FunctionValue) -> bool:
        if super()._matters(callee):
            return True
        function = callee.function
        if isinstance(function, s.Lambda):
            return False
        frame = self.evaluator.function_frame(callee.module, function)
        return any(self._is_handed(node, frame) for node in calls_in(function.body)) or any(
            self.function(method) for method in self._left(function.body, frame)
        )

    def _is_handed(self, node: s.Call, frame: Frame) -> bool:
        """Whether a call is handed a function that matters, or what goes by one of the words."""
        for given in (*node.arguments, *(value for _, value in node.keywords)):
            match given:
                case s.Name(id=name) | s.Attribute(name=name) if name in self.words:
                    return True
                case s.Name(id=name) if not self._may_be_function(name, frame):
                    continue
                case s.Name() | s.Attribute(value=s.Name(id="self" | "cls")):
                    found = options(self.evaluator.evaluate(given, frame))
                    if any(self.function(option) for option in found if isinstance(option, FunctionValue)):
                        return True
        return False

    def _may_be_function(self, name: str, frame: Frame) -> bool:
        bindings = self.evaluator.names(frame).bindings.get(name) or frame.module.names.bindings.get(name, ())
        return any(binding.kind in ("function", "import") for binding in bindings)

    def _left(self, body: s.Block, frame: Frame) -> Iterator[FunctionValue]:
        """The methods that run when the blocks of `with` end."""
        for node in statements(body):
            for context, _ in node.items if isinstance(node, s.With) else ():
                for option in options(self.evaluator.evaluate(context, frame)):
                    if isinstance(option, Instance):
                        yield from instances.methods(self.evaluator, option, ("__exit__", "__aexit__"))


def _is_of_tests(callee: FunctionValue) -> bool:
    """Whether a method is called on an object of a class of the tests, or on the class."""
    receiver = callee.receiver
    cls = receiver.of if isinstance(receiver, Instance) else receiver
    return isinstance(cls, ClassValue) and cls.module.is_test
