"""A test puts a dependency in place of the application's own and never takes it out.

## What it does
Reports tests, fixtures, `setUp` methods and their helpers that write to `app.dependency_overrides` of an
application which other tests use, too, when nothing removes the override afterwards: no code after the `yield`, no
`finally`, finalizer or tear-down, no autouse fixture that clears them, no `monkeypatch` or `patch.dict`.

## Why is this bad?
The application is one object for the whole run. Whatever test comes next is served by the fake user or the closed
session of this one, passes or fails by the order of the tests, and nobody sees why.

## Example
```python
@pytest.fixture
def client(session):
    app.dependency_overrides[get_session] = lambda: session
    return TestClient(app)
```

## Use instead
```python
@pytest.fixture
def client(session):
    app.dependency_overrides[get_session] = lambda: session
    yield TestClient(app)
    app.dependency_overrides.pop(get_session)
```

## What it does not mean
Overrides are the right way to replace a dependency. An application that the test makes for itself needs no tidying
up, and a fixture of the whole session has nobody to tidy up for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Override

rule = Rule("ISO304", "dependency-overrides-not-restored", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for left in ctx.know.replaced.left(site.module):
        what = " and ".join(f"`{key}`" for key in left.keys) or "dependencies"
        message = f"nothing takes the override of {what} out of `{left.app}` again after `{left.by.name}`"
        confidence = Confidence.LOW if left.meant else Confidence.HIGH
        yield ctx.finding(left.at, message, trail=left.trail, confidence=confidence, subject=(left, site))


@rule.fix(Applicability.SAFE)
def take_it_out(subject: tuple[Override, File], ctx: Context) -> Fix | None:
    from isolint.rule import removed

    left, site = subject
    what = " and ".join(f"`{key}`" for key in left.keys)
    return ctx.fix(f"Take the override of {what} out again", removed(ctx.isolation, site.module, left))
