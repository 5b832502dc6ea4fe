"""A test imports the application's own session factory, engine or connection.

## What it does
Reports imports, in tests, conftests and test support, of a name that stands for a module-level database handle
of the product and leads to the application's database: a session factory, a session, an engine, a connection.
The trail names the line that makes the handle and the place its URL comes from.

## Why is this bad?
Whatever the test writes, commits or drops, it does to the database the application runs on: on a developer's
machine that is the development database. The test passes; the data is gone.

## Example
```python
from app.db import session_maker


async def test_customer_is_saved():
    async with session_maker() as session:
        session.add(Customer(name="Ada"))
        await session.commit()
```

## Use instead
```python
from tests.conftest import test_session_maker


async def test_customer_is_saved():
    async with test_session_maker() as session:
        session.add(Customer(name="Ada"))
        await session.commit()
```

## What it does not mean
Importing models, metadata, exceptions or types from the same module is fine, and so is `get_db` as the key of
`app.dependency_overrides`. The rule is silent where the handle leads to memory, to a database named for tests,
to a variable the conftest pins before the application is imported, where the tests replace the handle, and where
an autouse fixture refuses to run on anything but a test's database.
Which of the tests' own takes its place can be told by the configuration, `[tool.isolint.vocabulary.replace]` with
`"app.db.session_maker" = "tests.database.session_maker"`; else the fix uses the only one of its kind that a conftest
makes, or test support that a conftest imports.
A handle that is bound later, by code that cannot be seen, is not reported. One whose target cannot be told, and
one that the product itself names for tests (`test_engine`), are told with `--min-confidence low` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isolint.rule import (
    Applicability,
    Confidence,
    Context,
    Finding,
    Fix,
    Handle,
    Import,
    Level,
    Rule,
    Severity,
    is_test_name,
)
from isolint.rule import Position as At

if TYPE_CHECKING:
    from isolint.rule import Own

rule = Rule("ISO101", "production-session-import", severity=Severity.ERROR, since="0.1")


@dataclass(frozen=True)
class Taken:
    """A handle of the application's under the name that a test module has it by."""

    site: Import
    at: At
    name: str
    handle: Handle


@rule.on(Import)
def check(site: Import, ctx: Context) -> Iterator[Finding]:
    for at, name, handle in ctx.know.imported_handles(site):
        target = ctx.know.target(handle, site.module.path)
        if target.level < Level.PRODUCTION or ctx.know.is_guarded(site.module.path):
            continue
        bound_early = site.function is None and "." not in name
        if ctx.know.replacements.is_replaced(site.module.path, target.trail, imported=bound_early):
            continue
        message = f"`{name}` is the application's {handle.kind}: it reaches {target.why}"
        confidence = Confidence.HIGH if target.sure else Confidence.LOW
        entry = site.binding.imported
        if is_test_name(entry.name if entry is not None and "." not in name else name.rpartition(".")[2]):
            confidence = Confidence.LOW
        taken = Taken(site, at, name, handle)
        yield ctx.finding(at, message, trail=target.trail, confidence=confidence, subject=taken)


@rule.fix(Applicability.SAFE)
def use_the_tests_own(taken: Taken, ctx: Context) -> Fix | None:
    own = ctx.isolation.existing(taken.handle, taken.site.module.path)
    return None if own is None else _in_place(taken, own, ctx, f"Use `{own.name}` of the tests")


@rule.fix(Applicability.UNSAFE)
def make_one_for_the_tests(taken: Taken, ctx: Context) -> Fix | None:
    at = None if "." in taken.name else taken.at
    own = ctx.isolation.made(taken.handle, taken.site.module.path, at)
    return None if own is None else _in_place(taken, own, ctx, f"Make `{own.name}` for the tests and use it")


@rule.fix(Applicability.UNSAFE)
def load_the_application_on_memory(taken: Taken, ctx: Context) -> Fix | None:
    edits = ctx.isolation.pinned(taken.handle, taken.site.module.path)
    return ctx.fix("Set the database's variable to memory before the application is loaded", edits)


def _in_place(taken: Taken, own: Own, ctx: Context, title: str) -> Fix | None:
    file = ctx.python()
    if "." in taken.name:
        edits = ctx.isolation.for_attribute(file, taken.name, own)
    else:
        edits = ctx.isolation.in_place(file, taken.at, taken.name, own)
    return ctx.fix(title, own.edits, edits)
