"""Is a value the same in every run and every worker?"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, Literal, Text, UniqueName, Value, options, text
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import reaching
from isolint.facts.program.show import show
from isolint.facts.running.relevance import last_name

FIXED = "fixed"
COUNTED = "counted"
_COUNTERS = frozenset({"count", "itertools.count"})


class Sameness:
    """Tells values that are written out, or counted from the start by every process, from all others."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def of(self, node: s.Expression, frame: Frame) -> tuple[str, str]:
        """FIXED with the value in words, COUNTED with the pattern, or two empty strings."""
        values = options(self.evaluator.evaluate(node, frame))
        spelled = [known for value in values if (known := _spelled(value)) is not None]
        if values and len(spelled) == len(values):
            return FIXED, spelled[0]
        if len(values) == 1 and self._is_counted(node, frame):
            return COUNTED, show(node)
        return "", ""

    def _is_counted(self, node: s.Expression, frame: Frame) -> bool:
        """Whether what changes about a text is a counter of this process, and nothing else."""
        if isinstance(node, s.Name) and frame.function is not None:
            bindings = reaching(self.evaluator.names(frame).bindings.get(node.id, ()), node.at[0])
            return (
                len(bindings) == 1
                and bindings[0].value is not None
                and self._is_counted(bindings[0].value, frame)
            )
        holes = list(self._holes(node, frame))
        return bool(holes) and all(self._counts(hole, frame) for hole in holes)

    def _holes(self, node: s.Expression, frame: Frame) -> Iterator[s.Expression]:
        """The parts of a text that are not written out."""
        parts = node.parts if isinstance(node, s.Template) else (node,)
        for part in parts:
            if not isinstance(part, str) and _spelled(self.evaluator.evaluate(part, frame)) is None:
                yield part

    def _counts(self, node: s.Expression, frame: Frame) -> bool:
        match node:
            case s.Call(function=s.Name(id="next"), arguments=(s.Name(id=counter),)):
                for binding in frame.module.names.bindings.get(counter, ()):
                    value = binding.value
                    if (
                        isinstance(value, s.Call)
                        and last_name(value) == "count"
                        and show(value.function) in _COUNTERS
                    ):
                        return True
        return False


def _spelled(value: Value) -> str | None:
    """The text or number that a value stands for, if it is written out."""
    match value:
        case Literal(value=bool() | None):
            return None
        case Text(parts=parts) if any(isinstance(part, UniqueName) for part in parts):
            return None
    return text(value)
