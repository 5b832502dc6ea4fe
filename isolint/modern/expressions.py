"""Expressions: one small function for each class of libcst's tree."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Iterator, Sequence
from functools import singledispatch

import libcst as cst

from isolint.modern import strings
from isolint.modern.places import Place, Places

LOAD = ast.Load()

SINGLETONS = {"None": None, "True": True, "False": False}

_BINARY: dict[str, type[ast.operator]] = {
    "Add": ast.Add,
    "Subtract": ast.Sub,
    "Multiply": ast.Mult,
    "MatrixMultiply": ast.MatMult,
    "Divide": ast.Div,
    "FloorDivide": ast.FloorDiv,
    "Modulo": ast.Mod,
    "Power": ast.Pow,
    "LeftShift": ast.LShift,
    "RightShift": ast.RShift,
    "BitOr": ast.BitOr,
    "BitAnd": ast.BitAnd,
    "BitXor": ast.BitXor,
}

_UNARY: dict[str, type[ast.unaryop]] = {
    "Plus": ast.UAdd,
    "Minus": ast.USub,
    "BitInvert": ast.Invert,
    "Not": ast.Not,
}

_BOOLEAN: dict[str, type[ast.boolop]] = {"And": ast.And, "Or": ast.Or}

_COMPARE: dict[str, type[ast.cmpop]] = {
    "Equal": ast.Eq,
    "NotEqual": ast.NotEq,
    "LessThan": ast.Lt,
    "LessThanEqual": ast.LtE,
    "GreaterThan": ast.Gt,
    "GreaterThanEqual": ast.GtE,
    "Is": ast.Is,
    "IsNot": ast.IsNot,
    "In": ast.In,
    "NotIn": ast.NotIn,
}


@singledispatch
def expression(node: cst.CSTNode, at: Places) -> ast.expr:
    """The `ast` expression of a libcst expression, as it is read. Raises SyntaxError for an unknown class."""
    raise SyntaxError(f"isolint does not know the syntax {type(node).__name__}")


def optional(node: cst.CSTNode | None, at: Places) -> ast.expr | None:
    return None if node is None else expression(node, at)


def target(node: cst.CSTNode, at: Places, context: type[ast.expr_context] = ast.Store) -> ast.expr:
    """The expression as something that is assigned to (or deleted)."""
    tree = expression(node, at)
    _set_context(tree, context())
    return tree


def _set_context(tree: ast.expr, context: ast.expr_context) -> None:
    match tree:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            tree.ctx = context
        case ast.Starred():
            tree.ctx = context
            _set_context(tree.value, context)
        case ast.Tuple() | ast.List():
            tree.ctx = context
            for element in tree.elts:
                _set_context(element, context)


def identifier(node: cst.Name) -> str:
    """A name as Python compares it."""
    return node.value if node.value.isascii() else unicodedata.normalize("NFKC", node.value)


def operator(node: cst.BaseBinaryOp | cst.BaseAugOp) -> ast.operator:
    """`+` of `a + b`, or of `a += b`."""
    return _BINARY[type(node).__name__.removesuffix("Assign")]()


@expression.register
def name(node: cst.Name, at: Places) -> ast.expr:
    if node.value in SINGLETONS:
        return ast.Constant(value=SINGLETONS[node.value], **at(node))
    return ast.Name(id=identifier(node), ctx=LOAD, **at(node))


@expression.register
def ellipsis(node: cst.Ellipsis, at: Places) -> ast.expr:
    return ast.Constant(value=..., **at(node))


@expression.register
def number(node: cst.BaseNumber, at: Places) -> ast.expr:
    value = ast.literal_eval(node.value)  # type: ignore[attr-defined]
    return ast.Constant(value=value, **at(node))


@expression.register
def string(node: cst.BaseString, at: Places) -> ast.expr:
    return strings.string(node, at, expression)


@expression.register
def attribute(node: cst.Attribute, at: Places) -> ast.expr:
    return ast.Attribute(value=expression(node.value, at), attr=identifier(node.attr), ctx=LOAD, **at(node))


@expression.register
def call(node: cst.Call, at: Places) -> ast.expr:
    function = expression(node.func, at)
    positional, keywords = arguments_of(node.args, at)
    only = node.args[0].value if len(node.args) == 1 else None
    if isinstance(only, cst.GeneratorExp) and not only.lpar:
        parentheses = at.between(at.end(node.whitespace_after_func), at.inner(node).end)
        vars(positional[0]).update(parentheses)
    return ast.Call(func=function, args=positional, keywords=keywords, **at(node))


def arguments_of(nodes: Sequence[cst.Arg], at: Places) -> tuple[list[ast.expr], list[ast.keyword]]:
    """The positional and the named arguments of a call, or of a class."""
    positional = [_positional(node, at) for node in nodes if not _is_keyword(node)]
    return positional, [_keyword(node, at) for node in nodes if _is_keyword(node)]


def _is_keyword(node: cst.Arg) -> bool:
    return node.keyword is not None or node.star == "**"


def _positional(node: cst.Arg, at: Places) -> ast.expr:
    value = expression(node.value, at)
    return ast.Starred(value=value, ctx=LOAD, **at(node)) if node.star else value


def _keyword(node: cst.Arg, at: Places) -> ast.keyword:
    key = None if node.keyword is None else identifier(node.keyword)
    return ast.keyword(arg=key, value=expression(node.value, at), **at(node))


@expression.register
def subscript(node: cst.Subscript, at: Places) -> ast.expr:
    return ast.Subscript(
        value=expression(node.value, at), slice=_slices(node.slice, at), ctx=LOAD, **at(node)
    )


def _slices(nodes: Sequence[cst.SubscriptElement], at: Places) -> ast.expr:
    first, last = nodes[0], nodes[-1]
    elements = [expression(node.slice, at) for node in nodes]
    if len(nodes) == 1 and not isinstance(last.comma, cst.Comma) and not isinstance(elements[0], ast.Starred):
        return elements[0]
    end = at.end(last.comma if isinstance(last.comma, cst.Comma) else last)
    return ast.Tuple(elts=elements, ctx=LOAD, **at.between(at.start(first), end))


@expression.register
def index(node: cst.Index, at: Places) -> ast.expr:
    value = expression(node.value, at)
    return ast.Starred(value=value, ctx=LOAD, **at(node)) if node.star else value


@expression.register
def slice_(node: cst.Slice, at: Places) -> ast.expr:
    parts = [node.lower, node.first_colon, node.upper, node.second_colon, node.step]
    tokens = [part for part in parts if isinstance(part, cst.CSTNode)]
    return ast.Slice(
        lower=optional(node.lower, at),
        upper=optional(node.upper, at),
        step=optional(node.step, at),
        **at.between(at.start(tokens[0]), at.end(tokens[-1])),
    )


@expression.register
def tuple_(node: cst.Tuple, at: Places) -> ast.expr:
    elements = [expression(element, at) for element in node.elements]
    place = at.enclosed(node) if node.lpar else _open_tuple(node, at)
    return ast.Tuple(elts=elements, ctx=LOAD, **place)


def _open_tuple(node: cst.Tuple, at: Places) -> Place:
    """Where a tuple without parentheses stands."""
    last = node.elements[-1]
    final = last.comma if isinstance(last.comma, cst.Comma) else last
    return at.between(at.start(node.elements[0]), at.end(final))


@expression.register
def list_(node: cst.List, at: Places) -> ast.expr:
    return ast.List(elts=[expression(element, at) for element in node.elements], ctx=LOAD, **at(node))


@expression.register
def set_(node: cst.Set, at: Places) -> ast.expr:
    return ast.Set(elts=[expression(element, at) for element in node.elements], **at(node))


@expression.register
def element(node: cst.Element, at: Places) -> ast.expr:
    return expression(node.value, at)


@expression.register
def starred(node: cst.StarredElement, at: Places) -> ast.expr:
    return ast.Starred(value=expression(node.value, at), ctx=LOAD, **at(node))


@expression.register
def dict_(node: cst.Dict, at: Places) -> ast.expr:
    keys = [expression(item.key, at) if isinstance(item, cst.DictElement) else None for item in node.elements]
    return ast.Dict(keys=keys, values=[expression(item.value, at) for item in node.elements], **at(node))


@expression.register
def unary(node: cst.UnaryOperation, at: Places) -> ast.expr:
    kind = _UNARY[type(node.operator).__name__]
    return ast.UnaryOp(op=kind(), operand=expression(node.expression, at), **at(node))


@expression.register
def binary(node: cst.BinaryOperation, at: Places) -> ast.expr:
    left, right = expression(node.left, at), expression(node.right, at)
    return ast.BinOp(left=left, op=operator(node.operator), right=right, **at(node))


@expression.register
def boolean(node: cst.BooleanOperation, at: Places) -> ast.expr:
    kind = type(node.operator)
    values = [expression(operand, at) for operand in _operands(node, kind)]
    return ast.BoolOp(op=_BOOLEAN[kind.__name__](), values=values, **at(node))


def _operands(node: cst.BaseExpression, kind: type[cst.BaseBooleanOp]) -> Iterator[cst.BaseExpression]:
    """The operands of a chain of the same operator; parentheses start a chain of their own."""
    pending = [node]
    while pending:
        operand = pending.pop()
        chained = isinstance(operand, cst.BooleanOperation) and isinstance(operand.operator, kind)
        if isinstance(operand, cst.BooleanOperation) and chained and (operand is node or not operand.lpar):
            pending += (operand.right, operand.left)
        else:
            yield operand


@expression.register
def comparison(node: cst.Comparison, at: Places) -> ast.expr:
    return ast.Compare(
        left=expression(node.left, at),
        ops=[_COMPARE[type(target.operator).__name__]() for target in node.comparisons],
        comparators=[expression(target.comparator, at) for target in node.comparisons],
        **at(node),
    )


@expression.register
def conditional(node: cst.IfExp, at: Places) -> ast.expr:
    test, body, orelse = (expression(part, at) for part in (node.test, node.body, node.orelse))
    return ast.IfExp(test=test, body=body, orelse=orelse, **at(node))


@expression.register
def walrus(node: cst.NamedExpr, at: Places) -> ast.expr:
    name = target(node.target, at)
    assert isinstance(name, ast.Name)
    return ast.NamedExpr(target=name, value=expression(node.value, at), **at(node))


@expression.register
def await_(node: cst.Await, at: Places) -> ast.expr:
    return ast.Await(value=expression(node.expression, at), **at(node))


@expression.register
def yield_(node: cst.Yield, at: Places) -> ast.expr:
    if isinstance(node.value, cst.From):
        return ast.YieldFrom(value=expression(node.value.item, at), **at(node))
    return ast.Yield(value=optional(node.value, at), **at(node))


@expression.register
def lambda_(node: cst.Lambda, at: Places) -> ast.expr:
    return ast.Lambda(args=parameters(node.params, at), body=expression(node.body, at), **at(node))


def parameters(node: cst.Parameters, at: Places) -> ast.arguments:
    """The parameters of a function or lambda."""
    positional = (*node.posonly_params, *node.params)
    return ast.arguments(
        posonlyargs=[_parameter(param, at) for param in node.posonly_params],
        args=[_parameter(param, at) for param in node.params],
        vararg=_parameter(node.star_arg, at) if isinstance(node.star_arg, cst.Param) else None,
        kwonlyargs=[_parameter(param, at) for param in node.kwonly_params],
        kw_defaults=[optional(param.default, at) for param in node.kwonly_params],
        kwarg=_parameter(node.star_kwarg, at) if node.star_kwarg else None,
        defaults=[expression(param.default, at) for param in positional if param.default],
    )


def _parameter(node: cst.Param, at: Places) -> ast.arg:
    annotation = node.annotation.annotation if node.annotation else None
    place = at.between(at.start(node.name), at.end(annotation or node.name))
    return ast.arg(arg=identifier(node.name), annotation=optional(annotation, at), **place)


@expression.register
def generator(node: cst.GeneratorExp, at: Places) -> ast.expr:
    place = at.enclosed(node) if node.lpar else at(node)
    return ast.GeneratorExp(elt=expression(node.elt, at), generators=_loops(node.for_in, at), **place)


@expression.register
def list_comprehension(node: cst.ListComp, at: Places) -> ast.expr:
    return ast.ListComp(elt=expression(node.elt, at), generators=_loops(node.for_in, at), **at(node))


@expression.register
def set_comprehension(node: cst.SetComp, at: Places) -> ast.expr:
    return ast.SetComp(elt=expression(node.elt, at), generators=_loops(node.for_in, at), **at(node))


@expression.register
def dict_comprehension(node: cst.DictComp, at: Places) -> ast.expr:
    key, value = expression(node.key, at), expression(node.value, at)
    return ast.DictComp(key=key, value=value, generators=_loops(node.for_in, at), **at(node))


def unpacking_comprehension(node: cst.StarredDictComp, at: Places) -> ast.expr:
    """`{**d for d in ds}` is lowered to `{**(d for d in ds)}`."""
    generator = ast.GeneratorExp(
        elt=expression(node.value, at), generators=_loops(node.for_in, at), **at(node)
    )
    return ast.Dict(keys=[None], values=[generator], **at(node))


if hasattr(cst, "StarredDictComp"):  # libcst 1.9
    expression.register(cst.StarredDictComp, unpacking_comprehension)


def _loops(node: cst.CompFor | None, at: Places) -> list[ast.comprehension]:
    loops = []
    while node is not None:
        loop = ast.comprehension(
            target=target(node.target, at),
            iter=expression(node.iter, at),
            ifs=[expression(condition.test, at) for condition in node.ifs],
            is_async=int(node.asynchronous is not None),
        )
        loops.append(loop)
        node = node.inner_for_in
    return loops
