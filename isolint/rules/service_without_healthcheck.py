"""Tests start before the server they need answers.

## What it does
Reports services of a GitHub Actions job that runs tests, and services of a compose file for tests that others depend
on, that run the official image of PostgreSQL, MySQL, MariaDB, Redis, Valkey or MongoDB without a health check, so
that nothing waits until they answer. A compose file is for tests by its name, because it runs them, or as far as the
tests name its services as hosts. So it is with the containers beside a job of CircleCI, which waits for none of
them, and with the services of Azure Pipelines. It is silent where a step or command waits for them itself. With
`--pedantic` it tells of migrations that a job runs only after its tests.

## Why is this bad?
The container is started, the server in it is not ready yet. The first tests fail with a refused connection, on a
busy machine more often than on an idle one: a suite that is red now and then and teaches everybody to run it again.

## Example
```yaml
services:
  postgres:
    image: postgres:16
```

## Use instead
```yaml
services:
  postgres:
    image: postgres:16
    options: >-
      --health-cmd pg_isready --health-interval 10s --health-timeout 5s --health-retries 5
```

## What it does not mean
GitLab waits for the ports of its services by itself and is not looked at. Images of one's own may bring a check with
them. Jobs that run no tests and compose files for development and production are none of this rule's business.
"""

from collections.abc import Iterator

from isolint.rule import ConfigFile, Context, Finding, Rule, Severity

rule = Rule("ISO609", "service-without-healthcheck", severity=Severity.WARNING, since="0.1")


@rule.on(ConfigFile)
def check(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for entry, reason in ctx.know.pipelines.unchecked_services(site.document):
        message = f"the tests of this job may start before `{entry.key}` answers: {reason}"
        yield ctx.finding(entry.at, message)
    for entry, server, name in ctx.know.pipelines.unawaited(site.document):
        message = f"`{name}` may start before `{entry.key}` answers: the {server} has no health check"
        yield ctx.finding(entry.at, message)
    for node in ctx.know.pipelines.late_migrations(site.document):
        yield ctx.finding(
            node.at, "the schema is migrated after the tests, not before them", severity=Severity.INFO
        )
