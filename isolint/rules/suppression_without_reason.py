"""A suppression comment does not say why.

## What it does
Reports `# isolint: ignore[...]` and `# isolint: ignore-file[...]` comments without a reason after `--`, and
`# noqa: ISO...` comments, which have no place for one. It is off by default; select it where a reason is asked for:
`extend-select = ["ISO002"]`.

## Why is this bad?
Whoever meets the comment later cannot tell an accepted risk from a hurry, and so never takes it out.

## Example
```python
from app.db import engine  # isolint: ignore[production-session-import]
```

## Use instead
```python
from app.db import engine  # isolint: ignore[production-session-import] -- read only, see test_schema
```

## What it does not mean
A bare `# noqa` is not reported: it speaks to other linters too.
"""

from isolint.rule import Rule, Severity

rule = Rule("ISO002", "suppression-without-reason", severity=Severity.WARNING, since="0.1", enabled=False)
