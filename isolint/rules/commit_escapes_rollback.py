"""A fixture rolls back at the end what the tests have committed before.

## What it does
Reports `session.rollback()` behind the `yield` of a fixture, in a finalizer or in a `tearDown`, where a test that uses
the session, a fixture beside it, a function of the product that it is handed to, or a route of the application whose
dependency gives it out, commits it: with sessions that have no transaction of somebody else's around them, and with
transactions of another connection than the session's. A session that has joined the transaction of its connection
ends it by a rollback of its own: what such a test commits after that is reported, too.

## Why is this bad?
A commit ends the transaction, and the rollback finds nothing to undo. What the fixture promises, an untouched
database for every test, does not hold: rows pile up, counts depend on the order, and a second run meets what the first
one left.

## Example
```python
@pytest.fixture
def session():
    session = Session(engine)
    yield session
    session.rollback()


def test_order_is_placed(session):
    place_order(session, "rolls")  # commits
    assert session.query(Order).count() == 1
```

## Use instead
```python
@pytest.fixture
def session():
    connection = engine.connect()
    transaction = connection.begin()
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    transaction.rollback()
    connection.close()
```

## What it does not mean
Silent are sessions with savepoints, or in a transaction of their connection that no test rolls back, the recipes of
Django and `databases`, databases in memory that are made for each test, and suites that empty or drop the tables
anyway.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO305", "commit-escapes-rollback", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for escape in ctx.know.transactions.escapes(site.module):
        message = f"`{escape.rollback}` comes too late: `{escape.commit}` in `{escape.test}` is for good"
        if escape.ended:
            message = (
                f"`{escape.rollback}` comes too late: `{escape.ended}` in `{escape.test}` has ended the transaction, "
                f"and `{escape.commit}` behind it is for good"
            )
        yield ctx.finding(escape.at, message, trail=escape.trail)
