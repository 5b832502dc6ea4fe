"""What the expressions of a statement stand for."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.engine import Run
from isolint.facts.meaning import handles
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Generated,
    Handle,
    Hop,
    Instance,
    Method,
    ModuleValue,
    Thing,
    Trail,
    Unknown,
    Value,
    Variable,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import children, expressions
from isolint.facts.program.show import show
from isolint.facts.targets.lattice import is_product
from isolint.trace.answer import Subject
from isolint.trace.spots import Spot
from isolint.trace.steps import Steps
from isolint.trace.trails import Trails, Way
from isolint.trace.words import described, level, with_article

# What a handle's type may be without leading to any store of its own.
NO_STORES = frozenset({"metadata", "orm", "dialect"})


class Lines:
    """Reads handles, and failing those other things worth a word, out of statements."""

    def __init__(self, run: Run, steps: Steps, trails: Trails) -> None:
        self.know = run.knowledge
        self.evaluator = run.knowledge.evaluator
        self.steps = steps
        self.trails = trails
        self.holding: list[bool] = []

    def subjects(self, found: Spot, line: int) -> tuple[Subject, ...]:
        """What a line of a statement stands for: its handles; where there is none, what else it holds."""
        node, frame = found.statement, found.frame(self.evaluator)
        if isinstance(node, s.Import):
            return tuple(self._imported(found, node, frame, line))
        told = list(self.handles(found))
        return tuple(told or self._rest(found, frame))

    # -- imports

    def _imported(self, found: Spot, node: s.Import, frame: Frame, line: int) -> Iterator[Subject]:
        for binding in found.bindings(self.evaluator):
            entry = binding.imported
            if entry is not None and line > node.at[0] and entry.at[0] != line:
                continue
            value = self.evaluator.binding(binding, frame)
            at = node.at if entry is None else entry.at
            hop = Hop(found.module.path, at, "the import")
            early = frame.function is None
            if isinstance(value, ModuleValue):
                yield from self._through_module(found, entry, binding.name, frame)
            elif any(isinstance(option, Handle) for option in options(value)):
                before = self.trails.origin(s.Name(binding.name, hop.at), frame)[0] or (hop,)
                yield from self._told(binding.name, at, value, before, early=early)
            elif isinstance(value, FunctionValue):
                yield from self._function(binding.name, at, value, (hop,))
            elif not isinstance(value, ClassValue):
                yield from self._other(binding.name, at, value, (hop,))

    def _function(self, name: str, at: s.Position, value: FunctionValue, before: Trail) -> Iterator[Subject]:
        """An imported function that hands out a handle."""
        function = value.function
        if not isinstance(function, s.Function) or self.know.fixtures.fixture(value.module, function, None):
            return
        result = self.evaluator.result(value, self.evaluator.call_frame(value, None, value.frame))
        for option in options(result):
            item = option.item if isinstance(option, Generated) else option
            for handle in options(item):
                if isinstance(handle, Handle):
                    hop = Hop(value.module.path, function.name_at, f"{name}()")
                    way = self.trails.of(handle, (*before, hop))
                    self.holding.append(way.holds)
                    what = f"a function that gives {with_article(handle.kind)}"
                    yield Subject(name, what, at[0], level(way.target), way.steps, way.against)

    def _through_module(
        self, found: Spot, entry: s.ImportedName | None, name: str, frame: Frame
    ) -> Iterator[Subject]:
        """The handles that the file takes from an imported module."""
        prefix = entry.name if entry is not None and not entry.alias and "." in entry.name else name
        seen: set[str] = set()
        for use in self.know.module_sites(found.module).uses(prefix):
            if use.name not in seen:
                seen.add(use.name)
                value = self.evaluator.evaluate(use, frame)
                hop = Hop(found.module.path, found.statement.at, "the import")
                yield from self._told(show(use), use.at, value, (hop, Hop(hop.path, use.at, show(use))))

    # -- expressions

    def handles(self, found: Spot) -> Iterator[Subject]:
        """The handles a statement makes or uses, outermost expressions first."""
        frame = found.frame(self.evaluator)
        seen: set[tuple[object, ...]] = set()
        for expression, value in self.stores(found.statement, frame):
            name, before, early = self._from(found, frame, expression, value)
            for subject in self._told(name, expression.at, value, before, early=early):
                key = (subject.what, tuple((step.path, step.line) for step in subject.steps))
                if key not in seen:
                    seen.add(key)
                    yield subject

    def _from(
        self, found: Spot, frame: Frame, expression: s.Expression, value: Value
    ) -> tuple[str, Trail, bool]:
        """How an expression is called, the hops to where its value comes from, whether it is bound early."""
        node, name, at = found.statement, show(expression), expression.at
        if isinstance(node, s.Assign) and expression is node.value and len(node.targets) == 1:
            name, at = show(node.targets[0]), node.at
        here = Hop(found.module.path, at, show(expression))
        before, early = self.trails.origin(expression, frame)
        starts_here = any(_same(hop, here) for hop in value.trail)
        return name, (here,) if starts_here else (here, *before), early

    def stores(self, node: s.Statement, frame: Frame) -> Iterator[tuple[s.Expression, Value]]:
        """The outermost expressions of a statement that stand for handles."""
        pending = list(reversed(list(expressions(node))))
        while pending:
            expression = pending.pop()
            value = self.value(expression, frame)
            if any(isinstance(option, Handle) and option.kind not in NO_STORES for option in options(value)):
                yield expression, value
            else:
                pending.extend(reversed(children(expression)))

    def value(self, expression: s.Expression, frame: Frame) -> Value:
        """What an expression stands for, attributes of handles read as values."""
        value = self.evaluator.evaluate(expression, frame)
        return handles.as_value(self.evaluator, value) if isinstance(value, Method) else value

    def _told(
        self, name: str, at: s.Position, value: Value, before: Trail, *, early: bool = False
    ) -> Iterator[Subject]:
        for option in options(value):
            if isinstance(option, Handle):
                way = self.trails.of(option, before, early=early)
                self.holding.append(way.holds)
                yield subject(name, at, option, way)

    # -- what is no handle

    def _rest(self, found: Spot, frame: Frame) -> Iterator[Subject]:
        """Settings and the objects of libraries and the project, where there is no handle."""
        node = found.statement
        if isinstance(node, s.Assign) and isinstance(found.holder, s.Class):
            yield from self._field(found)
            return
        pending = list(reversed(list(expressions(node))))
        while pending:
            expression = pending.pop()
            value = self.evaluator.evaluate(expression, frame)
            if isinstance(value, Thing | Instance | Variable):
                name, before, _ = self._from(found, frame, expression, value)
                yield from self._other(name, expression.at, value, before)
            if not isinstance(expression, s.Attribute):
                pending.extend(reversed(children(expression)))

    def _field(self, found: Spot) -> Iterator[Subject]:
        for binding in found.bindings(self.evaluator):
            value = self.steps.value(found, None)
            if isinstance(value, Variable):
                yield from self._other(binding.name, found.statement.at, value, (), setting=True)

    def _other(
        self, name: str, at: s.Position, value: Value, before: Trail, *, setting: bool = False
    ) -> Iterator[Subject]:
        if isinstance(value, Unknown):
            return
        what = described(value, self.evaluator, setting=setting)
        if what:
            yield Subject(name, what, at[0], None, self.steps.of((*before, *value.trail)))


def subject(name: str, at: s.Position, handle: Handle, way: Way) -> Subject:
    """A handle with its way."""
    what = f"the application's {handle.kind}" if is_product(handle) else with_article(handle.kind)
    return Subject(name, what, at[0], level(way.target), way.steps, way.against)


def _same(hop: Hop, other: Hop) -> bool:
    return (hop.path, hop.at[0]) == (other.path, other.at[0])
