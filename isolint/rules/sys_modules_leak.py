"""A test puts a module into `sys.modules`, or takes one out, and leaves it so.

## What it does
Reports writes to `sys.modules` in tests, fixtures and set-up methods that nothing puts back, and the removal of a
module which the same file has imported.

## Why is this bad?
Whoever imports the name after this gets the stand-in. A module that is removed is imported a second time: there are
two of each of its classes then, and what the tests patch is not what the code runs.

## Example
```python
def test_works_without_the_driver():
    sys.modules["driver"] = None
    assert backend() == "memory"
```

## Use instead
```python
def test_works_without_the_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "driver", None)
    assert backend() == "memory"
```

## What it does not mean
Stand-ins that a conftest puts in while it is imported are there for the whole run and not reported, nor is
`sys.path`.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO706", "sys-modules-leak", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("modules"):
        message = f"`{leak.what}` changes what later tests import, and is never put back"
        yield ctx.finding(leak.at, message, trail=leak.trail)
