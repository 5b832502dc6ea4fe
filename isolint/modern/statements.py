"""Statements: one small function for each class of libcst's tree."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from functools import singledispatch

import libcst as cst
from libcst.metadata import CodePosition

from isolint.modern.expressions import (
    arguments_of,
    expression,
    identifier,
    operator,
    optional,
    parameters,
    target,
)
from isolint.modern.patterns import pattern
from isolint.modern.places import Place, Places

Compound = cst.BaseCompoundStatement | cst.ExceptHandler | cst.ExceptStarHandler


@singledispatch
def statement(node: cst.CSTNode, at: Places) -> ast.stmt:
    """The `ast` statement of a libcst statement. Raises SyntaxError for an unknown class."""
    raise SyntaxError(f"isolint does not know the statement {type(node).__name__}")


def statements(nodes: Sequence[cst.CSTNode], at: Places) -> list[ast.stmt]:
    """The statements of some lines, those between semicolons apart."""
    lines = [node.body if isinstance(node, cst.SimpleStatementLine) else [node] for node in nodes]
    return [statement(node, at) for line in lines for node in line]


def _suite(node: cst.BaseSuite | cst.Else | cst.Finally | cst.If | None, at: Places) -> list[ast.stmt]:
    """The statements of a body or a clause, if there is one."""
    if node is None:
        return []
    if isinstance(node, cst.If):
        return [statement(node, at)]
    suite = node if isinstance(node, cst.BaseSuite) else node.body
    return statements(suite.body, at)


def _place(node: Compound, at: Places) -> Place:
    """Where a compound statement stands: to the end of its last statement, semicolon included."""
    at.ends[node] = _end(node, at)
    return at.between(at.inner(node).start, at.ends[node])


def _end(node: cst.CSTNode, at: Places) -> CodePosition:
    while node not in at.ends:
        if isinstance(node, cst.BaseSmallStatement):
            return at.inner(node.semicolon if isinstance(node.semicolon, cst.Semicolon) else node).end
        parts = (getattr(node, part, None) for part in ("finalbody", "orelse", "handlers", "cases", "body"))
        last = next(filter(None, parts))
        node = last[-1] if isinstance(last, Sequence) else last
    return at.ends[node]


@statement.register
def expr(node: cst.Expr, at: Places) -> ast.stmt:
    return ast.Expr(value=expression(node.value, at), **at(node))


@statement.register
def pass_(node: cst.Pass, at: Places) -> ast.stmt:
    return ast.Pass(**at(node))


@statement.register
def break_(node: cst.Break, at: Places) -> ast.stmt:
    return ast.Break(**at(node))


@statement.register
def continue_(node: cst.Continue, at: Places) -> ast.stmt:
    return ast.Continue(**at(node))


@statement.register
def return_(node: cst.Return, at: Places) -> ast.stmt:
    return ast.Return(value=optional(node.value, at), **at(node))


@statement.register
def raise_(node: cst.Raise, at: Places) -> ast.stmt:
    cause = None if node.cause is None else node.cause.item
    return ast.Raise(exc=optional(node.exc, at), cause=optional(cause, at), **at(node))


@statement.register
def assert_(node: cst.Assert, at: Places) -> ast.stmt:
    return ast.Assert(test=expression(node.test, at), msg=optional(node.msg, at), **at(node))


@statement.register
def delete(node: cst.Del, at: Places) -> ast.stmt:
    deleted = target(node.target, at, ast.Del)
    if isinstance(deleted, ast.Tuple) and not node.target.lpar:
        return ast.Delete(targets=deleted.elts, **at(node))
    return ast.Delete(targets=[deleted], **at(node))


@statement.register
def global_(node: cst.Global, at: Places) -> ast.stmt:
    return ast.Global(names=[identifier(item.name) for item in node.names], **at(node))


@statement.register
def nonlocal_(node: cst.Nonlocal, at: Places) -> ast.stmt:
    return ast.Nonlocal(names=[identifier(item.name) for item in node.names], **at(node))


@statement.register
def assign(node: cst.Assign, at: Places) -> ast.stmt:
    targets = [target(item.target, at) for item in node.targets]
    return ast.Assign(targets=targets, value=expression(node.value, at), **at(node))


@statement.register
def augmented_assign(node: cst.AugAssign, at: Places) -> ast.stmt:
    name, value = target(node.target, at), expression(node.value, at)
    assert isinstance(name, (ast.Name, ast.Attribute, ast.Subscript))
    return ast.AugAssign(target=name, op=operator(node.operator), value=value, **at(node))


@statement.register
def annotated_assign(node: cst.AnnAssign, at: Places) -> ast.stmt:
    name = target(node.target, at)
    assert isinstance(name, (ast.Name, ast.Attribute, ast.Subscript))
    return ast.AnnAssign(
        target=name,
        annotation=expression(node.annotation.annotation, at),
        value=optional(node.value, at),
        simple=int(isinstance(name, ast.Name) and not node.target.lpar),
        **at(node),
    )


@statement.register
def type_alias(node: cst.TypeAlias, at: Places) -> ast.stmt:
    """`type X[T] = list[T]` is lowered to `X = list[T]`."""
    place = at.between(at.start(node), at.end(node.value))  # libcst's includes a semicolon
    return ast.Assign(targets=[target(node.name, at)], value=expression(node.value, at), **place)


@statement.register(cst.Import)
def import_(node: cst.Import | cst.LazyImport, at: Places) -> ast.stmt:
    return ast.Import(names=[_alias(item, at) for item in node.names], **at(node))


@statement.register(cst.ImportFrom)
def import_from(node: cst.ImportFrom | cst.LazyImportFrom, at: Places) -> ast.stmt:
    if isinstance(node.names, cst.ImportStar):
        names = [ast.alias(name="*", **at(node.names))]
    else:
        names = [_alias(item, at) for item in node.names]
    module = None if node.module is None else _dotted(node.module)
    return ast.ImportFrom(module=module, names=names, level=len(node.relative), **at(node))


if hasattr(cst, "LazyImport"):  # libcst 1.9
    statement.register(cst.LazyImport, import_)
    statement.register(cst.LazyImportFrom, import_from)


def _alias(node: cst.ImportAlias, at: Places) -> ast.alias:
    return ast.alias(name=_dotted(node.name), asname=_bound(node.asname), **at(node))


def _dotted(node: cst.BaseExpression) -> str:
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.insert(0, identifier(node.attr))
        node = node.value
    assert isinstance(node, cst.Name)
    return ".".join([identifier(node), *names])


def _bound(node: cst.AsName | None) -> str | None:
    """The name after `as`."""
    return identifier(node.name) if node is not None and isinstance(node.name, cst.Name) else None


@statement.register
def if_(node: cst.If, at: Places) -> ast.stmt:
    test = expression(node.test, at)
    return ast.If(test=test, body=_suite(node.body, at), orelse=_suite(node.orelse, at), **_place(node, at))


@statement.register
def while_(node: cst.While, at: Places) -> ast.stmt:
    test = expression(node.test, at)
    return ast.While(
        test=test, body=_suite(node.body, at), orelse=_suite(node.orelse, at), **_place(node, at)
    )


@statement.register
def for_(node: cst.For, at: Places) -> ast.stmt:
    loop = ast.AsyncFor if node.asynchronous else ast.For
    return loop(
        target=target(node.target, at),
        iter=expression(node.iter, at),
        body=_suite(node.body, at),
        orelse=_suite(node.orelse, at),
        **_place(node, at),
    )


@statement.register
def with_(node: cst.With, at: Places) -> ast.stmt:
    block = ast.AsyncWith if node.asynchronous else ast.With
    items = [_with_item(item, at) for item in node.items]
    return block(items=items, body=_suite(node.body, at), **_place(node, at))


def _with_item(node: cst.WithItem, at: Places) -> ast.withitem:
    bound = None if node.asname is None else target(node.asname.name, at)
    return ast.withitem(context_expr=expression(node.item, at), optional_vars=bound)


@statement.register(cst.Try)
@statement.register(cst.TryStar)
def try_(node: cst.Try | cst.TryStar, at: Places) -> ast.stmt:
    return ast.Try(
        body=_suite(node.body, at),
        handlers=[_handler(handler, at) for handler in node.handlers],
        orelse=_suite(node.orelse, at),
        finalbody=_suite(node.finalbody, at),
        **_place(node, at),
    )


def _handler(node: cst.ExceptHandler | cst.ExceptStarHandler, at: Places) -> ast.ExceptHandler:
    caught, body = optional(node.type, at), _suite(node.body, at)
    return ast.ExceptHandler(type=caught, name=_bound(node.name), body=body, **_place(node, at))


@statement.register
def match_(node: cst.Match, at: Places) -> ast.stmt:
    cases = [_case(case, at) for case in node.cases]
    return ast.Match(subject=expression(node.subject, at), cases=cases, **_place(node, at))


def _case(node: cst.MatchCase, at: Places) -> ast.match_case:
    guard, body = optional(node.guard, at), _suite(node.body, at)
    return ast.match_case(pattern=pattern(node.pattern, at), guard=guard, body=body)


@statement.register
def function(node: cst.FunctionDef, at: Places) -> ast.stmt:
    kind = ast.AsyncFunctionDef if node.asynchronous else ast.FunctionDef
    tree = kind(
        name=identifier(node.name),
        args=parameters(node.params, at),
        body=_suite(node.body, at),
        decorator_list=[expression(decorator.decorator, at) for decorator in node.decorators],
        returns=optional(node.returns.annotation if node.returns else None, at),
        **_place(node, at),
    )
    return _without_type_parameters(tree)


@statement.register
def class_(node: cst.ClassDef, at: Places) -> ast.stmt:
    bases, keywords = arguments_of([*node.bases, *node.keywords], at)
    tree = ast.ClassDef(
        name=identifier(node.name),
        bases=bases,
        keywords=keywords,
        body=_suite(node.body, at),
        decorator_list=[expression(decorator.decorator, at) for decorator in node.decorators],
        **_place(node, at),
    )
    return _without_type_parameters(tree)


def _without_type_parameters(
    tree: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef:
    """The definition with the empty list that Python 3.12 does not put there by itself."""
    if sys.version_info >= (3, 12):
        tree.type_params = []
    return tree
