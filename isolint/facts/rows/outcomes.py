"""What a test expects of the answer to a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import every_expression, expressions, statements, walk

_STATUS = frozenset({"status_code", "status"})


def expected_status(function: s.Function, call: s.Call) -> tuple[int, ...]:
    """The status codes that a test asserts of the answer to a call; none, if it asserts none."""
    names: set[str] = set()
    found: list[int] = []
    for node in statements(function.body):
        if isinstance(node, s.Assign) and node.value is not None:
            targets = {t.id for t in node.targets if isinstance(t, s.Name)}
            names = names | targets if _holds(node.value, call) else names - targets
        elif isinstance(node, s.Assert | s.Evaluate):
            for expression in expressions(node):
                found += _asserted(expression, names, call)
    return tuple(found)


def is_refused(function: s.Function, call: s.Call) -> bool:
    """Whether a test expects a request to be turned away."""
    codes = expected_status(function, call)
    return bool(codes) and min(codes) >= 400


def speaks_of(function: s.Function, status: int) -> bool:
    """Whether a function says a status code anywhere: told quickly, before it is asked of what it is expected."""
    return status in _numbers(every_expression(function.body))


def _asserted(expression: s.Expression, names: set[str], call: s.Call) -> Iterator[int]:
    for inner in walk(expression):
        match inner:
            case s.Compare(left=left, operators=("==" | "in",), comparators=(right,)):
                if _is_status(left, names, call) or _is_status(right, names, call):
                    yield from _numbers((*walk(left), *walk(right)))
            case s.Call(
                function=s.Attribute(name="assertEqual" | "assertEquals"), arguments=(one, other, *_)
            ):
                if _is_status(one, names, call) or _is_status(other, names, call):
                    yield from _numbers((*walk(one), *walk(other)))


def _is_status(node: s.Expression, names: set[str], call: s.Call) -> bool:
    match node:
        case s.Attribute(value=value, name=name) if name in _STATUS:
            return (isinstance(value, s.Name) and value.id in names) or _holds(value, call)
    return False


def _holds(node: s.Expression, call: s.Call) -> bool:
    return any(inner is call for inner in walk(node))


def _numbers(nodes: Iterable[s.Expression]) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, s.Constant) and isinstance(node.value, int) and 100 <= node.value < 600:
            yield node.value
        elif isinstance(node, s.Attribute) and node.name.startswith("HTTP_"):
            yield int(node.name[5:8]) if node.name[5:8].isdigit() else 0
