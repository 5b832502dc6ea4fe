"""A guard that refuses to destroy anything but a test's database, put before what destroys."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile
from isolint.edits.places import position
from isolint.facts.meaning.values import Handle, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.remedies.homes import joined
from isolint.remedies.isolation import Isolation

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_REFUSAL = "refusing to destroy what is not a test's"
_ENGINES = frozenset({"sqlalchemy.engine.Engine", "sqlalchemy.ext.asyncio.AsyncEngine"})
_LONGEST = 96
_SERVERS_WITHOUT_NAMES = ("redis", "memcache", "elastic", "neo4j", "celery")


def guarded(isolation: Isolation, module: Module, trail: Trail) -> Edits | None:
    """The edits that put a guard into the function of a test module that destroys what a trail leads to.

    It asks the engine that the function hands to what destroys, or the variable that the trail ends at.
    """
    file = isolation.python(module.path)
    if not trail or trail[0].path != module.path:
        return None
    function = file.function(trail[0].at)
    if function is None:
        return None
    return _by_engine(isolation, module, file, function, trail) or _by_variable(
        isolation, file, function, trail
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


def _by_variable(isolation: Isolation, file: PythonFile, function: AnyFunction, trail: Trail) -> Edits | None:
    last = trail[-1] if trail else None
    node = None if last is None else isolation.python(last.path).node(last.at)
    name = _variable(node)
    if name is None or any(word in name.lower() for word in _SERVERS_WITHOUT_NAMES):
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


def _inserted(file: PythonFile, function: AnyFunction, name: str, read: str) -> Edits | None:
    """The guard: behind what binds the name, else before all else of the function."""
    what = f"({read})" if " or " in read else read
    guard = f"assert {file.string('test')} in {what}, {file.string(_REFUSAL)}"
    if len(guard) > _LONGEST:
        guard = f"assert {file.string('test')} in {what}, (\n    {file.string(_REFUSAL)}\n)"
    if any(isinstance(node, ast.Assert) and _REFUSAL in ast.unparse(node) for node in function.body):
        return None
    for node in function.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            return file.insert_after(position(node), guard)
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        return file.insert_after(position(first), guard)
    return file.insert_before(position(first), guard)
