"""Functions that, by the type or the shape of what they return, hand out no object: numbers, text and the like."""

from __future__ import annotations

from isolint.facts.meaning.values import FunctionValue
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import bind, statements

_PLAIN = (
    s.Constant
    | s.Template
    | s.Binary
    | s.Compare
    | s.Unary
    | s.Sequence
    | s.Mapping
    | s.Comprehension
    | s.Lambda
    | s.Opaque
)
_PLAIN_TYPES = frozenset({"str", "bytes", "int", "float", "bool"})


class PlainResults:
    """Looks at the expressions that functions return, once for each function."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}

    def of(self, callee: FunctionValue) -> bool:
        """Whether a call gives back neither an object nor a handle; what a generator yields is no result."""
        key = id(callee.function)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _is_plain_function(callee.function)
        return known


def _is_plain_function(function: s.Function | s.Lambda) -> bool:
    if isinstance(function, s.Lambda):
        return isinstance(function.body, _PLAIN)
    if function.is_generator or _is_plain_type(function.returns):
        return True
    found = [n.value for n in statements(function.body) if isinstance(n, s.Return) and n.value is not None]
    if not found:
        return function.returns is None or isinstance(function.returns, s.Constant)
    return all(_is_plain(value, function, frozenset()) for value in found)


def _is_plain_type(annotation: s.Expression | None) -> bool:
    return isinstance(annotation, s.Name) and annotation.id in _PLAIN_TYPES


def _is_plain(node: s.Expression | None, function: s.Function, seen: frozenset[str]) -> bool:
    match node:
        case s.Name(id=name):
            return name not in seen and _is_plain_variable(name, function, seen | {name})
        case s.Boolean(values=values):
            return all(_is_plain(value, function, seen) for value in values)
        case s.Conditional(body=body, orelse=orelse):
            return _is_plain(body, function, seen) and _is_plain(orelse, function, seen)
    return isinstance(node, _PLAIN)


def _is_plain_variable(name: str, function: s.Function, seen: frozenset[str]) -> bool:
    """Whether a local variable only ever holds something plain."""
    names = bind(function.body)
    bindings = names.bindings.get(name, ())
    if not bindings or name in names.globals or any(p.name == name for p in function.parameters):
        return False
    return all(
        binding.kind == "augmented"
        or (binding.kind == "assign" and not binding.unpack and _is_plain(binding.value, function, seen))
        for binding in bindings
    )
