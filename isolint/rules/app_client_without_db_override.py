"""A test client drives the application on its own database.

## What it does
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Leak, Rule, Severity

rule = Rule("ISO103", "app-client-without-db-override", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.know.leaks(site.module):
        yield ctx.finding(leak.at, message(leak), trail=leak.trail)
    for asked in ctx.know.asked_elsewhere(site.module):
        text = f"`{asked.client}` asks a server in another process, where `{asked.name}` is not replaced"
        yield ctx.finding(
            asked.at, f"{text}: {asked.route} works with the application's own", trail=asked.trail
        )


def message(leak: Leak) -> str:
    if leak.startup:
        return (
            f"`{leak.client}` starts the application on {leak.target.why}: `{leak.startup}` points it there"
        )
    if not leak.dependency:
        return f"`{leak.client}` reaches {leak.target.why}: {leak.route} opens it itself"
    others = f"; only {_listed(leak.overridden)} is" if leak.overridden else ""
    return (
        f"`{leak.client}` reaches {leak.target.why}: `{leak.dependency}` is not overridden "
        f"({leak.route} needs it{others})"
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
