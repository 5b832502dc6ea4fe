"""Clean-up deletes the rows that others refer to before those others.

## What it does
Reports loops that delete or drop the tables of `metadata.sorted_tables` from the front, and deletions one after the
other in which a model goes before another that has a foreign key to it.

## Why is this bad?
The database refuses, and the clean-up ends there: what the test wrote stays for all that follow. It does so only
when there are rows in both tables, so that the fault waits for the first test that has some.

## Example
```python
for table in Base.metadata.sorted_tables:
    session.execute(table.delete())
```

## Use instead
```python
for table in reversed(Base.metadata.sorted_tables):
    session.execute(table.delete())
```

## What it does not mean
Any order is right with `CASCADE`, with foreign keys that cascade, and where the checks are switched off; SQLite does
not check unless it is told to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Misordered

rule = Rule("ISO306", "parent-before-child-cleanup", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for found in ctx.know.foreign_keys.misordered(site.module):
        confidence = Confidence.HIGH if found.sure else Confidence.LOW
        yield ctx.finding(found.at, found.message, trail=found.trail, confidence=confidence, subject=found)


@rule.fix(Applicability.SAFE)
def go_backwards(found: Misordered, ctx: Context) -> Fix | None:
    """A loop over the tables goes over them from the back."""
    file = ctx.python()
    tables = file.node(found.tables.at) if found.tables is not None else None
    while isinstance(tables, ast.Call) and tables.args:
        tables = tables.args[0]
    if not isinstance(tables, ast.Attribute | ast.Name):
        return None
    at = (tables.lineno, tables.col_offset, tables.end_lineno or 0, tables.end_col_offset or 0)
    return ctx.fix("Begin with the children", file.replace(at, f"reversed({file.code(tables)})"))
