"""A SQLite database in memory belongs to one thread or connection, and the tests use it from another one.

## What it does
Reports, in tests and their support, engines of SQLAlchemy and SQLModel on `sqlite://` or `sqlite:///:memory:` without
a pool that shares one connection, where the tables are made in the thread of the tests and a function that opens a
session or connection runs in another one: a dependency that overrides one of FastAPI's, the target of a thread, what
is handed to an executor. It reports `databases.Database("sqlite://")` as well, which opens a database for each
connection, unless it is told to roll back.

## Why is this bad?
SQLAlchemy keeps a connection to a memory database for each thread, and each connection is an empty database of its
own. The tables are in the first one; the request finds none, or a database that another test has left in a thread of
the pool. Which thread serves a request is up to the pool.

## Example
```python
engine = create_engine("sqlite://", connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
```

## Use instead
```python
engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
Base.metadata.create_all(engine)
```

## What it does not mean
A memory database that only the thread of the test uses is fine, and so are asynchronous engines: for aiosqlite
SQLAlchemy shares one connection by itself. The rule is silent about engines with a pool of their own, and where a
session that the test has opened already is handed on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Edits, PythonFile, Split

rule = Rule("ISO710", "memory-sqlite-per-connection", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    if not site.module.is_test:
        return
    for split in ctx.know.memories.of(site.module):
        what = f"each {split.each} has a database of its own in `{split.made}`"
        message = f"{what}: `{split.where}` runs in another one than the tests" if split.where else what
        yield ctx.finding(split.at, message, trail=split.trail, subject=split)


@rule.fix(Applicability.SAFE)
def share_one_connection(split: Split, ctx: Context) -> Fix | None:
    file = ctx.python()
    call = file.node(split.at)
    if split.each != "thread" or not isinstance(call, ast.Call) or any(k.arg is None for k in call.keywords):
        return None
    return ctx.fix("Share one connection", _shared(call, file), _import(file))


def _shared(call: ast.Call, file: PythonFile) -> Edits | None:
    """The pool that has one connection, and a connection that lets other threads use it."""
    pool, thread = "poolclass=StaticPool", file.string("check_same_thread")
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "connect_args"), None)
    match given:
        case None:
            return file.add_arguments(call, f"connect_args={{{thread}: False}}", pool)
        case ast.Dict(keys=keys, values=[*_, last]):
            known = [
                key for key in keys if isinstance(key, ast.Constant) and key.value == "check_same_thread"
            ]
            inner = () if known else file.add_entry(file.position(last), "check_same_thread", "False")
            added = file.add_arguments(call, pool)
            return None if added is None or inner is None else (*inner, *added)
    return None


def _import(file: PythonFile) -> Edits | None:
    """The import of the pool, unless one of SQLAlchemy's modules gives it already."""
    known = (node for node in ast.walk(file.tree) if isinstance(node, ast.ImportFrom))
    names = {(each.name, each.asname) for node in known if _is_alchemy(node) for each in node.names}
    if ("StaticPool", None) in names:
        return ()
    return file.add_import("from sqlalchemy.pool import StaticPool")


def _is_alchemy(node: ast.ImportFrom) -> bool:
    return (node.module or "").partition(".")[0] == "sqlalchemy"
