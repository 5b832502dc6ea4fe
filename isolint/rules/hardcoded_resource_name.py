"""A test creates a database, schema, bucket, index or queue under a fixed name.

## What it does
Reports literal names, directly or through constants, that tests pass to calls and statements that create a
named store on a shared server: `CREATE DATABASE reports_test`, `create_bucket(Bucket="exports")`,
`indices.create(index="products")`.

## Why is this bad?
Two runs on one server, two workers of `pytest -n`, or a run after one that was killed meet in the same store:
"already exists", or each reads what the other wrote.

## Example
```python
system.create_database("reports_test")
```

## Use instead
```python
name = f"reports_test_{uuid4().hex[:8]}"
system.create_database(name)
```

## What it does not mean
Fixed names in memory, in a mocked service, in a container or database of the run's own are fine, and so are
names with a uuid, process id or worker id in them, and names that are only looked up. What a fixture of the session
creates in each worker of a suite that pytest-xdist runs is reported as `worker-blind-session-resource` instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, Edit, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import PythonFile

rule = Rule("ISO202", "hardcoded-resource-name", severity=Severity.WARNING, since="0.1")

Place = tuple[int, int, int, int]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    told = ctx.know.workers.named(ctx.know.module_sites(site.module))
    for at, resource, name, trail in ctx.know.making.fixed_names(site.module):
        if at in told:
            continue
        message = f"the {resource} has the fixed name `{name}` in every run"
        yield ctx.finding(at, message, trail=trail, subject=(at, resource, name))


@rule.fix(Applicability.UNSAFE)
def make_it_unique(subject: tuple[Place, str, str], ctx: Context) -> Fix | None:
    """The literal, or the constant, ends in a part of the run's own; where nobody else says the name."""
    at, resource, name = subject
    file = ctx.python()
    written = [n for n in ast.walk(file.tree) if isinstance(n, ast.Constant) and n.value == name]
    others = [n for n in ast.walk(file.tree) if isinstance(n, ast.Constant) and _says(n.value, name)]
    if not written or len(others) != len(written) or "?" in name or ctx.is_said_elsewhere(_last(name)):
        return None
    has_module = any(isinstance(n, ast.Import) and _is_uuid(n) for n in file.tree.body)
    uuid4 = "uuid.uuid4" if has_module else "uuid4"
    mark = "-" if resource == "bucket" or "-" in _last(name) else "_"
    unique = f"f{file.string(f'{name}{mark}{{{uuid4}().hex[:8]}}')}"
    constant = _constant(file, file.node(at), name)
    edits = None
    if constant is None:
        edits = _in_function(file, written, resource, unique)
    elif written == [constant]:
        edits = (file.replace(_position(constant), unique),)
    imports = () if has_module else file.add_import("from uuid import uuid4")
    return ctx.fix("Make the name unique", edits, imports)


def _in_function(
    file: PythonFile, written: list[ast.Constant], resource: str, unique: str
) -> tuple[Edit, ...] | None:
    """The literals of one function replaced by a variable that is made before the first."""
    written = sorted(written, key=lambda node: (node.lineno, node.col_offset))
    function, first = file.function(_position(written[0])), file.statement(_position(written[0]))
    if function is None or first is None or isinstance(first.statement, _FUNCTIONS):
        return None
    if any(file.function(_position(node)) is not function for node in written):
        return None
    inner = [node for node in first.around if isinstance(node, ast.stmt) and node.lineno > function.lineno]
    if not all(isinstance(node, ast.With | ast.AsyncWith) for node in inner):
        return None
    names = {n.id for n in ast.walk(file.tree) if isinstance(n, ast.Name)}
    names |= {n.arg for n in ast.walk(file.tree) if isinstance(n, ast.arg)}
    wanted = ("url", "database_url") if "://" in unique else ("name", f"{resource}_name")
    if len(written) == 1:
        return (file.replace(_position(written[0]), unique),)
    free = next((name for name in wanted if name not in names), None)
    added = file.insert_before(_position(first.statement)[:2] * 2, f"{free} = {unique}")
    if free is None or added is None:
        return None
    return (*added, *(file.replace(_position(node), free) for node in written))


def _constant(file: PythonFile, use: ast.expr | ast.stmt | None, name: str) -> ast.Constant | None:
    """The literal behind the name of a constant of the module, or of a class."""
    match use:
        case ast.Name(id=known):
            owners: list[ast.Module | ast.ClassDef] = [file.tree]
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=known):
            owners = [node for node in ast.walk(file.tree) if isinstance(node, ast.ClassDef)]
        case _:
            return None
    found = [
        node.value
        for owner in owners
        for node in owner.body
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == known for t in node.targets)
    ]
    bound = [n for n in ast.walk(file.tree) if isinstance(n, ast.Name) and n.id == known and _is_bound(n)]
    value = found[0] if len(found) == len(bound) == 1 else None
    return value if isinstance(value, ast.Constant) and value.value == name else None


def _is_bound(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _says(value: object, name: str) -> bool:
    return isinstance(value, str) and _last(name) in value


def _last(name: str) -> str:
    """The name itself, without the server of a URL."""
    return name.rpartition("/")[2]


def _is_uuid(node: ast.Import) -> bool:
    return any(alias.name == "uuid" and not alias.asname for alias in node.names)


def _position(node: ast.expr | ast.stmt) -> Place:
    return (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
