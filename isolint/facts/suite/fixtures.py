"""The fixture graph: what a test requests, directly, through marks, autouse and the conftests above it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    FunctionValue,
    Generated,
    Handle,
    Items,
    Literal,
    Reference,
    Thing,
    UniqueName,
    Value,
    item,
    options,
    union,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, statements
from isolint.facts.suite.marks import fixtures_of
from isolint.late import dataclass

FIXTURE_DECORATORS = frozenset(
    {"pytest.fixture", "pytest_asyncio.fixture", "pytest.yield_fixture", "_pytest.fixtures.fixture"}
)
BY_NAME = "getfixturevalue"  # asks for a fixture by a name that need not be written out
SET_UP = ("setUp", "asyncSetUp", "setup_method", "setup", "setUpClass", "setup_class", "setUpTestData")
TEAR_DOWN = ("tearDown", "asyncTearDown", "teardown_method", "teardown", "tearDownClass", "teardown_class")
MODULE_SET_UP = ("setUpModule", "setup_module", "setup_function")
MODULE_TEAR_DOWN = ("tearDownModule", "teardown_module", "teardown_function")
TEST_CASES = ("unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase")


@dataclass(frozen=True, eq=False)
class Fixture:
    """A pytest fixture. `decorator` is the call (or name) that makes the function one."""

    module: Module
    function: s.Function
    name: str
    scope: str
    autouse: bool
    decorator: s.Expression
    owner: s.Class | None

    @cached_property
    def requests(self) -> tuple[str, ...]:
        """The fixtures it asks for by parameter."""
        return requested(self.function, self.owner is not None)


def requested(function: s.Function, method: bool) -> tuple[str, ...]:
    """The names of a function's parameters that pytest fills: those without default, `self` left out."""
    names = [p.name for p in function.parameters if p.kind in ("positional", "keyword") and p.default is None]
    return tuple(names[1:] if method else names)


