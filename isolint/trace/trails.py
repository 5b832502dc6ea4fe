"""The whole way of a handle: from the name in the code to every place that may decide, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolint.engine import Run
from isolint.facts.meaning.values import (
    Address,
    Frame,
    Handle,
    Hop,
    Items,
    Literal,
    Method,
    Text,
    Trail,
    Union,
    UniqueName,
    Value,
    Variable,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, statements
from isolint.facts.running.relevance import calls_in
from isolint.facts.targets.guards import is_guard, is_guard_call
from isolint.facts.targets.lattice import Target, is_product, judge, last_hops
from isolint.late import dataclass
from isolint.trace.answer import Step
from isolint.trace.steps import Steps

MOST_IMPORTS = 10


@dataclass(frozen=True, slots=True)
class Way:
    """The steps of a handle to where it leads, and what speaks against a finding; `holds` whether any of it does."""

    target: Target
    steps: tuple[Step, ...]
    against: tuple[str, ...]
    holds: bool


class Trails:
    """Follows handles as the tests of a file see them; for product code, as the application does."""

    def __init__(self, run: Run, steps: Steps, module: Module) -> None:
        self.know = run.knowledge
        self.steps = steps
        self.module = module
        self.paths = [module.path] if module.is_test else sorted(self.know.test_files)

    def of(self, handle: Handle, before: Trail = (), *, early: bool = False) -> Way:
        """The way of a handle; `before` leads to it. `early`: its name is bound before any fixture runs."""
        pins = self.know.replacements.pins(self.module.path) if self.module.is_test else {}
        target = judge(handle, pins, product=is_product(handle))
        trail = (*before, *target.trail)
        steps = [*self.steps.of(trail), *self._others(handle, trail)]
        against, holds = self._against(handle, target, early=early)
        return Way(target, tuple(steps), against, holds)

    def _others(self, handle: Handle, trail: Trail) -> Iterator[Step]:
        """The other places that may decide, where one of several values does."""
        seen = {(hop.path, hop.at[0]) for hop in trail}
        for word, leaf in _leaves(handle.url):
            for hop in last_hops(leaf):
                if (hop.path, hop.at[0]) not in seen:
                    seen.add((hop.path, hop.at[0]))
                    step = self.steps.step(hop)
                    yield Step(step.path, step.line, step.source, f"{word} {step.what or 'this'}")

    # -- what speaks against a finding

    def _against(self, handle: Handle, target: Target, *, early: bool) -> tuple[tuple[str, ...], bool]:
        pins = list(self._pins(handle, target))
        late = self.replaced(target.trail)
        replaced = self.replaced(target.trail, imported=True) if early else late
        said = [*pins, *replaced]
        if early and not replaced:
            said += [f"{place}, but this name is bound before that" for place in late]
        guard = self.guard()
        if guard and is_product(handle):
            said.append(guard)
        holds = bool(pins or replaced or (guard and is_product(handle)))
        return tuple(dict.fromkeys(said)), holds and self.module.is_test

    def _pins(self, handle: Handle, target: Target) -> Iterator[str]:
        """The variables on the way that the tests pin; all they pin, where that chooses the environment."""
        chosen = target.why.endswith("the tests choose")
        names = {value.name for value in _values(handle.url) if isinstance(value, Variable)}
        for path in self.paths:
            for name, value in self.know.replacements.pins(path).items():
                if name in names or chosen:
                    hops = [hop for hop in value.trail if hop.text.endswith("here") or "environ" in hop.text]
                    where = _place(hops[0]) if hops else self.know.config.path or "the configuration"
                    yield f"{where} pins `{name}`"

    def replaced(self, trail: Trail, *, imported: bool = False) -> list[str]:
        """Where tests replace a name that a trail leads through."""
        found = (self.know.replacements.origin(path, trail, imported=imported) for path in self.paths)
        return list(dict.fromkeys(f"{_place(hop)} replaces it" for hop in found if hop is not None))

    def guard(self) -> str:
        """The autouse fixture that refuses to run the tests of the file on anything but a test's store."""
        if not self.module.is_test or not self.know.is_guarded(self.module.path):
            return ""
        for fixture in self.know.fixtures.autouse(self.module):
            step = self.guard_in(fixture.module, fixture.function)
            if step is not None:
                place = f"{step.path}:{step.line}"
                return (
                    f"the autouse fixture `{fixture.name}` checks first that the store is a test's ({place})"
                )
        return ""

    def guard_in(self, module: Module, function: s.Function) -> Step | None:
        """The check in a function that refuses anything but a test's store; the function, if another one checks."""
        if not self.know.effects.of(module, function).guarded:
            return None
        evaluator = self.know.evaluator
        frame = evaluator.function_frame(module, function)
        for node in statements(function.body):
            if isinstance(node, s.Assert | s.If) and is_guard(node.test, frame, evaluator):
                return self.steps.step(Hop(module.path, node.test.at, "a guard"), "the guard")
        checks = [call for call in calls_in(function.body) if is_guard_call(call)]
        at = checks[0].at if checks else function.name_at
        return self.steps.step(Hop(module.path, at, "a guard"), "the guard")

    # -- where a name comes from

    def origin(self, expression: s.Expression, frame: Frame) -> tuple[Trail, bool]:
        """The import or fixture that an expression's name comes from, and whether it is bound before fixtures run."""
        plain = isinstance(expression, s.Name)
        while isinstance(expression, s.Attribute | s.Call | s.Subscript):
            plain = plain or isinstance(expression, s.Call)
            expression = expression.function if isinstance(expression, s.Call) else expression.value
        if not isinstance(expression, s.Name):
            return (), False
        return self._named(expression.id, frame, plain)

    def _named(self, name: str, frame: Frame, plain: bool) -> tuple[Trail, bool]:
        current: Frame | None = frame
        while current is not None:
            names = self.know.evaluator.names(current)
            bindings = names.bindings.get(name, ())
            if bindings:
                imports = [binding for binding in bindings if binding.kind == "import"]
                early = current.function is None and bool(imports) and plain
                return tuple(self._imports(current.module, imports[-1:])), early
            function = current.function
            if function is not None and any(p.name == name for p in function.parameters):
                return self._requested(name, current), False
            current = current.parent
        return (), False

    def _imports(self, module: Module, bindings: Sequence[Binding]) -> Iterator[Hop]:
        """The import that binds a name, and those that pass it on on the way."""
        for _ in range(MOST_IMPORTS):
            if not bindings or bindings[-1].kind != "import":
                return
            binding = bindings[-1]
            found = self.know.project.import_target(module, binding)
            if found.module is None:
                return
            yield _import_hop(module, binding)
            if not found.rest:
                return
            module, bindings = found.module, found.module.names.bindings.get(found.rest[0], ())

    def _requested(self, name: str, frame: Frame) -> Trail:
        """The fixture that a parameter stands for."""
        if not isinstance(frame.function, s.Function) or not frame.module.is_test:
            return ()
        owner = frame.module.methods.get(id(frame.function))
        own = self.know.fixtures.fixture(frame.module, frame.function, owner)
        if own is None and not frame.function.name.startswith("test"):
            return ()
        found = self.know.fixtures.find(name, frame.module, owner, besides=own)
        if found is None:
            return ()
        return (Hop(found.module.path, found.function.name_at, f"the fixture {name}"),)


