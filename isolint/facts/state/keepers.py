"""Functions of the project that keep their first answer, what they have read for it, and who gets to them."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Hop,
    Instance,
    Trail,
    Value,
    options,
)
from isolint.facts.order.readings import ANY, Readings, is_cached
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements
from isolint.facts.program.show import show
from isolint.facts.state.origins import Origins
from isolint.facts.state.places import ENVIRONMENT, Place
from isolint.late import dataclass

DEEPEST = 6


@dataclass(frozen=True, slots=True, eq=False)
class Keeper:
    """A function that answers once and for all.

    `reads` holds the variables and settings that its answer is made from, with the way to each; `kept_as` is the
    global it keeps the answer in, "" for one whose decorator does.
    """

    module: Module
    function: s.Function
    reads: dict[Place, Trail]
    kept_as: str = ""

    @property
    def hop(self) -> Hop:
        """Where it is defined."""
        return Hop(self.module.path, self.function.name_at, f"{self.function.name} keeps its first answer")


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A call that gets to a keeper, with the names of the functions on the way, its own included."""

    keeper: Keeper
    way: frozenset[str]


class Keepers:
    """Knows them, and finds those that a function gets to by calling."""

    def __init__(self, evaluator: Evaluator, readings: Readings, origins: Origins) -> None:
        self.evaluator = evaluator
        self.readings = readings
        self.origins = origins
        self._known: dict[int, Keeper | None] = {}
        self._reached: dict[int, tuple[Use, ...]] = {}

    def of(self, module: Module, function: s.Function) -> Keeper | None:
        """What a function keeps; None for one that answers anew each time, or differently for different arguments."""
        if id(function) not in self._known:
            self._known[id(function)] = None
            cached = is_cached(function)
            kept_as, made_by = ("", function.body) if cached else _kept_as(function)
            if (cached or kept_as) and not _takes_arguments(module, function):
                reads = dict(self._reads(module, function, made_by))
                self._known[id(function)] = Keeper(module, function, reads, kept_as) if reads else None
        return self._known[id(function)]

    def called_by(self, node: s.Call, frame: Frame) -> tuple[Use, ...]:
        """The keepers that a call gets to, through any code of the project."""
        found: dict[int, Use] = {}
        for callee in self._called(node, frame):
            for use in self._reaches(callee, 0):
                found.setdefault(id(use.keeper.function), use)
        return tuple(found.values())

    def _reaches(self, callee: FunctionValue, depth: int) -> tuple[Use, ...]:
        function = callee.function
        if not isinstance(function, s.Function) or depth > DEEPEST:
            return ()
        if id(function) not in self._reached:
            self._reached[id(function)] = ()
            keeper = None if callee.module.is_test else self.of(callee.module, function)
            inside = self._inside(callee.module, function, depth)
            found = tuple(inside) if keeper is None else (Use(keeper, frozenset()),)
            way = frozenset({function.name, keeper.kept_as if keeper is not None else function.name})
            self._reached[id(function)] = tuple(Use(use.keeper, use.way | way) for use in found)
        return self._reached[id(function)]

    def _inside(self, module: Module, function: s.Function, depth: int) -> Iterator[Use]:
        """The keepers that the body of a function gets to, each once."""
        frame = self.evaluator.function_frame(module, function)
        seen: set[int] = set()
        for node in every_expression(function.body):
            if isinstance(node, s.Call):
                for inner in self._called(node, frame):
                    for use in self._reaches(inner, depth + 1):
                        if id(use.keeper.function) not in seen:
                            seen.add(id(use.keeper.function))
                            yield use

    def _called(self, node: s.Call, frame: Frame) -> Iterator[FunctionValue]:
        """The functions that a call runs; no method that keeps an answer for each object, of one that is not shared."""
        for callee in self._entered(self.evaluator.evaluate(node.function, frame)):
            if not (_is_of_each(callee) and self._is_own(node.function, frame)):
                yield callee

    def _is_own(self, function: s.Expression, frame: Frame) -> bool:
        """Whether a method is called on an object that only the caller has."""
        return isinstance(function, s.Attribute) and self.origins.of(function.value, frame) is None

    def _entered(self, callee: Value) -> Iterator[FunctionValue]:
        for option in options(callee):
            if isinstance(option, FunctionValue):
                yield option
            elif isinstance(option, ClassValue):
                yield from instances.methods(self.evaluator, Instance(option), ("__init__", "__post_init__"))

    def _reads(self, module: Module, function: s.Function, body: s.Block) -> Iterator[tuple[Place, Trail]]:
        for name, trail in self.readings.in_block(module, function, body):
            if name != ANY:
                yield Place(ENVIRONMENT, (name,)), trail
        frame = self.evaluator.function_frame(module, function)
        for node in every_expression(body):
            if isinstance(node, s.Attribute) and not (node.name.startswith("_") or node.name == "environ"):
                owner = self.origins.of(node.value, frame)
                if owner is not None and (
                    owner.sort == "object" or owner.place.parts[:2] == ("django", "conf")
                ):
                    yield owner.place.part(node.name), (Hop(module.path, node.at, show(node)),)


def _is_of_each(callee: FunctionValue) -> bool:
    """Whether a function is a method whose decorator keeps an answer for each object that it is called on."""
    function = callee.function
    return isinstance(function, s.Function) and isinstance(callee.receiver, Instance) and is_cached(function)


def _takes_arguments(module: Module, function: s.Function) -> bool:
    """Whether a call has to say what is asked for."""
    first = 1 if id(function) in module.methods else 0
    return any(p.default is None and p.kind in ("positional", "keyword") for p in function.parameters[first:])


def _kept_as(function: s.Function) -> tuple[str, s.Block]:
    """The global of `if KEPT is None: KEPT = ...` in a function that fills it once, and the block that does."""
    declared = {
        name
        for node in statements(function.body)
        if isinstance(node, s.Scope) and node.kind == "global"
        for name in node.names
    }
    for node in function.body if declared else ():
        if isinstance(node, s.If) and (name := _missing(node.test)) in declared:
            for inner in statements(node.body):
                if isinstance(inner, s.Assign) and any(
                    isinstance(target, s.Name) and target.id == name for target in inner.targets
                ):
                    return name, node.body
    return "", ()


def _missing(test: s.Expression) -> str:
    match test:
        case s.Compare(left=s.Name(id=name), operators=("is",), comparators=(s.Constant(value=None),)):
            return name
        case s.Unary(operator="not", operand=s.Name(id=name)):
            return name
    return ""
