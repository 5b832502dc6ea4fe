"""A test outside the integration tests uses the application's database.

## What it does
Reports imports of the application's engine, session or connection in tests outside one folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from isolint.rule import Context, Finding, Import, Rule, Severity


@dataclass(frozen=True)
class Options:
    folder: str = field(default="tests/integration", metadata={"help": "Where such tests may be."})


rule = Rule("BAK001", "stray-handle", severity=Severity.WARNING, since="1.0", options=Options)


@rule.on(Import)
def check(site: Import, ctx: Context) -> Iterator[Finding]:
    if not site.module.path.startswith(f"{ctx.options.folder}/"):
        for at, name, handle in ctx.know.imported_handles(site):
            yield ctx.finding(at, f"`{name}` is an {handle.kind}, for tests below {ctx.options.folder} only")
