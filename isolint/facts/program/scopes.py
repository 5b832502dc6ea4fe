"""Names and what they are bound to, in a module, class or function body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from isolint.facts.program import syntax as s
from isolint.facts.program.show import bare, dotted

Inner = tuple[s.Block, bool, bool]


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
    """The bindings of a body; the bodies of functions and classes inside it are their own."""
    if not body:
        return Names({}, frozenset())
    try:
        of, known = body[0]._names
        if of is body:
            return known
    except AttributeError:
        pass
    found: dict[str, list[Binding]] = {}
    globals_: set[str] = set()
    for binding in _bindings(body, (), False, globals_):
        found.setdefault(binding.name, []).append(binding)
    names = Names({name: tuple(bindings) for name, bindings in found.items()}, frozenset(globals_))
    body[0]._names = (body, names)
    return names


def imports_in(*bodies: Names) -> Iterator[tuple[Binding, s.Import]]:
    """The bindings of some bodies that imports make, each with its statement."""
    for names in bodies:
        for several in names.bindings.values():
            for binding in several:
                if binding.kind == "import" and isinstance(binding.node, s.Import):
                    yield binding, binding.node


def reaching(bindings: tuple[Binding, ...], line: int | None) -> tuple[Binding, ...]:
    """The bindings that may hold where the name is read: the last before `line`, and those it may not replace.

    Without a line, those that hold after the whole body has run. Deletions never reach.
    """
    if len(bindings) == 1 and bindings[0].kind not in ("augmented", "delete"):
        return bindings
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
) -> list[Binding]:
    found: list[Binding] = []
    for node in body:
        match node:
            case s.Evaluate() | s.Assert() | s.Return():
                pass
            case s.Import():
                found += _imports(node, branch, typing)
            case s.Assign():
                found += _assigned(node, branch)
            case s.Function():
                found.append(Binding(node.name, "function", node, branch=branch, type_checking=typing))
            case s.Class():
                found.append(Binding(node.name, "class", node, branch=branch, type_checking=typing))
            case s.With():
                for context, target in node.items:
                    found += _targets(target, "with", node, context, branch)
            case s.Loop(target=target, iterable=iterable) if target is not None:
                found += _targets(target, "for", node, iterable, branch)
            case s.Delete():
                for target in node.targets:
                    found += _targets(target, "delete", node, None, branch)
            case s.Scope(kind="global"):
                globals_.update(node.names)
        for walrus in told(node).walruses:
            found.append(Binding(walrus.target.id, "assign", node, walrus.value, branch=branch))
        for arm, (inner, conditional, checking) in enumerate(blocks(node)):
            below = (*branch, (node.at[0], arm)) if conditional else branch
            found += _bindings(inner, below, typing or checking, globals_)
    return found


def blocks(node: s.Statement) -> Sequence[Inner]:
    """The blocks inside a statement: (block, whether it may be skipped, whether only type checkers read it)."""
    inside = _BLOCKS.get(type(node))
    return () if inside is None else inside(node)


def _of_if(node: s.If) -> Sequence[Inner]:
    return (node.body, True, is_type_checking(node.test)), (node.orelse, True, False)


def _of_loop(node: s.Loop) -> Sequence[Inner]:
    return (node.body, False, False), (node.orelse, False, False)


def _of_with(node: s.With) -> Sequence[Inner]:
    return ((node.body, False, False),)


def _of_try(node: s.Try) -> Sequence[Inner]:
    return [
        (node.body, bool(node.handlers), False),
        *((handler.body, True, False) for handler in node.handlers),
        (node.orelse, False, False),
        (node.final, False, False),
    ]


def _of_match(node: s.Match) -> Sequence[Inner]:
    return [(inner, True, False) for _, inner in node.cases]


_BLOCKS: dict[type, Callable[[Any], Sequence[Inner]]] = {
    s.If: _of_if,
    s.Loop: _of_loop,
    s.With: _of_with,
    s.Try: _of_try,
    s.Match: _of_match,
}


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
        if isinstance(target, s.Name):
            yield Binding(target.id, kind, node, node.value, annotation=node.annotation, branch=branch)
        elif isinstance(target, s.Sequence | s.Starred):
            yield from _targets(target, kind, node, node.value, branch)


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


def expressions(node: s.Statement) -> Sequence[s.Expression]:
    """The expressions that stand directly in a statement, in the order of evaluation; not those of its blocks."""
    inside = _EXPRESSIONS.get(type(node))
    return () if inside is None else inside(node)


def _of_assign(node: s.Assign) -> Sequence[s.Expression]:
    targets = [target for target in node.targets if not isinstance(target, s.Name)]
    return targets if node.value is None else [node.value, *targets]


_EXPRESSIONS: dict[type, Callable[[Any], Sequence[s.Expression]]] = {
    s.Assign: _of_assign,
    s.Evaluate: lambda node: (node.value,),
    s.Return: lambda node: () if node.value is None else (node.value,),
    s.Raise: lambda node: () if node.exception is None else (node.exception,),
    s.Assert: lambda node: (node.test,) if node.message is None else (node.test, node.message),
    s.Delete: lambda node: node.targets,
    s.If: lambda node: (node.test,),
    s.Loop: lambda node: [e for e in (node.iterable, node.test) if e is not None],
    s.With: lambda node: [context for context, _ in node.items],
    s.Match: lambda node: (node.subject,),
    s.Function: lambda node: node.decorators,
    s.Class: lambda node: node.decorators,
}


def walk(node: s.Expression) -> tuple[s.Expression, ...]:
    """The expression and everything inside it, lambdas excepted, outermost first."""
    if type(node) not in _CHILDREN:
        return (node,)
    try:
        return node._inside
    except AttributeError:
        node._inside = found = tuple(_walked(node))
        return found


def _walked(node: s.Expression) -> list[s.Expression]:
    found: list[s.Expression] = []
    stack = [node]
    while stack:
        current = stack.pop()
        found.append(current)
        inside = _CHILDREN.get(type(current))
        if inside is not None:
            stack += inside(current)[::-1]
    return found


def children(node: s.Expression) -> Sequence[s.Expression]:
    """The expressions directly inside an expression; the body of a lambda runs elsewhere and is left out."""
    inside = _CHILDREN.get(type(node))
    return () if inside is None else inside(node)


def _of_call(node: s.Call) -> Sequence[s.Expression]:
    return [node.function, *node.arguments, *[value for _, value in node.keywords]]


def _of_comprehension(node: s.Comprehension) -> Sequence[s.Expression]:
    return [*[i for _, i in node.loops], *node.conditions, *node.elements]


_CHILDREN: dict[type, Callable[[Any], Sequence[s.Expression]]] = {
    s.Attribute: lambda node: (node.value,),
    s.Starred: lambda node: (node.value,),
    s.Walrus: lambda node: (node.value,),
    s.Call: _of_call,
    s.Template: lambda node: [part for part in node.parts if not isinstance(part, str)],
    s.Binary: lambda node: (node.left, node.right),
    s.Boolean: lambda node: node.values,
    s.Unary: lambda node: (node.operand,),
    s.Compare: lambda node: (node.left, *node.comparators),
    s.Subscript: lambda node: (node.value, node.index),
    s.Sequence: lambda node: node.items,
    s.Mapping: lambda node: [e for pair in node.items for e in pair if e is not None],
    s.Conditional: lambda node: (node.test, node.body, node.orelse),
    s.Comprehension: _of_comprehension,
    s.Yield: lambda node: () if node.value is None else (node.value,),
    s.Opaque: lambda node: node.children,
}


def statements(body: s.Block) -> tuple[s.Statement, ...]:
    """Every statement of a body in source order, nested blocks included, functions' and classes' bodies not."""
    if not body:
        return ()
    try:
        of, known = body[0]._all
        if of is body:
            return known
    except AttributeError:
        pass
    found: list[s.Statement] = []
    _gather(body, found)
    body[0]._all = (body, tuple(found))
    return body[0]._all[1]


def _gather(body: s.Block, found: list[s.Statement]) -> None:
    for node in body:
        found.append(node)
        inside = _BLOCKS.get(type(node))
        if inside is not None:
            for inner, _, _ in inside(node):
                _gather(inner, found)


class Told(NamedTuple):
    """What stands directly in a statement, outermost first, not in its blocks nor in lambdas."""

    calls: tuple[s.Call, ...]
    yields: tuple[s.Yield, ...]
    walruses: tuple[s.Walrus, ...]
    lambdas: tuple[s.Lambda, ...]


_NOTHING = Told((), (), (), ())


def told(node: s.Statement) -> Told:
    """The calls, yields, walruses and lambdas of a statement."""
    try:
        return node._told
    except AttributeError:
        inside = [e for expression in expressions(node) for e in walk(expression) if type(e) in _TOLD]
        node._told = found = _sorted_out(inside) if inside else _NOTHING
        return found


_TOLD = frozenset({s.Call, s.Yield, s.Walrus, s.Lambda})


def _sorted_out(inside: list[s.Expression]) -> Told:
    calls = tuple([e for e in inside if isinstance(e, s.Call)])
    if len(calls) == len(inside):
        return Told(calls, (), (), ())
    yields = tuple([e for e in inside if isinstance(e, s.Yield)])
    walruses = tuple([e for e in inside if isinstance(e, s.Walrus)])
    return Told(calls, yields, walruses, tuple([e for e in inside if isinstance(e, s.Lambda)]))


class Calls(NamedTuple):
    """Calls, and the bare names that they call something by."""

    calls: tuple[s.Call, ...]
    names: frozenset[str]


NO_CALLS = Calls((), frozenset())


def own_calls(body: s.Block) -> Calls:
    """The calls of a body in source order, nested blocks included, functions' and classes' bodies not."""
    if not body:
        return NO_CALLS
    try:
        of, known = body[0]._own
        if of is body:
            return known
    except AttributeError:
        pass
    calls = tuple([call for node in statements(body) for call in told(node).calls])
    found = Calls(calls, frozenset([bare(call.function) for call in calls]))
    body[0]._own = (body, found)
    return found


def always_true(function: s.Function) -> bool:
    """Whether a function does nothing but return True."""
    match function.body[-1:]:
        case (s.Return(value=s.Constant(value=True)),):
            return all(isinstance(n, s.Return | s.Evaluate) for n in function.body)
    return False


def every_expression(body: s.Block) -> Iterator[s.Expression]:
    """Every expression of a body, those of lambdas and nested functions included."""
    for node in statements(body):
        for expression in expressions(node):
            yield from parts(expression)
        if isinstance(node, s.Function | s.Class):
            yield from every_expression(node.body)


def parts(expression: s.Expression) -> Iterator[s.Expression]:
    """The expression and everything inside it, what stands in lambdas included."""
    for inner in walk(expression):
        yield inner
        if isinstance(inner, s.Lambda):
            yield from parts(inner.body)
