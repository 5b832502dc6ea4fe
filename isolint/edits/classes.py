"""What the body of a class sets once, moved to the method that sets it for each test."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from isolint.edits.places import AnyFunction, decorators, first_line, last_line, position, spot
from isolint.edits.text import Edits, Text
from isolint.finding import Edit
from isolint.late import dataclass
from isolint.source import Position

_OTHERS = frozenset({"classmethod", "staticmethod", "fixture"})
_TAKES = frozenset({"pop", "popleft", "popitem"})
_FOR_ALL = frozenset({"setUpClass", "setup_class"})
_PLAIN_BASES = frozenset({"TestCase", "IsolatedAsyncioTestCase"})


@dataclass(frozen=True, slots=True)
class _Attribute:
    """A name that the body of a class sets, or `set_up`, its method for all tests, with the statement that does."""

    cls: ast.ClassDef
    statement: ast.Assign
    name: str
    set_up: AnyFunction | None = None

    @property
    def methods(self) -> list[AnyFunction]:
        return [each for each in self.cls.body if isinstance(each, AnyFunction)]


def move(text: Text, tree: ast.Module, at: Position, name: str, step: str) -> Edits | None:
    """Let a set-up method, called `name`, set for each test what a class, or its set-up for all, sets at a position.

    None where anything but the class's own tests speaks of it, where a test seems to go on with what another one has
    left in it, and where a comment belongs to it. The method is made if there is none.
    """
    given = _attribute(text, tree, at)
    if given is None or not _is_private(tree, given) or _is_built_up(given):
        return None
    code = _code(text, given)
    method = next((each for each in given.methods if each.name == name), None)
    placed = None
    if code is not None:
        placed = (
            _into(text, method, given, code) if method is not None else _made(text, given, name, code, step)
        )
    gone = (
        _without(text, given) if given.set_up is None else _out_of_set_up(text, given, is_new=method is None)
    )
    return (gone, *placed) if placed is not None else None


def _attribute(text: Text, tree: ast.Module, at: Position) -> _Attribute | None:
    found = spot(tree, at)
    around = list(found.around) if found is not None else []
    set_up = around.pop() if around and isinstance(around[-1], AnyFunction) else None
    cls = around[-1] if around else None
    if found is None or not isinstance(cls, ast.ClassDef) or not found.has_lines_alone:
        return None
    above = text.lines[found.first_line - 2].strip() if found.first_line > 1 else ""
    end = text.span(position(found.statement))
    if above.startswith("#") or "#" in text.lines[end.end_line - 1][end.end_column - 1 :]:
        return None
    match found.statement:
        case ast.Assign(targets=[ast.Name(id=name)]) as statement if set_up is None:
            return _Attribute(cls, statement, name)
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name)]) as statement:
            if isinstance(set_up, ast.FunctionDef) and set_up.name in _FOR_ALL and set_up.args.args:
                is_own = owner == set_up.args.args[0].arg
                return _Attribute(cls, statement, name, set_up) if is_own else None
    return None


def _is_private(tree: ast.Module, given: _Attribute) -> bool:
    """Whether all that uses an attribute is an instance of the class, and its value needs nothing of the class."""
    own = {id(node) for method in given.methods for node in _uses(method, given.name)}
    own.add(id(given.statement.targets[0]))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == given.name and id(node) not in own:
            return False
        if isinstance(node, ast.ClassDef) and any(_last(base) == given.cls.name for base in node.bases):
            return False
    if given.set_up is not None:
        return _needs_nothing(given.set_up, given.statement.value)
    names = [node for part in _body(given) for node in ast.walk(part) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {
        each.name for each in given.methods
    }
    needed = {node.id for node in ast.walk(given.statement.value) if isinstance(node, ast.Name)}
    return sum(node.id == given.name for node in names) == 1 and not needed & bound


def _needs_nothing(set_up: ast.FunctionDef | ast.AsyncFunctionDef, value: ast.expr) -> bool:
    """Whether a value is made of nothing that the method itself has or binds."""
    names = [node for node in ast.walk(set_up) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {set_up.args.args[0].arg}
    return not bound & {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}


def _body(given: _Attribute) -> Iterator[ast.AST]:
    """What runs with the body of the class: its statements, the decorators and defaults of its methods."""
    for each in given.cls.body:
        if isinstance(each, AnyFunction):
            yield from (*each.decorator_list, *each.args.defaults, *filter(None, each.args.kw_defaults))
        else:
            yield each


def _uses(method: AnyFunction, name: str) -> Iterator[ast.Attribute]:
    """The uses of an attribute of the instance; none in methods of the class and in fixtures."""
    parameters = [*method.args.posonlyargs, *method.args.args]
    if not parameters or any(_last(each) in _OTHERS for each in decorators(method)):
        return
    for node in ast.walk(method):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=found) if (owner, found) == (
                parameters[0].arg,
                name,
            ):
                yield node


def _is_built_up(given: _Attribute) -> bool:
    """Whether a test takes something out of what is empty at first, and has put nothing in."""
    match given.statement.value:
        case ast.List(elts=[]) | ast.Dict(values=[]) | ast.Call(args=[], keywords=[]):
            return any(_takes_only(method, given.name) for method in given.methods)
    return False


def _takes_only(method: AnyFunction, name: str) -> bool:
    uses = {id(node) for node in _uses(method, name)}
    takes = puts = False
    for node in ast.walk(method):
        match node:
            case ast.Subscript(value=held, ctx=ast.Load()) | ast.For(iter=held) if id(held) in uses:
                takes = True
            case ast.Call(func=ast.Attribute(value=held, attr=verb)) if id(held) in uses:
                takes, puts = takes or verb in _TAKES, puts or verb not in _TAKES
            case ast.Subscript(value=held) | ast.AugAssign(target=held) if id(held) in uses:
                puts = True
            case ast.Attribute(ctx=ast.Store()) if id(node) in uses:
                puts = True
    return takes and not puts


def _code(text: Text, given: _Attribute) -> str | None:
    """The value as it is to stand in a method of the class, which is one step further in."""
    value = given.statement.value
    for node in ast.walk(value):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.lineno != node.end_lineno:
            return None
    span, whole = text.span(position(value)), text.span(position(given.statement))
    if (span.end_line, span.end_column) != (whole.end_line, whole.end_column):
        return None
    first, *rest = text.at(position(value)).replace("\r\n", "\n").split("\n")
    indentation = text.indentation(whole.line)
    return "\n".join((first, *(line.removeprefix(indentation) for line in rest)))


def _out_of_set_up(text: Text, given: _Attribute, *, is_new: bool) -> Edit:
    """Take the statement out of the set-up for all, and that away if nothing else is in it."""
    set_up, statement = given.set_up, given.statement
    if set_up is None or not _is_alone(text, given):
        return text.without_lines(statement.lineno, last_line(statement))
    is_followed = last_line(set_up) < len(text.lines) and not text.lines[last_line(set_up)].strip()
    return text.without_lines(first_line(set_up), last_line(set_up) + (is_followed and not is_new))


def _is_alone(text: Text, given: _Attribute) -> bool:
    """Whether the set-up for all does nothing else."""
    set_up = given.set_up
    return set_up is not None and all(
        node is given.statement or _is_text(node) or _is_super(text, node, set_up) for node in set_up.body
    )


def _is_super(text: Text, node: ast.stmt, method: AnyFunction) -> bool:
    return f"super().{method.name}(" in text.at(position(node))


def _without(text: Text, given: _Attribute) -> Edit:
    """Remove the statement, and the empty line below where it is the first of the class."""
    first, last = given.statement.lineno, given.statement.end_lineno or given.statement.lineno
    is_first = given.cls.body[0] is given.statement
    is_followed = last < len(text.lines) and not text.lines[last].strip()
    return text.without_lines(first, last + 1 if is_first and is_followed else last)


def _into(text: Text, method: AnyFunction, given: _Attribute, code: str) -> Edits | None:
    """Set it at the beginning of a method, behind its docstring and what its base class does first."""
    before = [node for node in method.body[:2] if _is_text(node)]
    rest = method.body[len(before) :]
    if rest and _is_super(text, rest[0], method):
        before, rest = [*before, rest[0]], rest[1:]
    while rest and _is_set(rest[0], given.name):
        before, rest = [*before, rest[0]], rest[1:]
    at = rest[0] if rest else before[-1]
    if first_line(at) == method.lineno or not method.args.args:
        return None
    indentation = text.indentation(first_line(at))
    line = f"{method.args.args[0].arg}.{given.name} = {code}"
    if rest:
        return (text.lines_before(first_line(at), line, indentation),)
    return (text.lines_after(last_line(at), line, indentation),)


def _made(text: Text, given: _Attribute, name: str, code: str, step: str) -> Edits | None:
    """Make the method, in front of the first one, or behind the set-up for all."""
    bases = [_last(base) for base in given.cls.bases]
    if bases and name == "setup_method":
        return None
    line = first_line(given.methods[0])
    indentation = text.indentation(line)
    for_all = next((each for each in given.methods if each.name in _FOR_ALL), None)
    while text.lines[line - 2].strip().startswith("#"):
        line -= 1
    inner = [f"self.{given.name} = {code}"]
    if set(bases) - _PLAIN_BASES:
        inner.insert(0, f"super().{name}()")
    body = "\n".join(f"{step}{row}" for each in inner for row in each.split("\n"))
    code = f"def {name}(self):\n{body}"
    if for_all is not None:
        blank = "" if _is_alone(text, given) else "\n"
        return (text.lines_after(last_line(for_all), f"{blank}{code}", indentation),)
    return (text.lines_before(line, code, indentation, blank=1),)


def _is_set(node: ast.stmt, name: str) -> bool:
    """Whether a statement only sets another attribute of the instance."""
    match node:
        case ast.Assign(targets=[ast.Attribute()], value=value):
            return not any(getattr(inner, "attr", "") == name for inner in ast.walk(value))
    return False


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _last(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
