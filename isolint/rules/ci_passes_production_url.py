"""A pipeline runs the tests on a store whose address is one of the project's secrets.

## What it does
Reports variables of a job that runs tests (of GitHub Actions, GitLab CI or Azure Pipelines) that say where a database,
cache or queue is and get it from a secret or variable of the project whose name does not speak of tests. So it does
with the `pass_env` of a tox environment that hands on the variable of whoever starts it, where the application reads
that variable and the environment does not set it. With `--pedantic` it tells of a job that sets the application's
variable, while the tests ask for one of their own first.

## Why is this bad?
A secret is needed for a server that others use, too: staging, production, the one database of the team. Every push
writes and deletes there, and two pull requests at once see each other's rows.

## Example
```yaml
- run: pytest
  env:
    DATABASE_URL: ${{ secrets.DATABASE_URL }}
```

## Use instead
```yaml
- run: pytest
  env:
    DATABASE_URL: postgresql://postgres@localhost/orders_test
```

## What it does not mean
Passwords, tokens and API keys may be secrets. Jobs that deploy or migrate and run no tests are not looked at, nor are
jobs that start a service of that kind themselves: their secret may well lead to it.
"""

from collections.abc import Iterator

from isolint.rule import ConfigFile, Context, Finding, Rule, Severity

rule = Rule("ISO608", "ci-passes-production-url", severity=Severity.ERROR, since="0.1")


@rule.on(ConfigFile)
def check(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for entry, secret in ctx.know.pipelines.secret_stores(site.document):
        message = f"the tests of this job run on the store that `{secret}` leads to, by way of `{entry.key}`"
        yield ctx.finding(entry.at, message)
    for node, name in ctx.know.passed.of(site.document):
        message = f"the tests run on the store that `{name}` leads to on the machine of whoever starts them"
        yield ctx.finding(node.at, message)
    for entry, fallback in ctx.know.passed.without_their_own(site.document):
        message = f"the tests ask for `{fallback.name}` first, this job sets `{entry.key}` alone"
        yield ctx.finding(entry.at, message, trail=fallback.trail, severity=Severity.INFO)
