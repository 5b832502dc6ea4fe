"""X."""

from collections.abc import Iterator

from isolint.rule import Confidence, Context, File, Finding, Rule, Severity

rule = Rule("ISO503", "unscoped-delete", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for harm in ctx.know.harms.of(site.module):
        found = harm.destruction
        if found.rows:
            message = (
                f"`{harm.call}` deletes {found.what} in {found.target.why}, and nothing checks that first"
            )
            yield ctx.finding(
                harm.at,
                message,
                trail=found.trail,
                confidence=Confidence.HIGH if found.target.sure else Confidence.LOW,
            )
