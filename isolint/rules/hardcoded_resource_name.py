"""A test creates a database, schema, bucket, index or queue under a fixed name.

## What it does
Reports literal names, directly or through constants, that tests pass to calls and statements that create a
named store on a shared server: `CREATE DATABASE reports_test`, `create_bucket(Bucket="exports")`,
`indices.create(index="products")`.

## Why is this bad?
Two runs on one server, two workers of `pytest -n`, or a run after one that was killed meet in the same store:
"already exists", or each reads what the other wrote.

## Example
```python
system.create_database("reports_test")
```

## Use instead
```python
name = f"reports_test_{uuid4().hex[:8]}"
system.create_database(name)
```

## What it does not mean
Fixed names in memory, in a mocked service, in a container or database of the run's own are fine, and so are
names with a uuid, process id or worker id in them, and names that are only looked up. What a fixture of the session
creates in each worker of a suite that pytest-xdist runs is reported as `worker-blind-session-resource` instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.rule import Applicability, Context, File, Finding, Fix, Position, Rule, Severity

rule = Rule("ISO202", "hardcoded-resource-name", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    told = ctx.know.workers.named(ctx.know.module_sites(site.module))
    for at, resource, name, trail, is_kept in ctx.know.making.fixed_names(site.module):
        if at in told:
            continue
        message = f"the {resource} has the fixed name `{name}` in every run"
        yield ctx.finding(at, message, trail=trail, subject=(at, resource, name, is_kept))


@rule.fix(Applicability.UNSAFE)
def make_it_unique(subject: tuple[Position, str, str, bool], ctx: Context) -> Fix | None:
    """The literal, or the constant, ends in a part of the run's own; where nobody else says the name.

    What each run takes over from the last one would pile up under names of their own.
    """
    from isolint.rule import remedies

    at, resource, name, is_kept = subject
    if is_kept or "?" in name or ctx.is_said_elsewhere(name.rpartition("/")[2]):
        return None
    return ctx.fix("Make the name unique", remedies.uniquely_named(ctx.python(), at, resource, name))
