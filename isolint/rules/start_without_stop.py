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
suffers from it.
"""

from collections.abc import Iterator

from isolint.rule import Confidence, Context, File, Finding, Rule, Severity, show

rule = Rule("ISO303", "start-without-stop", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for start, sure in ctx.know.starts.left(site.module):
        known = show(start.handle if start.handle is not None else start.event.call)
        message = f"nothing stops the {start.entry.resource} `{known}` started here"
        confidence = Confidence.HIGH if sure else Confidence.LOW
        yield ctx.finding(start.event.call.at, message, confidence=confidence)
