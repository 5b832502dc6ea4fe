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

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO710", "memory-sqlite-per-connection", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    if not site.module.is_test:
        return
    for split in ctx.know.memories.of(site.module):
        what = f"each {split.each} has a database of its own in `{split.made}`"
        message = f"{what}: `{split.where}` runs in another one than the tests" if split.where else what
        yield ctx.finding(split.at, message, trail=split.trail)