class Fixtures:
    """Finds fixtures by name and by reach; the value of a fixture feeds the evaluator's parameters.

    `everywhere` are the names that the configuration puts around every test, whatever stands at the fixture itself.
    """

    def __init__(self, evaluator: Evaluator, everywhere: Collection[str] = ()) -> None:
        self.evaluator = evaluator
        self.project = evaluator.project
        self.everywhere = frozenset(everywhere)
        self._defined: dict[str, dict[str, Fixture]] = {}
        self._in_classes: dict[int, dict[str, Fixture]] = {}
        self._values: dict[int, Value] = {}
        self._chains: dict[str, tuple[Module, ...]] = {}
        self._needed: dict[int, tuple[Fixture, tuple[Fixture, ...]]] = {}
        self._tests: dict[str, tuple[tuple[s.Function, s.Class | None], ...]] = {}
        evaluator.parameter = self.injected

    def defined(self, module: Module) -> dict[str, Fixture]:
        """The fixtures a module offers at its top level, imported ones and those of its plugins included."""
        if module.path not in self._defined:
            self._defined[module.path] = {}
            found: dict[str, Fixture] = {}
            for plugin in self.plugins(module):
                found.update(self.defined(plugin))
            found.update(self._imported(module))
            for function in module.facts.body:
                if isinstance(function, s.Function) and (fixture := self.fixture(module, function, None)):
                    found[fixture.name] = fixture
            self._defined[module.path] = found
        return self._defined[module.path]

    def fixture(self, module: Module, function: s.Function, owner: s.Class | None) -> Fixture | None:
        """The fixture a function is, None when no decorator makes it one."""
        for decorator in function.decorators:
            call = decorator if isinstance(decorator, s.Call) else None
            target = call.function if call is not None else decorator
            value = self.evaluator.evaluate(target, self.evaluator.module_frame(module))
            if _name_of(value) in FIXTURE_DECORATORS:
                return self._made(module, function, owner, decorator, dict(call.keywords) if call else {})
        return None

    def _made(
        self,
        module: Module,
        function: s.Function,
        owner: s.Class | None,
        decorator: s.Expression,
        keywords: dict[str, s.Expression],
    ) -> Fixture:
        frame = self.evaluator.module_frame(module)
        read = {name: self.evaluator.evaluate(value, frame) for name, value in keywords.items()}
        named, scope, autouse = read.get("name"), read.get("scope"), read.get("autouse")
        name = str(named.value) if isinstance(named, Literal) else function.name
        return Fixture(
            module,
            function,
            name,
            str(scope.value) if isinstance(scope, Literal) else "function",
            name in self.everywhere or (isinstance(autouse, Literal) and bool(autouse.value)),
            decorator,
            owner,
        )

    def in_class(self, module: Module, owner: s.Class) -> dict[str, Fixture]:
        """The fixtures a test class and its first-party bases offer."""
        key = id(owner)
        known = self._in_classes.get(key)
        if known is None:
            known = self._offered(module, owner)
            if not self.evaluator.is_exhausted:
                self._in_classes[key] = known
        return known

    def _offered(self, module: Module, owner: s.Class) -> dict[str, Fixture]:
        found: dict[str, Fixture] = {}
        value = ClassValue(module, owner, self.evaluator.module_frame(module))
        for cls in reversed(instances.lineage(self.evaluator, value)[0]):
            for node in cls.node.body:
                if isinstance(node, s.Function) and (made := self.fixture(cls.module, node, cls.node)):
                    found[made.name] = made
        return found

    def _imported(self, module: Module) -> dict[str, Fixture]:
        found: dict[str, Fixture] = {}
        for name, bindings in module.names.bindings.items():
            last = bindings[-1]
            if last.kind != "import" or not isinstance(last.node, s.Import):
                continue
            if name == "*":
                nodes = [each.node for each in bindings if isinstance(each.node, s.Import)]
                for source in (self.project.source_module(module, node).module for node in nodes):
                    if source is not None and self._may_offer(source):
                        found.update(self.defined(source))
                continue
            resolved = self.project.import_target(module, last)
            if resolved.module is not None and len(resolved.rest) == 1 and self._may_offer(resolved.module):
                fixture = self.defined(resolved.module).get(resolved.rest[0])
                if fixture is not None:
                    found[name] = fixture
        return found

    def _may_offer(self, module: Module) -> bool:
        """Whether a module may define fixtures: one of the tests, or one that the product has for tests."""
        return module.is_test or "pytest" in (self.project.text(module.path) or "")

    def has_own_folder(self, module: Module) -> bool:
        """Whether the runner of a test module's tests runs them in a folder of their own, as trial does."""
        content = self.project.text(module.path) or ""
        return any(name in content for name in self.evaluator.vocabulary.runners)

    def plugins(self, module: Module) -> Iterator[Module]:
        """The modules of the project that a module's `pytest_plugins` names."""
        value = (
            self.evaluator.module_name(module, "pytest_plugins")
            if "pytest_plugins" in module.names.bindings
            else None
        )
        names = value.values if isinstance(value, Items) else (value,)
        for name in names:
            if isinstance(name, Literal) and isinstance(name.value, str):
                resolved = self.project.resolve(module, tuple(name.value.split(".")))
                if resolved.module is not None and not resolved.rest:
                    yield resolved.module

    def chain(self, path: str) -> tuple[Module, ...]:
        """The modules whose fixtures a file sees: itself, then the conftests from the nearest outwards."""
        if path not in self._chains:
            own = self.project.module(path)
            above = [m for m in self.project.conftests(path) if m.path != path]
            self._chains[path] = tuple(m for m in (own, *reversed(above)) if m is not None)
        return self._chains[path]

    def find(
        self, name: str, module: Module, owner: s.Class | None = None, besides: Fixture | None = None
    ) -> Fixture | None:
        """The fixture a name means in a module (and class); not `besides`, which asks for the one it overrides."""
        if owner is not None:
            found = self.in_class(module, owner).get(name)
            if found is not None and not _same(found, besides):
                return found
        for seen in self.chain(module.path):
            found = self.defined(seen).get(name)
            if found is not None and not _same(found, besides):
                return found
        return None

    def closure(self, module: Module, function: s.Function, owner: s.Class | None) -> tuple[Fixture, ...]:
        """Every fixture that runs for a test or fixture function: autouse, marked and requested, transitively."""
        names = [*self.marked(module, function, owner), *requested(function, owner is not None)]
        pending = [f for n in names if (f := self.find(n, module, owner))]
        pending = [*self.autouse(module, owner), *pending]
        return self.transitive(pending)

    def transitive(self, fixtures: list[Fixture]) -> tuple[Fixture, ...]:
        """The fixtures and those they request, each once."""
        found: dict[int, Fixture] = {}
        pending = list(fixtures)
        for current in pending:
            if id(current) not in found:
                found[id(current)] = current
                pending += self._needed_by(current)
        return tuple(found.values())

    def _needed_by(self, fixture: Fixture) -> tuple[Fixture, ...]:
        """The fixtures that one requests itself."""
        known = self._needed.get(id(fixture))
        if known is None or known[0] is not fixture:
            names = (*fixture.requests, *self.marked(fixture.module, fixture.function, None))
            needed = (self.find(name, fixture.module, fixture.owner, besides=fixture) for name in names)
            known = self._needed[id(fixture)] = (fixture, tuple(f for f in needed if f is not None))
        return known[1]

    def autouse(self, module: Module, owner: s.Class | None = None) -> list[Fixture]:
        """The autouse fixtures in force in a module (and class)."""
        found: dict[str, Fixture] = {}
        for seen in reversed(self.chain(module.path)):
            found.update(self.defined(seen))
        if owner is not None:
            found.update(self.in_class(module, owner))
        return [fixture for fixture in found.values() if fixture.autouse]

    def marked(self, module: Module, function: s.Function, owner: s.Class | None) -> tuple[str, ...]:
        """The fixtures that `usefixtures` names for a function: marks of its own, its class, those that this inherits
        from, its module; the configuration, if it is a test.
        """
        names = [*self.everywhere] if function.name.startswith("test") else []
        names += [name for mark in function.decorators for name in fixtures_of(self.evaluator, module, mark)]
        if owner is not None:
            value = ClassValue(module, owner, self.evaluator.module_frame(module))
            classes = instances.lineage(self.evaluator, value)[0] if owner.bases else (value,)
            marks = [(c.module, mark) for c in classes for mark in c.node.decorators]
            names += [name for held, mark in marks for name in fixtures_of(self.evaluator, held, mark)]
        for binding in module.names.bindings.get("pytestmark", ()):
            names += self.named_by_mark(module, binding)
        return tuple(names)

    def named_by_mark(self, module: Module, binding: Binding) -> list[str]:
        """The fixtures that a module's `pytestmark = ...` names; pytest ignores it in a conftest."""
        value = binding.value
        if value is None or module.path.endswith("conftest.py"):
            return []
        marks = value.items if isinstance(value, s.Sequence) else (value,)
        return [name for mark in marks for name in fixtures_of(self.evaluator, module, mark)]

    def set_ups(self, module: Module, owner: s.Class | None) -> list[tuple[Module, s.Function]]:
        """The set-up methods of a test class and its first-party bases."""
        return [] if owner is None else self.methods(module, owner, SET_UP)

    def methods(
        self, module: Module, owner: s.Class, names: tuple[str, ...]
    ) -> list[tuple[Module, s.Function]]:
        """The methods of these names that a test class and its first-party bases have."""
        value = ClassValue(module, owner, self.evaluator.module_frame(module))
        classes = instances.lineage(self.evaluator, value)[0]
        return [
            (cls.module, node)
            for cls in classes
            for node in cls.node.body
            if isinstance(node, s.Function) and node.name in names
        ]

    def tests(self, module: Module) -> tuple[tuple[s.Function, s.Class | None], ...]:
        """The test functions and methods of a module."""
        if module.path not in self._tests:
            self._tests[module.path] = tuple(self._tests_in(module))
        return self._tests[module.path]

    def _tests_in(self, module: Module) -> Iterator[tuple[s.Function, s.Class | None]]:
        for node in statements(module.facts.body):
            if isinstance(node, s.Function) and node.name.startswith("test"):
                yield node, None
            elif isinstance(node, s.Class) and (
                node.name.startswith("Test") or self.is_test_case(module, node)
            ):
                yield from (
                    (m, node) for m in node.body if isinstance(m, s.Function) and m.name.startswith("test")
                )

    def is_test_case(self, module: Module, node: s.Class) -> bool:
        """Whether a class is a `unittest.TestCase`, of whatever library."""
        if not node.bases:
            return False
        cls = ClassValue(module, node, self.evaluator.module_frame(module))
        external = instances.lineage(self.evaluator, cls)[1]
        return any(name in TEST_CASES or name.endswith("TestCase") for name in external)

    def injected(self, frame: Frame, parameter: s.Parameter) -> Value | None:
        """The value pytest passes for a parameter of a test or fixture; None where it is not one of those."""
        function = frame.function
        if not isinstance(function, s.Function) or not frame.module.is_test:
            return None
        owner = frame.module.methods.get(id(function))
        own = self.fixture(frame.module, function, owner)
        if own is None and not function.name.startswith("test"):
            return None
        if is_parametrized(function, parameter.name):
            return self._passed_by_parametrize(frame.module, function, parameter.name)
        found = self.find(parameter.name, frame.module, owner, besides=own)
        return self.value(found) if found is not None else self._provided(parameter.name)

    def _passed_by_parametrize(self, module: Module, function: s.Function, name: str) -> Value:
        """The values that `@pytest.mark.parametrize` passes for an argument."""
        frame = self.evaluator.module_frame(module)
        for names, values in _parametrizations(function):
            if name in names:
                listed = self.evaluator.evaluate(values, frame)
                position = names.index(name)
                items_ = listed.values if isinstance(listed, Items) else ()
                return union([v if len(names) == 1 else item(v, position) for v in items_])
        return UNKNOWN

    def value(self, fixture: Fixture) -> Value:
        """What a fixture returns or yields."""
        key = id(fixture.function)
        if key not in self._values:
            frame = self.evaluator.function_frame(fixture.module, fixture.function)
            function = FunctionValue(
                fixture.module, fixture.function, self.evaluator.module_frame(fixture.module)
            )
            result = self.evaluator.result(function, frame)
            self._values[key] = union([o.item if isinstance(o, Generated) else o for o in options(result)])
        return self._values[key]

    def _provided(self, name: str) -> Value | None:
        """The value of a fixture that a plugin provides, as the vocabulary has it."""
        vocabulary = self.project.vocabulary
        if name in vocabulary.instance_fixtures:
            entry = vocabulary.instance_fixtures[name]
            known = vocabulary.types[vocabulary.canonical(entry.type)]
            return Handle(known.name, known.kind, level=entry.level if entry.level != "unknown" else "")
        if name in vocabulary.unique_fixtures:
            return UniqueName(vocabulary.unique_fixtures[name].scope)
        if name in vocabulary.isolating_fixtures:
            return Thing(f"pytest.{name}")
        return None


def _name_of(decorator: Value) -> str:
    """The full name of a decorator; of a first-party one in the suites of pytest and its plugins themselves."""
    if isinstance(decorator, FunctionValue) and isinstance(decorator.function, s.Function):
        return f"{decorator.module.dotted}.{decorator.function.qualname}"
    return decorator.name if isinstance(decorator, Reference) else ""


def _same(fixture: Fixture, other: Fixture | None) -> bool:
    return other is not None and fixture.function is other.function


def _parametrizations(function: s.Function) -> Iterator[tuple[list[str], s.Expression]]:
    """The argument names and values of each `parametrize` mark of a function."""
    for decorator in function.decorators:
        match decorator:
            case s.Call(
                function=s.Attribute(name="parametrize"), arguments=(s.Constant(value=str(names)), values, *_)
            ):
                yield names.replace(" ", "").split(","), values
            case s.Call(
                function=s.Attribute(name="parametrize"), arguments=(s.Sequence(items=items_), values, *_)
            ):
                yield [str(i.value) for i in items_ if isinstance(i, s.Constant)], values


def is_parametrized(function: s.Function, name: str) -> bool:
    """Whether a mark of the function passes an argument itself."""
    return any(name in names for names, _ in _parametrizations(function))
