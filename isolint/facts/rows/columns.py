"""Which columns the project's models declare unique."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import ClassValue, Hop
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements
from isolint.facts.program.show import show
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.reach import Reach
from isolint.late import regex

_MODEL_FILES = regex(r"(^|[/_])(models?|orm|entities|entity|tables?|schemas?)([/_.])[^/]*", re.I)
_MARKS = ("unique", "primary_key", "pk", "primary")
_TABLE_NAMES = ("__tablename__", "db_table", "table_name", "table")
_COLUMNS = frozenset({"Column", "mapped_column"})


class UniqueColumns:
    """Reads the columns of models: those marked as unique or as the key, and constraints over a single one."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self._known: dict[int, dict[str, Hop]] = {}

    def of(self, model: ClassValue) -> dict[str, Hop]:
        """The unique columns of a model, inherited ones included, with the place where each is said to be."""
        key = id(model.node)
        if key not in self._known:
            found: dict[str, Hop] = {}
            for cls in reversed(instances.lineage(self.evaluator, model)[0]):
                found.update(_declared(cls))
            self._known[key] = found if model.node.bases else {}
        return self._known[key]

    def named(self, column: str) -> Hop | None:
        """Where a model of the product declares a column of this name unique; `id` is everybody's."""
        return None if column in ("id", "pk") else self._by_column.get(column)

    def of_table(self, table: str) -> dict[str, Hop]:
        """The unique columns of a table, by its name in the database."""
        return self._by_table.get(table.strip('"`[]').rpartition(".")[2].lower(), {})

    @cached_property
    def _modules(self) -> tuple[Module, ...]:
        """The modules that the tests reach, and those that hold models by their name: a server's, for instance."""
        project = self.evaluator.project
        named = [path for path in sorted(project.files) if _MODEL_FILES.search(path)]
        found = (*self.reach.tests, *self.reach.product, *(project.module(path) for path in named))
        return tuple(dict.fromkeys(module for module in found if module is not None))

    @cached_property
    def _models(self) -> tuple[ClassValue, ...]:
        frames = ((module, self.evaluator.module_frame(module)) for module in self._modules)
        return tuple(ClassValue(m, node, frame) for m, frame in frames for node in m.classes if node.bases)

    @cached_property
    def _by_column(self) -> dict[str, Hop]:
        found: dict[str, Hop] = {}
        for model in self._models:
            if not model.module.is_test:
                for name, hop in self.of(model).items():
                    found.setdefault(name, hop)
        return found

    @cached_property
    def _by_table(self) -> dict[str, dict[str, Hop]]:
        found: dict[str, dict[str, Hop]] = {}
        for model in self._models:
            for name in _table_names(model.node):
                found.setdefault(name.lower(), {}).update(self.of(model))
        for module in self._modules:
            for name, columns in _tables(module):
                found.setdefault(name.lower(), {}).update(columns)
        return found


def _declared(cls: ClassValue) -> Iterator[tuple[str, Hop]]:
    """The unique columns that a class declares itself."""
    for node in cls.node.body:
        if isinstance(node, s.Assign) and isinstance(node.value, s.Call):
            for target in node.targets:
                if isinstance(target, s.Name) and _is_unique(node.value):
                    yield target.id, Hop(cls.module.path, node.at, f"{target.id} = {show(node.value)}")
        if isinstance(node, s.Assign | s.Class):
            yield from _constrained(node, cls.module)


def _is_unique(call: s.Call) -> bool:
    given = dict(call.keywords)
    return any(
        isinstance(value, s.Constant) and value.value is True
        for mark in _MARKS
        if (value := given.get(mark)) is not None
    )


def _constrained(node: s.Assign | s.Class, module: Module) -> Iterator[tuple[str, Hop]]:
    """What `UniqueConstraint("a")` and `UniqueConstraint(fields=["a"])` say of single columns."""
    body = node.body if isinstance(node, s.Class) else (node,)
    if isinstance(node, s.Class) and node.name != "Meta":
        return
    for call in every_expression(body):
        if isinstance(call, s.Call) and last_name(call) == "UniqueConstraint":
            fields = dict(call.keywords).get("fields")
            names = fields.items if isinstance(fields, s.Sequence) else call.arguments
            if (
                len(names) == 1
                and isinstance(names[0], s.Constant)
                and "condition" not in dict(call.keywords)
            ):
                yield str(names[0].value), Hop(module.path, call.at, show(call))


def _table_names(node: s.Class) -> Iterator[str]:
    """What a model calls its table."""
    for inner in (node, *(n for n in node.body if isinstance(n, s.Class) and n.name == "Meta")):
        for assigned in inner.body:
            match assigned:
                case s.Assign(targets=(s.Name(id=name),), value=s.Constant(value=str(table))):
                    if name in _TABLE_NAMES:
                        yield table


def _tables(module: Module) -> Iterator[tuple[str, dict[str, Hop]]]:
    """The tables that a module makes by `Table(...)`, with their unique columns."""
    for node in statements(module.facts.body):
        if isinstance(node, s.Assign) and isinstance(node.value, s.Call) and last_name(node.value) == "Table":
            arguments = node.value.arguments
            if arguments and isinstance(arguments[0], s.Constant):
                yield str(arguments[0].value), dict(_columns(arguments, module))


def _columns(arguments: Iterable[s.Expression], module: Module) -> Iterator[tuple[str, Hop]]:
    for argument in arguments:
        match argument:
            case s.Call(arguments=(s.Constant(value=str(name)), *_)) if _is_unique(argument):
                if last_name(argument) in _COLUMNS:
                    yield name, Hop(module.path, argument.at, show(argument))
