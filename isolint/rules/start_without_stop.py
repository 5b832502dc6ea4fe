"""A patch, a stopped clock, a mocked service or a server is started and never stopped.

## What it does
Reports `.start()` of patches, frozen clocks, mocks of AWS and of HTTP, and servers and processes that tests,
fixtures and set-ups bring up, where nothing ends them: no `.stop()`, no `patch.stopall`, and nobody else is handed
the thing to stop it.

## Why is this bad?
What is started stays for all the tests that follow. They talk to the mock and read the frozen clock of a test that
is long over; a server keeps its port.

## Example
```python
class ReportTest(TestCase):
    def setUp(self):
        self.send = patch("reports.mail.send").start()
```

## Use instead
```python
class ReportTest(TestCase):
    def setUp(self):
        patcher = patch("reports.mail.send")
        self.send = patcher.start()
        self.addCleanup(patcher.stop)
```

## What it does not mean
Used as a decorator, in a `with` or through `mocker`, patches end by themselves. A process or thread that somebody
waits for ends, too, and what is started for the whole session, but a process, ends with it. A `stop` in `tearDown`
counts, although `tearDown` is skipped when `setUp` fails half-way: `addCleanup` is better, but hardly any suite
suffers from it. Where a base class of an unknown library may stop everything, and in mixins, whose test cases may,
findings are told with `--min-confidence low` only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Rule, Severity, show

if TYPE_CHECKING:
    from isolint.rule import PythonFile, Start

rule = Rule("ISO303", "start-without-stop", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for start, sure in ctx.know.starts.left(site.module):
        known = show(start.handle if start.handle is not None else start.event.call)
        message = f"nothing stops the {start.entry.resource} `{known}` started here"
        confidence = Confidence.HIGH if sure else Confidence.LOW
        yield ctx.finding(start.event.call.at, message, confidence=confidence, subject=start)


@rule.fix(Applicability.SAFE)
def stop_it(start: Start, ctx: Context) -> Fix | None:
    """With a clean-up of unittest's; in a fixture or test of pytest's, unsafe: it may have been meant to stay."""
    from isolint.rule import End

    undo, role = ctx.know.undoing.of_start(start), ctx.know.role_of(start.event.frame)
    file = ctx.python()
    call = file.node(start.event.call.at)
    if undo is None or not isinstance(call, ast.Call):
        return None
    is_cleanup = role.startswith(("self.", "cls."))
    applicability = Applicability.SAFE if is_cleanup else Applicability.UNSAFE
    title = f"Stop the {start.entry.resource} in the end"
    if undo.kind != "receiver" or not isinstance(call.func, ast.Attribute):
        return ctx.fix(title, End(file, undo).placed(role), applicability=applicability)
    if not isinstance(call.func.value, ast.Call):
        return ctx.fix(title, End(file, undo).placed(role), applicability=applicability)
    end = End(file, undo, _new_name(file, call, start, is_cleanup))
    return ctx.fix(title, end.with_handle(end.handle), end.placed(role), applicability=applicability)


def _new_name(file: PythonFile, call: ast.Call, start: Start, is_cleanup: bool) -> str:
    """A name for what is started; a clean-up that is registered at once leaves it free for the next."""
    plain = "patcher" if start.entry.resource == "patch" else start.entry.resource.replace(" ", "_")
    function = file.function(start.event.call.at) or file.tree
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == plain]
    if not uses or (is_cleanup and max(use.lineno for use in uses) < call.lineno):
        return plain
    found = file.statement(start.event.call.at)
    target = getattr(found.statement, "targets", [None])[0] if found is not None else None
    own = getattr(target, "attr", None) or getattr(target, "id", None) or "other"
    return f"{own}_{plain}"
