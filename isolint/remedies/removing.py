"""Overrides that nothing takes out: a removal of each key, where the one that put them in is over."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile
from isolint.edits.places import position
from isolint.facts.lifetime.dependencies import Override
from isolint.facts.program.project import Module
from isolint.remedies.isolation import Isolation
from isolint.remedies.placing import fixture_at
from isolint.remedies.restoring import AnyFunction, finished, yielded

_CLEANUPS = {"setUp": "self.addCleanup", "asyncSetUp": "self.addCleanup", "setUpClass": "cls.addClassCleanup"}


def removed(isolation: Isolation, module: Module, left: Override) -> Edits | None:
    """The edits that take overrides out again; None for those of a helper, whose callers would have to."""
    file = isolation.python(module.path)
    function = file.function(left.at)
    spot = file.statement(left.at)
    if function is None or spot is None or function.name != left.by.name:
        return None
    puts = _puts(file, function, left.keys)
    if not puts:
        return None
    pops = [(f"{registry}.pop", key) for registry, key, _ in puts]
    code = "\n".join(f"{pop}({key}, None)" for pop, key in pops)
    if fixture_at(isolation, module, function) is not None:
        return yielded(file, function, code)
    known = next((f for f in module.functions if f.name_at[0] == function.lineno), None)
    owner = None if known is None else module.methods.get(id(known))
    is_case = owner is not None and isolation.know.fixtures.is_test_case(module, owner)
    last = max((statement for _, _, statement in puts), key=lambda statement: statement.lineno)
    if is_case:
        cleanup = _CLEANUPS.get(function.name, "self.addCleanup" if function.name.startswith("test") else "")
        lines = "\n".join(f"{cleanup}({pop}, {key}, None)" for pop, key in pops)
        return file.insert_after(position(last), lines) if cleanup else None
    return finished(file, function, last, code) if function.name.startswith("test") else None


def _puts(file: PythonFile, function: AnyFunction, keys: tuple[str, ...]) -> list[tuple[str, str, ast.stmt]]:
    """The registry, key and statement of each override that a function itself puts in under one of these keys."""
    found: list[tuple[str, str, ast.stmt]] = []
    for node in function.body:
        match node:
            case ast.Assign(targets=[ast.Subscript(value=registry, slice=key)]):
                found += [(file.code(registry), file.code(key), node)]
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=registry, attr="update"), args=[ast.Dict() as table])
            ):
                found += [
                    (file.code(registry), file.code(key), node) for key in table.keys if key is not None
                ]
    return [each for each in found if each[1] in keys]
