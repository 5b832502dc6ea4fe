"""Which configuration variables code reads, and when: as its module is imported, or each time it is called."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import handles, instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Literal,
    Method,
    Reference,
    Trail,
    Value,
    Variable,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import blocks, expressions, is_type_checking, statements, walk
from isolint.facts.program.show import bare, dotted, show

DEEPEST = 4
ANY = "*"  # the whole environment, or a variable whose name cannot be told
_CACHES = frozenset({"lru_cache", "cache", "cached", "memoize", "alru_cache", "singleton"})

_MAKERS = ("__init__", "__post_init__", "__new__")
_SETTING = (".setdefault", ".pop")  # in tests these set and remove

Reads = dict[str, Trail]


class Readings:
    """Finds the variables that modules and functions read, each once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._at_import: dict[str, Reads] = {}
        self._later: dict[str, dict[str, frozenset[str]]] = {}
        self._mentioned: dict[str, frozenset[str]] = {}

    def at_import(self, module: Module) -> Reads:
        """The variables that importing a module reads, with the way to each; not those of the modules it imports."""
        if module.path not in self._at_import:
            self._at_import[module.path] = {}
            found: Reads = {}
            frame = self.evaluator.module_frame(module)
            for name, trail in self._block(module.facts.body, frame, (), ()):
                found.setdefault(name, trail)
            self._at_import[module.path] = found
        return self._at_import[module.path]

    def later(self, module: Module) -> dict[str, frozenset[str]]:
        """The variables that functions of a module read whenever they are called, with the names to call them by.

        ANY stands for those that cannot be told. Functions that remember their first result are left out.
        """
        if module.path not in self._later:
            found: dict[str, set[str]] = {}
            for function in module.functions:
                if not is_cached(function):
                    frame = self.evaluator.function_frame(module, function)
                    owner = module.methods.get(id(function))
                    called = owner.name if owner is not None and function.name in _MAKERS else function.name
                    called = called if not function.decorators else ""
                    for name, _ in self._direct(function.body, frame):
                        found.setdefault(name, set()).add(called)
            self._later[module.path] = {name: frozenset(called) for name, called in found.items()}
        return self._later[module.path]

    def mentioned(self, module: Module) -> frozenset[str]:
        """The names that functions of a module mention, and those its top level passes on rather than calls."""
        if module.path not in self._mentioned:
            found: set[str] = set()
            for node in _everything(module.facts.body):
                found |= _passed_on(node)
            for function in module.functions:
                defaults = [p.default for p in function.parameters if p.default is not None]
                inside = [e for node in statements(function.body) for e in expressions(node)]
                for expression in (*inside, *defaults, *function.decorators):
                    found |= {name for inner in walk(expression) if (name := bare(inner))}
            self._mentioned[module.path] = frozenset(found)
        return self._mentioned[module.path]

    def in_block(self, module: Module, function: s.Function, body: s.Block) -> Iterator[tuple[str, Trail]]:
        """The variables that running a block of a function reads, with the way to each."""
        frame = self.evaluator.function_frame(module, function)
        yield from self._block(body, frame, (), (id(function),))

    # -- one body

    def _block(
        self, body: s.Block, frame: Frame, chain: Trail, active: tuple[int, ...]
    ) -> Iterator[tuple[str, Trail]]:
        """What running a block reads, first-party calls followed."""
        for node in body:
            if isinstance(node, s.Class):
                inside = Frame(frame.module, None, frame, {}, None, node)
                yield from self._block(node.body, inside, chain, active)
            elif isinstance(node, s.Function):
                for parameter in node.parameters:
                    if parameter.default is not None:
                        yield from self._expression(parameter.default, frame, chain, active)
            for expression in _values(node):
                yield from self._expression(expression, frame, chain, active)
            if isinstance(node, s.If) and _is_set_aside(node.test):
                continue
            for inner, _, checking in blocks(node):
                if not checking:
                    yield from self._block(inner, frame, chain, active)

    def _expression(
        self, node: s.Expression, frame: Frame, chain: Trail, active: tuple[int, ...]
    ) -> Iterator[tuple[str, Trail]]:
        for inner in walk(node):
            if not isinstance(inner, s.Call | s.Subscript):
                continue
            for name, trail in self._read(inner, frame):
                yield name, (*chain, *trail)
            if isinstance(inner, s.Call) and len(active) < DEEPEST:
                yield from self._entered(inner, frame, chain, active)

    def _entered(
        self, node: s.Call, frame: Frame, chain: Trail, active: tuple[int, ...]
    ) -> Iterator[tuple[str, Trail]]:
        hop = Hop(frame.module.path, node.at, show(node))
        for callee in options(self.evaluator.evaluate(node.function, frame)):
            for function in self._functions(callee):
                body = function.function
                if isinstance(body, s.Function) and id(body) not in active and not body.is_generator:
                    inside = self.evaluator.call_frame(function, node, frame)
                    yield from self._block(body.body, inside, (*chain, hop), (*active, id(body)))

    def _functions(self, callee: Value) -> Iterator[FunctionValue]:
        if isinstance(callee, FunctionValue):
            yield callee
        elif isinstance(callee, ClassValue):
            yield from instances.methods(self.evaluator, Instance(callee), ("__init__", "__post_init__"))

    def _direct(self, body: s.Block, frame: Frame) -> Iterator[tuple[str, Trail]]:
        """What a body reads itself, and the whole environment where it passes that on."""
        for node in statements(body):
            if isinstance(node, s.Class):
                yield from self._direct(node.body, Frame(frame.module, None, frame, {}, None, node))
            for expression in _values(node):
                yield from self._inside(expression, frame)

    def _inside(self, expression: s.Expression, frame: Frame) -> Iterator[tuple[str, Trail]]:
        """What an expression reads itself."""
        inside = list(walk(expression))
        told = {id(inner.value) for inner in inside if isinstance(inner, s.Subscript | s.Attribute)}
        for inner in inside:
            if isinstance(inner, s.Call | s.Subscript):
                yield from self._read(inner, frame)
            elif isinstance(inner, s.Attribute) and _is_whole(inner, passed_on=id(inner) not in told):
                yield ANY, ()

    def _read(self, node: s.Call | s.Subscript, frame: Frame) -> Iterator[tuple[str, Trail]]:
        """The variables that a call or subscript itself reads."""
        vocabulary = self.evaluator.vocabulary
        hop = Hop(frame.module.path, node.at, show(node))
        if isinstance(node, s.Subscript):
            value = self.evaluator.evaluate(node.value, frame)
            if isinstance(value, Reference) and f"{value.name}.[]" in vocabulary.readers:
                yield self._named(node.index, frame), (hop,)
            return
        for callee in options(self.evaluator.evaluate(node.function, frame)):
            if isinstance(callee, ClassValue):
                for name, field in self._fields(callee):
                    yield name, (hop, field)
            for full in self._names(callee):
                if frame.module.is_test and full.endswith(_SETTING):
                    continue
                for reader in vocabulary.readers.get(full, ()):
                    variable = handles.passed(node, reader.variable)
                    yield (ANY if variable is None else self._named(variable, frame)), (hop,)

    def _names(self, callee: Value) -> Iterator[str]:
        lineage = self.evaluator.vocabulary.lineage
        match callee:
            case Reference():
                yield callee.name
            case Handle():
                yield from (f"{name}.__call__" for name in lineage(callee.type))
            case Method(receiver=Handle() as receiver):
                yield from (f"{name}.{callee.name}" for name in lineage(receiver.type))

    def _named(self, node: s.Expression, frame: Frame) -> str:
        value = self.evaluator.evaluate(node, frame)
        return value.value if isinstance(value, Literal) and isinstance(value.value, str) else ANY

    def _fields(self, cls: ClassValue) -> Iterator[tuple[str, Hop]]:
        """The variables that making an object of a settings class reads."""
        classes, external = instances.lineage(self.evaluator, cls)
        if self.evaluator.vocabulary.settings_bases.isdisjoint(external):
            return
        for each in classes:
            for name, bindings in self.evaluator.names(instances.body_frame(each)).bindings.items():
                if not isinstance(bindings[-1].node, s.Assign):
                    continue
                value = instances.attribute(self.evaluator, Instance(cls), name)
                if isinstance(value, Variable) and value.trail:
                    yield value.name, value.trail[0]


