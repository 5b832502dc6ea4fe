"""Which test code may come to a call that makes rows, told by names alone: nothing is evaluated for the rest.

A function that is handed on rather than called leads as far as its call would, so what is asked are the names
that stand where something is called, passed, assigned or returned.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from typing import NamedTuple

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import bind, statements
from isolint.facts.program.show import bare
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.reach import Reach

MANAGER = frozenset(
    "create bulk_create get_or_create update_or_create create_user create_superuser acreate abulk_create "
    "aget_or_create aupdate_or_create".split()
)
FACTORY = frozenset({"create", "create_batch"})
SAVES = frozenset({"save", "asave"})
_BUILTINS = frozenset(dir(builtins))
IsFactory = Callable[[Module, str], bool]


class _Words(NamedTuple):
    """What a function may come to: rows by itself, or whatever the functions of these names come to."""

    makes: bool
    names: frozenset[str]


class RowWords:
    """Follows names through the test modules that one leads to. `is_factory` tells a class that makes rows."""

    def __init__(self, reach: Reach, is_factory: IsFactory) -> None:
        self.reach = reach
        self.is_factory = is_factory
        self._defined: dict[str, dict[str, tuple[_Words, ...]]] = {}
        self._led: dict[str, dict[str, bool]] = {}

    def function(self, module: Module, function: s.Function, seen_from: Module) -> bool:
        """Whether a function may make rows, for a test class that stands in the module `seen_from`."""
        words = self._of(module, function)
        return words.makes or any(self.name(name, seen_from) for name in words.names)

    def call(self, node: s.Call, module: Module, seen_from: Module) -> bool:
        """Whether a call in a function of `module` may lead into test code that makes rows."""
        target = node.function
        if isinstance(target, s.Name):
            if target.id not in module.names.bindings and target.id not in _BUILTINS:
                return True  # what a parameter or a local variable stands for
        elif not isinstance(target, s.Attribute):
            return True
        given = (target, *node.arguments, *(value for _, value in node.keywords))
        return any(name and self.name(name, seen_from) for name in map(bare, given))

    def name(self, name: str, seen_from: Module) -> bool:
        """Whether any function of this name may make rows."""
        led = self._led.setdefault(seen_from.path, {})
        known = led.get(name)
        return (
            self._follow(name, led, (seen_from, *self.reach.support(seen_from))) if known is None else known
        )

    def _follow(self, name: str, led: dict[str, bool], world: tuple[Module, ...]) -> bool:
        seen = {name}
        pending = [name]
        while pending:
            current = pending.pop()
            if led.get(current, False):
                break
            for module in world:
                for words in self._definitions(module).get(current, ()):
                    if words.makes:
                        led[name] = True
                        return True
                    pending += [n for n in words.names if n not in seen and led.get(n) is not False]
                    seen |= words.names
        else:
            led.update(dict.fromkeys(seen, False))
            return False
        led[name] = True
        return True

    # -- one module

    def _definitions(self, module: Module) -> dict[str, tuple[_Words, ...]]:
        """The functions of a module by name; a name that stands for something else is one that only mentions it."""
        if module.path not in self._defined:
            found: dict[str, list[_Words]] = {}
            for function in module.functions:
                if not function.name.startswith("test"):
                    found.setdefault(function.name, []).append(self._of(module, function))
                for name, words in _renamed(function.body, local=True):
                    found.setdefault(name, []).append(words)
            for body in (module.facts.body, *(cls.body for cls in module.classes)):
                for name, words in _renamed(body, local=False):
                    found.setdefault(name, []).append(words)
            self._defined[module.path] = {name: tuple(several) for name, several in found.items()}
        return self._defined[module.path]

    def _of(self, module: Module, function: s.Function) -> _Words:
        names: set[str] = set()
        for call in calls_in(function.body):
            if self._makes(call, module, function):
                return _Words(True, frozenset())
            names.add(last_name(call))
            for given in call.arguments:
                names.add(bare(given))
            for _, given in call.keywords:
                names.add(bare(given))
        for node in statements(function.body):
            if isinstance(node, s.Assign | s.Return) and node.value is not None:
                names.add(bare(node.value))
        names.discard("")
        return _Words(False, frozenset(names))

    def _makes(self, call: s.Call, module: Module, function: s.Function) -> bool:
        """Whether a call may itself make a row, or call what no name tells."""
        target = call.function
        if isinstance(target, s.Attribute):
            name = target.name
            if name in SAVES or name in FACTORY:
                return True
            return (
                name in MANAGER and isinstance(target.value, s.Attribute) and target.value.name == "objects"
            )
        if not isinstance(target, s.Name):
            return not isinstance(target, s.Lambda)
        return self._may_be_factory(target.id, module, function)

    def _may_be_factory(self, name: str, module: Module, function: s.Function) -> bool:
        bindings = module.names.bindings
        if name in bindings:
            return self.is_factory(module, name)
        if name in _BUILTINS or any(parameter.name == name for parameter in function.parameters):
            return False
        return "*" in bindings or name in bind(function.body).bindings


def _renamed(body: s.Block, *, local: bool) -> Iterator[tuple[str, _Words]]:
    """The names that a body gives to what another name stands for; those of local variables are left out."""
    for node in statements(body):
        if isinstance(node, s.Assign) and node.value is not None:
            targets = [t for t in node.targets if not (local and isinstance(t, s.Name))]
            mentioned = _mentioned(node.value) if targets else frozenset()
            for name in map(bare, targets) if mentioned else ():
                if name and not mentioned <= {name}:
                    yield name, _Words(False, mentioned)
        elif isinstance(node, s.Import):
            for entry in node.names:
                if entry.alias and entry.alias != entry.name:
                    yield entry.alias, _Words(False, frozenset({entry.name.rpartition(".")[2]}))


def _mentioned(value: s.Expression) -> frozenset[str]:
    """The names of functions that an assigned value may stand for: its own, or what it wraps."""
    given = (value.function, *value.arguments) if isinstance(value, s.Call) else (value,)
    return frozenset(name for each in given if (name := bare(each)))
