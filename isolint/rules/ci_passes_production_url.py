"""A pipeline runs the tests on a store whose address is one of the project's secrets.

## What it does
Reports variables of a GitHub Actions job that runs tests, and of a GitLab job, that say where a database, cache or
queue is and get it from a secret or variable of the project whose name does not speak of tests.

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
