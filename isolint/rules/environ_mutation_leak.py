"""A test changes an environment variable and leaves it changed for all that run after it.

## What it does
Reports writes to `os.environ` in tests, fixtures and set-up methods, directly or through helpers of the tests,
that nothing puts back: neither the code after the `yield`, a `finally`, a tear-down, a clean-up, `monkeypatch` on
the same variable, `patch.dict(os.environ)`, nor an autouse fixture that keeps a copy and restores it. A write that
the test itself takes back in its last lines is reported too: one failing assertion, and it stays. So is a variable
that a test module sets while it is imported and that a fixture of the conftests above it reads.

## Why is this bad?
The process has one environment. The test that runs next reads the variable of the one before, passes alone and
fails in the suite, or the other way round; with another order, or another number of workers, it changes again.

## Example
```python
def test_region_is_read_from_the_environment():
    os.environ["SHOP_REGION"] = "eu"
    assert read_settings().region == "eu"
```

## Use instead
```python
def test_region_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("SHOP_REGION", "eu")
    assert read_settings().region == "eu"
```

## What it does not mean
What a conftest sets while it is imported, and what a session fixture sets, is meant for the whole run and stays
silent, like dummy credentials of AWS and variables that only say that this is a test. Variables that are merely
removed, and defaults set with `setdefault`, are not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Leak

rule = Rule("ISO701", "environ-mutation-leak", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("environment"):
        end = "and put back only if nothing fails before" if leak.late else "and never put back"
        message = f"`{leak.what}` is set for the whole process {end}"
        yield ctx.finding(leak.at, message, trail=leak.trail, subject=leak)
    for at, name, trail in ctx.know.leaks.by_import(site.module):
        message = f"importing this module sets `{name}`, which fixtures around other tests read"
        yield ctx.finding(at, message, trail=trail)


@rule.fix(Applicability.SAFE)
def use_monkeypatch(leak: Leak, ctx: Context) -> Fix | None:
    if not (leak.is_direct and ctx.know.requesters.may_ask(leak.site)):
        return None
    file = ctx.python()
    return ctx.fix(
        "Use `monkeypatch.setenv`",
        file.set_by_monkeypatch(leak.at),
        file.add_parameter(leak.at, "monkeypatch"),
    )
