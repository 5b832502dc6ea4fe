"""Which other test reads what one has left changed? The second half of a pair whose order matters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from isolint.facts.meaning.values import FunctionValue, Hop, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.state.opposites import leaves_nothing
from isolint.facts.state.places import ENVIRONMENT, FIXTURE, FOLDER, ITEM, LIBRARY, MODULES, STATE, Place
from isolint.facts.state.restored import Restored
from isolint.facts.state.uses import Uses
from isolint.facts.state.writes import Write
from isolint.facts.suite.fixtures import Fixtures

MOST_MODULES = 200
MOST_FUNCTIONS = 40
_GETS = frozenset({"getenv", "get", "__getitem__"})
_WHERE_WE_ARE = frozenset({"getcwd", "getcwdb", "cwd", "abspath", "absolute", "resolve"})
_OPENS = frozenset({"open", "Path", "listdir", "exists", "isfile", "isdir"})


class Readers:
    """Looks for a test that reads a place, in the module of the one that writes it, then in the others."""

    def __init__(self, uses: Uses, fixtures: Fixtures) -> None:
        self.uses = uses
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.project = fixtures.project
        self._runs: dict[int, tuple[tuple[Module, s.Function], ...]] = {}
        self._read: dict[int, frozenset[str]] = {}

    def of(
        self, write: Write, module: Module, writer: s.Function, restored: Restored | None = None
    ) -> tuple[Hop, ...]:
        """Where the first such test is defined; nothing if none can be seen.

        With `restored` it has to be one that nothing gives a new value first.
        """
        for other, function in self._others(write, module, writer):
            if restored is not None:
                around = restored.around(other, function, other.methods.get(id(function)))
                if leaves_nothing(write, around):
                    continue
            if self._reads(write.place, other, function) and not self._sets(write, other, function):
                how = "gets the same" if write.place.kind == FIXTURE else "reads it"
                return (Hop(other.path, function.name_at, f"{function.name} {how}"),)
        return ()

    def ask_for_their_own(self, write: Write, module: Module, writer: s.Function) -> bool:
        """Whether the other tests of a module ask an object of the product only for what they name themselves.

        What one test enters under its own key, another does not see by asking for another one.
        """
        entered = next((call for call in calls_in(writer.body) if call.at == write.at), None)
        if entered is None or not entered.arguments:
            return False
        asked = [
            call
            for function, _ in self.fixtures.tests(module)
            if function is not writer
            for call in self._on(write.place, module, function)
        ]
        key = entered.arguments[0]
        return bool(asked) and all(call.arguments and not _is_key(call.arguments[0], key) for call in asked)

    def _on(self, place: Place, module: Module, function: s.Function) -> Iterator[s.Call]:
        """The calls of methods of a shared object in a function."""
        frame = self.evaluator.function_frame(module, function)
        for call in calls_in(function.body):
            if isinstance(call.function, s.Attribute):
                owner = self.uses.mutations.origins.of(call.function.value, frame)
                if owner is not None and owner.place == place:
                    yield call

    def _others(
        self, write: Write, module: Module, writer: s.Function
    ) -> Iterator[tuple[Module, s.Function]]:
        for function, _ in self.fixtures.tests(module):
            if function is not writer and not self._runs_with(writer, module, function):
                yield module, function
        if write.place.kind == ENVIRONMENT:
            paths = (path for path in sorted(self.project.files) if self.project.is_test(path))
            for path in islice(paths, MOST_MODULES):
                other = self.project.module(path)
                if other is not None and other is not module:
                    yield from ((other, function) for function, _ in self.fixtures.tests(other))

    def _runs_with(self, writer: s.Function, module: Module, test: s.Function) -> bool:
        """Whether a fixture or set-up runs before a test: what the test sees is its own."""
        if writer.name.startswith("test"):
            return False
        owner = module.methods.get(id(test))
        around = [f.function for f in self.fixtures.closure(module, test, owner)]
        around += [method for _, method in self.fixtures.set_ups(module, owner)]
        return any(function is writer for function in around)

    def _sets(self, write: Write, module: Module, function: s.Function) -> bool:
        """Whether a test gives the place, or the same key there, a value of its own first."""
        place = write.place
        if place.kind == FIXTURE:
            return False
        if write.how == "changed" and self.uses.sets_too(write, module, function):
            return True
        activity = self.uses.mutations.of(module, function)
        own = [w.place for w in activity.writes if _begins_anew(w)]
        return any(found.covers(place) for found in (*own, *activity.restored))

    def _reads(self, place: Place, module: Module, function: s.Function) -> bool:
        if place.kind in (STATE, LIBRARY) and self.uses.meets(module, function, place):
            return True
        if place.kind == FIXTURE:
            owner = module.methods.get(id(function))
            closure = self.fixtures.closure(module, function, owner)
            return any((f.module.path, str(f.function.name_at[0])) == place.parts[:2] for f in closure)
        if place.kind == FOLDER:
            return any(_is_relative(call) for call in calls_in(function.body))
        return bool(place.parts) and any(self._uses(place, m, f) for m, f in self._run(module, function))

    def _uses(self, place: Place, module: Module, function: s.Function) -> bool:
        """Whether a function itself reads a variable, imports a module or uses an attribute."""
        if place.kind == ENVIRONMENT:
            return place.parts[0] in self._variables(function)
        if place.kind == MODULES:
            return _imports(place.parts[0], function)
        if place.kind != STATE or module.is_test:
            return False
        names = [part for part in place.parts[1:] if part != ITEM]
        if len(names) == 1 and module.path == place.parts[0]:
            return any(isinstance(n, s.Name) and n.id == names[0] for n in every_expression(function.body))
        frame = self.evaluator.function_frame(module, function)
        for node in every_expression(function.body):
            if isinstance(node, s.Attribute) and names and node.name == names[-1]:
                owner = self.uses.mutations.origins.of(node.value, frame)
                if owner is not None and owner.place.part(node.name) == Place(
                    STATE, (place.parts[0], *names)
                ):
                    return True
        return False

    def _variables(self, function: s.Function) -> frozenset[str]:
        """The variables that a function itself reads by a name written out."""
        key = id(function)
        if key not in self._read:
            self._read[key] = frozenset(_variables_in(function))
        return self._read[key]

    def _run(self, module: Module, function: s.Function) -> tuple[tuple[Module, s.Function], ...]:
        """A test with the functions of the project that it calls, and those that they call."""
        if id(function) not in self._runs:
            found: dict[int, tuple[Module, s.Function]] = {id(function): (module, function)}
            pending = [(module, function)]
            while pending and len(found) < MOST_FUNCTIONS:
                for callee in self._called(*pending.pop(0)):
                    inner = callee.function
                    if isinstance(inner, s.Function) and id(inner) not in found:
                        found[id(inner)] = (callee.module, inner)
                        pending.append((callee.module, inner))
            self._runs[id(function)] = tuple(found.values())
        return self._runs[id(function)]

    def _called(self, module: Module, function: s.Function) -> Iterator[FunctionValue]:
        frame = self.evaluator.function_frame(module, function)
        for call in calls_in(function.body):
            for option in options(self.evaluator.evaluate(call.function, frame)):
                if isinstance(option, FunctionValue):
                    yield option


def _begins_anew(write: Write) -> bool:
    """Whether a test that writes so does not depend on what was there before."""
    removed = write.how == "deleted" or ".pop(" in write.text
    return write.how in ("set", "reset") or write.place.kind == FOLDER or removed


def _is_key(node: s.Expression, key: s.Expression) -> bool:
    return isinstance(node, s.Constant) and isinstance(key, s.Constant) and node.value == key.value


def _variables_in(function: s.Function) -> Iterator[str]:
    for node in every_expression(function.body):
        match node:
            case s.Subscript(value=s.Attribute(name="environ"), index=s.Constant(value=str(key))):
                yield key
            case s.Call(arguments=(s.Constant(value=str(key)), *_)) if last_name(node) in _GETS:
                yield key


def _imports(name: str, function: s.Function) -> bool:
    found = (node for node in statements(function.body) if isinstance(node, s.Import))
    return any(node.module == name or any(entry.name == name for entry in node.names) for node in found)


def _is_relative(call: s.Call) -> bool:
    """Whether a call depends on the working directory."""
    if last_name(call) in _WHERE_WE_ARE:
        return True
    match call.arguments:
        case (s.Constant(value=str(path)), *_) if last_name(call) in _OPENS:
            return bool(path) and not path.startswith(("/", "~"))
    return False
