"""Settings that tests override though the framework has used them up before any test runs."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, Frame, Reference, Value
from isolint.facts.order.lateness import Lateness
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.suite.fixtures import Fixtures
from isolint.late import dataclass
from isolint.vocabulary.entries import Override


@dataclass(frozen=True, slots=True)
class Overridden:
    """A setting that is overridden in vain, and where."""

    at: s.Position
    key: str


class FixedSettings:
    """Finds overrides in test modules."""

    def __init__(self, fixtures: Fixtures, lateness: Lateness) -> None:
        self.fixtures = fixtures
        self.lateness = lateness
        self.evaluator = fixtures.evaluator
        entries = [e for several in self.evaluator.vocabulary.overrides.values() for e in several]
        self.entries: tuple[Override, ...] = tuple(dict.fromkeys(entries))

    def overridden(self, module: Module) -> Iterator[Overridden]:
        """The settings that a test module overrides in vain, unless code in its reach reads them itself."""
        found = {each.at: each for each in self._found(module)}
        for key in {each.key for each in found.values()}:
            if self._is_read(key, module):
                found = {at: each for at, each in found.items() if each.key != key}
        yield from (found[at] for at in sorted(found))

    def _found(self, module: Module) -> Iterator[Overridden]:
        frame = self.evaluator.module_frame(module)
        decorators = [d for f in module.functions for d in f.decorators]
        for decorator in (*decorators, *(d for c in module.classes for d in c.decorators)):
            yield from self._in_expression(decorator, frame)
        for function in module.functions:
            if any(function.name.startswith(e.setup) for e in self.entries):
                continue
            inside = self.evaluator.function_frame(module, function)
            for node in statements(function.body):
                if isinstance(node, s.With):
                    for expression in expressions(node):
                        yield from self._in_expression(expression, inside)
                if isinstance(node, s.Assign):
                    for target in node.targets:
                        yield from self._assigned(target, node, inside)

    def _in_expression(self, expression: s.Expression, frame: Frame) -> Iterator[Overridden]:
        """`override_settings(DATABASES=...)`, as a decorator or context manager."""
        for inner in walk(expression):
            if isinstance(inner, s.Call) and inner.keywords:
                names = self._names(inner.function, frame)
                fixed = {k for e in self.entries if not names.isdisjoint(e.call) for k in e.fixed}
                yield from (Overridden(inner.at, key) for key, _ in inner.keywords if key in fixed)

    def _names(self, function: s.Expression, frame: Frame) -> set[str]:
        value = self.evaluator.evaluate(function, frame)
        if isinstance(value, Reference):
            return {value.name}
        if isinstance(function, s.Attribute) and frame.owner is not None:
            owner = ClassValue(frame.module, frame.owner, self.evaluator.module_frame(frame.module))
            if self._is_receiver(function.value, frame) and self.fixtures.is_test_case(
                frame.module, frame.owner
            ):
                bases = instances.lineage(self.evaluator, owner)[1]
                return {f"{base}.{function.name}" for base in (*bases, "django.test.SimpleTestCase")}
        return set()

    def _is_receiver(self, node: s.Expression, frame: Frame) -> bool:
        parameters = frame.function.parameters if frame.function is not None else ()
        return isinstance(node, s.Name) and bool(parameters) and node.id == parameters[0].name

    def _assigned(self, target: s.Expression, node: s.Assign, frame: Frame) -> Iterator[Overridden]:
        """`settings.DATABASES = ...` and `settings.DATABASES["default"]["NAME"] = ...`."""
        while isinstance(target, s.Subscript):
            target = target.value
        if not isinstance(target, s.Attribute):
            return
        for entry in self.entries:
            if target.name in entry.fixed and self._is_settings(target.value, entry, frame):
                yield Overridden(node.at, target.name)

    def _is_settings(self, node: s.Expression, entry: Override, frame: Frame) -> bool:
        value: Value = self.evaluator.evaluate(node, frame)
        if isinstance(value, Reference) and value.name in entry.objects:
            return True
        parameters = frame.function.parameters if frame.function is not None else ()
        named = isinstance(node, s.Name) and node.id in entry.fixtures
        return named and isinstance(node, s.Name) and node.id in {p.name for p in parameters}

    def _is_read(self, key: str, module: Module) -> bool:
        """Whether code that the tests around a module may load reads a setting, or too much code to tell."""
        world = self.lateness.world(module)
        if world is None:
            return True
        return any(key in _read(other) for other in world)


def _read(module: Module) -> frozenset[str]:
    """The names and strings that a module reads attributes or keys by; not what it assigns."""
    found: set[str] = set()
    for body in (module.facts.body, *(f.body for f in module.functions), *(c.body for c in module.classes)):
        for node in statements(body):
            values = [node.value] if isinstance(node, s.Assign) and node.value else []
            for expression in values if isinstance(node, s.Assign) else expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Attribute):
                        found.add(inner.name)
                    elif isinstance(inner, s.Constant) and isinstance(inner.value, str):
                        found.add(inner.value)
    return frozenset(found)
