"""The patterns of `match` statements."""

from __future__ import annotations

import ast
from functools import singledispatch

import libcst as cst

from isolint.modern.expressions import SINGLETONS, expression, identifier
from isolint.modern.places import Places, shifted


@singledispatch
def pattern(node: cst.CSTNode, at: Places) -> ast.pattern:
    """The `ast` pattern of a libcst pattern. Raises SyntaxError for an unknown class."""
    raise SyntaxError(f"isolint does not know the pattern {type(node).__name__}")


def _name(node: cst.Name | None) -> str | None:
    return None if node is None else identifier(node)


@pattern.register
def value(node: cst.MatchValue, at: Places) -> ast.pattern:
    return ast.MatchValue(value=expression(node.value, at), **at(node.value))


@pattern.register
def singleton(node: cst.MatchSingleton, at: Places) -> ast.pattern:
    return ast.MatchSingleton(value=SINGLETONS[node.value.value], **at(node.value))


@pattern.register
def element(node: cst.MatchSequenceElement, at: Places) -> ast.pattern:
    return pattern(node.value, at)


@pattern.register
def star(node: cst.MatchStar, at: Places) -> ast.pattern:
    end = at.end(node.name) if node.name else shifted(at.end(node.whitespace_before_name), 1)
    return ast.MatchStar(name=_name(node.name), **at.between(at.start(node), end))


@pattern.register
def list_(node: cst.MatchList, at: Places) -> ast.pattern:
    return ast.MatchSequence(patterns=[pattern(item, at) for item in node.patterns], **at(node))


@pattern.register
def tuple_(node: cst.MatchTuple, at: Places) -> ast.pattern:
    place = at.enclosed(node) if node.lpar else at(node)
    return ast.MatchSequence(patterns=[pattern(item, at) for item in node.patterns], **place)


@pattern.register
def mapping(node: cst.MatchMapping, at: Places) -> ast.pattern:
    return ast.MatchMapping(
        keys=[expression(item.key, at) for item in node.elements],
        patterns=[pattern(item.pattern, at) for item in node.elements],
        rest=_name(node.rest),
        **at(node),
    )


@pattern.register
def class_(node: cst.MatchClass, at: Places) -> ast.pattern:
    return ast.MatchClass(
        cls=expression(node.cls, at),
        patterns=[pattern(item, at) for item in node.patterns],
        kwd_attrs=[identifier(item.key) for item in node.kwds],
        kwd_patterns=[pattern(item.pattern, at) for item in node.kwds],
        **at(node),
    )


@pattern.register
def as_(node: cst.MatchAs, at: Places) -> ast.pattern:
    inner = None if node.pattern is None else pattern(node.pattern, at)
    return ast.MatchAs(pattern=inner, name=_name(node.name), **at(node))


@pattern.register
def or_(node: cst.MatchOr, at: Places) -> ast.pattern:
    return ast.MatchOr(patterns=[pattern(item.pattern, at) for item in node.patterns], **at(node))
