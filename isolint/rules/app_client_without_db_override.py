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


def message(leak: Leak) -> str:
    need = leak.need
    if not need.dependency:
        return f"`{leak.client}` reaches {need.target.why}: {need.route.title} opens it itself"
    others = f"; only {_listed(leak.others)} is" if leak.others else ""
    return (
        f"`{leak.client}` reaches {need.target.why}: `{need.dependency}` is not overridden "
        f"({need.route.title} needs it{others})"
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
