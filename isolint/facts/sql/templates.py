"""How a text is put together: f-strings, `%`, `.format()` and `+`, through local names and wrapping calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolint.facts.meaning import handles
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, Reference, options
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import reaching
from isolint.late import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: literal text, or an expression in a frame; `inside` an f-string, which hole of it."""

    text: str
    hole: s.Expression | None = None
    frame: Frame | None = None
    inside: tuple[s.Template, int] | None = None


class Templates:
    """Takes the expressions that build texts apart."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.vocabulary = evaluator.vocabulary

    def of(self, node: s.Expression, frame: Frame) -> Iterator[tuple[s.Expression, Frame]]:
        """The expressions that build a text: one, or several where a loop goes over statements written out."""
        if isinstance(node, s.Name) and frame.function is not None:
            for binding in reaching(self.evaluator.names(frame).bindings.get(node.id, ()), node.at[0]):
                if binding.kind == "for" and isinstance(binding.value, s.Sequence) and not binding.unpack:
                    for item in binding.value.items:
                        yield self._template(item, frame)
                    return
        yield self._template(node, frame)

    def _template(self, node: s.Expression, frame: Frame) -> tuple[s.Expression, Frame]:
        """The expression that builds the text: through a local name, `text()`, `dedent()` and the like."""
        for _ in range(10):
            if isinstance(node, s.Call):
                inner = self._wrapped(node, frame)
                if inner is None:
                    return node, frame
                node = inner
            elif isinstance(node, s.Name) and frame.function is not None:
                bindings = self.evaluator.names(frame).bindings.get(node.id, ())
                reached = reaching(bindings, node.at[0]) if bindings else ()
                if (
                    len(reached) != 1
                    or reached[0].value is None
                    or reached[0].kind != "assign"
                    or reached[0].unpack
                ):
                    return node, frame
                node = reached[0].value
            else:
                return node, frame
        return node, frame

    def _wrapped(self, node: s.Call, frame: Frame) -> s.Expression | None:
        for option in options(self.evaluator.evaluate(node.function, frame)):
            name = option.name if isinstance(option, Reference) else ""
            for entry in self.vocabulary.statements.get(name, ()):
                filled = any(key == "context" for key, _ in node.keywords)
                return None if filled else handles.passed(node, entry.argument)
            if name in ("textwrap.dedent", "inspect.cleandoc", "builtins.str") and node.arguments:
                return node.arguments[0]
        if isinstance(node.function, s.Attribute) and node.function.name in ("strip", "lstrip", "rstrip"):
            return node.function.value
        return None

    def pieces(self, node: s.Expression, frame: Frame) -> Iterator[Piece]:
        match node:
            case s.Constant(value=str(known)):
                yield Piece(known)
            case s.Template():
                index = 0
                for part in node.parts:
                    if isinstance(part, str):
                        yield Piece(part)
                    else:
                        yield Piece("", part, frame, (node, index))
                        index += 1
            case s.Binary(operator="+"):
                yield from self.pieces(node.left, frame)
                yield from self.pieces(node.right, frame)
            case s.Binary(operator="%"):
                yield from self._percent(node, frame)
            case s.Call(keywords=(*_, ("context", s.Mapping() as context))) if node.arguments:
                yield from self._percent(s.Binary("%", node.arguments[0], context, node.at), frame)
            case s.Call(function=s.Attribute(name="format", value=pattern)):
                yield from self._formatted(node, pattern, frame)
            case _:
                yield Piece("", node, frame)

    def _percent(self, node: s.Binary, frame: Frame) -> Iterator[Piece]:
        pattern = "".join(p.text if p.hole is None else "%" for p in self.pieces(node.left, frame))
        right = node.right
        values = list(right.items) if isinstance(right, s.Sequence) else [right]
        named = {}
        if isinstance(right, s.Mapping):
            named = {k.value: v for k, v in right.items if isinstance(k, s.Constant)}
        last = 0
        for found in re.finditer(r"%(?:\((\w+)\))?[-+ #0-9.]*([a-zA-Z%])", pattern):
            yield Piece(pattern[last : found.start()])
            last = found.end()
            if found[2] == "%":
                yield Piece("%")
            elif found[1]:
                yield Piece("", named.get(found[1], right), frame)
            elif found[2] == "d":
                yield Piece("0")
                values = values[1:]
            else:
                yield Piece("", values.pop(0) if values else right, frame)
        yield Piece(pattern[last:])

    def _formatted(self, node: s.Call, pattern: s.Expression, frame: Frame) -> Iterator[Piece]:
        text = "".join(p.text for p in self.pieces(pattern, frame))
        if not isinstance(pattern, s.Constant | s.Template | s.Binary):
            yield Piece("", node, frame)
            return
        positional, named = list(node.arguments), dict(node.keywords)
        used, last = 0, 0
        for found in re.finditer(r"\{\{|\}\}|\{(\w*)[^{}]*\}", text):
            yield Piece(text[last : found.start()])
            last = found.end()
            if found[0] in ("{{", "}}"):
                yield Piece(found[0][0])
                continue
            key = found[1]
            index = int(key) if key.isdigit() else used
            used += not key
            value = (
                named.get(key)
                if key and not key.isdigit()
                else (positional[index] if index < len(positional) else None)
            )
            yield Piece("", value if value is not None else node, frame)
        yield Piece(text[last:])
