"""The frames that expressions are evaluated in: one for each module, and one for each function nobody calls."""

from __future__ import annotations

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, Frame
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Names, bind, statements


class Frames:
    """Makes frames, and knows the names bound in them."""

    def __init__(self) -> None:
        self._functions: dict[int, Frame] = {}
        self._frames: dict[str, Frame] = {}
        self._methods: dict[int, dict[str, s.Function]] = {}

    def module_frame(self, module: Module) -> Frame:
        """The frame of a module's top level."""
        if module.path not in self._frames:
            self._frames[module.path] = Frame(module)
        return self._frames[module.path]

    def function_frame(self, module: Module, function: s.Function) -> Frame:
        """A frame for a function nobody in particular calls: its arguments are what is injected, or unknown."""
        key = id(function)
        if key not in self._functions:
            owner = module.methods.get(key)
            around = module.enclosing.get(key)
            parent = self.module_frame(module) if around is None else self.function_frame(module, around)
            receiver = (
                None if owner is None else instances.receiver(ClassValue(module, owner, parent), function)
            )
            self._functions[key] = Frame(module, function, parent, {}, receiver, owner)
        return self._functions[key]

    def names(self, frame: Frame) -> Names:
        """The names bound in the body a frame runs."""
        known = frame.names
        if known is None:
            known = frame.names = _names(frame)
        return known

    def methods(self, cls: s.Class) -> dict[str, s.Function]:
        """The functions that stand in the body of a class by name; of two with one name, the first."""
        key = id(cls)
        if key not in self._methods:
            found: dict[str, s.Function] = {}
            for node in statements(cls.body):
                if isinstance(node, s.Function):
                    found.setdefault(node.name, node)
            self._methods[key] = found
        return self._methods[key]

    def generic_frame(self, function: s.Function | s.Lambda) -> Frame | None:
        """The frame of a function that nobody in particular calls, if it was needed so far."""
        return self._functions.get(id(function))


def _names(frame: Frame) -> Names:
    body = frame.function if frame.function is not None else frame.owner
    if body is None:
        return frame.module.names
    return Names({}, frozenset()) if isinstance(body, s.Lambda) else bind(body.body)
