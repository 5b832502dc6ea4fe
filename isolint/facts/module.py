"""One file -> ModuleFacts: the lowered program of a single `ast` pass."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from isolint.facts import syntax as s


class ModuleFacts(NamedTuple):
    """A file as the analyses see it: frozen and picklable, a pure function of its text.

    `path` is relative to the project root, POSIX.
    """

    path: str
    docstring: str | None
    body: s.Block


def read_module(path: str, tree: ast.Module) -> ModuleFacts:
    """Lower a parsed file. Raises RecursionError where the code nests beyond the interpreter's limit."""
    lowering = _Lowering()
    return ModuleFacts(path, _docstring(tree.body), lowering.block(tree.body))


_OPERATORS: dict[type[ast.AST], str] = {
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


class _Lowering:
    """One method per kind of node; holds the class and function nesting and whether a yield was met."""

    def __init__(self) -> None:
        self.nesting: tuple[str, ...] = ()
        self.yields = False

    def block(self, body: Iterable[ast.stmt]) -> s.Block:
        lowered: list[s.Statement] = []
        for node in body:
            method = _STATEMENTS.get(type(node))
            if method is not None:
                lowered.append(method(self, node))
        return tuple(lowered)

    def expression(self, node: ast.expr) -> s.Expression:
        method = _EXPRESSIONS.get(type(node))
        return method(self, node) if method is not None else self.opaque(node)

    def optional(self, node: ast.expr | None) -> s.Expression | None:
        return None if node is None else self.expression(node)

    def many(self, nodes: Iterable[ast.expr]) -> tuple[s.Expression, ...]:
        return tuple([self.expression(node) for node in nodes])

    # -- statements

    def import_(self, node: ast.Import) -> s.Import:
        names = tuple([s.ImportedName(a.name, a.asname, _at(a)) for a in node.names])
        return s.Import("", 0, names, _at(node))

    def import_from(self, node: ast.ImportFrom) -> s.Import:
        names = tuple([s.ImportedName(a.name, a.asname, _at(a)) for a in node.names])
        return s.Import(node.module or "", node.level, names, _at(node))

    def assign(self, node: ast.Assign) -> s.Assign:
        return s.Assign(self.many(node.targets), self.expression(node.value), None, "=", _at(node))

    def annotated(self, node: ast.AnnAssign) -> s.Assign:
        target = (self.expression(node.target),)
        return s.Assign(target, self.optional(node.value), self.expression(node.annotation), "=", _at(node))

    def augmented(self, node: ast.AugAssign) -> s.Assign:
        operator = _OPERATORS[type(node.op)] + "="
        return s.Assign(
            (self.expression(node.target),), self.expression(node.value), None, operator, _at(node)
        )

    def type_alias(self, node: Any) -> s.Assign:
        return s.Assign((self.expression(node.name),), self.expression(node.value), None, "=", _at(node))

    def evaluate(self, node: ast.Expr) -> s.Evaluate:
        return s.Evaluate(self.expression(node.value), _at(node))

    def return_(self, node: ast.Return) -> s.Return:
        return s.Return(self.optional(node.value), _at(node))

    def raise_(self, node: ast.Raise) -> s.Raise:
        return s.Raise(self.optional(node.exc), _at(node))

    def assert_(self, node: ast.Assert) -> s.Assert:
        return s.Assert(self.expression(node.test), self.optional(node.msg), _at(node))

    def delete(self, node: ast.Delete) -> s.Delete:
        return s.Delete(self.many(node.targets), _at(node))

    def scope(self, node: ast.Global | ast.Nonlocal) -> s.Scope:
        return s.Scope(type(node).__name__.lower(), tuple(node.names), _at(node))

    def jump(self, node: ast.Break | ast.Continue) -> s.Jump:
        return s.Jump(type(node).__name__.lower(), _at(node))

    def if_(self, node: ast.If) -> s.If:
        return s.If(self.expression(node.test), self.block(node.body), self.block(node.orelse), _at(node))

    def for_(self, node: ast.For | ast.AsyncFor) -> s.Loop:
        target, iterable = self.expression(node.target), self.expression(node.iter)
        return s.Loop(target, iterable, None, self.block(node.body), self.block(node.orelse), _at(node))

    def while_(self, node: ast.While) -> s.Loop:
        test = self.expression(node.test)
        return s.Loop(None, None, test, self.block(node.body), self.block(node.orelse), _at(node))

    def with_(self, node: ast.With | ast.AsyncWith) -> s.With:
        items = tuple([(self.expression(i.context_expr), self.optional(i.optional_vars)) for i in node.items])
        return s.With(items, self.block(node.body), _at(node))

    def try_(self, node: Any) -> s.Try:
        body = self.block(node.body)
        handlers = tuple([self.handler(h) for h in node.handlers])
        return s.Try(body, handlers, self.block(node.orelse), self.block(node.finalbody), _at(node))

    def handler(self, node: ast.ExceptHandler) -> s.Handler:
        return s.Handler(self.optional(node.type), node.name, self.block(node.body), _at(node))

    def match(self, node: ast.Match) -> s.Match:
        cases = tuple([(self.optional(case.guard), self.block(case.body)) for case in node.cases])
        return s.Match(self.expression(node.subject), cases, _at(node))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> s.Function:
        decorators = self.many(node.decorator_list)
        parameters = self.parameters(node.args)
        returns = self.optional(node.returns)
        outer, self.nesting = self.nesting, (*self.nesting, node.name)
        outer_yields, self.yields = self.yields, False
        body = self.block(node.body)
        is_generator, self.yields, self.nesting = self.yields, outer_yields, outer
        return s.Function(
            node.name,
            ".".join((*outer, node.name)),
            parameters,
            decorators,
            returns,
            body,
            isinstance(node, ast.AsyncFunctionDef),
            is_generator,
            _docstring(node.body),
            _name_at(node),
            _header(node),
            _at(node),
        )

    def class_(self, node: ast.ClassDef) -> s.Class:
        decorators, bases = self.many(node.decorator_list), self.many(node.bases)
        keywords = self.keywords(node.keywords)
        outer, self.nesting = self.nesting, (*self.nesting, node.name)
        body = self.block(node.body)
        self.nesting = outer
        return s.Class(
            node.name,
            ".".join((*outer, node.name)),
            bases,
            keywords,
            decorators,
            body,
            _docstring(node.body),
            _name_at(node),
            _header(node),
            _at(node),
        )

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
        return s.Parameter(node.arg, kind, self.optional(node.annotation), self.optional(default), _at(node))

    def keywords(self, nodes: Iterable[ast.keyword]) -> tuple[tuple[str, s.Expression], ...]:
        return tuple([(k.arg or "", self.expression(k.value)) for k in nodes])

    # -- expressions

    def name(self, node: ast.Name) -> s.Name:
        return s.Name(node.id, _at(node))

    def attribute(self, node: ast.Attribute) -> s.Attribute:
        return s.Attribute(self.expression(node.value), node.attr, _at(node))

    def constant(self, node: ast.Constant) -> s.Expression:
        if node.value is Ellipsis:
            return s.Opaque((), _at(node))
        return s.Constant(node.value, _at(node))

    def starred(self, node: ast.Starred) -> s.Starred:
        return s.Starred(self.expression(node.value), _at(node))

    def call(self, node: ast.Call) -> s.Call:
        return s.Call(
            self.expression(node.func), self.many(node.args), self.keywords(node.keywords), _at(node)
        )

    def template(self, node: Any) -> s.Template:
        parts: list[str | s.Expression] = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                parts.append(str(value.value))
            else:
                parts.append(self.expression(value.value))
        return s.Template(tuple(parts), _at(node))

    def binary(self, node: ast.BinOp) -> s.Binary:
        operator = _OPERATORS[type(node.op)]
        return s.Binary(operator, self.expression(node.left), self.expression(node.right), _at(node))

    def boolean(self, node: ast.BoolOp) -> s.Boolean:
        return s.Boolean(_OPERATORS[type(node.op)], self.many(node.values), _at(node))

    def unary(self, node: ast.UnaryOp) -> s.Unary:
        return s.Unary(_OPERATORS[type(node.op)], self.expression(node.operand), _at(node))

    def compare(self, node: ast.Compare) -> s.Compare:
        operators = tuple([_OPERATORS[type(op)] for op in node.ops])
        return s.Compare(self.expression(node.left), operators, self.many(node.comparators), _at(node))

    def subscript(self, node: ast.Subscript) -> s.Subscript:
        return s.Subscript(self.expression(node.value), self.expression(node.slice), _at(node))

    def sequence(self, node: ast.List | ast.Tuple | ast.Set) -> s.Sequence:
        return s.Sequence(type(node).__name__.lower(), self.many(node.elts), _at(node))

    def mapping(self, node: ast.Dict) -> s.Mapping:
        items = [(self.optional(k), self.expression(v)) for k, v in zip(node.keys, node.values, strict=True)]
        return s.Mapping(tuple(items), _at(node))

    def conditional(self, node: ast.IfExp) -> s.Conditional:
        test, body, orelse = self.many((node.test, node.body, node.orelse))
        return s.Conditional(test, body, orelse, _at(node))

    def lambda_(self, node: ast.Lambda) -> s.Lambda:
        outer = self.yields
        lowered = s.Lambda(self.parameters(node.args), self.expression(node.body), _at(node))
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
        return s.Comprehension(self.many(elements), loops, conditions, _at(node))

    def walrus(self, node: ast.NamedExpr) -> s.Walrus:
        return s.Walrus(self.name(node.target), self.expression(node.value), _at(node))

    def yield_(self, node: ast.Yield | ast.YieldFrom) -> s.Yield:
        self.yields = True
        return s.Yield(self.optional(node.value), _at(node))

    def await_(self, node: ast.Await) -> s.Expression:
        return self.expression(node.value)

    def opaque(self, node: ast.expr) -> s.Opaque:
        children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return s.Opaque(self.many(children), _at(node))


def _at(node: Any) -> s.Position:
    return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


def _name_at(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> s.Position:
    keyword = {ast.FunctionDef: "def ", ast.AsyncFunctionDef: "async def ", ast.ClassDef: "class "}[
        type(node)
    ]
    start = node.col_offset + len(keyword)
    return (node.lineno, start, node.lineno, start + len(node.name.encode()))


def _header(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> tuple[int, int]:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    below = node.body[0]
    last = min([below.lineno, *(d.lineno for d in getattr(below, "decorator_list", ()))]) - 1
    return (first, max(node.lineno, last))


def _docstring(body: list[ast.stmt]) -> str | None:
    match body:
        case [ast.Expr(value=ast.Constant(value=str(text))), *_]:
            return text
    return None


_Lower = Callable[[_Lowering, Any], Any]

_STATEMENTS: dict[type[ast.AST], _Lower] = {
    ast.Import: _Lowering.import_,
    ast.ImportFrom: _Lowering.import_from,
    ast.Assign: _Lowering.assign,
    ast.AnnAssign: _Lowering.annotated,
    ast.AugAssign: _Lowering.augmented,
    ast.Expr: _Lowering.evaluate,
    ast.Return: _Lowering.return_,
    ast.Raise: _Lowering.raise_,
    ast.Assert: _Lowering.assert_,
    ast.Delete: _Lowering.delete,
    ast.Global: _Lowering.scope,
    ast.Nonlocal: _Lowering.scope,
    ast.Break: _Lowering.jump,
    ast.Continue: _Lowering.jump,
    ast.If: _Lowering.if_,
    ast.For: _Lowering.for_,
    ast.AsyncFor: _Lowering.for_,
    ast.While: _Lowering.while_,
    ast.With: _Lowering.with_,
    ast.AsyncWith: _Lowering.with_,
    ast.Try: _Lowering.try_,
    ast.Match: _Lowering.match,
    ast.FunctionDef: _Lowering.function,
    ast.AsyncFunctionDef: _Lowering.function,
    ast.ClassDef: _Lowering.class_,
}
_EXPRESSIONS: dict[type[ast.AST], _Lower] = {
    ast.Name: _Lowering.name,
    ast.Attribute: _Lowering.attribute,
    ast.Constant: _Lowering.constant,
    ast.Starred: _Lowering.starred,
    ast.Call: _Lowering.call,
    ast.JoinedStr: _Lowering.template,
    ast.BinOp: _Lowering.binary,
    ast.BoolOp: _Lowering.boolean,
    ast.UnaryOp: _Lowering.unary,
    ast.Compare: _Lowering.compare,
    ast.Subscript: _Lowering.subscript,
    ast.List: _Lowering.sequence,
    ast.Tuple: _Lowering.sequence,
    ast.Set: _Lowering.sequence,
    ast.Dict: _Lowering.mapping,
    ast.IfExp: _Lowering.conditional,
    ast.Lambda: _Lowering.lambda_,
    ast.ListComp: _Lowering.comprehension,
    ast.SetComp: _Lowering.comprehension,
    ast.GeneratorExp: _Lowering.comprehension,
    ast.DictComp: _Lowering.dict_comprehension,
    ast.NamedExpr: _Lowering.walrus,
    ast.Yield: _Lowering.yield_,
    ast.YieldFrom: _Lowering.yield_,
    ast.Await: _Lowering.await_,
}
for _newer, _method in (("TryStar", _Lowering.try_), ("TypeAlias", _Lowering.type_alias)):
    if hasattr(ast, _newer):
        _STATEMENTS[getattr(ast, _newer)] = _method
if hasattr(ast, "TemplateStr"):
    _EXPRESSIONS[ast.TemplateStr] = _Lowering.template
