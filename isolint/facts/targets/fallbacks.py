"""Variables of the tests that, where they are not set, give way to the application's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from isolint.facts.meaning.arguments import misses
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.instances import body_frame
from isolint.facts.meaning.values import UNKNOWN, ClassValue, Frame, Hop, Trail, Value, Variable, options
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import children, expressions, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import calls_in
from isolint.facts.targets.guards import is_guard, is_guard_call, leaves
from isolint.facts.targets.lattice import Level, Pins, Target, is_test_name, place, tokens
from isolint.facts.targets.protection import Protection
from isolint.late import dataclass

_STORE_TOKENS = frozenset(
    "db database databases dsn sqlalchemy sql postgres postgresql pg pgdatabase mysql mariadb mssql oracle sqlite "
    "mongo mongodb mongoengine redis valkey neo4j cassandra scylla elastic elasticsearch opensearch es arango "
    "arangodb clickhouse couchdb dynamodb broker amqp rabbitmq celery cache memcached bucket datastore warehouse "
    "uri url".split()
)
_HALF = frozenset(
    "user username password passwd pass pwd port host hostname schema driver ssl sslmode timeout pool size echo "
    "engine options log level token key secret api base server webhook callback frontend backend site".split()
)


@dataclass(frozen=True, slots=True)
class Fallback:
    """An expression that stands for a test variable (`name`) or, where that is unset, for `target`.

    `others` are the variables that it falls back to.
    """

    at: s.Position
    name: str
    target: Target
    trail: Trail
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Body:
    block: s.Block
    frame: Frame
    function: s.Function | None


class Fallbacks:
    """Finds the fallbacks of test modules, and those of the product's settings that tests read."""

    def __init__(self, evaluator: Evaluator, replacements: Replacements, protection: Protection) -> None:
        self.evaluator = evaluator
        self.replacements = replacements
        self.protection = protection

    def of(self, module: Module) -> Iterator[Fallback]:
        """The fallbacks of a test module that nothing behind them checks."""
        if not module.is_test:
            return
        seen: set[tuple[str, Trail]] = set()
        for body in self._bodies(module):
            for found in self._in_body(body, module):
                if self.protection.guards_file(module.path):
                    return
                key = (found.name, found.target.trail[-1:])
                if key not in seen and not self._is_checked(body, found):
                    seen.add(key)
                    yield found

    def _bodies(self, module: Module) -> Iterator[_Body]:
        top = self.evaluator.module_frame(module)
        yield _Body(module.facts.body, top, None)
        for cls in module.classes:
            yield _Body(cls.body, body_frame(ClassValue(module, cls, top)), None)
        for function in module.functions:
            yield _Body(function.body, self.evaluator.function_frame(module, function), function)

    def _in_body(self, body: _Body, module: Module) -> Iterator[Fallback]:
        for statement in statements(body.block):
            if isinstance(statement, s.Function | s.Class):
                continue
            for expression in expressions(statement):
                yield from self._in_expression(expression, body.frame, module)
            if isinstance(statement, s.If | s.Try):
                yield from self._refilled(statement, body, module)
            if isinstance(statement, s.If):
                yield from self._in_branches(statement, body, module)

    def _in_expression(self, expression: s.Expression, frame: Frame, module: Module) -> Iterator[Fallback]:
        """The outermost expression that stands for a test variable with its fallback."""
        if not any(map(_speaks_of_tests, walk(expression))):
            return
        pending = [expression]
        while pending:
            node = pending.pop()
            found = self._told(node, frame, module) if _speaks_of_tests(node) else None
            if found is not None:
                yield found
            else:
                pending.extend(reversed(children(node)))

    def _told(self, node: s.Expression, frame: Frame, module: Module) -> Fallback | None:
        match node:
            case s.Conditional():
                value = self._chosen(node, frame)
            case _:
                value = self.evaluator.evaluate(node, frame)
        for option in options(value):
            if isinstance(option, Variable) and option.default is not None and is_test_name(option.name):
                if self._is_told_elsewhere(option, node, module):
                    return None
                return self._judged(node, option, option.default, self.replacements.pins(module.path))
        return None

    def _chosen(self, node: s.Conditional, frame: Frame) -> Value:
        """`a if a else b`: the variable with its fallback."""
        values = [self.evaluator.evaluate(branch, frame) for branch in (node.body, node.orelse)]
        for first, other in (values, reversed(values)):
            if isinstance(first, Variable) and first.default is None and is_test_name(first.name):
                return replace(first, default=other)
        return UNKNOWN

    def _refilled(self, node: s.If | s.Try, body: _Body, module: Module) -> Iterator[Fallback]:
        """`if not url: url = ...` after the test variable was read into `url`; the same for `except KeyError`."""
        inner = [node.body] if isinstance(node, s.If) else [handler.body for handler in node.handlers]
        for name, value in (pair for block in inner for pair in _assigned(block)):
            if isinstance(node, s.If) and not misses(node.test, name):
                continue
            read = self._read_before(name, node, body)
            found = None if read is None else self._against(read, value, body.frame, module)
            if found is not None:
                yield found

    def _in_branches(self, node: s.If, body: _Body, module: Module) -> Iterator[Fallback]:
        """`if test_url: url = test_url` with `else: url = ...`, or else with what `url` held before."""
        taken = dict(_assigned(node.body))
        other = dict(_assigned(node.orelse)) if taken else {}
        for first, second in ((taken, other), (other, taken)):
            for name in first.keys() & second.keys():
                read = self._test_variable(first[name], body.frame)
                found = None if read is None else self._against(read, second[name], body.frame, module)
                if found is not None:
                    yield found
        if not node.orelse:
            yield from self._pinned_if_set(node, body, module)

    def _pinned_if_set(self, node: s.If, body: _Body, module: Module) -> Iterator[Fallback]:
        """`if test_url: os.environ["DATABASE_URL"] = test_url`: without it the application's variable stands."""
        written = self.replacements.written(node.body, body.frame)
        for name, value in written:
            read = next((v for v in options(value) if isinstance(v, Variable)), None)
            if read is None or read.default is not None or not is_test_name(read.name) or is_test_name(name):
                continue
            others = [key for key, _ in self.replacements.written(body.block, body.frame) if key == name]
            if len(others) > 1 or name in self.replacements.config.environment:
                continue
            hop = Hop(module.path, node.test.at, f"if {show(node.test)}")
            found = self._judged(node.test, read, Variable(name, None, trail=(hop,)), {})
            if found is not None:
                yield found

    def _test_variable(self, node: s.Expression, frame: Frame) -> Variable | None:
        value = self.evaluator.evaluate(node, frame)
        if isinstance(value, Variable) and value.default is None and is_test_name(value.name):
            return value
        return None

    def _against(self, read: Variable, other: s.Expression, frame: Frame, module: Module) -> Fallback | None:
        value = self.evaluator.evaluate(other, frame)
        pins = self.replacements.pins(module.path)
        return (
            None if self._is_told_elsewhere(read, other, module) else self._judged(other, read, value, pins)
        )

    def _read_before(self, name: str, node: s.If | s.Try, body: _Body) -> Variable | None:
        """The test variable that a name was read from, before an `if` or inside a `try`."""
        block = node.body if isinstance(node, s.Try) else body.block
        for statement in statements(block):
            if isinstance(node, s.If) and statement.at[0] >= node.at[0]:
                break
            if isinstance(statement, s.Assign) and statement.value is not None and _binds(statement, name):
                read = self._test_variable(statement.value, body.frame)
                if read is not None:
                    return read
        return None

    def _judged(self, node: s.Expression, read: Variable, other: Value, pins: Pins) -> Fallback | None:
        if read.name in pins or not _names_store(read, other):
            return None
        target = place(other, pins, product=self._is_from_product(other.trail))
        if target.level < Level.PRODUCTION or not target.sure:
            return None
        others = tuple(option.name for option in options(other) if isinstance(option, Variable))
        return Fallback(node.at, read.name, target, (*read.trail, *target.trail), others)

    def _is_told_elsewhere(self, read: Variable, node: s.Expression, module: Module) -> bool:
        """Whether the fallback stands in another place of the tests, which is the one to report."""
        for hop in read.trail:
            source = self.evaluator.project.module(hop.path)
            if source is None or not source.is_test:
                continue
            if source is not module or not node.at[0] <= hop.at[0] <= node.at[2]:
                return isinstance(node, s.Attribute | s.Name) or source is not module
        return False

    def _is_from_product(self, trail: Trail) -> bool:
        modules = [self.evaluator.project.module(hop.path) for hop in trail]
        return any(module is not None and not module.is_test for module in modules)

    def _is_checked(self, body: _Body, found: Fallback) -> bool:
        """Whether a guard stands in the same body or, for a function of the tests, around it."""
        if body.function is not None and self.protection.guards(body.frame.module, body.function):
            return True
        if any(is_guard_call(call) for call in calls_in(body.block)):
            return True
        checks = [node for node in statements(body.block) if isinstance(node, s.Assert | s.If)]
        ending = [n for n in checks if isinstance(n, s.Assert) or leaves(n.body) or leaves(n.orelse)]
        tests = [node.test for node in ending if not _is_bare(node.test)]
        return any(is_guard(test, body.frame, self.evaluator) for test in tests)


