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

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, ConfigFile, Context, Edit, Finding, Fix, Node, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import ConfigurationFile, Unchecked

rule = Rule("ISO609", "service-without-healthcheck", severity=Severity.WARNING, since="0.1")


@rule.on(ConfigFile)
def check(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for service, reason in ctx.know.pipelines.unchecked_services(site.document):
        entry = service.entry
        message = f"the tests of this job may start before `{entry.key}` answers: {reason}"
        yield ctx.finding(entry.at, message, subject=service)
    for service, name in ctx.know.pipelines.unawaited(site.document):
        entry = service.entry
        message = f"`{name}` may start before `{entry.key}` answers: the {service.server} has no health check"
        yield ctx.finding(entry.at, message, subject=service)
    for node in ctx.know.pipelines.late_migrations(site.document):
        yield ctx.finding(
            node.at, "the schema is migrated after the tests, not before them", severity=Severity.INFO
        )


@rule.fix(Applicability.SAFE)
def wait_in_the_job(service: Unchecked, ctx: Context) -> Fix | None:
    if service.kind != "github" or not service.command:
        return None
    file = ctx.configuration()
    words = " ".join(service.command)
    asked = f'"{words}"' if " " in words else words
    options = [f"--health-cmd {asked}", "--health-interval 10s", "--health-timeout 5s", "--health-retries 5"]
    title = "Wait until it answers"
    given = service.entry.value.get("options")
    if given is None:
        lines = "\n".join(("options: >-", *(f"  {option}" for option in options)))
        return ctx.fix(title, file.append_inside(service.entry, lines))
    if "--health" in given.text or given.rows or "\n" in file.code(given.at):
        return None
    return ctx.fix(title, file.replace_value(given, " ".join((given.text, *options))))


@rule.fix(Applicability.SAFE)
def wait_in_the_services(service: Unchecked, ctx: Context) -> Fix | None:
    if service.kind != "compose" or not service.command:
        return None
    file = ctx.configuration()
    words = ", ".join(f'"{word}"' for word in ("CMD", *service.command))
    lines = f"healthcheck:\n  test: [{words}]\n  interval: 2s\n  timeout: 5s\n  retries: 15"
    waiting = [_healthy(node, service.entry.key, file) for node in service.waiting]
    return ctx.fix(
        "Wait until it answers",
        file.append_inside(service.entry, lines),
        *waiting,
        applicability=Applicability.UNSAFE if service.is_old else Applicability.SAFE,
    )


def _healthy(depends: Node, name: str, file: ConfigurationFile) -> list[Edit] | None:
    """The edits that let a service wait for another one until it is healthy, and for the rest as before."""
    condition = depends.get(name, "condition")
    if condition is not None:
        edit = file.replace_value(condition, "service_healthy")
        return [edit] if edit is not None else None
    if depends.kind != "sequence" or not depends.items:
        return None
    said = [(item, "service_healthy" if item.text == name else "service_started") for item in depends.items]
    if file.code(depends.at).startswith("["):
        inner = ", ".join(f"{item.text}: {{condition: {word}}}" for item, word in said)
        return [file.replace(depends.at, f"{{{inner}}}")]
    edits = [file.replace_item(item, f"{item.text}:\n  condition: {word}") for item, word in said]
    return [edit for edit in edits if edit is not None] if all(edits) else None
