"""Test code opens a database, cache or search server that nothing proves to be a test's.

## What it does
Reports calls in tests, fixtures, set-up methods and test support that open a store by the application's settings or
variable (`create_engine(settings.DATABASE_URL)`, `os.environ["DATABASE_URL"]`), by a factory of the product, or by
no address at all (`Redis()`, `MongoClient()`), and then use it, or that point models there (`Tortoise.init`). It says
what the tests do there, and is an error where they write or destroy.

## Why is this bad?
Such a call reaches whatever the machine happens to have: on the developer's laptop the database they work with, on
a server the one that customers use. A queue's test suite that opened `Redis()` and flushed it before every test
emptied the very queues of those who ran it.

## Example
```python
@pytest.fixture
def redis():
    client = Redis()
    client.flushdb()
    yield client
```

## Use instead
```python
@pytest.fixture
def redis():
    client = Redis.from_url(os.environ["TEST_REDIS_URL"])
    assert client.dbsize() == 0, "the test database must be empty"
    yield client
    client.flushdb()
```

## What it does not mean
Silent are memory, containers and databases named for tests, variables of the tests' own, what a conftest pins, what
is mocked, opened under `pytest.raises`, never used or rolled back, and everything behind a guard: an assertion on the
name or the host, a check function, a hook that ends the run. A store that only the default address leads to, or a
variable that only the tests read, is reported when it is emptied, not when it is read or written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Opening

rule = Rule("ISO107", "unproven-database-target", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for opening in ctx.know.openings.of(site.module):
        severity = Severity.ERROR if opening.harms else Severity.WARNING
        yield ctx.finding(
            opening.at, message(opening), trail=opening.trail, severity=severity, subject=opening
        )


@rule.fix(Applicability.UNSAFE)
def point_the_models_to_memory(opening: Opening, ctx: Context) -> Fix | None:
    from isolint.rule import pointed_to_memory

    edits = pointed_to_memory(ctx.isolation, opening)
    return ctx.fix("Point the models to memory", edits)


def message(opening: Opening) -> str:
    return f"`{opening.call}` opens {opening.target.why}, and {opening.done}"
