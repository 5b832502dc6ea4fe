"""A test listens at a fixed port, or writes to a fixed path of the working directory or of /tmp.

## What it does
Reports servers that tests, fixtures and set-ups start at a port spelled out in the tests, in their own process or by a
command, and files, folders and SQLite files that they make at a path spelled out in the tests: relative to the working
directory, or below `/tmp`. For files others must meet them: several tests write the path and nothing removes it, or
the suite is run by the workers of pytest-xdist. What only a single test meets is told with low confidence.

## Why is this bad?
The machine has each port and each path once. Two workers, two runs, or a run beside the program that the developer has
open fail with "address already in use" and "file exists", or quietly read what the other has written.

## Example
```python
@pytest.fixture
def server():
    server = HTTPServer(("localhost", 8080), Handler)
```

## Use instead
```python
@pytest.fixture
def server():
    server = HTTPServer(("localhost", 0), Handler)  # server.server_port tells which
```

## What it does not mean
Ports that are only connected to, paths that are only read, paths below `tmp_path`, in a folder the test has changed to,
or in a file system that is made up are fine.
"""

from collections.abc import Iterator

from isolint.rule import Confidence, Context, File, Finding, Rule, Severity

rule = Rule("ISO203", "shared-host-resource", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check_ports(site: File, ctx: Context) -> Iterator[Finding]:
    for port in ctx.know.ports.fixed(site.module):
        message = f"port {port.number} is the same for all that run on this machine"
        yield ctx.finding(port.at, message, trail=port.trail)


@rule.on(File)
def check_files(site: File, ctx: Context) -> Iterator[Finding]:
    for written in ctx.know.files.of(site.module):
        message = f"`{written.path}` is the same file in every test, worker and run"
        confidence = Confidence.HIGH if written.sure else Confidence.LOW
        yield ctx.finding(written.at, message, confidence=confidence)
