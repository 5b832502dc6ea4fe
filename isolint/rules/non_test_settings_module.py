"""The tests run with the settings of production or development though there are some for tests.

## What it does
Reports a `DJANGO_SETTINGS_MODULE` (or `--ds`) in pytest's configuration and in jobs of a pipeline that run tests, if
the module is called after production or staging, or if it is called after development, or not at all, and another one
beside it is called after tests. An environment called `production` for Flask and the like counts as well.

Settings for tests that have no effect are reported, too: a module for tests, or the address of a store, in a file that
pytest does not read because another one goes before it (pytest.toml, pytest.ini, pyproject.toml, tox.ini, setup.cfg:
the first one counts), or for a plugin that is not among the requirements. `isolint config` says which file counts.
With `--pedantic` it tells of a module that the environment of a pipeline replaces.

## Why is this bad?
What settings for tests are there for does not happen: caches, queues, mail and file stores are those of development
or production. Only the database is exchanged by Django's runner.

## Example
```ini
[pytest]
DJANGO_SETTINGS_MODULE = shop.settings.production
```

## Use instead
```ini
[pytest]
DJANGO_SETTINGS_MODULE = shop.settings.test
```

## What it does not mean
A project with one settings module for everything is not reported: there is nothing to choose from.
"""

from collections.abc import Iterator

from isolint.rule import ConfigFile, Context, Finding, Rule, Severity

rule = Rule("ISO605", "non-test-settings-module", severity=Severity.WARNING, since="0.1")


@rule.on(ConfigFile)
def check(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for at, name, better in ctx.know.stages.of_tests(site.document):
        severity = Severity.WARNING if better else Severity.ERROR
        hint = f"; `{better}` is there for tests" if better else ""
        yield ctx.finding(at, f"the tests run with the settings of `{name}`{hint}", severity=severity)


@rule.on(ConfigFile)
def check_inert(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for inert in ctx.know.inert.of(site.document):
        yield ctx.finding(inert.at, f"`{inert.name}` has no effect: {inert.reason}")
    for at, name, hop in ctx.know.inert.overruled(site.document):
        message = f"the environment goes before it: a pipeline runs the tests with `{name}`"
        yield ctx.finding(at, message, trail=(hop,), severity=Severity.INFO)
