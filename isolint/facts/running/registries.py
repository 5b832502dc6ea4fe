"""Assignments to the registries that the vocabulary knows, as the calls that they are.

`app.dependency_overrides[get_db] = fake` is `app.dependency_overrides.__setitem__(get_db, fake)`, so that runs
meet it in its place among the calls, with its phase and the way that led there.
"""

from __future__ import annotations

from collections.abc import Iterable

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import show

SUBSCRIPT = ".[]"


class Writes:
    """Finds the writes to attributes that `calls` of the vocabulary, those ending in ".[]", say to watch."""

    def __init__(self, calls: Iterable[str]) -> None:
        names = (call.removesuffix(SUBSCRIPT) for call in calls if call.endswith(SUBSCRIPT))
        self.attributes = frozenset(name.rpartition(".")[2] for name in names)
        self._of: dict[int, tuple[s.Call, ...]] = {}

    def of(self, node: s.Statement) -> tuple[s.Call, ...]:
        """The writes of a statement."""
        if not isinstance(node, s.Assign | s.Delete):
            return ()
        key = id(node)
        if key not in self._of:
            self._of[key] = tuple(call for target in node.targets if (call := self._write(node, target)))
        return self._of[key]

    def _write(self, node: s.Assign | s.Delete, target: s.Expression) -> s.Call | None:
        value = node.value if isinstance(node, s.Assign) else None
        given = () if value is None else (value,)
        match target:
            case s.Subscript(value=s.Attribute(name=name) as registry, index=index) if (
                name in self.attributes
            ):
                method = "__delitem__" if isinstance(node, s.Delete) else "__setitem__"
                return s.Call(s.Attribute(registry, method, target.at), (index, *given), (), node.at)
            case s.Attribute(name=name) if name in self.attributes:
                method = "__set__" if isinstance(node, s.Assign) and node.operator == "=" else "update"
                return s.Call(s.Attribute(target, method, target.at), given, (), node.at)
        return None

    def concerns(self, node: s.Call) -> bool:
        """Whether a call is one of a registry's methods, or is handed a registry, itself or by its name."""
        function = node.function
        if isinstance(function, s.Attribute):
            owner = function.value
            if isinstance(owner, s.Attribute) and owner.name in self.attributes:
                return True
        for given in node.arguments:
            if isinstance(given, s.Attribute) and given.name in self.attributes:
                return True
            if isinstance(given, s.Constant) and given.value in self.attributes:
                return True
        return False

    def registry(self, node: s.Call) -> s.Attribute | None:
        """The registry that a call is made on, or is handed."""
        function = node.function
        owner = function.value if isinstance(function, s.Attribute) else None
        for expression in (owner, *node.arguments):
            if isinstance(expression, s.Attribute) and expression.name in self.attributes:
                return expression
        return None

    def name(self, node: s.Call) -> str:
        """The name of the event of a call that concerns a registry."""
        registry = self.registry(node)
        function = node.function
        last = function.name if isinstance(function, s.Attribute) else "()"
        return f"{registry.name if registry is not None else ''}.{last}"

    def shown(self, node: s.Call) -> str:
        """A call that concerns a registry as a reader would have written it."""
        match node:
            case s.Call(function=s.Attribute(value=registry, name="__set__"), arguments=(value,)):
                return f"{show(registry)} = {show(value)}"
            case s.Call(function=s.Attribute(value=registry, name="__setitem__"), arguments=(key, value)):
                return f"{show(registry)}[{show(key)}] = {show(value)}"
            case s.Call(function=s.Attribute(value=registry, name="__delitem__"), arguments=(key,)):
                return f"del {show(registry)}[{show(key)}]"
        return show(node)

    def within(self, module: Module, body: s.Block) -> tuple[s.Position, ...]:
        """Where a body of a module writes to a registry itself."""
        if self.attributes.isdisjoint(module.facts.attributes):
            return ()
        found = []
        for node in statements(body):
            found += [call.at for call in self.of(node)]
            for expression in expressions(node):
                found += [
                    inner.at for inner in walk(expression) if isinstance(inner, s.Call) and self._adds(inner)
                ]
        return tuple(found)

    def _adds(self, node: s.Call) -> bool:
        match node.function:
            case s.Attribute(value=s.Attribute(name=name), name="update" | "setdefault"):
                return name in self.attributes
        return False
