"""A suppression comment silences nothing.

## What it does
Reports `# isolint: ignore[...]`, `# isolint: ignore-file[...]` and `# noqa: ISO...` comments that silence no
finding, name no rule, or are misspelled. A bare `# noqa` is never reported: it speaks to other linters too.
Reports the rules in `per-file-ignores` as well that ignore nothing, where every file that the glob speaks of was
looked at.

## Why is this bad?
A comment that no longer does anything hides the next fault in its line, and tells its reader of one that is gone.

## Example
```python
from app.models import Customer  # isolint: ignore[production-session-import]
```

## Use instead
```python
from app.models import Customer
```

## What it does not mean
Suppressions of rules that did not run in this run are left alone.
"""

from isolint.rule import Applicability, Context, Edit, Fix, Rule, Severity, Span

rule = Rule("ISO001", "unused-suppression", severity=Severity.WARNING, since="0.1")


@rule.fix(Applicability.SAFE)
def remove(removal: tuple[Span, str], ctx: Context) -> Fix | None:
    span, content = removal
    return ctx.fix("Remove the suppression", Edit(ctx.module.path, span, content))
