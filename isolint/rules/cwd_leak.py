"""A test changes the working directory and leaves the process there.

## What it does
Reports `os.chdir` and its like in tests, fixtures and set-up methods when nothing leads back: neither the code
after the `yield`, a `finally`, a tear-down, a clean-up, `monkeypatch.chdir`, `contextlib.chdir` nor a helper that
returns to where it came from. A way back that only a passing test reaches is reported too.

## Why is this bad?
All that follows resolves its relative paths in another folder, and where that was a temporary one, in a folder
that is gone: `os.getcwd()` itself fails.

## Example
```python
def test_report_is_written(tmp_path):
    os.chdir(tmp_path)
    write_report("report.txt")
    assert os.path.exists("report.txt")
```

## Use instead
```python
def test_report_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_report("report.txt")
    assert os.path.exists("report.txt")
```

## What it does not mean
A conftest that enters the project's folder once, for the whole run, is not reported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Leak

rule = Rule("ISO705", "cwd-leak", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("folder"):
        end = "and goes back only if nothing fails before" if leak.late else "and never goes back"
        message = f"`{leak.what}` leaves the working directory {end}"
        yield ctx.finding(leak.at, message, trail=leak.trail, subject=leak)


@rule.fix(Applicability.SAFE)
def use_monkeypatch(leak: Leak, ctx: Context) -> Fix | None:
    if not (leak.is_direct and ctx.know.requesters.may_ask(leak.site)):
        return None
    file = ctx.python()
    call = file.node(leak.at)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    folder = call.args[0] if call.args else call.func.value
    return ctx.fix(
        "Use `monkeypatch.chdir`",
        file.replace(leak.at, f"monkeypatch.chdir({file.code(folder)})"),
        file.add_parameter(leak.at, "monkeypatch"),
    )