def _import_hop(module: Module, binding: Binding) -> Hop:
    at = binding.node.at if binding.imported is None else binding.imported.at
    return Hop(module.path, at, "the import")


def _place(hop: Hop) -> str:
    return f"{hop.path}:{hop.at[0]}"


def _parts(value: Value) -> tuple[Value | None, ...]:
    """The values that a value is put together from."""
    match value:
        case Union():
            return value.options
        case Text():
            return value.parts
        case Address():
            return (value.base, *(part for _, part in value.components))
        case Variable():
            return (value.default,)
        case Method():
            return (value.receiver,)
        case Handle():
            return (value.url,)
        case Items():
            return value.values
    return ()


def _values(value: Value | None) -> Iterator[Value]:
    """A value and all it is put together from."""
    if value is not None:
        yield value
        for part in _parts(value):
            yield from _values(part)


def _leaves(value: Value | None, word: str = "or", before: Trail = ()) -> Iterator[tuple[str, Trail]]:
    """The trails to the places that may decide what a value is, or ("with") a part of it."""
    if value is None:
        return
    trail = (*before, *value.trail)
    if isinstance(value, Literal | Variable | UniqueName) and value != Literal(None):
        yield word, trail
    below = "with" if isinstance(value, Text | Address) else word
    for part in _parts(value):
        yield from _leaves(part, below, trail)
