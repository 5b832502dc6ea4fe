"""X.

## What it does
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO702", "mutable-class-state", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("class"):
        what = leak.what
        yield ctx.finding(leak.at, f"`{what}` changes what all tests of the class share" + (" LATE" if leak.late else ""), trail=leak.trail)
