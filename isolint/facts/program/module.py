"""One file -> ModuleFacts: the lowered program of a single `ast` pass."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from isolint.facts.program import syntax as s
from isolint.facts.program.expressions import OPERATORS, Expressions, at_, number_lines


class ModuleFacts(NamedTuple):
    """A file as the analyses see it: frozen and picklable, a pure function of its text.

    `path` is relative to the project root, POSIX; `attributes` are the names of all attributes in the text,
    `globals` those that its functions declare global.
    """

    path: str
    docstring: str | None
    body: s.Block
    attributes: frozenset[str]
    globals: frozenset[str]


def read_module(path: str, tree: ast.Module) -> ModuleFacts:
    """Lower a parsed file. Raises RecursionError where the code nests beyond the interpreter's limit."""
    number_lines(tree.body[-1].end_lineno or 0 if tree.body else 0)
    lowering = _Lowering()
    body = lowering.block(tree.body)
    attributes, globals_ = frozenset(lowering.attributes), frozenset(lowering.globals)
    return ModuleFacts(path, _docstring(tree.body), body, attributes, globals_)


class _Lowering(Expressions):
    """One method per kind of statement; `nesting` names the classes and functions around it."""

    def __init__(self) -> None:
        super().__init__()
        self.nesting: tuple[str, ...] = ()
        self.globals: set[str] = set()

    def block(self, body: Iterable[ast.stmt]) -> s.Block:
        lowered: list[s.Statement] = []
        for node in body:
            method = _STATEMENTS.get(type(node))
            if method is not None:
                lowered.append(method(self, node))
        return tuple(lowered)

    # -- statements

    def import_(self, node: ast.Import) -> s.Import:
        names = tuple([s.ImportedName(a.name, a.asname, at_(a)) for a in node.names])
        return s.Import("", 0, names, at_(node))

    def import_from(self, node: ast.ImportFrom) -> s.Import:
        names = tuple([s.ImportedName(a.name, a.asname, at_(a)) for a in node.names])
        return s.Import(node.module or "", node.level, names, at_(node))

    def assign(self, node: ast.Assign) -> s.Assign:
        return s.Assign(self.many(node.targets), self.expression(node.value), None, "=", at_(node))

    def annotated(self, node: ast.AnnAssign) -> s.Assign:
        target = (self.expression(node.target),)
        return s.Assign(target, self.optional(node.value), self.expression(node.annotation), "=", at_(node))

    def augmented(self, node: ast.AugAssign) -> s.Assign:
        operator = OPERATORS[type(node.op)] + "="
        return s.Assign(
            (self.expression(node.target),), self.expression(node.value), None, operator, at_(node)
        )

    def type_alias(self, node: Any) -> s.Assign:
        return s.Assign((self.expression(node.name),), self.expression(node.value), None, "=", at_(node))

    def evaluate(self, node: ast.Expr) -> s.Evaluate:
        value, at = self.expression(node.value), at_(node)
        return s.Evaluate(value, value.at if value.at == at else at)

    def return_(self, node: ast.Return) -> s.Return:
        return s.Return(self.optional(node.value), at_(node))

    def raise_(self, node: ast.Raise) -> s.Raise:
        return s.Raise(self.optional(node.exc), at_(node))

    def assert_(self, node: ast.Assert) -> s.Assert:
        return s.Assert(self.expression(node.test), self.optional(node.msg), at_(node))

    def delete(self, node: ast.Delete) -> s.Delete:
        return s.Delete(self.many(node.targets), at_(node))

    def scope(self, node: ast.Global | ast.Nonlocal) -> s.Scope:
        if isinstance(node, ast.Global):
            self.globals.update(node.names)
        return s.Scope(type(node).__name__.lower(), tuple(node.names), at_(node))

    def jump(self, node: ast.Break | ast.Continue) -> s.Jump:
        return s.Jump(type(node).__name__.lower(), at_(node))

    def if_(self, node: ast.If) -> s.If:
        return s.If(self.expression(node.test), self.block(node.body), self.block(node.orelse), at_(node))

    def for_(self, node: ast.For | ast.AsyncFor) -> s.Loop:
        target, iterable = self.expression(node.target), self.expression(node.iter)
        return s.Loop(target, iterable, None, self.block(node.body), self.block(node.orelse), at_(node))

    def while_(self, node: ast.While) -> s.Loop:
        test = self.expression(node.test)
        return s.Loop(None, None, test, self.block(node.body), self.block(node.orelse), at_(node))

    def with_(self, node: ast.With | ast.AsyncWith) -> s.With:
        items = tuple([(self.expression(i.context_expr), self.optional(i.optional_vars)) for i in node.items])
        return s.With(items, self.block(node.body), at_(node))

    def try_(self, node: Any) -> s.Try:
        body = self.block(node.body)
        handlers = tuple([self.handler(h) for h in node.handlers])
        return s.Try(body, handlers, self.block(node.orelse), self.block(node.finalbody), at_(node))

    def handler(self, node: ast.ExceptHandler) -> s.Handler:
        return s.Handler(self.optional(node.type), node.name, self.block(node.body), at_(node))

    def match(self, node: ast.Match) -> s.Match:
        cases = tuple([(self.optional(case.guard), self.block(case.body)) for case in node.cases])
        return s.Match(self.expression(node.subject), cases, at_(node))

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
            at_(node),
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
            at_(node),
        )


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
for _newer, _method in (("TryStar", _Lowering.try_), ("TypeAlias", _Lowering.type_alias)):
    if hasattr(ast, _newer):
        _STATEMENTS[getattr(ast, _newer)] = _method
