"""In which order the modules of a test run read and set environment variables, as they are imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from isolint.facts.meaning.values import Hop, Trail, Value
from isolint.facts.order.environment import Environment, may_write
from isolint.facts.order.readings import Readings
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import blocks, is_type_checking, statements, told
from isolint.facts.running.relevance import last_name
from isolint.late import dataclass

MOST_MODULES = 600
ENV_FILE_READERS = frozenset({"load_dotenv", "read_env", "dotenv_values"})


@dataclass(frozen=True, slots=True)
class Write:
    """A variable that is set after product code has read it: `trail` leads from the import to the read."""

    name: str
    value: Value
    hop: Hop
    trail: Trail


@dataclass(slots=True)
class Order:
    """What has happened once the modules around a test are imported.

    `read` maps the variables that product code has read to the way there, `pins` those set before that to
    their values. `late` are the writes that came after a read. `loaded` are the product modules imported, with
    those `pending` that nobody asked for yet. `sealed` says that a file of variables was loaded, so that any of
    those read from then on may be set.
    """

    read: dict[str, Trail] = field(default_factory=dict)
    pins: dict[str, Value] = field(default_factory=dict)
    late: list[Write] = field(default_factory=list)
    loaded: dict[str, Module] = field(default_factory=dict)
    pending: list[tuple[Hop, Module]] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)
    sealed: bool = False
    is_cut: bool = False


class ImportOrder:
    """Plays the imports of test modules."""

    def __init__(self, project: Project, environment: Environment, readings: Readings) -> None:
        self.project = project
        self.environment = environment
        self.evaluator = environment.evaluator
        self.readings = readings
        self._closures: dict[str, tuple[Module, ...]] = {}
        self._imported: dict[int, tuple[Module, ...]] = {}
        self._steps: dict[str, tuple[s.Statement, ...]] = {}
        self._hops_of: dict[int, tuple[tuple[Hop, Module], ...]] = {}

    def play(self, modules: list[Module], pinned: Mapping[str, Value]) -> Order:
        """What importing these modules, one after the other, reads and sets after what is `pinned` from outside."""
        order = Order(pins=dict(pinned))
        for module in modules:
            self._test_module(module, order)
        return order

    def _test_module(self, module: Module, order: Order) -> None:
        if module.path not in order.entered:
            order.entered.add(module.path)
            self._run(module, order)

    def _run(self, module: Module, order: Order) -> None:
        """Run a module's top level for what it imports, sets and loads."""
        frame = self.evaluator.module_frame(module)
        if module.path not in self._steps:
            self._steps[module.path] = tuple(_steps(module.facts.body))
        for node in self._steps[module.path]:
            if isinstance(node, s.Import):
                self._import(node, module, order)
            for name, value in self.environment.written(node, frame):
                self._write(name, value, Hop(module.path, node.at, name), order)
            called = _called(node, module)
            if called is not None:
                inside = self.evaluator.function_frame(module, called)
                for inner in statements(called.body):
                    for name, value in self.environment.written(inner, inside):
                        self._write(name, value, Hop(module.path, inner.at, name), order)
            if _loads_file(node):
                self.settle(order)
                order.sealed = True

    def _write(self, name: str, value: Value, hop: Hop, order: Order) -> None:
        self.settle(order)
        if name in order.read:
            order.late.append(Write(name, value, hop, order.read[name]))
        else:
            order.pins[name] = value

    def _import(self, node: s.Import, module: Module, order: Order) -> None:
        for pair in self._hops(node, module):
            if pair[1].is_test:
                self._test_module(pair[1], order)
            else:
                order.pending.append(pair)

    def _hops(self, node: s.Import, module: Module) -> tuple[tuple[Hop, Module], ...]:
        """The modules that an import statement runs, each with the hop that tells so; the same for every order."""
        key = id(node)
        if key not in self._hops_of:
            self._hops_of[key] = tuple(
                (Hop(module.path, node.at, f"imports {found.dotted}"), found)
                for found in self.imported(module, node)
            )
        return self._hops_of[key]

    def settle(self, order: Order) -> None:
        """Follow the imports of product code so far, which `read` and `loaded` take in only now."""
        for hop, module in order.pending:
            for loaded in self._closure(module, order):
                if loaded.path not in order.loaded:
                    order.loaded[loaded.path] = loaded
                    for name, trail in self.readings.at_import(loaded).items():
                        if name not in order.pins and not order.sealed:
                            order.read.setdefault(name, (hop, *trail))
        order.pending.clear()

    def _closure(self, module: Module, order: Order) -> tuple[Module, ...]:
        """The product modules that importing one of them imports, itself last."""
        if module.path not in self._closures:
            found: dict[str, Module] = {}
            self._follow(module, found, order)
            self._closures[module.path] = tuple(found.values())
        return self._closures[module.path]

    def _follow(self, module: Module, found: dict[str, Module], order: Order) -> None:
        pending = [module]
        while pending:
            current = pending.pop()
            if current.path in found or current.is_test:
                continue
            if len(found) >= MOST_MODULES:
                order.is_cut = True
                return
            found[current.path] = current
            for node in _imports(current.facts.body):
                pending += [m for m in self.imported(current, node) if m.path not in found]

    def imported(self, module: Module, node: s.Import) -> tuple[Module, ...]:
        """The first-party modules that an import statement runs: packages around them, first."""
        key = id(node)
        if key not in self._imported:
            self._imported[key] = tuple(self._run_by(module, node))
        return self._imported[key]

    def _run_by(self, module: Module, node: s.Import) -> Iterable[Module]:
        found: dict[str, Module] = {}
        for name in self._dotted(module, node):
            for end in range(1, len(name) + 1):
                resolved = self.project.resolve(module, name[:end])
                if resolved.module is not None and not resolved.rest:
                    found[resolved.module.path] = resolved.module
        if node.level:
            source = self.project.source_module(module, node).module
            if source is not None and source is not module:
                found[source.path] = source
        plain = not node.module and not node.level
        for entry in node.names:
            bound = entry.alias or (entry.name.partition(".")[0] if plain else entry.name)
            several = module.names.bindings.get(bound, ())
            binding = next((b for b in several if b.imported is entry), None)
            if binding is not None and binding.type_checking:
                return ()
            target = None if binding is None else self.project.import_target(module, binding).module
            if target is not None and target is not module:
                found[target.path] = target
        return found.values()

    def _dotted(self, module: Module, node: s.Import) -> Iterator[tuple[str, ...]]:
        if node.level:
            return
        if node.module:
            yield tuple(node.module.split("."))
        else:
            yield from (tuple(entry.name.split(".")) for entry in node.names)


