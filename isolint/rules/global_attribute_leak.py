"""A test replaces an attribute of a module, class or settings object and does not put it back.

## What it does
Reports assignments in tests, fixtures and set-up methods to attributes of what they import: functions of modules,
methods and attributes of classes, settings and configuration objects, `sys.stdout` and `sys.argv`; handlers added to
loggers, receivers connected to Django's signals, and settings of the interpreter such as the locale
or the handler of a signal. Items of imported objects, `app.config["KEY"] = ...`,
count as well. A tear-down that closes `sys.stdout` though the set-up of the class did not replace it is reported,
too.

## Why is this bad?
There is one of each in the process. The stand-in answers in all tests that follow, long after the one that wanted
it, and which tests those are depends on their order.

## Example
```python
def test_rates_are_fetched():
    bank.fetch_rates = lambda: {"EUR": 1}
    assert bank.convert(2, "EUR") == 2
```

## Use instead
```python
def test_rates_are_fetched(monkeypatch):
    monkeypatch.setattr(bank, "fetch_rates", lambda: {"EUR": 1})
    assert bank.convert(2, "EUR") == 2
```

## What it does not mean
Objects that the test has made itself, attributes that are set to the value they start with, to reset a cache, and
whatever is put back after the `yield`, in a `finally`, a tear-down, a clean-up, by `monkeypatch`, `mock.patch` or
the `settings` fixture of pytest-django is fine. So is what a session fixture sets up for the whole run. The seed of
`random` and the level of a logger are told with `--pedantic` only. What every test of a file sets in a library,
`sys.argv`, is told once.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO707", "global-attribute-leak", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for closed in ctx.know.leaks.closed_streams(site.module):
        message = (
            f"`{closed.stream}()` closes the runner's stream: `setUp` of `{closed.cls}` does not replace it"
        )
        yield ctx.finding(closed.at, message, trail=closed.trail)
    for leak in ctx.leaks("attribute"):
        severity = Severity.INFO if leak.is_minor else None
        message = f"`{leak.what}` is changed and never put back"
        yield ctx.finding(leak.at, message, trail=leak.trail, severity=severity)
