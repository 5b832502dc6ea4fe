"""A test uses one of the application's own service objects, and with it the application's store.

## What it does
x
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Import, Rule, Severity

rule = Rule("ISO102", "production-singleton-in-test", severity=Severity.WARNING, since="0.1")

KINDS = frozenset({"client", "database", "collection"})


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    if ctx.know.is_guarded(site.module.path):
        return
    for found in ctx.know.singletons.in_tests(site.module, ctx.know.sites(site.module).self_tests):
        yield ctx.finding(found.at, f"{found.how} `{found.name}` reaches {found.target.why} {found.unread}", trail=found.trail)


@rule.on(Import)
def check_import(site: Import, ctx: Context) -> Iterator[Finding]:
    if ctx.know.is_guarded(site.module.path):
        return
    for found in ctx.know.singletons.imported(site.module, ctx.know.imported_handles(site, KINDS)):
        yield ctx.finding(found.at, f"{found.how} `{found.name}` reaches {found.target.why} {found.unread}", trail=found.trail)
