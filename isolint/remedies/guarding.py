"""A guard that refuses to destroy anything but a test's database, put before what destroys."""

from __future__ import annotations

import ast
from urllib.parse import urlsplit

from isolint.edits import Edits, PythonFile
from isolint.edits.places import position
from isolint.facts.meaning import handles
from isolint.facts.meaning.values import Handle, Trail, Value, Variable, options, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.relevance import calls_in
from isolint.remedies.homes import joined
from isolint.remedies.isolation import Isolation
from isolint.source import Position

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_REFUSAL = "refusing to destroy what is not a test's"
_ENGINES = frozenset({"sqlalchemy.engine.Engine", "sqlalchemy.ext.asyncio.AsyncEngine"})
_LONGEST = 96
_SCHEMES_WITHOUT_NAMES = frozenset("redis rediss valkey neo4j bolt http https amqp memcached".split())
_SERVERS_WITHOUT_NAMES = ("redis", "memcache", "elastic", "neo4j", "celery")


def guarded(isolation: Isolation, module: Module, trail: Trail) -> Edits | None:
    """The edits that put a guard into the function of a test module that destroys what a trail leads to.

    It asks the engine that the function hands to what destroys, the client that it destroys with, or the variable that
    the trail ends at. None for a server that holds no databases with names or numbers.
    """
    file = isolation.python(module.path)
    if not trail or trail[0].path != module.path:
        return None
    function = file.function(trail[0].at)
    if function is None:
        return None
    return (
        _by_engine(isolation, module, file, function, trail)
        or _by_client(isolation, module, file, function, trail)
        or _by_variable(isolation, file, function, trail)
    )


def _by_engine(
    isolation: Isolation, module: Module, file: PythonFile, function: AnyFunction, trail: Trail
) -> Edits | None:
    known = next((f for f in module.functions if f.name_at[0] == function.lineno), None)
    places = [hop.at for hop in trail if hop.path == module.path]
    calls = [node for place in places if isinstance(node := file.node(place), ast.Call)]
    for call in calls:
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            if known is None or not isinstance(argument, ast.Name):
                continue
            name = s.Name(argument.id, position(argument))
            value = isolation.know.evaluator.evaluate(
                name, isolation.know.evaluator.function_frame(module, known)
            )
            if any(isinstance(one, Handle) and one.type in _ENGINES for one in options(value)):
                return _inserted(
                    file, function, argument.id, f"{argument.id}.url.database or {file.string('')}"
                )
    return None


def _by_client(
    isolation: Isolation, module: Module, file: PythonFile, function: AnyFunction, trail: Trail
) -> Edits | None:
    """The guard that asks the client itself, or the database or collection, for its database."""
    call, evaluator = file.node(trail[0].at), isolation.know.evaluator
    known = next((f for f in module.functions if f.name_at[0] == function.lineno), None)
    node = _called(known, trail[0].at) if known is not None else None
    if (
        known is None
        or node is None
        or not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Attribute)
    ):
        return None
    value = evaluator.evaluate(node.value, evaluator.function_frame(module, known))
    for one in options(handles.read(evaluator, value)):
        if not isinstance(one, Handle):
            return None
        tells = evaluator.vocabulary.tellings.get(one.type)
        if tells is None or call.func.attr in tells.beyond or not _is_path(call.func.value):
            return None
        name = file.code(call.func.value)
        asked = f"{name}.{tells.asks}".replace('"', file.quote)
        condition = f"{asked} == {tells.equals}" if tells.equals else f"{file.string('test')} in {asked}"
        if tells.equals and _database_of(one.url) == str(tells.equals):
            return None
        spot = file.statement(trail[0].at)
        inner = spot.statement if spot is not None and _is_bound_below(function, name) else None
        return _asserted(file, function, name, condition, inner)
    return None


def _database_of(url: Value | None) -> str:
    """The database that the path of a URL names, or that of a variable's default."""
    value = url.default if isinstance(url, Variable) else url
    return urlsplit(text(value) or "").path.lstrip("/") if value is not None else ""


def _is_path(node: ast.expr) -> bool:
    """Whether an expression is a name, or attributes of one."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_path(node.value))


def _is_bound_below(function: AnyFunction, name: str) -> bool:
    """Whether a function binds a name, or what begins it, in another way than by an assignment of its own block."""
    plain = {ast.unparse(target) for n in function.body if isinstance(n, ast.Assign) for target in n.targets}
    if name in plain:
        return False
    stored = {
        ast.unparse(node)
        for node in ast.walk(function)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return not stored.isdisjoint({name, name.partition(".")[0]})


def _called(function: s.Function, at: Position) -> s.Attribute | None:
    """The method that a call at a position of a function calls."""
    for call in calls_in(function.body):
        if call.at == at and isinstance(call.function, s.Attribute):
            return call.function
    return None


def _by_variable(isolation: Isolation, file: PythonFile, function: AnyFunction, trail: Trail) -> Edits | None:
    last = trail[-1] if trail else None
    node = None if last is None else isolation.python(last.path).node(last.at)
    name = _variable(node)
    if name is None or any(word in name.lower() for word in _SERVERS_WITHOUT_NAMES):
        return None
    if _scheme(node) in _SCHEMES_WITHOUT_NAMES:
        return None
    environ, split = file.add_import("import os"), file.add_import("from urllib.parse import urlsplit")
    read = f"os.environ.get({file.string(name)}, {file.string('')})"
    inserted = _inserted(file, function, "", f"urlsplit({read}).path.rpartition({file.string('/')})[2]")
    if environ is None or split is None or inserted is None:
        return None
    return (*joined((*environ, *split)), *inserted)


def _variable(node: ast.AST | None) -> str | None:
    """The environment variable that an expression reads."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=ast.Attribute(attr="getenv" | "get") | ast.Name(id="getenv"), args=[first, *_]):
            is_environ = "environ" in ast.unparse(node.func) or "getenv" in ast.unparse(node.func)
            if is_environ and isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value
    return None


def _scheme(node: ast.AST | None) -> str:
    """The scheme of the address that is read where a variable is not set, "" where there is none."""
    match node:
        case ast.Call(args=[_, ast.Constant(value=str(address))]) if "://" in address:
            return address.partition("://")[0].partition("+")[0]
    return ""


def _inserted(file: PythonFile, function: AnyFunction, name: str, read: str) -> Edits | None:
    what = f"({read})" if " or " in read else read
    return _asserted(file, function, name, f"{file.string('test')} in {what}")


def _asserted(
    file: PythonFile, function: AnyFunction, name: str, condition: str, inner: ast.stmt | None = None
) -> Edits | None:
    """The guard: before a statement, else behind what binds the name, else before all else of the function."""
    guard = f"assert {condition}, {file.string(_REFUSAL)}"
    if len(guard) > _LONGEST:
        guard = f"assert {condition}, (\n    {file.string(_REFUSAL)}\n)"
    if any(isinstance(node, ast.Assert) and _REFUSAL in ast.unparse(node) for node in function.body):
        return None
    if inner is not None:
        return file.insert_before(position(inner), guard)
    for node in function.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            return file.insert_after(position(node), guard)
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        return file.insert_after(position(first), guard)
    return file.insert_before(position(first), guard)
