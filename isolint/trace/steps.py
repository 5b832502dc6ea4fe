"""Trails as a reader can check them: each hop with its source and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from isolint import source
from isolint.engine import Run
from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue, Hop, Trail, Unknown, Value
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import show
from isolint.facts.targets.lattice import last_hops
from isolint.finding import Finding, Location
from isolint.trace.answer import Step
from isolint.trace.spots import Spot, spot
from isolint.trace.words import described

LONGEST = 100
SHORT = 60


class Steps:
    """Makes steps of hops, by looking at the code that stands there."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.know = run.knowledge
        self.comments = cache(self._comments)

    def of(self, trail: Trail) -> tuple[Step, ...]:
        """The steps of a trail; hops that stay in one line are one step."""
        return tuple(self.step(hop) for hop in last_hops(trail))

    def of_finding(self, finding: Finding) -> tuple[Step, ...]:
        """The steps of a finding's own trail."""
        return tuple(self.step(self._hop(location)) for location in finding.related)

    def step(self, hop: Hop, what: str = "") -> Step:
        """One hop; `what` it is, where that is known better than the code says."""
        found = self.spot(hop.path, hop.at[0])
        text = hop.text if found is None else self.text(found, hop.at)
        said = what or (hop.text if found is None or _is_told(hop) else self._what(found, hop.at))
        return Step(hop.path, hop.at[0], text, "" if said == text else said)

    def call(self, hop: Hop) -> Step:
        """A call on the way to something that is done."""
        found = self.spot(hop.path, hop.at[0])
        inner = None if found is None else found.expression(hop.at)
        return self.step(hop, f"calls `{show(inner.function)}`" if isinstance(inner, s.Call) else "")

    def spot(self, path: str, line: int) -> Spot | None:
        """The statement in a line of a file."""
        module = self.know.project.module(path)
        return None if module is None else spot(module, line)

    def text(self, found: Spot, at: s.Position) -> str:
        """The source of a statement in short; of a long one, what stands at the position."""
        path, (first, last) = found.module.path, found.lines
        if first == last:
            return _cut(self._between(path, (first, 0, first, 1_000_000)))
        node = found.statement
        if isinstance(node, s.Import):
            return _cut(_imported(node, at) or self._between(path, node.at))
        if isinstance(node, s.Function | s.Class) and at[0] < node.at[0]:  # a decorator
            return _cut(self._between(path, at))
        if at == node.at or isinstance(node, s.Function | s.Class):
            start = node.at[0]
            simple = at[2] == last and not isinstance(node, s.Function | s.Class)
            return _cut(self._between(path, at if simple else (start, 0, max(start, last), 1_000_000)))
        return _cut(self._between(path, at))

    def line(self, path: str, number: int) -> str:
        """A line of a file without its comment."""
        return _cut(self._between(path, (number, 0, number, 1_000_000)))

    def marked(self, location: Location) -> str:
        """The code that a location marks, if it is short."""
        span, text = location.span, self.run.reader.source(location.path)
        if text is None or span.line != span.end_line or span.line > len(text.lines):
            return ""
        marked = text.lines[span.line - 1][span.column - 1 : span.end_column - 1].strip()
        return marked if len(marked) <= SHORT else ""

    def _between(self, path: str, at: s.Position) -> str:
        """The source between two places, comments left out, in one line."""
        text = self.run.reader.source(path)
        if text is None:
            return ""
        comments = self.comments(path)
        words: list[str] = []
        for number in range(at[0], min(at[2], len(text.lines)) + 1):
            line = text.lines[number - 1]
            line = line[: comments.get(number, len(line))]
            stop = _characters(line, at[3]) if number == at[2] else len(line)
            start = _characters(line, at[1]) if number == at[0] else 0
            words += line[start:stop].split()
        return " ".join(words).replace("( ", "(").replace(", )", ")").replace(" )", ")")

    def _comments(self, path: str) -> dict[int, int]:
        """Line -> the column, from 0, at which its comment starts."""
        text = self.run.reader.source(path)
        found = () if text is None else source.comments(text)
        return {line: column - 1 for line, column, _ in found}

    def _what(self, found: Spot, at: s.Position) -> str:
        node, evaluator = found.statement, self.know.evaluator
        if isinstance(node, s.Function):
            return self.titled(found.module, node)
        if isinstance(node, s.Import):
            return "the import"
        inner = None if at == node.at and not isinstance(node, s.Evaluate) else found.expression(at)
        setting = isinstance(found.holder, s.Class)
        said = described(self.value(found, inner), evaluator, setting=setting)
        return said or (f"calls `{show(inner.function)}`" if isinstance(inner, s.Call) else "")

    def value(self, found: Spot, inner: s.Expression | None) -> Value:
        evaluator, frame = self.know.evaluator, found.frame(self.know.evaluator)
        if inner is not None:
            return evaluator.evaluate(inner, frame)
        for binding in found.bindings(evaluator):
            if isinstance(found.holder, s.Class):
                return self._field(found.module, found.holder, binding.name)
            value = evaluator.binding(binding, frame)
            if not isinstance(value, Unknown):
                return value
        node = found.statement
        if isinstance(node, s.Assign | s.Evaluate | s.Return) and node.value is not None:
            return evaluator.evaluate(node.value, frame)
        return Unknown()

    def _field(self, module: Module, cls: s.Class, name: str) -> Value:
        """What a field of a class stands for, settings classes included."""
        evaluator = self.know.evaluator
        return instances.class_attribute(
            evaluator, ClassValue(module, cls, evaluator.module_frame(module)), name
        )

    def titled(self, module: Module, node: s.Function) -> str:
        """What kind of function one is, and its name."""
        owner = module.methods.get(id(node))
        fixture = self.know.fixtures.fixture(module, node, owner) if module.is_test else None
        return f"the {'function' if fixture is None else 'fixture'} `{node.qualname}`"

    def _hop(self, location: Location) -> Hop:
        """The place of a location as `ast` counts."""
        span, text = location.span, self.run.reader.source(location.path)
        lines = () if text is None else text.lines
        at = (
            span.line,
            _bytes(lines, span.line, span.column),
            span.end_line,
            _bytes(lines, span.end_line, span.end_column),
        )
        return Hop(location.path, at, location.message)


def _is_told(hop: Hop) -> bool:
    """Whether the text of a hop says what it is, instead of repeating the code."""
    return hop.text.endswith((" is pinned here", "replaced here")) or hop.text.startswith("the property ")


def _imported(node: s.Import, at: s.Position) -> str:
    """The import of the one name that stands at a position."""
    names = [entry.name for entry in node.names if entry.at == at and entry.name]
    return f"from {'.' * node.level}{node.module} import … {names[0]}" if names else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _characters(line: str, offset: int) -> int:
    """A column in bytes as one in characters."""
    return offset if line.isascii() else len(line.encode()[:offset].decode(errors="ignore"))


def _bytes(lines: Sequence[str], number: int, column: int) -> int:
    """A column in characters, from 1, as one in bytes, from 0."""
    return len(lines[number - 1][: column - 1].encode()) if number <= len(lines) else column - 1
