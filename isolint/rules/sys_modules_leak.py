"""A test puts a module into `sys.modules`, or takes one out, and leaves it so.

## What it does
Reports writes to `sys.modules` in tests, fixtures and set-up methods that nothing puts back, and the removal of a
module which the same file has imported.

## Why is this bad?
Whoever imports the name after this gets the stand-in. A module that is removed is imported a second time: there are
two of each of its classes then, and what the tests patch is not what the code runs.

## Example
```python
def test_works_without_the_driver():
    sys.modules["driver"] = None
    assert backend() == "memory"
```

## Use instead
```python
def test_works_without_the_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "driver", None)
    assert backend() == "memory"
```

## What it does not mean
Stand-ins that a conftest puts in while it is imported are there for the whole run and not reported, nor is
`sys.path`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Edits, Leak, PythonFile

rule = Rule("ISO706", "sys-modules-leak", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("modules"):
        message = f"`{leak.what}` changes what later tests import, and is never put back"
        yield ctx.finding(leak.at, message, trail=leak.trail, subject=leak)


@rule.fix(Applicability.UNSAFE)
def use_monkeypatch(leak: Leak, ctx: Context) -> Fix | None:
    if not (leak.is_direct and ctx.know.requesters.may_ask(leak.site)):
        return None
    file = ctx.python()
    return ctx.fix("Use `monkeypatch`", _asked(leak, file), file.add_parameter(leak.at, "monkeypatch"))


def _asked(leak: Leak, file: PythonFile) -> Edits | None:
    """What monkeypatch is asked to do in the place of a write; None for one in another form."""
    found = file.statement(leak.at)
    match found.statement if found is not None else None:
        case ast.Assign(targets=[ast.Subscript(value=modules, slice=name)]):
            before = f"monkeypatch.setitem({file.code(modules)}, {file.code(name)}, "
            return file.value_as_argument(leak.at, before)
        case ast.Delete(targets=[ast.Subscript(value=modules, slice=name)]):
            call = f"monkeypatch.delitem({file.code(modules)}, {file.code(name)})"
        case ast.Expr(value=ast.Call(func=ast.Attribute(modules, "pop"), args=[name, *default], keywords=[])):
            given = ", raising=False" if default else ""
            call = f"monkeypatch.delitem({file.code(modules)}, {file.code(name)}{given})"
        case ast.Expr(value=ast.Call(func=ast.Attribute(modules, "__setitem__"), args=[name, value])):
            call = f"monkeypatch.setitem({file.code(modules)}, {file.code(name)}, {file.code(value)})"
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(modules, "update"), args=[ast.Dict(keys, values)], keywords=[])
        ) if all(keys):
            pairs = [
                (file.code(key), file.code(value)) for key, value in zip(keys, values, strict=True) if key
            ]
            held = file.code(modules)
            call = "\n".join(f"monkeypatch.setitem({held}, {key}, {value})" for key, value in pairs)
        case _:
            return None
    return file.replace_statement(leak.at, call) if found is not None and found.is_one_line else None


@rule.fix(Applicability.UNSAFE)
def patch_the_dict(leak: Leak, ctx: Context) -> Fix | None:
    file = ctx.python()
    me = ctx.know.requesters.test_case(leak.site) if leak.is_direct else ""
    found = file.statement(leak.at)
    if not me or found is None or not isinstance(found.statement, ast.Assign):
        return None
    match found.statement.targets:
        case [ast.Subscript(value=modules, slice=name)]:
            before = f"patched_modules = mock.patch.dict({file.code(modules)}, {{{file.code(name)}: "
            return ctx.fix(
                "Use `mock.patch.dict`",
                file.value_as_argument(leak.at, before, "})"),
                file.insert_after(leak.at, f"patched_modules.start()\n{me}.addCleanup(patched_modules.stop)"),
                file.add_import("from unittest import mock") if not file.binds("mock") else None,
            )
    return None
