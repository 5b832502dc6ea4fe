"""What a written object or a request holds: its fields, as far as the code spells them out."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import ClassValue, Deferred, Frame, Reference, Value, options
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import Binding, reaching, statements
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.fixtures import Fixtures
from isolint.late import dataclass

_DEEPEST = 6
_MOST = 60
_DUMPS = frozenset(
    "json dict model_dump model_dump_json to_dict to_json copy dump dumps asdict jsonable_encoder".split()
)


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field: its name, and the expression that fills it, in its frame."""

    name: str
    value: s.Expression
    frame: Frame


class Payloads:
    """Follows expressions to the dicts and constructor calls behind them."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures) -> None:
        self.evaluator = evaluator
        self.fixtures = fixtures

    def fields(self, node: s.Expression, frame: Frame) -> tuple[Field, ...]:
        """The fields of what an expression stands for; those of every alternative, where there are several."""
        found: list[Field] = []
        for each in self._in(node, frame, 0):
            found.append(each)
            if len(found) >= _MOST:
                break
        return tuple(found)

    def _in(self, node: s.Expression, frame: Frame, depth: int) -> Iterator[Field]:
        if depth > _DEEPEST:
            return
        match node:
            case s.Mapping():
                for key, value in node.items:
                    if isinstance(key, s.Constant) and isinstance(key.value, str):
                        yield Field(key.value, value, frame)
                    elif key is None:
                        yield from self._in(value, frame, depth + 1)
            case s.Sequence(items=items):
                for value in items:
                    yield from self._in(value, frame, depth + 1)
            case s.Call():
                yield from self._of_call(node, frame, depth)
            case s.Starred(value=inner):
                yield from self._in(inner, frame, depth + 1)
            case s.Name():
                for value, inside in self._behind(node, frame):
                    yield from self._in(value, inside, depth + 1)
            case s.Subscript(value=table, index=index):
                for value, inside in self._items(table, index, frame, depth + 1):
                    yield from self._in(value, inside, depth + 1)

    def _of_call(self, node: s.Call, frame: Frame, depth: int) -> Iterator[Field]:
        name = last_name(node)
        if name in _DUMPS:
            owner = node.function.value if isinstance(node.function, s.Attribute) else None
            given = node.arguments[0] if node.arguments else owner
            if given is not None:
                yield from self._in(given, frame, depth + 1)
            return
        called = options(self.evaluator.evaluate(node.function, frame))
        if name == "dict" or any(isinstance(c, ClassValue) for c in called) or _is_constructor(called, name):
            yield from (Field(key, value, frame) for key, value in node.keywords if key)

    def _behind(self, node: s.Name, frame: Frame) -> Iterator[tuple[s.Expression, Frame]]:
        """The expressions that a name may stand for: what a call passes, what it is bound to, what a fixture gives."""
        given = frame.arguments.get(node.id)
        local = self.evaluator.names(frame).bindings.get(node.id, ()) if frame.function is not None else ()
        if local:
            for binding in reaching(local, node.at[0]):
                if binding.value is not None and not binding.unpack and binding.kind == "assign":
                    yield binding.value, frame
        elif isinstance(given, Deferred):
            yield given.expression, given.frame
        elif frame.function is not None and any(p.name == node.id for p in frame.function.parameters):
            yield from self._of_fixture(node.id, frame)
        else:
            yield from self._of_module(node.id, frame)

    def _of_module(self, name: str, frame: Frame) -> Iterator[tuple[s.Expression, Frame]]:
        module, bindings = frame.module, frame.module.names.bindings.get(name, ())
        last = bindings[-1] if bindings else None
        if last is not None and last.kind == "import":
            found = self.evaluator.project.import_target(module, last)
            if found.module is None or len(found.rest) != 1:
                return
            module, bindings = found.module, found.module.names.bindings.get(found.rest[0], ())
            last = bindings[-1] if bindings else None
        if last is not None and last.value is not None and _is_plain(last):
            yield last.value, self.evaluator.module_frame(module)

    def _of_fixture(self, name: str, frame: Frame) -> Iterator[tuple[s.Expression, Frame]]:
        if not isinstance(frame.function, s.Function) or not frame.module.is_test:
            return
        owner = frame.module.methods.get(id(frame.function))
        fixture = self.fixtures.find(name, frame.module, owner)
        if fixture is None:
            return
        inside = self.evaluator.function_frame(fixture.module, fixture.function)
        for node in statements(fixture.function.body):
            for value in _given_out(node):
                yield value, inside

    def _items(
        self, table: s.Expression, index: s.Expression, frame: Frame, depth: int
    ) -> Iterator[tuple[s.Expression, Frame]]:
        """The items of a dict or list written out: the one with the key, all if the key cannot be told."""
        for field in self._in(table, frame, depth):
            if not isinstance(index, s.Constant) or index.value == field.name:
                yield field.value, field.frame


def _is_plain(binding: Binding) -> bool:
    return binding.kind == "assign" and not binding.unpack


def _is_constructor(called: tuple[Value, ...], name: str) -> bool:
    """Whether a library's class is called, by its name."""
    return name[:1].isupper() and any(isinstance(c, Reference) for c in called)


def _given_out(node: s.Statement) -> Iterator[s.Expression]:
    """What a statement of a fixture returns or yields."""
    if isinstance(node, s.Return) and node.value is not None:
        yield node.value
    elif isinstance(node, s.Evaluate) and isinstance(node.value, s.Yield) and node.value.value is not None:
        yield node.value.value


def spelled_in(field: Field) -> tuple[s.Expression, Frame]:
    """Where the value of a field is written, parameters followed to the calls that fill them."""
    node, frame = field.value, field.frame
    while isinstance(node, s.Name) and isinstance(frame.function, s.Function):
        given = frame.arguments.get(node.id)
        if not isinstance(given, Deferred):
            break
        node, frame = given.expression, given.frame
    return node, frame
