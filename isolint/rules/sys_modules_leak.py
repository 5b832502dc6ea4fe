"""X.

## What it does
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO706", "sys-modules-leak", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("modules"):
        what = leak.what
        yield ctx.finding(leak.at, f"`{what}` is changed and never put back" + (" LATE" if leak.late else ""), trail=leak.trail)
