"""The value of a module's name once the module has run: bindings, re-exports, lazy singletons, submodules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning.values import (
    UNKNOWN,
    Frame,
    Literal,
    ModuleValue,
    Reference,
    Unknown,
    Value,
    options,
    union,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, bind

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator


class ModuleNames:
    """Evaluates the names of modules, each once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._known: dict[tuple[str, str], Value] = {}
        self._finding: set[tuple[str, str]] = set()
        self._by_name: dict[str, dict[str, list[s.Function]]] = {}

    def value(self, module: Module, name: str, line: int | None = None) -> Value:
        """The value of a module's name: after the whole module has run, or as read in `line` of its top level."""
        bindings = module.names.bindings.get(name)
        frame = self.evaluator.module_frame(module)
        if bindings and line is not None:
            return self.evaluator.bound(bindings, frame, line)
        key = (module.path, name)
        if key in self._finding:
            self.evaluator.give_up()
            return UNKNOWN
        if key not in self._known:
            self._finding.add(key)
            value = self._final(module, name, bindings, frame)
            self._finding.discard(key)
            if self.evaluator.is_exhausted:
                return value
            self._known[key] = value
        return self._known[key]

    def _final(self, module: Module, name: str, bindings: tuple[Binding, ...] | None, frame: Frame) -> Value:
        values = [] if bindings is None else list(options(self.evaluator.bound(bindings, frame, None)))
        if bindings is None or all(v == Literal(None) or v == UNKNOWN for v in values):
            assigned = self._assigned_by_functions(module, name)
            values = assigned or values
        if bindings is None and not values:
            return self._unbound(module, name)
        return union(values)

    def _assigned_by_functions(self, module: Module, name: str) -> list[Value]:
        """What functions that declare the name global assign to it (a lazy accessor's singleton)."""
        if name not in module.facts.globals:
            return []
        values: list[Value] = []
        for function in self._setters(module).get(name, ()):
            frame = self.evaluator.function_frame(module, function)
            bindings = self.evaluator.names(frame).bindings[name]
            values += [self.evaluator.binding(b, frame) for b in bindings if b.kind == "assign"]
        return [v for v in values if v != Literal(None)]

    def _setters(self, module: Module) -> dict[str, list[s.Function]]:
        """Name -> the functions of a module that declare it global and bind it."""
        if module.path not in self._by_name:
            found: dict[str, list[s.Function]] = {}
            for function in module.functions:
                names = bind(function.body)
                for name in names.globals & names.bindings.keys():
                    found.setdefault(name, []).append(function)
            self._by_name[module.path] = found
        return self._by_name[module.path]

    def _unbound(self, module: Module, name: str) -> Value:
        submodule = self.evaluator.project.submodule(module, name)
        if submodule is not None:
            return ModuleValue(submodule)
        for binding in module.names.bindings.get("*", ()):
            if isinstance(binding.node, s.Import):
                source = self.evaluator.project.source_module(module, binding.node)
                if source.module is not None and source.module is not module:
                    found = self.evaluator.module_name(source.module, name)
                    if name in source.module.names.bindings or not isinstance(found, Reference | Unknown):
                        return found
                elif self.evaluator.vocabulary.knows(f"{source.external}.{name}"):
                    return Reference(f"{source.external}.{name}")
        return Reference(f"builtins.{name}")
