"""A fixture of the session makes or empties a store in each worker of pytest-xdist, though all workers share it.

## What it does
Reports fixtures of the scopes session and package, and the hooks `pytest_configure` and `pytest_sessionstart`, that
create a database, schema, bucket or index under one name, or drop or empty tables of one database, where the project
runs its tests by several workers: `-n auto` or the like in pytest's options, in tox, nox, make or a pipeline.

## Why is this bad?
A fixture of the session runs once for each worker, not once. The second worker finds that the database is there
already, or the first drops the tables that the others are reading: the suite passes alone and fails with `-n 4`.

## Example
```python
@pytest.fixture(scope="session")
def database(server):
    server.create_database("orders_test")
    yield "orders_test"
    server.drop_database("orders_test")
```

## Use instead
```python
@pytest.fixture(scope="session")
def database(server, worker_id):
    name = f"orders_test_{worker_id}"
    server.create_database(name)
    yield name
    server.drop_database(name)
```

## What it does not mean
Names and addresses with the worker, the run or a unique part in them are fine, and so is a suite that has its workers
wait for each other with a lock, or that asks which worker it is in any way. pytest-django gives each worker a database
of its own. Where the command chooses tests by mark, the finding is of low confidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Blind

rule = Rule("ISO204", "worker-blind-session-resource", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for found in ctx.know.workers.of(ctx.know.module_sites(site.module)):
        message = f"each worker of `{found.workers.hop.text}` {found.what}: they have it in common"
        confidence = Confidence.HIGH if found.workers.sure else Confidence.LOW
        yield ctx.finding(found.at, message, trail=found.trail, confidence=confidence, subject=found)


@rule.fix(Applicability.UNSAFE)
def name_the_worker(found: Blind, ctx: Context) -> Fix | None:
    """With the fixture `worker_id`; a hook, and a constant that others use, ask the environment."""
    from isolint.rule import remedies

    edits = remedies.of_each_worker(ctx.python(), found, ctx.is_said_elsewhere)
    return ctx.fix("Give each worker a name of its own", edits)
