"""Test code drops, truncates or flushes a store of the application's, and nothing checks first which one it is.

## What it does
Reports calls in tests, fixtures, set-up methods, hooks, test support and `__main__` self-tests that drop tables or
databases, truncate, flush, downgrade to nothing or delete every node, where the handle leads to the application's own
store: by its settings or variable, by a factory of the product, or, for a server that nothing names, by the default
address of the machine. One finding is given for each function, and for each fixture that shares a helper with others.

## Why is this bad?
The call is right, and where it points is an accident of the environment. One run in a shell that still has the
application's variables, and the tables that are dropped are not a test's.

## Example
```python
@pytest.fixture
def tables():
    engine = create_engine(os.environ["DATABASE_URL"])
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
```

## Use instead
```python
@pytest.fixture
def tables():
    engine = create_engine(os.environ["DATABASE_URL"])
    assert engine.url.database.endswith("_test"), "refusing to drop the tables of another database"
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
```

## What it does not mean
A guard before the call is enough: an assertion on the name, the host or, for Redis, the number of the database
(`connection_pool.connection_kwargs`), a check that the store is empty, a function named for it. Memory, containers,
databases named for tests, variables that the conftest pins, tables the tests define or create themselves, and mocks
are fine. What an autouse fixture or a shared `setUp` destroys is told once, by `destructive-autouse-fixture`; the
deletion of rows by `unscoped-delete`. A graph's driver and a search server's client do not tell whose data they
reach: there the fix has no guard to offer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Destruction

rule = Rule("ISO502", "unguarded-destructive-call", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for harm in ctx.know.harms.of(site.module):
        found = harm.destruction
        if not found.rows:
            done = f"`{harm.call}` destroys {found.what} in {found.target.why}"
            message = f"{done}, and nothing checks first that it is a test's{_besides(harm.times)}"
            yield ctx.finding(
                harm.at,
                message,
                trail=found.trail,
                confidence=confidence(found),
                severity=severity(found),
                subject=(site, found),
            )


@rule.fix(Applicability.UNSAFE)
def use_the_tests_own(subject: tuple[File, Destruction], ctx: Context) -> Fix | None:
    from isolint.rule import redirected

    site, found = subject
    return ctx.fix("Use the tests' own database", redirected(ctx.isolation, site.module, found.trail))


@rule.fix(Applicability.UNSAFE)
def guard_it(subject: tuple[File, Destruction], ctx: Context) -> Fix | None:
    from isolint.rule import guarded

    site, found = subject
    if any(ctx.isolation.has_stand_in(site.module)):
        return None
    edits = guarded(ctx.isolation, site.module, found.trail)
    return ctx.fix("Refuse to destroy anything but a test's", edits)


def _besides(times: int) -> str:
    return "" if times == 1 else f"; {times - 1} more of this file's tests do the same"


def confidence(found: Destruction) -> Confidence:
    if found.target.sure and not found.by_default:
        return Confidence.HIGH
    return Confidence.MEDIUM if found.by_default or found.configured else Confidence.LOW


def severity(found: Destruction) -> Severity:
    return Severity.WARNING if found.by_default else Severity.ERROR
