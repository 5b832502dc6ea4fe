"""One more parameter for a function."""

from __future__ import annotations

import ast

from isolint.edits.places import AnyFunction, decorators, position
from isolint.edits.text import Edits, Text
from isolint.finding import Edit, Span
from isolint.late import regex

_CLOSING = regex(r"[\s,]*\)")
_UNTIL_OPEN = regex(r"def\s+\w+\s*")


def add(text: Text, function: AnyFunction, name: str, annotation: str, indent: str) -> Edits | None:
    """The edits that give a function a parameter without a default; None where its place cannot be told.

    It has the annotation where the function's other parameters have theirs. A function whose parameters `@given`
    of hypothesis fills is left alone, and one that binds the name itself. A signature that would get too long takes
    more lines, one step of `indent` to the right.
    """
    every = function.args
    positional = [*every.posonlyargs, *every.args]
    others = [*positional, *every.kwonlyargs, every.vararg, every.kwarg]
    if name in {argument.arg for argument in others if argument is not None}:
        return ()
    if any(_is_given(decorator) for decorator in decorators(function)) or _binds(function, name):
        return None
    if annotation and _is_annotated(function, positional):
        name = f"{name}: {annotation}"
    required = positional[: len(positional) - len(every.defaults)]
    edits = _inserted(text, function, required, name)
    if edits is None or not _is_too_long(text, edits[0]):
        return edits
    return _on_more_lines(text, function, len(required), name, indent) or edits


def _inserted(text: Text, function: AnyFunction, required: list[ast.arg], name: str) -> Edits | None:
    every = function.args
    if required and required[-1] in every.args:
        return (_after(text, required[-1], name),)
    if every.posonlyargs:
        return None
    if every.args:
        return (_before(text, every.args[0], name),)
    return _into_the_brackets(text, function, name)


def _is_too_long(text: Text, edit: Edit) -> bool:
    """Whether a line would be longer than all code of the file that has no strings or comments."""
    line = text.lines[edit.span.line - 1].rstrip()
    if "\n" in edit.content or "#" in line:
        return False
    return len(line) + len(edit.content) > text.limit


def _on_more_lines(text: Text, function: AnyFunction, index: int, name: str, indent: str) -> Edits | None:
    """The parameters on one line of their own, or on one line each; None for others than plain ones."""
    every = function.args
    start = text.span(position(function))
    opened = _UNTIL_OPEN.search(text.lines[start.line - 1], start.column - 1)
    if not every.args or every.posonlyargs or every.vararg or every.kwonlyargs or every.kwarg or not opened:
        return None
    begins = [text.span(position(argument)) for argument in every.args]
    nodes: list[ast.arg | ast.expr] = [*every.args, *every.defaults]
    last = max(nodes, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0))
    end = text.span(position(last))
    tail = _CLOSING.match("".join(text.lines[end.end_line - 1 :])[end.end_column - 1 :])
    if tail is None:
        return None
    starts = [(span.line, span.column) for span in begins]
    ends = [*starts[1:], (end.end_line, end.end_column)]
    parts = [
        text.between(Span(*one, *other)).strip().rstrip(",").rstrip()
        for one, other in zip(starts, ends, strict=True)
    ]
    parts.insert(index, name)
    if any("\n" in part or "#" in part for part in parts):
        return None
    outer = text.indentation(start.line)
    inner = f"{outer}{indent}"
    together = f"{inner}{', '.join(parts)}"
    if len(together) > text.limit or start.line != end.end_line:
        together = "\n".join(f"{inner}{part}," for part in parts)
    lines = tail[0].count("\n")
    column = len(tail[0].rpartition("\n")[2]) + (1 if lines else end.end_column)
    whole = Span(start.line, opened.end() + 2, end.end_line + lines, column - 1)
    return (text.replace(whole, f"\n{together}\n{outer}"),)


def _is_annotated(function: AnyFunction, positional: list[ast.arg]) -> bool:
    said = [each.annotation is not None for each in positional if each.arg not in ("self", "cls")]
    return all(said) and (bool(said) or function.returns is not None)


def _is_given(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "given"


def _binds(function: AnyFunction, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        for statement in function.body
        for node in ast.walk(statement)
    )


def _after(text: Text, argument: ast.arg, name: str) -> Edit:
    span = text.span(position(argument))
    line = text.lines[span.line - 1]
    is_alone = not line[: span.column - 1].strip()
    between = f",\n{text.indentation(span.line)}" if is_alone else ", "
    return text.insert(span.end_line, span.end_column, f"{between}{name}")


def _before(text: Text, argument: ast.arg, name: str) -> Edit:
    span = text.span(position(argument))
    is_alone = not text.lines[span.line - 1][: span.column - 1].strip()
    between = f",\n{text.indentation(span.line)}" if is_alone else ", "
    return text.insert(span.line, span.column, f"{name}{between}")


def _into_the_brackets(text: Text, function: AnyFunction, name: str) -> Edits | None:
    """A function without positional parameters: right after the bracket, before what begins with a star."""
    span = text.span(position(function))
    line = text.lines[span.line - 1]
    found = _UNTIL_OPEN.search(line, span.column - 1)
    if found is None or line[found.end() : found.end() + 1] != "(":
        return None
    column = found.end() + 2
    args = function.args
    has_more = args.vararg is not None or args.kwarg is not None or bool(args.kwonlyargs)
    rest = line[column - 1 :].lstrip()
    if has_more and not rest.startswith("*"):
        return None
    return (text.replace(Span(span.line, column, span.line, column), f"{name}, " if has_more else name),)
