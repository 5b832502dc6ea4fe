"""Code that runs around every test destroys data in the application's own database.

## What it does
Reports autouse fixtures, fixtures that a module's `pytestmark` puts around all its tests, pytest hooks, the
`setUp` of shared base classes and the top level of conftests, where they drop, truncate, flush or delete in a store
of the application: directly, through its own functions, or by handing the destructive function to `run_sync` and
the like. It says how many test files are reached.

## Why is this bad?
Nobody asks for an autouse fixture, so nobody notices: a test of pure arithmetic empties the development
database as well. One import in one conftest is enough.

## Example
```python
from app.db import drop_db, init_db


@pytest.fixture(autouse=True)
async def fresh_database():
    await drop_db()
    await init_db()
    yield
```

## Use instead
```python
engine = create_async_engine("sqlite+aiosqlite:///:memory:")


@pytest.fixture(autouse=True)
async def fresh_database():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    yield
```

## What it does not mean
This is about destruction, never about autouse: fixtures that reset the environment, caches or folders around
every test are good. The rule is silent for memory, disposable servers, databases named for tests, behind a
guard that refuses anything else, and where it cannot tell where the handle leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import (
    Applicability,
    Confidence,
    Context,
    File,
    Finding,
    Fix,
    FixtureSite,
    Rule,
    SetUp,
    Severity,
    Trail,
)

if TYPE_CHECKING:
    from isolint.rule import Destruction

rule = Rule("ISO501", "destructive-autouse-fixture", severity=Severity.ERROR, since="0.1")


@rule.on(FixtureSite)
def check_fixture(site: FixtureSite, ctx: Context) -> Iterator[Finding]:
    fixture, know = site.fixture, ctx.know
    found = know.destruction_by_fixture(fixture)
    if found is None or know.spread.is_overridden(fixture):
        return
    marks = () if fixture.autouse else know.spread.marked_by(fixture)
    if fixture.autouse or marks:
        files = know.spread.reach(fixture) if fixture.autouse else len(marks)
        yield finding(site, ctx, found, files, marks)


@rule.on(SetUp)
def check_set_up(site: SetUp, ctx: Context) -> Iterator[Finding]:
    know = ctx.know
    found = know.destruction_by_function(site.module, site.function)
    if found is None:
        return
    below = know.spread.subclasses(site.owner) if site.owner is not None else frozenset()
    if site.kind != "method" or below:
        files = len(below) if site.owner is not None else know.spread.files_below(site.module.path)
        yield finding(site, ctx, found, files, ())


@rule.on(File)
def check_conftest(site: File, ctx: Context) -> Iterator[Finding]:
    if not site.module.path.endswith("conftest.py"):
        return
    found = ctx.know.destruction_by_import(site.module)
    if found is not None:
        at = found.trail[0].at
        files = ctx.know.spread.files_below(site.module.path)
        message = f"importing this conftest, for {_count(files)}, destroys {found.what} in {found.target.why}"
        yield ctx.finding(at, message, trail=found.trail)


def _count(files: int) -> str:
    return f"{files} test file" + ("" if files == 1 else "s")


def finding(site: FixtureSite | SetUp, ctx: Context, found: Destruction, files: int, marks: Trail) -> Finding:
    message = (
        f"`{site.function.qualname}` runs around every test of {_count(files)} and destroys {found.what} "
        f"in {found.target.why}"
    )
    confidence = Confidence.HIGH if found.target.sure else Confidence.LOW
    return ctx.finding(
        site.at, message, trail=(*marks, *found.trail), confidence=confidence, subject=(site, found)
    )


@rule.fix(Applicability.UNSAFE)
def use_the_tests_own(subject: tuple[FixtureSite | SetUp, Destruction], ctx: Context) -> Fix | None:
    from isolint.rule import redirected

    site, found = subject
    return ctx.fix("Use the tests' own database", redirected(ctx.isolation, site.module, found.trail))


@rule.fix(Applicability.UNSAFE)
def guard_it(subject: tuple[FixtureSite | SetUp, Destruction], ctx: Context) -> Fix | None:
    from isolint.rule import guarded

    site, found = subject
    if any(ctx.isolation.has_stand_in(site.module)):
        return None
    return ctx.fix(
        "Refuse to destroy anything but a test's", guarded(ctx.isolation, site.module, found.trail)
    )
