"""What the tests put in place of the application's own: patched names, rebound factories, pinned variables."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    Frame,
    Handle,
    Hop,
    Literal,
    ModuleValue,
    Table,
    Text,
    Trail,
    Value,
    options,
    text,
    union,
    via,
)
from isolint.facts.order.environment import Environment
from isolint.facts.order.importorder import ENV_FILE_READERS, ImportOrder, Order
from isolint.facts.order.readings import Readings
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import dotted, show
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.targets.lattice import is_test_name

_SETTERS = frozenset({"setattr", "patch", "object"})
_CONFIGURE_HOOKS = frozenset(
    {"pytest_configure", "pytest_load_initial_conftests", "pytest_sessionstart", "pytest_addoption"}
)
_LOADERS = frozenset({"load_dotenv", "read_env", "read_envfile"})

Place = tuple[str, int]  # path and line of a module-level binding


class Replacements:
    """Reads the test modules and conftests that govern a file."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures, config: PytestConfig) -> None:
        self.evaluator = evaluator
        self.project = evaluator.project
        self.fixtures = fixtures
        self.config = config
        self.environment = Environment(evaluator)
        self.readings = Readings(evaluator)
        self.import_order = ImportOrder(self.project, self.environment, self.readings)
        self._orders: dict[str, Order] = {}
        self._replaced: dict[str, tuple[frozenset[Place], frozenset[Place]]] = {}
        entries = evaluator.vocabulary.handles.items()
        self._rebinders = {
            call.rpartition(".")[2] for call, found in entries if any(e.rebinds for e in found)
        }
        self._by_function: dict[int, frozenset[Place]] = {}
        self._pins: dict[str, dict[str, Value]] = {}
        self._origins: dict[tuple[str, Place], Hop] = {}

    # -- patched names

    def is_replaced(self, path: str, trail: Trail, *, imported: bool = False) -> bool:
        """Whether the tests of a file replace a name that a trail leads through.

        `imported` asks only for replacements made while conftests are imported: a name taken by
        `from module import name` is bound before any fixture runs.
        """
        return self.replaces(path, [(hop.path, hop.at[0]) for hop in trail], imported=imported)

    def replaces(self, path: str, places: list[Place], *, imported: bool = False) -> bool:
        """The same for places: the lines in which module-level names are bound."""
        for module in self.fixtures.chain(path):
            early, late = self._in_module(module)
            if not (early if imported else early | late).isdisjoint(places):
                return True
        return False

    def diverts(self, module: Module, functions: list[s.Function], places: list[Place]) -> bool:
        """Whether one of these places is replaced as conftests are imported, or by one of these functions."""
        if any(not self._in_module(seen)[0].isdisjoint(places) for seen in self.fixtures.chain(module.path)):
            return True
        return any(not self._by_function.get(id(f), frozenset()).isdisjoint(places) for f in functions)

    def _in_module(self, module: Module) -> tuple[frozenset[Place], frozenset[Place]]:
        if module.path not in self._replaced:
            frame = self.evaluator.module_frame(module)
            early = frozenset(self._places(module.facts.body, frame))
            late: set[Place] = set()
            for function in module.functions:
                inside = self.evaluator.function_frame(module, function)
                found = set(self._places(function.body, inside))
                found |= set(self._decorated(function, frame))
                self._by_function[id(function)] = frozenset(found)
                late |= found
                early = early | found if function.name in _CONFIGURE_HOOKS else early
            for cls in module.classes:
                late |= {place for d in cls.decorators for place in self._call_places(d, frame)}
            self._replaced[module.path] = (early, frozenset(late))
        return self._replaced[module.path]

    def origin(self, path: str, trail: Trail, *, imported: bool = False) -> Hop | None:
        """Where the tests of a file replace a name that a trail leads through; see `is_replaced`."""
        places = [(hop.path, hop.at[0]) for hop in trail]
        for module in self.fixtures.chain(path):
            early, late = self._in_module(module)
            for place in places:
                if place in (early if imported else early | late):
                    return self._origins[module.path, place]
        return None

    def made_by(self, module: Module, first: int, last: int) -> Trail:
        """The places in these lines of a module that replace something."""
        self._in_module(module)
        hops = [hop for (path, _), hop in self._origins.items() if path == module.path]
        return tuple(sorted({hop for hop in hops if first <= hop.at[0] <= last}, key=lambda hop: hop.at))

    def _decorated(self, function: s.Function, frame: Frame) -> Iterator[Place]:
        for decorator in function.decorators:
            yield from self._call_places(decorator, frame)

    def _places(self, body: s.Block, frame: Frame) -> Iterator[Place]:
        for node in statements(body):
            if isinstance(node, s.Function | s.Class):
                continue
            if isinstance(node, s.Assign):
                for target in node.targets:
                    if isinstance(target, s.Attribute):
                        yield from self._noted(
                            self._attribute(target.value, target.name, frame), frame, node.at
                        )
            for expression in expressions(node):
                for inner in walk(expression):
                    yield from self._call_places(inner, frame)

    def _noted(self, places: Iterator[Place], frame: Frame, at: s.Position) -> Iterator[Place]:
        for place in places:
            self._origins.setdefault((frame.module.path, place), Hop(frame.module.path, at, "replaced here"))
            yield place

    def _call_places(self, node: s.Expression, frame: Frame) -> Iterator[Place]:
        """The names that `monkeypatch.setattr`, `patch`, `patch.object` or `factory.configure` replace."""
        return self._noted(self._replaced_by(node, frame), frame, node.at)

    def _replaced_by(self, node: s.Expression, frame: Frame) -> Iterator[Place]:
        if not isinstance(node, s.Call):
            return
        name = (dotted(node.function) or "").rpartition(".")[2]
        if name in self._rebinders and isinstance(node.function, s.Attribute):
            receiver = self.evaluator.evaluate(node.function.value, frame)
            bound = [option for option in options(receiver) if isinstance(option, Handle)]
            yield from self._hops(receiver if name == "configure" else union(list(bound)))
        if name not in _SETTERS or not node.arguments:
            return
        first = self.evaluator.evaluate(node.arguments[0], frame)
        if isinstance(first, Literal) and isinstance(first.value, str):
            yield from self._named(first.value, frame)
        elif len(node.arguments) > 1:
            second = self.evaluator.evaluate(node.arguments[1], frame)
            if isinstance(second, Literal) and isinstance(second.value, str):
                yield from self._attribute(node.arguments[0], second.value, frame)

    def _named(self, name: str, frame: Frame) -> Iterator[Place]:
        parts = tuple(name.split("."))
        resolved = self.project.resolve(frame.module, parts) if all(parts) else None
        if resolved is not None and resolved.module is not None and resolved.rest:
            yield from self._binding(resolved.module, resolved.rest[0])

    def _attribute(self, owner: s.Expression, name: str, frame: Frame) -> Iterator[Place]:
        for value in options(self.evaluator.evaluate(owner, frame)):
            if isinstance(value, ModuleValue):
                yield from self._binding(value.module, name)
            else:
                yield from self._hops(value)

    def _binding(self, module: Module, name: str) -> Iterator[Place]:
        for binding in module.names.bindings.get(name, ()):
            yield (module.path, binding.line)
            if binding.kind == "import":
                yield from self._hops(self.evaluator.imported(binding, module))

    def _hops(self, value: Value) -> Iterator[Place]:
        """The place a handle or settings object is bound in, so that patching a part of it counts."""
        for option in options(value):
            for hop in option.trail[:1]:
                yield (hop.path, hop.at[0])

    # -- pinned variables

    def pins(self, path: str) -> dict[str, Value]:
        """The variables that the tests of a file set before the application can read them."""
        if path not in self._pins:
            found = dict(self._by_nox())
            found.update(self.order(path).pins)
            for module in reversed(self.fixtures.chain(path)):
                found.update(self._set_by_hooks(module))
            self._pins[path] = found
        return self._pins[path]

    def set_in(self, module: Module, function: s.Function) -> dict[str, Value]:
        """The variables that a test or fixture itself sets."""
        return dict(self.written(function.body, self.evaluator.function_frame(module, function)))

    def order(self, path: str) -> Order:
        """What importing a file's conftests and the file reads from and writes to the environment."""
        if path not in self._orders:
            outside: dict[str, Value] = {k: Literal(v) for k, v in self.config.environment.items()}
            modules: list[Module] = []
            for module in reversed(self.fixtures.chain(path)):
                modules += [*self.fixtures.plugins(module), module]
            self._orders[path] = self.import_order.play(modules, outside)
        return self._orders[path]

    def _set_by_hooks(self, module: Module) -> Iterator[tuple[str, Value]]:
        for function in module.functions:
            if function.name in _CONFIGURE_HOOKS:
                inside = self.evaluator.function_frame(module, function)
                for node in statements(function.body):
                    yield from self.environment.written(node, inside)
                yield from self._loaded(function.body, inside)
        yield from self._loaded(module.facts.body, self.evaluator.module_frame(module))

    def _loaded(self, body: s.Block, frame: Frame) -> Iterator[tuple[str, Value]]:
        """`load_dotenv(".env.test")`: what the file sets is not known, only that it is the tests' own."""
        for call in calls_in(body):
            if last_name(call) not in ENV_FILE_READERS:
                continue
            named = [*call.arguments[:1], *(value for _, value in call.keywords)]
            for value in (self.evaluator.evaluate(node, frame) for node in named):
                parts = value.parts if isinstance(value, Text) else (value,)
                name = "".join(text(part) or "" for part in parts).rpartition("/")[2]
                if is_test_name(name.lstrip(".")):
                    yield "DOTENV", via(value, Hop(frame.module.path, call.at, show(call)))

    def written(self, body: s.Block, frame: Frame) -> list[tuple[str, Value]]:
        """The environment variables that the statements of a block set."""
        return [pair for node in statements(body) for pair in self.environment.written(node, frame)]

    def _by_nox(self) -> Iterator[tuple[str, Value]]:
        """What the sessions of a noxfile that run pytest set."""
        module = self.project.module("noxfile.py")
        if module is None:
            return
        for function in module.functions:
            runs = [call for call in calls_in(function.body) if _starts_pytest(call)]
            if not runs:
                continue
            frame = self.evaluator.function_frame(module, function)
            yield from self.environment.of_session(function.body, frame)
            for call in runs:
                given = dict(call.keywords).get("env")
                table = self.evaluator.evaluate(given, frame) if given is not None else None
                yield from table.entries if isinstance(table, Table) else ()


def _starts_pytest(call: s.Call) -> bool:
    """`session.run("python", "-m", "pytest")`."""
    spelled = [node.value for node in call.arguments if isinstance(node, s.Constant)]
    return last_name(call) == "run" and "pytest" in spelled
