"""Settings that come too late for an application: handed to its factory, set before it is bound, or pinned."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile, both
from isolint.edits.places import Spot, position
from isolint.facts.meaning.values import FunctionValue, Variable, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.web.wiring import LateSetting
from isolint.remedies.isolation import Isolation
from isolint.remedies.placing import fixture_at

_TAKING = frozenset({"update", "from_mapping"})
_URLS = frozenset({"SQLALCHEMY_DATABASE_URI", "MONGO_URI", "REDIS_URL"})


def configured(isolation: Isolation, module: Module, late: LateSetting) -> Edits | None:
    """The edits that let a test set what an extension reads before it reads it."""
    file = isolation.python(module.path)
    spot = file.statement(late.at)
    settings = None if spot is None else _settings(file, spot.statement)
    if spot is None or settings is None:
        return None
    app, values = settings
    made = _maker(spot, app)
    if made is None:
        return None
    between = spot.block[spot.block.index(made) + 1 : spot.block.index(spot.statement)]
    if any(_assigned(between) & _names(value) for value in values.values()):
        return None
    reader = next((node for node in between if _is_call(file, node, late.reader)), None)
    if reader is not None:
        outer = file.text.indentation(spot.first_line)
        code = file.code(spot.statement).replace(f"\n{outer}", "\n")
        moved = file.insert_before(position(reader), code)
        return both(moved, file.remove(late.at))
    return _handed(isolation, module, file, spot, made, values) or _pinned(
        isolation, module, file, spot, made, late, values
    )


def _settings(file: PythonFile, node: ast.stmt) -> tuple[str, dict[str, ast.expr]] | None:
    """The application whose settings a statement sets, as it is written, and the settings."""
    match node:
        case ast.Assign(
            targets=[
                ast.Subscript(
                    value=ast.Attribute(value=app, attr="config"), slice=ast.Constant(value=str(key))
                )
            ],
            value=value,
        ):
            return file.code(app), {key: value}
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Attribute(value=app, attr="config"), attr=method)
            ) as call
        ) if method in _TAKING:
            found = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
            if len(found) != len(call.keywords):
                return None
            for argument in call.args:
                if not isinstance(argument, ast.Dict):
                    return None
                for name, given in zip(argument.keys, argument.values, strict=True):
                    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
                        return None
                    found[name.value] = given
            return file.code(app), found
    return None


def _maker(spot: Spot, app: str) -> ast.Assign | None:
    """The statement before in the same block that makes the application by a call."""
    before = spot.block[: spot.block.index(spot.statement)]
    for node in reversed(before):
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [app]:
            return node if isinstance(node.value, ast.Call) else None
    return None


def _handed(
    isolation: Isolation,
    module: Module,
    file: PythonFile,
    spot: Spot,
    made: ast.Assign,
    values: dict[str, ast.expr],
) -> Edits | None:
    """The settings as an argument of the factory, if it takes such and is given none."""
    call = made.value
    if not isinstance(call, ast.Call) or call.args or call.keywords:
        return None
    factory = _factory(isolation, module, call)
    parameter = None if factory is None else _taking(factory)
    if factory is None or parameter is None:
        return None
    table = ", ".join(f"{file.string(key)}: {file.code(value)}" for key, value in values.items())
    first = factory.parameters[0].name if factory.parameters else ""
    given = "{" + table + "}" if first == parameter else f"{parameter}={{{table}}}"
    called = file.replace(position(call), f"{file.code(call.func)}({given})")
    return both((called,), file.remove(position(spot.statement)))


def _factory(isolation: Isolation, module: Module, call: ast.Call) -> s.Function | None:
    """The product's function that a call at the top of its module's names calls."""
    if not isinstance(call.func, ast.Name):
        return None
    evaluator = isolation.know.evaluator
    frame = evaluator.module_frame(module)
    for binding in module.names.bindings.get(call.func.id, ()):
        for value in options(evaluator.binding(binding, frame)):
            if isinstance(value, FunctionValue) and isinstance(value.function, s.Function):
                return value.function
    return None


def _taking(factory: s.Function) -> str | None:
    """The parameter of a factory that it puts into the settings."""
    names = {parameter.name for parameter in factory.parameters}
    for node in statements(factory.body):
        for expression in expressions(node):
            for inner in walk(expression):
                if not isinstance(inner, s.Call) or not isinstance(inner.function, s.Attribute):
                    continue
                owner = inner.function.value
                is_settings = isinstance(owner, s.Attribute) and owner.name == "config"
                if not is_settings or inner.function.name not in _TAKING or not inner.arguments:
                    continue
                for part in walk(inner.arguments[0]):
                    if isinstance(part, s.Name) and part.id in names:
                        return part.id
    return None


def _pinned(
    isolation: Isolation,
    module: Module,
    file: PythonFile,
    spot: Spot,
    made: ast.Assign,
    late: LateSetting,
    values: dict[str, ast.expr],
) -> Edits | None:
    """The variable that the setting is read from, set before the application is made."""
    function = file.function(late.at)
    given = [value for key, value in values.items() if key in _URLS]
    if len(given) != 1 or len(values) != 1 or function is None or not isinstance(late.url, Variable):
        return None
    fixture = fixture_at(isolation, module, function)
    if fixture is None or fixture.scope != "function" or fixture.owner is not None:
        return None
    parameter = file.add_parameter(position(function), "monkeypatch")
    line = f"monkeypatch.setenv({file.string(late.url.name)}, {file.code(given[0])})"
    put = file.insert_before(position(made), line)
    return both(both(parameter, put), file.remove(position(spot.statement)))


def _assigned(nodes: list[ast.stmt]) -> set[str]:
    return {
        inner.id
        for node in nodes
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
    }


def _names(node: ast.expr) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _is_call(file: PythonFile, node: ast.stmt, code: str) -> bool:
    return isinstance(node, ast.Expr) and file.code(node.value) == code