def _imports(body: s.Block) -> Iterator[s.Import]:
    """The imports that run as a module is imported, conditions left out."""
    for node in body:
        if isinstance(node, s.Import):
            yield node
        elif isinstance(node, s.Try | s.With):
            for inner, _, _ in blocks(node):
                yield from _imports(inner)


def _steps(body: s.Block) -> Iterator[s.Statement]:
    """The statements of a block that may import, set or load something, as far as they run."""
    for node in body:
        if isinstance(node, s.Function | s.Class):
            continue
        if isinstance(node, s.Import) or may_write(node) or _loads_file(node) or _name_called(node):
            yield node
        if not (isinstance(node, s.If) and is_type_checking(node.test)):
            for inner, _, _ in blocks(node):
                yield from _steps(inner)


def _name_called(node: s.Statement) -> str:
    """The name of what a statement calls without arguments, `set_variables()`; "" for any other."""
    match node:
        case s.Evaluate(value=s.Call(function=s.Name(id=name), arguments=(), keywords=())):
            return name
    return ""


def _called(node: s.Statement, module: Module) -> s.Function | None:
    """The function of the module itself that a statement of its top level calls."""
    name = _name_called(node)
    if not name:
        return None
    return next((f for f in module.facts.body if isinstance(f, s.Function) and f.name == name), None)


def _loads_file(node: s.Statement) -> bool:
    """Whether a statement loads variables from a file."""
    if isinstance(node, s.Function | s.Class):
        return False
    return any(last_name(call) in ENV_FILE_READERS for call in told(node).calls)
