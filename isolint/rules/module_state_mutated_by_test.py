"""X.

## What it does
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO703", "module-state-mutated-by-test", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("module"):
        what = leak.what
        yield ctx.finding(leak.at, f"`{what}` changes what the other tests read" + (" LATE" if leak.late else ""), trail=leak.trail)
