"""Who else sees it? The tests of a module that read what another one writes, and those that set it anew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.state.initial import is_empty
from isolint.facts.state.mutations import Mutations
from isolint.facts.state.origins import CLASS_SET_UP
from isolint.facts.state.places import ITEM, Place, whole
from isolint.facts.state.writes import Write
from isolint.facts.suite.fixtures import MODULE_SET_UP, SET_UP, Fixtures

ONCE = frozenset((*CLASS_SET_UP, *MODULE_SET_UP)) - {"setup_function"}


class Uses:
    """Reads the functions of test modules for the names they mention and the places they set."""

    def __init__(self, mutations: Mutations, fixtures: Fixtures) -> None:
        self.mutations = mutations
        self.fixtures = fixtures
        self._mentions: dict[str, dict[int, frozenset[str]]] = {}
        self._writes: dict[str, tuple[tuple[s.Function, Write], ...]] = {}

    def is_seen(self, write: Write, module: Module, writer: s.Function, *, is_test: bool) -> bool:
        """Whether another function of the module meets what a test leaves there, and nobody resets it."""
        if write.how == "changed":
            others = (f for f in module.functions if f is not writer and not self.sets_too(write, module, f))
            met = any(self.meets(module, function, write.place) for function in others)
            return met and not self.is_reset(module, write.place)
        if not is_test:
            return False
        if self.is_reset(module, write.place, ("reset",)):
            return False
        setters = {id(f) for f, w in self._written(module) if w.place.covers(write.place)}
        if any(self._runs_before(module, f) for f, _ in self._written(module) if id(f) in setters):
            return False
        return any(
            self.meets(module, function, write.place)
            for function, _ in self.fixtures.tests(module)
            if function is not writer and id(function) not in setters
        )

    def fixture_is_seen(self, write: Write, module: Module, writer: s.Function) -> bool:
        """Whether somebody else asks for the fixture whose value a test changes."""
        path, line = write.place.parts[:2]
        source = self.fixtures.project.module(path)
        if source is None:
            return False
        made = next((f for f in source.functions if str(f.name_at[0]) == line), None)
        if path.endswith("conftest.py"):
            return True
        wanted = 1 if writer.name.startswith("test") else 2
        others = (
            function
            for function, owner in self.fixtures.tests(module)
            if function is not writer
            and not self.sets_too(write, module, function)
            and any(f.function is made for f in self.fixtures.closure(module, function, owner))
        )
        return len(list(islice(others, wanted))) == wanted

    def sets_too(self, write: Write, module: Module, function: s.Function) -> bool:
        """Whether a test sets what another one sets: the same attribute, or the same key."""
        written = self.mutations.writes(module, function)
        if write.how == "set":
            return any(w.place.covers(write.place) for w in written)
        what, _, value = write.text.partition(" = ")
        return bool(value) and any(w.text.partition(" = ")[0] == what for w in written)

    def is_set_back(self, write: Write, module: Module) -> bool:
        """Whether a write switches off, or empties, what another function of the module switches on."""
        return is_empty(write.value) and any(
            other.place == write.place and other.how == "set" and not is_empty(other.value)
            for _, other in self._written(module)
        )

    def is_set_by_all(self, write: Write, module: Module) -> bool:
        """Whether every test of the module sets what is written: none of them meets what another has left."""
        setters = {id(f) for f, other in self._written(module) if other.place == write.place}
        return all(id(function) in setters for function, _ in self.fixtures.tests(module))

    def _runs_before(self, module: Module, function: s.Function) -> bool:
        """Whether a function runs before tests: a set-up or a fixture."""
        owner = module.methods.get(id(function))
        return function.name in SET_UP or self.fixtures.fixture(module, function, owner) is not None

    def imports(self, module: Module, place: Place) -> bool:
        """Whether a test module imports, at its top level, what a place of `sys.modules` names."""
        name = place.parts[0] if place.parts else ""
        found = (node for node in module.facts.body if isinstance(node, s.Import))
        return any(node.module == name or any(e.name == name for e in node.names) for node in found)

    def meets(self, module: Module, function: s.Function, place: Place) -> bool:
        """Whether a function mentions a place: of a class's attribute, in the class or below it, or by its name."""
        mentioned = self._mentioned(module)[id(function)]
        names = [part for part in place.parts[1:] if part != ITEM]
        if len(names) == 1:
            return names[0] in mentioned or f".{names[0]}" in mentioned
        if f".{names[1]}" not in mentioned:
            return False
        owner = module.methods.get(id(function))
        source = self.fixtures.project.module(place.parts[0])
        held = [] if source is None else [c for c in source.classes if c.qualname == names[0]]
        if names[0].rpartition(".")[2] in mentioned:
            return True
        if owner is None or not held:
            return False
        cls = ClassValue(module, owner, self.fixtures.evaluator.module_frame(module))
        return any(c.node is held[0] for c in instances.lineage(self.fixtures.evaluator, cls)[0])

    def is_reset(
        self,
        module: Module,
        place: Place,
        how: tuple[str, ...] = ("set", "reset", "deleted"),
        *,
        tests: bool = True,
    ) -> bool:
        """Whether any function of the module sets the place, or what it lies in, to a value of its own choosing."""
        return any(
            whole(w.place).covers(whole(place)) and w.how in how and not _is_removed_item(w)
            for function, w in self._written(module)
            if function.name not in ONCE and (tests or not function.name.startswith("test"))
        )

    def _written(self, module: Module) -> tuple[tuple[s.Function, Write], ...]:
        if module.path not in self._writes:
            self._writes[module.path] = tuple(
                (function, write)
                for function in module.functions
                for write in self.mutations.writes(module, function)
            )
        return self._writes[module.path]

    def _mentioned(self, module: Module) -> dict[int, frozenset[str]]:
        """The names and attributes that stand in each function of a module."""
        if module.path not in self._mentions:
            self._mentions[module.path] = {
                id(function): frozenset(_names(function.body)) for function in module.functions
            }
        return self._mentions[module.path]


def _is_removed_item(write: Write) -> bool:
    return write.how == "deleted" and write.place.parts[-1:] == (ITEM,)


def _names(body: s.Block) -> Iterator[str]:
    for node in statements(body):
        for expression in expressions(node):
            for inner in walk(expression):
                if isinstance(inner, s.Name):
                    yield inner.id
                elif isinstance(inner, s.Attribute):
                    yield f".{inner.name}"
