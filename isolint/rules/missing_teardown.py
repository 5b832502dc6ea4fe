"""A test, fixture or set-up creates something that outlives the tests and nothing removes it.

## What it does
Reports calls and statements in tests, fixtures, `setUp` methods, module set-up and `__main__` self-tests that create a
database, schema, bucket, index, queue, container or temporary file, when neither the code after the `yield`, a
`finally`, a finalizer or clean-up, a `with`, a tear-down method nor another fixture removes it or what it lies in.

It also reports tests that leave rows or files in stores that are not theirs: a request, through a test client to a
route that writes into the application's own database or a folder of its settings, or to a server that the tests find
running, when the test does not take back what it makes. It names the test that may do so later, where there is one.
Rows that tests and fixtures commit themselves to the application's own store are reported once in a file.

## Why is this bad?
Every run leaves one more behind, until the server is full, or the next run finds what this one left.

## Example
```python
@pytest.fixture
def database(system):
    name = f"orders_test_{uuid4().hex}"
    system.create_database(name)
    return name
```

## Use instead
```python
@pytest.fixture
def database(system):
    name = f"orders_test_{uuid4().hex}"
    system.create_database(name)
    yield name
    system.delete_database(name)
```

## What it does not mean
Tables in memory or in a database that is dropped need no removal of their own, nor does what pytest or a
testing library cleans up. A set-up that first drops what it then creates is not reported. Rows are reported only where
they certainly outlive the test: not in a test's database, under an override, a patch or a mock, when the test expects
to be refused, or where fixtures empty the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import (
    Applicability,
    Context,
    File,
    Finding,
    Fix,
    FixtureSite,
    Rule,
    SelfTest,
    SetUp,
    Severity,
    Test,
)

if TYPE_CHECKING:
    from isolint.rule import Creation

rule = Rule("ISO301", "missing-teardown", severity=Severity.WARNING, since="0.1")
Site = FixtureSite | SetUp | SelfTest | Test


@rule.on(FixtureSite, SetUp, SelfTest, Test)
def check(site: Site, ctx: Context) -> Iterator[Finding]:
    for at, creation, trail in ctx.know.making.left_behind(site):
        message = f"nothing removes the {creation.resource} created here"
        yield ctx.finding(at, message, trail=trail, subject=(site, creation))


@rule.on(Test)
def check_rows(site: Test, ctx: Context) -> Iterator[Finding]:
    for left in ctx.know.leftovers.of(site.module, site.function):
        others = f"; only `{left.others[0]}` may, if it runs" if left.others else ""
        message = f"the test leaves {left.what} in {left.where}{others}"
        yield ctx.finding(left.at, message, trail=left.trail)


@rule.on(File)
def check_committed(site: File, ctx: Context) -> Iterator[Finding]:
    for left in ctx.know.residues.of(site.module):
        besides = "" if left.times == 1 else f"; {left.times - 1} more of this file's tests do the same"
        message = f"nothing removes {left.what} that is committed here to {left.where}{besides}"
        yield ctx.finding(left.at, message, trail=left.trail)


@rule.on(File)
def check_derived(site: File, ctx: Context) -> Iterator[Finding]:
    for at, resource, trail in ctx.know.derived.left(site.module):
        message = f"the application makes a {resource} of what is passed here, and nothing removes it"
        yield ctx.finding(at, message, trail=trail)


@rule.fix(Applicability.SAFE)
def remove_it(subject: tuple[Site, Creation], ctx: Context) -> Fix | None:
    """Where the pair of the call is known, and its way leads through no helper."""
    from isolint.rule import End

    site, creation = subject
    undo = ctx.know.undoing.of_creation(creation)
    if undo is None or creation.event.path != ctx.module.path:
        return None
    if undo.kind == "statement" and any(ctx.know.identifiers.spliced(creation.event)):
        return None
    end = End(ctx.python(), undo)
    if not isinstance(site, SelfTest) and end.function is not end.file.function(site.function.at):
        return None
    applicability = Applicability.SAFE if undo.sure else Applicability.UNSAFE
    title = f"Remove the {creation.resource} in the end"
    if isinstance(site, SelfTest):
        return ctx.fix(title, end.in_finally(), applicability=applicability)
    role = ctx.know.requesters.role(site.module, site.function)
    return ctx.fix(title, end.placed(role), applicability=applicability)
