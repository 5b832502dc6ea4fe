"""A test sets an environment variable that the application has already read for good.

## What it does
Reports environment variables that a conftest, fixture or test sets, when the application reads them once, while its
modules are imported (`settings = Settings()`, `engine = create_engine(os.environ["DATABASE_URL"])`), and that
import comes first. The trail leads from the import to the line that reads the variable.

## Why is this bad?
The value arrives after the reader has gone. The tests look as if they ran on a store of their own, and run on
whatever the developer's environment or the default says.

## Example
```python
from app.db import Base, engine

os.environ["DATABASE_URL"] = "sqlite://"
```

## Use instead
```python
os.environ["DATABASE_URL"] = "sqlite://"

from app.db import Base, engine  # noqa: E402
```

## What it does not mean
Setting a variable is fine before the import that reads it, and for code that reads it each time it is called. The
rule is silent where any such reader is in reach, where the variable is also pinned early enough (by pytest's
configuration, an outer conftest or a `pytest_configure`), where the tests reload modules, clear the cache of a
settings getter or start other processes, where they replace what holds the value, and for variables that the
system and libraries read of their own accord (`HOME`, `TZ`, `AWS_REGION`).
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO105", "settings-read-before-override", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for writes in ctx.know.lateness.late_writes(site.module):
        first = writes[0]
        names = " and ".join(dict.fromkeys(f"`{write.name}`" for write in writes))
        reader = first.trail[-1]
        are, them = ("are", "them") if len(writes) > 1 else ("is", "it")
        message = f"{names} {are} set too late: {reader.path} has read {them} already, as it was imported"
        yield ctx.finding(first.hop.at, message, trail=first.trail)
