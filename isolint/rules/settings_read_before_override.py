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
    for write in ctx.know.lateness.late_writes(site.module):
        reader = write.trail[-1]
        message = f"`{write.name}` is set too late: `{reader.text}` has already read it, in {reader.path}"
        yield ctx.finding(write.hop.at, message, trail=write.trail)
