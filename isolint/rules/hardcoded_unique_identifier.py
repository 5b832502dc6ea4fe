"""A test writes the same value into a unique column in every run, and the row stays.

## What it does
Reports literals, directly or through constants, parameters, helpers and `parametrize`, that tests, fixtures and set-ups
write into columns that the project's models declare unique (`unique=True`, the primary key, a `UniqueConstraint` over
one column), where the row is committed to a store that outlives the test: a database on a server or in a file that
nothing empties, the application's own database behind a test client, a server that the tests find running. It
reports values that a counter of the process makes, too: they are unique in the process and nowhere else.

Once in a file it reports the other side of it: a test that asks the application for a row of its own store by a number
written out, `client.get("/users/2")`, and expects an answer, though nothing in sight makes that row.

## Why is this bad?
The second run, the second worker of `pytest -n`, or the next test finds the row that is there already: "duplicate key
value violates unique constraint", or "already registered" in place of 201. The suite passes once.

## Example
```python
def test_customer_registers(client):
    response = client.post("/customers", json={"email": "duck@example.org"})
    assert response.status_code == 201
```

## Use instead
```python
def test_customer_registers(client):
    response = client.post("/customers", json={"email": f"{uuid4()}@example.org"})
    assert response.status_code == 201
```

Or let nothing outlive the test: roll back, or empty the tables.

## What it does not mean
The same value in a thousand tests is fine where each of them is rolled back: under Django's `TestCase` and
`django_db`, with savepoints, in memory or in a database of the test's own, where fixtures truncate or drop the tables,
or the test deletes the row. Silent, too, are columns that no model declares unique, objects that are never committed,
mocked services, requests that the test expects to be refused, and stores that cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Collision

rule = Rule("ISO201", "hardcoded-unique-identifier", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    every = ctx.know.collisions.of(site.module)
    for found in every:
        how = "counts from the start in every process" if found.counted else "is the same in every run"
        message = f"the unique `{found.column}` `{found.value}` {how}, and the row stays in {found.where}"
        yield ctx.finding(found.at, message, trail=found.trail, subject=(found, every))
    for presumed in ctx.know.presumptions.of(site.module):
        message = f"nothing makes `{presumed.path}`: it must be in {presumed.where} before the tests"
        yield ctx.finding(presumed.at, message, trail=presumed.trail)


@rule.fix(Applicability.UNSAFE)
def make_it_unique(subject: tuple[Collision, tuple[Collision, ...]], ctx: Context) -> Fix | None:
    """Where all that says the value can be seen; other tests may say it, too, if they write it themselves."""
    from isolint.rule import remedies

    found, every = subject

    def is_said(value: str, path: str) -> bool:
        modules = (ctx.know.project.module(other) for other in ctx.know.test_files)
        writers = {
            module.path
            for module in modules
            if module is not None and any(c.value == value for c in ctx.know.collisions.of(module))
        }
        quoted = (f"{quote}{value}{quote}" for quote in "\"'")
        return any(ctx.is_said_elsewhere(each, besides={path, *writers}) for each in quoted)

    edits = remedies.renewed(found, ctx.python, ctx.module.path, every, is_said)
    return ctx.fix(f"Make the `{found.column}` unique", edits)