def _is_whole(node: s.Attribute, *, passed_on: bool) -> bool:
    """Whether an attribute stands for the whole environment: `os.environ` passed on, or copied."""
    if node.name == "environ":
        return passed_on
    return node.name in ("copy", "items", "keys") and (dotted(node.value) or "").endswith("environ")


def _everything(body: s.Block) -> Iterator[s.Statement]:
    """The statements of a module's top level, those in class bodies included."""
    for node in statements(body):
        yield node
        if isinstance(node, s.Class):
            yield from _everything(node.body)


def _passed_on(node: s.Statement) -> set[str]:
    """The names in a statement that it does not call."""
    found: set[str] = set()
    for expression in _values(node):
        inside = list(walk(expression))
        called = {id(inner.function) for inner in inside if isinstance(inner, s.Call)}
        found |= {name for inner in inside if id(inner) not in called and (name := bare(inner))}
    return found


def _values(node: s.Statement) -> Iterator[s.Expression]:
    """The expressions of a statement that are read, not assigned to or deleted."""
    if isinstance(node, s.Assign):
        if node.value is not None:
            yield node.value
    elif not isinstance(node, s.Delete):
        yield from expressions(node)


def is_cached(function: s.Function) -> bool:
    """Whether a function remembers its first result."""
    for decorator in function.decorators:
        target = decorator.function if isinstance(decorator, s.Call) else decorator
        if (dotted(target) or "").rpartition(".")[2] in _CACHES:
            return True
    return False


def _is_set_aside(test: s.Expression) -> bool:
    """Whether a block is not run as its module is imported."""
    return show(test).startswith("__name__ ==") or is_type_checking(test)
