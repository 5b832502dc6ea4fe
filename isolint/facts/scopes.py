"""Names and what they are bound to, in a module, class or function body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from isolint.facts import syntax as s
from isolint.facts.show import dotted


class Binding(NamedTuple):
    """One place that gives a name a value.

    `kind` is "import", "assign", "function", "class", "with", "for", "except", "augmented" or "delete".
    `node` is the statement; `value` the expression assigned, entered or iterated over, if any; `unpack` the
    way into it for `a, (b, c) = value`; `imported` the entry of an import statement. `depth` counts the
    enclosing conditional blocks and `branch` names them, so that two bindings of one `if` can be told apart.
    """

    name: str
    kind: str
    node: s.Statement
    value: s.Expression | None = None
    unpack: tuple[int, ...] = ()
    imported: s.ImportedName | None = None
    annotation: s.Expression | None = None
    branch: tuple[tuple[int, int], ...] = ()
    type_checking: bool = False

    @property
    def line(self) -> int:
        return self.node.at[0]


class Names(NamedTuple):
    """The names bound in one body: name -> bindings in source order, and those declared global."""

    bindings: dict[str, tuple[Binding, ...]]
    globals: frozenset[str]


def bind(body: s.Block) -> Names:
    """Collect the bindings of a body; the bodies of functions and classes inside it are their own."""
    found: dict[str, list[Binding]] = {}
    globals_: set[str] = set()
    for binding in _bindings(body, (), False, globals_):
        found.setdefault(binding.name, []).append(binding)
    return Names({name: tuple(bindings) for name, bindings in found.items()}, frozenset(globals_))


def reaching(bindings: tuple[Binding, ...], line: int | None) -> tuple[Binding, ...]:
    """The bindings that may hold where the name is read: the last before `line`, and those it may not replace.

    Without a line, those that hold after the whole body has run. Deletions never reach.
    """
    before = [b for b in bindings if line is None or b.line < line] or list(bindings)
    reached: list[Binding] = []
    for binding in reversed(before):
        if binding.kind == "augmented":
            continue
        if not any(binding.branch[: len(later.branch)] == later.branch for later in reached):
            reached.append(binding)
    return tuple(b for b in reversed(reached) if b.kind != "delete")


def _bindings(
    body: s.Block, branch: tuple[tuple[int, int], ...], typing: bool, globals_: set[str]
) -> Iterator[Binding]:
    for node in body:
        match node:
            case s.Import():
                yield from _imports(node, branch, typing)
            case s.Assign():
                yield from _assigned(node, branch)
            case s.Function():
                yield Binding(node.name, "function", node, branch=branch, type_checking=typing)
            case s.Class():
                yield Binding(node.name, "class", node, branch=branch, type_checking=typing)
            case s.With():
                for context, target in node.items:
                    yield from _targets(target, "with", node, context, branch)
            case s.Loop(target=target, iterable=iterable) if target is not None:
                yield from _targets(target, "for", node, iterable, branch)
            case s.Delete():
                for target in node.targets:
                    yield from _targets(target, "delete", node, None, branch)
            case s.Scope(kind="global"):
                globals_.update(node.names)
        yield from _walrus(node, branch)
        for arm, (inner, conditional, checking) in enumerate(blocks(node)):
            below = (*branch, (node.at[0], arm)) if conditional else branch
            yield from _bindings(inner, below, typing or checking, globals_)


def blocks(node: s.Statement) -> Iterator[tuple[s.Block, bool, bool]]:
    """The blocks inside a statement: (block, whether it may be skipped, whether only type checkers read it)."""
    match node:
        case s.If():
            yield node.body, True, is_type_checking(node.test)
            yield node.orelse, True, False
        case s.Loop():
            yield node.body, False, False
            yield node.orelse, False, False
        case s.With():
            yield node.body, False, False
        case s.Try():
            yield node.body, bool(node.handlers), False
            for handler in node.handlers:
                yield handler.body, True, False
            yield node.orelse, False, False
            yield node.final, False, False
        case s.Match():
            for _, inner in node.cases:
                yield inner, True, False


def is_type_checking(test: s.Expression) -> bool:
    """Whether a condition holds for type checkers alone."""
    return (dotted(test) or "").rpartition(".")[2] == "TYPE_CHECKING"


def _imports(node: s.Import, branch: tuple[tuple[int, int], ...], typing: bool) -> Iterator[Binding]:
    plain = not node.module and not node.level
    for entry in node.names:
        bound = entry.alias or (entry.name.partition(".")[0] if plain else entry.name)
        yield Binding(bound, "import", node, imported=entry, branch=branch, type_checking=typing)


def _assigned(node: s.Assign, branch: tuple[tuple[int, int], ...]) -> Iterator[Binding]:
    kind = "assign" if node.operator == "=" else "augmented"
    for target in node.targets:
        for binding in _targets(target, kind, node, node.value, branch):
            yield binding._replace(annotation=node.annotation)


def _targets(
    target: s.Expression | None,
    kind: str,
    node: s.Statement,
    value: s.Expression | None,
    branch: tuple[tuple[int, int], ...],
    unpack: tuple[int, ...] = (),
) -> Iterator[Binding]:
    match target:
        case s.Name():
            yield Binding(target.id, kind, node, value, unpack, branch=branch)
        case s.Starred():
            yield from _targets(target.value, kind, node, None, branch, unpack)
        case s.Sequence():
            for index, item in enumerate(target.items):
                yield from _targets(item, kind, node, value, branch, (*unpack, index))


def _walrus(node: s.Statement, branch: tuple[tuple[int, int], ...]) -> Iterator[Binding]:
    for expression in expressions(node):
        for inner in walk(expression):
            if isinstance(inner, s.Walrus):
                yield Binding(inner.target.id, "assign", node, inner.value, branch=branch)


def expressions(node: s.Statement) -> Iterator[s.Expression]:
    """The expressions that stand directly in a statement, in the order of evaluation; not those of its blocks."""
    match node:
        case s.Assign():
            if node.value is not None:
                yield node.value
            yield from (t for t in node.targets if not isinstance(t, s.Name))
        case s.Evaluate():
            yield node.value
        case s.Return(value=value) if value is not None:
            yield value
        case s.Raise(exception=exception) if exception is not None:
            yield exception
        case s.Assert():
            yield node.test
            if node.message is not None:
                yield node.message
        case s.Delete():
            yield from node.targets
        case s.If():
            yield node.test
        case s.Loop():
            yield from (e for e in (node.iterable, node.test) if e is not None)
        case s.With():
            yield from (context for context, _ in node.items)
        case s.Match():
            yield node.subject
        case s.Function() | s.Class():
            yield from node.decorators


def walk(node: s.Expression) -> Iterator[s.Expression]:
    """The expression and everything inside it, lambdas excepted, outermost first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def children(node: s.Expression) -> list[s.Expression]:
    """The expressions directly inside an expression; the body of a lambda runs elsewhere and is left out."""
    match node:
        case s.Name() | s.Constant() | s.Lambda():
            return []
        case s.Attribute() | s.Starred() | s.Walrus():
            return [node.value]
        case s.Call():
            return [node.function, *node.arguments, *(value for _, value in node.keywords)]
        case s.Template():
            return [part for part in node.parts if not isinstance(part, str)]
        case s.Binary():
            return [node.left, node.right]
        case s.Boolean():
            return list(node.values)
        case s.Unary():
            return [node.operand]
        case s.Compare():
            return [node.left, *node.comparators]
        case s.Subscript():
            return [node.value, node.index]
        case s.Sequence():
            return list(node.items)
        case s.Mapping():
            return [e for pair in node.items for e in pair if e is not None]
        case s.Conditional():
            return [node.test, node.body, node.orelse]
        case s.Comprehension():
            return [*(i for _, i in node.loops), *node.conditions, *node.elements]
        case s.Yield():
            return [] if node.value is None else [node.value]
        case s.Opaque():
            return list(node.children)
    return []


def statements(body: s.Block) -> Iterator[s.Statement]:
    """Every statement of a body in source order, nested blocks included, functions' and classes' bodies not."""
    for node in body:
        yield node
        for inner, _, _ in blocks(node):
            yield from statements(inner)


def always_true(function: s.Function) -> bool:
    """Whether a function does nothing but return True."""
    match function.body[-1:]:
        case (s.Return(value=s.Constant(value=True)),):
            return all(isinstance(n, s.Return | s.Evaluate) for n in function.body)
    return False
