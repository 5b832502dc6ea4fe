"""Clean-up that a failure skips.

## What it does
Reports what a test or self-test creates, starts or replaces where the clean-up is one of its last statements, behind
the asserts, or in a `finally` whose `try` begins too late; and context managers of the tests whose code after a bare
`yield` is skipped when the block inside `with` fails.

## Why is this bad?
The clean-up is needed most when the test fails, and then it does not run. The database, the server, the patch stays;
the tests that follow fail with it, and the first failure drowns in theirs.

## Example
```python
def test_import(server):
    server.create_database("imports_4f1a")
    assert run_import("imports_4f1a") == 12
    server.drop_database("imports_4f1a")
```

## Use instead
```python
@pytest.fixture
def database(server):
    server.create_database("imports_4f1a")
    yield "imports_4f1a"
    server.drop_database("imports_4f1a")


def test_import(database):
    assert run_import(database) == 12
```

## What it does not mean
The code after the `yield` of a pytest fixture runs when the test fails. What lies in memory, below `tmp_path` or in a
container of the run needs no guarantee, and a clean-up that a fixture, a tear-down or a finalizer does as well has one.
That a fixture may fail between what it makes and its `yield` is true of most fixtures, and not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Hop, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Bare, Unguaranteed

rule = Rule("ISO302", "teardown-not-guaranteed", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    every = tuple(ctx.know.unguaranteed(site.module))
    for found in every:
        message = f"`{found.undo}` undoes {found.what} only if line {found.failing[0]} does not fail"
        confidence = Confidence.LOW if found.minor else Confidence.HIGH
        together = tuple(other for other in every if other.failing == found.failing)
        yield ctx.finding(found.at, message, trail=found.trail, confidence=confidence, subject=together)


@rule.on(File)
def check_managers(site: File, ctx: Context) -> Iterator[Finding]:
    for found in ctx.know.bare_yields(site.module):
        message = f"a failure inside the `with` block skips `{found.undo}` behind this bare `yield`"
        trail = (Hop(site.module.path, found.undo_at, "skipped when the block fails"),)
        yield ctx.finding(found.at, message, trail=trail, subject=found)


@rule.fix(Applicability.SAFE)
def clean_up_in_any_case(subject: tuple[Unguaranteed, ...] | Bare, ctx: Context) -> Fix | None:
    """The `try` begins behind the last of those that the same line may leave behind."""
    from isolint.rule import begin_earlier, guard

    if not isinstance(subject, tuple):
        found = guard(ctx.python(), subject.at, subject.undo_at, inclusive=True)
    elif any(each.late for each in subject):
        return ctx.fix("Begin the `try` at once", begin_earlier(ctx.python(), subject[0].at, subject[0].end))
    else:
        last = max(subject, key=lambda each: each.at)
        resource = next((each.resource for each in subject if each.resource), "")
        found = guard(ctx.python(), last.at, last.end, resource=resource)
    if found is None:
        return None
    applicability = Applicability.SAFE if found.is_tail else Applicability.UNSAFE
    return ctx.fix("Clean up in `finally`", found.edits, applicability=applicability)