def _assigned(block: s.Block) -> Iterator[tuple[str, s.Expression]]:
    """The names that a block assigns, with what it assigns to them."""
    for node in statements(block):
        if isinstance(node, s.Assign) and node.value is not None and node.operator == "=":
            yield from ((t.id, node.value) for t in node.targets if isinstance(t, s.Name))


def _binds(node: s.Assign, name: str) -> bool:
    return any(isinstance(target, s.Name) and target.id == name for target in node.targets)


def _is_bare(test: s.Expression) -> bool:
    """Whether a condition only asks whether there is anything: `not url`, `url is None`."""
    match test:
        case s.Unary(operator="not", operand=s.Name()) | s.Name():
            return True
        case s.Compare(left=s.Name(), operators=("is" | "is not",)):
            return True
    return False


def _speaks_of_tests(node: s.Expression) -> bool:
    """Whether an expression may read a test variable, by the words in it."""
    if type(node) is s.Attribute:
        return is_test_name(node.name)
    if type(node) is s.Call:
        return bool(node.arguments) and _spells_test(node.arguments[0])
    return type(node) is s.Conditional or (type(node) is s.Boolean and node.operator == "or")


def _spells_test(node: s.Expression) -> bool:
    return isinstance(node, s.Constant) and isinstance(node.value, str) and is_test_name(node.value)


def _names_store(read: Variable, other: Value) -> bool:
    """Whether the variables speak of a store as a whole, and not of a password, port or the like."""
    return names_stores([read.name, *(o.name for o in options(other) if isinstance(o, Variable))])


def names_stores(names: Iterable[str]) -> bool:
    """Whether the names of variables are those of whole stores: one says so, and none is of a part of an address."""
    words = [tokens(name) for name in names]
    if any(not found.isdisjoint(_HALF) for found in words):
        return False
    return any(not found.isdisjoint(_STORE_TOKENS - {"url", "uri"}) for found in words)
