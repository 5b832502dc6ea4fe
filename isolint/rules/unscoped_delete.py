"""Test code deletes every row of a table, or every document of a collection, that is not a test's.

## What it does
Reports `DELETE FROM orders` without WHERE, `session.query(Order).delete()`, `delete(Order)` without `where`,
`collection.delete_many({})` and their kin in test code, where the handle leads to the application's own store and the
test runs in no transaction that is rolled back.

## Why is this bad?
"Whatever is left over from the last test" and "whatever is there" are the same statement. On a database that others
use, a developer by hand or another run beside this one, it takes their rows along.

## Example
```python
@pytest.fixture
def no_orders():
    session = Session(create_engine(settings.database_url))
    session.query(Order).delete()
    session.commit()
```

## Use instead
```python
@pytest.fixture
def order(session):
    order = Order(customer="test")
    session.add(order)
    session.commit()
    yield order
    session.query(Order).filter_by(id=order.id).delete()
    session.commit()
```

## What it does not mean
Deletions with a condition, in a test's own database, under Django's test cases and `django_db`, of tables named for
tests or made by the test, and behind a guard are fine, and so is whatever leads to a store that cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Confidence, Context, File, Finding, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Destruction

rule = Rule("ISO503", "unscoped-delete", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for harm in ctx.know.harms.of(site.module):
        found = harm.destruction
        if found.rows:
            done = f"`{harm.call}` deletes {found.what} in {found.target.why}"
            message = f"{done}{_besides(harm.times)}"
            yield ctx.finding(harm.at, message, trail=found.trail, confidence=confidence(found))


def _besides(times: int) -> str:
    return "" if times == 1 else f"; {times - 1} more of this file's tests do the same"


def confidence(found: Destruction) -> Confidence:
    return Confidence.HIGH if found.target.sure and not found.by_default else Confidence.LOW
