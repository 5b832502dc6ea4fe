"""Expressions of an `ast` tree, lowered."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from isolint.facts.program import syntax as s

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.MatMult: "@",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


class Expressions:
    """One method per kind of expression; `yields` tells whether a yield was met, `attributes` which names were."""

    def __init__(self) -> None:
        self.yields = False
        self.attributes: set[str] = set()

    def expression(self, node: ast.expr) -> s.Expression:
        method = _METHODS.get(type(node))
        return method(self, node) if method is not None else self.opaque(node)

    def optional(self, node: ast.expr | None) -> s.Expression | None:
        return None if node is None else self.expression(node)

    def many(self, nodes: Iterable[ast.expr]) -> tuple[s.Expression, ...]:
        return tuple([self.expression(node) for node in nodes])

    def parameters(self, node: ast.arguments) -> tuple[s.Parameter, ...]:
        positional = [*node.posonlyargs, *node.args]
        missing: list[ast.expr | None] = [None] * (len(positional) - len(node.defaults))
        found = [
            self.parameter(arg, "positional", default)
            for arg, default in zip(positional, [*missing, *node.defaults], strict=True)
        ]
        if node.vararg:
            found.append(self.parameter(node.vararg, "*", None))
        found += [
            self.parameter(a, "keyword", d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)
        ]
        if node.kwarg:
            found.append(self.parameter(node.kwarg, "**", None))
        return tuple(found)

    def parameter(self, node: ast.arg, kind: str, default: ast.expr | None) -> s.Parameter:
        return s.Parameter(node.arg, kind, self.optional(node.annotation), self.optional(default), at_(node))

    def keywords(self, nodes: Iterable[ast.keyword]) -> tuple[tuple[str, s.Expression], ...]:
        return tuple([(k.arg or "", self.expression(k.value)) for k in nodes])

    def name(self, node: ast.Name) -> s.Name:
        return s.Name(node.id, at_(node))

    def attribute(self, node: ast.Attribute) -> s.Attribute:
        self.attributes.add(node.attr)
        return s.Attribute(self.expression(node.value), node.attr, at_(node))

    def constant(self, node: ast.Constant) -> s.Expression:
        if node.value is Ellipsis:
            return s.Opaque((), at_(node))
        return s.Constant(node.value, at_(node))

    def starred(self, node: ast.Starred) -> s.Starred:
        return s.Starred(self.expression(node.value), at_(node))

    def call(self, node: ast.Call) -> s.Call:
        return s.Call(
            self.expression(node.func), self.many(node.args), self.keywords(node.keywords), at_(node)
        )

    def template(self, node: Any) -> s.Template:
        parts: list[str | s.Expression] = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                parts.append(str(value.value))
            else:
                parts.append(self.expression(value.value))
        return s.Template(tuple(parts), at_(node))

    def binary(self, node: ast.BinOp) -> s.Binary:
        operator = OPERATORS[type(node.op)]
        return s.Binary(operator, self.expression(node.left), self.expression(node.right), at_(node))

    def boolean(self, node: ast.BoolOp) -> s.Boolean:
        return s.Boolean(OPERATORS[type(node.op)], self.many(node.values), at_(node))

    def unary(self, node: ast.UnaryOp) -> s.Unary:
        return s.Unary(OPERATORS[type(node.op)], self.expression(node.operand), at_(node))

    def compare(self, node: ast.Compare) -> s.Compare:
        operators = tuple([OPERATORS[type(op)] for op in node.ops])
        return s.Compare(self.expression(node.left), operators, self.many(node.comparators), at_(node))

    def subscript(self, node: ast.Subscript) -> s.Subscript:
        return s.Subscript(self.expression(node.value), self.expression(node.slice), at_(node))

    def sequence(self, node: ast.List | ast.Tuple | ast.Set) -> s.Sequence:
        return s.Sequence(type(node).__name__.lower(), self.many(node.elts), at_(node))

    def mapping(self, node: ast.Dict) -> s.Mapping:
        items = [(self.optional(k), self.expression(v)) for k, v in zip(node.keys, node.values, strict=True)]
        return s.Mapping(tuple(items), at_(node))

    def conditional(self, node: ast.IfExp) -> s.Conditional:
        test, body, orelse = self.many((node.test, node.body, node.orelse))
        return s.Conditional(test, body, orelse, at_(node))

    def lambda_(self, node: ast.Lambda) -> s.Lambda:
        outer = self.yields
        lowered = s.Lambda(self.parameters(node.args), self.expression(node.body), at_(node))
        self.yields = outer
        return lowered

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> s.Comprehension:
        return self.comprehend((node.elt,), node.generators, node)

    def dict_comprehension(self, node: ast.DictComp) -> s.Comprehension:
        return self.comprehend((node.key, node.value), node.generators, node)

    def comprehend(
        self, elements: tuple[ast.expr, ...], generators: list[ast.comprehension], node: ast.expr
    ) -> s.Comprehension:
        loops = tuple([(self.expression(g.target), self.expression(g.iter)) for g in generators])
        conditions = tuple([self.expression(test) for g in generators for test in g.ifs])
        return s.Comprehension(self.many(elements), loops, conditions, at_(node))

    def walrus(self, node: ast.NamedExpr) -> s.Walrus:
        return s.Walrus(self.name(node.target), self.expression(node.value), at_(node))

    def yield_(self, node: ast.Yield | ast.YieldFrom) -> s.Yield:
        self.yields = True
        return s.Yield(self.optional(node.value), at_(node))

    def await_(self, node: ast.Await) -> s.Expression:
        return self.expression(node.value)

    def opaque(self, node: ast.expr) -> s.Opaque:
        children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return s.Opaque(self.many(children), at_(node))


# One number for each line, since every node would hold two of its own: a quarter of what a position takes.
_LINES = [0]


def number_lines(last: int) -> None:
    """Have numbers ready for the positions of a file with so many lines.

    And for as many below: before Python 3.12, `ast` is not exact about what stands in f-strings.
    """
    _LINES.extend(range(len(_LINES), 2 * last + 2))


def at_(node: Any) -> s.Position:
    """The position of a node in a file whose lines have numbers."""
    return (_LINES[node.lineno], node.col_offset, _LINES[node.end_lineno], node.end_col_offset)


_METHODS: dict[type[ast.AST], Callable[[Expressions, Any], Any]] = {
    ast.Name: Expressions.name,
    ast.Attribute: Expressions.attribute,
    ast.Constant: Expressions.constant,
    ast.Starred: Expressions.starred,
    ast.Call: Expressions.call,
    ast.JoinedStr: Expressions.template,
    ast.BinOp: Expressions.binary,
    ast.BoolOp: Expressions.boolean,
    ast.UnaryOp: Expressions.unary,
    ast.Compare: Expressions.compare,
    ast.Subscript: Expressions.subscript,
    ast.List: Expressions.sequence,
    ast.Tuple: Expressions.sequence,
    ast.Set: Expressions.sequence,
    ast.Dict: Expressions.mapping,
    ast.IfExp: Expressions.conditional,
    ast.Lambda: Expressions.lambda_,
    ast.ListComp: Expressions.comprehension,
    ast.SetComp: Expressions.comprehension,
    ast.GeneratorExp: Expressions.comprehension,
    ast.DictComp: Expressions.dict_comprehension,
    ast.NamedExpr: Expressions.walrus,
    ast.Yield: Expressions.yield_,
    ast.YieldFrom: Expressions.yield_,
    ast.Await: Expressions.await_,
}
if hasattr(ast, "TemplateStr"):
    _METHODS[ast.TemplateStr] = Expressions.template
