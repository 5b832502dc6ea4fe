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
the `settings` fixture of pytest-django is fine. So is what the set-up of a base class sets anew before each test,
what a stand-in is told to answer, and what a session fixture sets up for the whole run. The seed of
`random` and the level of a logger are told with `--pedantic` only. What every test of a file sets in a library,
`sys.argv`, is told once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Edits, Leak, PythonFile

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
        is_call = leak.write.value is None and "(" in leak.what
        what_stays = "stays in force: nothing takes it back" if is_call else "is changed and never put back"
        message = f"`{leak.what}` {what_stays}"
        yield ctx.finding(leak.at, message, trail=leak.trail, severity=severity, subject=leak)


@rule.fix(Applicability.UNSAFE)
def use_monkeypatch(leak: Leak, ctx: Context) -> Fix | None:
    if not (leak.is_direct and ctx.know.requesters.may_ask(leak.site)):
        return None
    file = ctx.python()
    edits = _asked(leak, file, "" if ctx.know.attributes.has(leak) else ", raising=False")
    return ctx.fix("Use `monkeypatch`", edits, file.add_parameter(leak.at, "monkeypatch"))


def _asked(leak: Leak, file: PythonFile, raising: str) -> Edits | None:
    """What monkeypatch is asked to do in the place of a write; None for one in another form."""
    found = file.statement(leak.at)
    match found.statement if found is not None else None:
        case ast.Assign(targets=[ast.Attribute(value=owner, attr=name)]) if not _is_mangled(name):
            before = f"monkeypatch.setattr({file.code(owner)}, {file.string(name)}, "
            return file.value_as_argument(leak.at, before, f"{raising})")
        case ast.Assign(targets=[ast.Subscript(value=owner, slice=key)]) if not isinstance(
            key, ast.Slice | ast.Tuple
        ):
            before = f"monkeypatch.setitem({file.code(owner)}, {file.code(key)}, "
            return file.value_as_argument(leak.at, before)
        case ast.Delete(targets=[ast.Attribute(value=owner, attr=name)]) if not _is_mangled(name):
            call = f"monkeypatch.delattr({file.code(owner)}, {file.string(name)})"
            return file.replace_statement(leak.at, call)
        case ast.Expr(value=ast.Call(func=ast.Name("setattr"), args=[_, _, value], keywords=[]) as call_):
            end = (file.insert_behind(value, raising),) if raising else ()
            return (file.replace(file.position(call_.func), "monkeypatch.setattr"), *end)
    return None


@rule.fix(Applicability.UNSAFE)
def put_it_back_at_the_end(leak: Leak, ctx: Context) -> Fix | None:
    """Of a unittest.TestCase: what was there before is kept by a clean-up."""
    file = ctx.python()
    me = ctx.know.requesters.test_case(leak.site) if leak.is_direct else ""
    found = file.statement(leak.at)
    if not me or not ctx.know.attributes.has(leak) or ctx.know.attributes.is_wrapped(leak):
        return None
    match found.statement if found is not None else None:
        case ast.Assign(targets=[ast.Attribute(value=owner, attr=name) as target]) if not _is_mangled(name):
            kept = f"{me}.addCleanup(setattr, {file.code(owner)}, {file.string(name)}, {file.code(target)})"
            return ctx.fix("Put it back at the end", file.insert_before(leak.at, kept))
    return None


def _is_mangled(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")
