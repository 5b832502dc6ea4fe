"""What tests set going in their process, patches, stopped clocks, servers, and whether anything stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isolint.facts.lifetime import mentions
from isolint.facts.meaning import instances
from isolint.facts.meaning.values import UNKNOWN, ClassValue, Frame, Handle
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.running.effects import Effects
from isolint.facts.running.events import Event
from isolint.facts.running.registries import SUBSCRIPT
from isolint.facts.suite.callers import Callers
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.suite.mixins import is_mixin
from isolint.late import dataclass
from isolint.vocabulary.entries import Creator

# Who waits for an end, or knows the process by its number, may be trusted to see to it.
WAITS = frozenset(
    "join wait communicate poll is_alive pid stdout returncode close handle_request socket __exit__ __aexit__".split()
)


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Something that is set going: what it is, and the expression that it is known by, if any."""

    event: Event
    entry: Creator
    handle: s.Expression | None

    @property
    def words(self) -> frozenset[str]:
        """The last names of what stops it."""
        return frozenset(undo.rpartition(".")[2] for undo in self.entry.undo) | WAITS


class Starts:
    """Finds what is started and looks for its end."""

    def __init__(self, effects: Effects, fixtures: Fixtures, callers: Callable[[], Callers]) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator
        self.fixtures = fixtures
        self._callers = callers
        self._spoken_of: dict[str, mentions.Attributes] = {}

    def is_sure(self, module: Module, function: s.Function) -> bool:
        """Whether no base class of a library unknown to us may tidy up what a test class leaves.

        A mixin is a part of others: it is as sure as those of its own module are.
        """
        owner = module.methods.get(id(function))
        if owner is None:
            return True
        frame = self.evaluator.module_frame(module)
        lineages = [
            instances.lineage(self.evaluator, ClassValue(module, cls, frame)) for cls in module.classes
        ]
        own = [external for classes, external in lineages if any(cls.node is owner for cls in classes)]
        names = {name for external in own for name in external}
        if not names and is_mixin(owner):
            return False
        return all(name.partition(".")[0] in self.effects.vocabulary.libraries for name in names)

    def left(self, module: Module) -> Iterator[tuple[Start, bool]]:
        """What the functions of a test module start and nothing stops, and whether that is sure."""
        for function in module.functions:
            for event in self.effects.near(module, function).events:
                if event.path != module.path or event.chain or event.phase != "set up":
                    continue
                for start in self.starts(event, function):
                    if not self._is_stopped(start, module, function) and self._matters(
                        start, module, function
                    ):
                        yield start, self.is_sure(module, function)

    def _matters(self, start: Start, module: Module, function: s.Function) -> bool:
        """Whether tests come to a start, and it is not meant for the run, with which all but processes end."""
        places = self._callers().of(module, function)
        if start.entry.resource == "process":
            return bool(places)
        fixtures = [self.fixtures.fixture(m, f, m.methods.get(id(f))) for m, f in places]
        return any(fixture is None or fixture.scope not in ("session", "package") for fixture in fixtures)

    def starts(self, event: Event, function: s.Function) -> Iterator[Start]:
        """What an event starts."""
        for entry in self.effects.creations(event):
            if not entry.started or any(call.endswith(SUBSCRIPT) for call in entry.call):
                continue
            if event.managed and entry.managed:
                continue
            if any(undo.startswith(".") for undo in entry.undo):
                target = _target(event.call, function)
                if target is not None:
                    yield Start(event, entry, target)
            elif event.receiver != UNKNOWN and isinstance(event.call.function, s.Attribute):
                yield Start(event, entry, event.call.function.value)
            else:
                yield Start(event, entry, None)

    # -- ends

    def _is_stopped(self, start: Start, module: Module, function: s.Function) -> bool:
        if self.all_are_stopped(start, module, function):
            return True
        modules = self._around(module, module.methods.get(id(function)))
        node = start.handle
        match node:
            case None:
                return False
            case s.Call():
                return not (
                    isinstance(start.event.receiver, Handle) and start.event.receiver.kind == "patcher"
                )
            case s.Name():
                return self._name_is_stopped(node, start, module, function)
            case s.Attribute(name=name):
                found = [self._attributes(m).of(name) for m in modules]
                return any(f.bare or not f.attributes.isdisjoint(start.words) for f in found)
        return True

    def _name_is_stopped(self, node: s.Name, start: Start, module: Module, function: s.Function) -> bool:
        frame = self.evaluator.function_frame(module, function)
        body = self._body_of(node.id, frame)
        found = mentions.of_name(node.id, [body])
        if found.bare or not found.attributes.isdisjoint(start.words):
            return True
        for loop in statements(function.body):
            if isinstance(loop, s.Loop) and isinstance(loop.target, s.Name) and loop.target.id == node.id:
                return self._loop_is_stopped(loop, module, frame)
        return False

    def _loop_is_stopped(self, loop: s.Loop, module: Module, frame: Frame) -> bool:
        """For patchers in a list: whether anything else is done with the list."""
        match loop.iterable:
            case s.Name(id=name):
                return len(mentions.of_name(name, [self._body_of(name, frame)]).bare) > 1
            case s.Attribute(name=name):
                return len(self._attributes(module).of(name).bare) > 1
            case s.Sequence():
                return False
        return True

    def _body_of(self, name: str, frame: Frame) -> s.Block:
        """The body in which a name of a function is used: the function's that binds it, or the whole module."""
        inside: Frame | None = frame
        while inside is not None and isinstance(inside.function, s.Function):
            names = self.evaluator.names(inside)
            if name in names.bindings and name not in names.globals:
                return inside.function.body
            if any(p.name == name for p in inside.function.parameters):
                return inside.module.facts.body
            inside = inside.parent
        return frame.module.facts.body

    def all_are_stopped(self, start: Start, module: Module, function: s.Function) -> bool:
        """Whether a function is mentioned that stops all there is, like `patch.stopall`."""
        ends = {tuple(undo.split(".")[-2:]) for undo in start.entry.undo if not undo.startswith(".")}
        own = (
            {tuple(undo.split(".")[-2:-1]) for undo in start.event.names}
            if start.handle is not None
            else set()
        )
        ends = {end for end in ends if end[:1] not in own}
        modules = self._around(module, module.methods.get(id(function)))
        return bool(ends) and any(not ends.isdisjoint(self._attributes(m).owned) for m in modules)

    def _attributes(self, module: Module) -> mentions.Attributes:
        """What a module speaks of: patches of one file are many, and each asks."""
        if module.path not in self._spoken_of:
            self._spoken_of[module.path] = mentions.Attributes(module.facts.body)
        return self._spoken_of[module.path]

    def _around(self, module: Module, owner: s.Class | None) -> list[Module]:
        """The modules in which the end may stand: conftests, and those of the classes above."""
        found = list(self.fixtures.chain(module.path))
        if owner is not None:
            value = ClassValue(module, owner, self.evaluator.module_frame(module))
            found += [cls.module for cls in instances.lineage(self.evaluator, value)[0]]
        return list(dict.fromkeys(found))


def _target(call: s.Call, function: s.Function) -> s.Expression | None:
    """What the result of a call is assigned to."""
    for node in statements(function.body):
        if isinstance(node, s.Assign) and node.value is call and len(node.targets) == 1:
            return node.targets[0]
    return None
