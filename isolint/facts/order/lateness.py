"""Environment variables that tests set after the code they are meant for has read them."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from isolint.facts.meaning.outcomes import yields
from isolint.facts.meaning.values import Hop, Variable, options
from isolint.facts.order.importorder import MOST_MODULES, Order, Write
from isolint.facts.order.readings import ANY
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import blocks, expressions, statements, walk
from isolint.facts.suite.fixtures import MODULE_SET_UP, SET_UP, Fixtures

# What makes code read its configuration anew, or sends the environment elsewhere.
_RENEWALS = frozenset(
    "reload import_module __import__ cache_clear modules subprocess Popen check_call check_output runpy "
    "run_module run_path exec_module pytester testdir create_subprocess_exec create_subprocess_shell "
    "multiprocessing spawn fork system pexpect invalidate_caches".split()
)


class Lateness:
    """Compares what tests set with what the application reads only once."""

    def __init__(self, fixtures: Fixtures, replacements: Replacements, test_files: frozenset[str]) -> None:
        self.fixtures = fixtures
        self.replacements = replacements
        self.test_files = test_files
        self.project = fixtures.project
        self.evaluator = fixtures.evaluator
        self.readings = replacements.readings
        self._renews: dict[str, bool] = {}
        self._worlds: dict[str, tuple[Module, ...] | None] = {}

    def late_writes(self, module: Module) -> Iterator[tuple[Write, ...]]:
        """The variables that a test module sets too late, as it is imported or around its tests.

        Writes in adjacent lines whose variables are read in the same module come together.
        """
        found: dict[tuple[int, str], Write] = {}
        for write, order in self._writes(module):
            key = (write.hop.at[0], write.name)
            if key not in found and self._matters(write, module, order):
                found[key] = write
        group: list[Write] = []
        for key in sorted(found):
            write = found[key]
            if group and not _belong_together(group[-1], write):
                yield tuple(group)
                group = []
            group.append(write)
        if group:
            yield tuple(group)

    def _writes(self, module: Module) -> Iterator[tuple[Write, Order]]:
        order = self.replacements.order(module.path)
        yield from ((write, order) for write in order.late if write.hop.path == module.path)
        for function in module.functions:
            if not self._runs_by_itself(module, function):
                continue
            frame = self.evaluator.function_frame(module, function)
            for node in _set_up(function.body):
                for name, value in self.replacements.environment.written(node, frame):
                    for collected in self._collected(module):
                        if name in collected.read:
                            hop = Hop(module.path, node.at, name)
                            yield Write(name, value, hop, collected.read[name]), collected
                            break

    def _collected(self, module: Module) -> Iterator[Order]:
        """What importing a test module reads; for a conftest, the test files below it, which are all imported first."""
        for governed in self._governed(module):
            if governed.path == module.path or module in self.fixtures.chain(governed.path):
                order = self.replacements.order(governed.path)
                self.replacements.import_order.settle(order)
                yield order

    def _runs_by_itself(self, module: Module, function: s.Function) -> bool:
        owner = module.methods.get(id(function))
        return (
            function.name.startswith("test")
            or function.name in SET_UP
            or function.name in MODULE_SET_UP
            or self.fixtures.fixture(module, function, owner) is not None
        )

    def _matters(self, write: Write, module: Module, order: Order) -> bool:
        """Whether nothing else can see what is written, and nothing makes the reader look again."""
        if any(isinstance(v, Variable) and v.name == write.name for v in options(write.value)):
            return False
        if any(fnmatchcase(write.name, p) for p in self.evaluator.vocabulary.ambient_variables):
            return False
        if order.is_cut or write.name in self.replacements.pins(module.path):
            return False
        if any(self._looks_again(seen) for seen in self.fixtures.chain(module.path)):
            return False
        if self.replacements.is_replaced(module.path, write.trail):
            return False
        return not self._has_other_reader(write.name, module, order)

    def _looks_again(self, module: Module) -> bool:
        """Whether a test module reloads modules, clears caches or runs other processes."""
        if module.path not in self._renews:
            bodies = [module.facts.body, *(f.body for f in module.functions)]
            self._renews[module.path] = any(_names(body) & _RENEWALS for body in bodies)
        return self._renews[module.path]

    def _has_other_reader(self, name: str, module: Module, order: Order) -> bool:
        """Whether code that runs later reads the variable, or any code that cannot be told apart from it."""
        world = self.world(module)
        if world is None:
            return True
        mentioned: set[str] | None = None
        for other in world:
            later = self.readings.later(other)
            called = {*later.get(name, ()), *(() if other.is_test else later.get(ANY, ()))}
            if called and mentioned is None:
                mentioned = {"", *(m for seen in world for m in self.readings.mentioned(seen))}
            if called and (other.is_test or (mentioned is not None and not called.isdisjoint(mentioned))):
                return True
            unread = not other.is_test and other.path not in order.loaded
            if unread and name in self.readings.at_import(other):
                return True
        return False

    def world(self, module: Module) -> tuple[Module, ...] | None:
        """All modules that the tests around a module may load; None if they are too many to look at."""
        if module.path not in self._worlds:
            found: dict[str, Module] = {}
            pending = self._governed(module)
            while pending:
                current = pending.pop()
                if current.path in found:
                    continue
                found[current.path] = current
                bodies = [current.facts.body, *(f.body for f in current.functions)]
                for node in (n for body in bodies for n in statements(body)):
                    if isinstance(node, s.Import):
                        pending += self.replacements.import_order.imported(current, node)
            self._worlds[module.path] = tuple(found.values()) if len(found) < MOST_MODULES else None
        return self._worlds[module.path]

    def _governed(self, module: Module) -> list[Module]:
        """A test module with the conftests above it; for a conftest, all the test files below it, too."""
        around = list(self.fixtures.chain(module.path))
        folder, _, name = module.path.rpartition("/")
        if name == "conftest.py":
            below = [path for path in self.test_files if not folder or path.startswith(f"{folder}/")]
            around += [found for path in below if (found := self.project.module(path)) is not None]
        return around


def _belong_together(one: Write, other: Write) -> bool:
    return other.hop.at[0] <= one.hop.at[2] + 1 and one.trail[-1].path == other.trail[-1].path


def _set_up(body: s.Block) -> Iterator[s.Statement]:
    """The statements of a body up to its yield, what is in a `finally` left out."""
    for node in body:
        yield node
        inner = [block for block, _, _ in blocks(node)]
        if isinstance(node, s.Try):
            inner = [node.body, node.orelse]
        for block in inner:
            ended = False
            for nested in _set_up(block):
                yield nested
                ended = ended or bool(yields(nested))
            if ended:
                return
        if yields(node):
            return


def _names(body: s.Block) -> set[str]:
    """The names and attributes that stand in a body."""
    found: set[str] = set()
    for node in statements(body):
        if isinstance(node, s.Import):
            found |= {node.module.rpartition(".")[2], *(entry.name for entry in node.names)}
        for expression in expressions(node):
            for inner in walk(expression):
                if isinstance(inner, s.Attribute):
                    found.add(inner.name)
                elif isinstance(inner, s.Name):
                    found.add(inner.id)
    return found
