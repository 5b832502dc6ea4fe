"""Every run of the tests keeps its database for the next one.

## What it does
Reports `--reuse-db` and `--keepdb` in pytest's `addopts`, and a `django_db_keepdb` fixture that always says yes.

## Why is this bad?
The next run finds the schema of this one: a migration that is missing is not missed, and what a test has committed
past its transaction is still there. The suite is green on one machine and red on the next.

## Example
```ini
[pytest]
addopts = --reuse-db
```

## Use instead
```ini
[pytest]
addopts = --import-mode=importlib
```

## What it does not mean
Typing `pytest --reuse-db` to save a minute is fine: whoever types it knows. With `--create-db` beside it in `addopts`
the database is made anew, and the rule is silent.
"""

import ast
from collections.abc import Iterator

from isolint.rule import (
    Applicability,
    ConfigFile,
    Context,
    Entry,
    Finding,
    Fix,
    FixtureSite,
    Rule,
    Severity,
    always_true,
)

rule = Rule("ISO606", "reuse-db-by-default", severity=Severity.WARNING, since="0.1")

KEEPING = ("--reuse-db", "--keepdb")


@rule.on(ConfigFile)
def check_options(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for entry in ctx.know.pipelines.pytest_options(site.document):
        words = [word for part in entry.value.scalars() for word in part.text.split()]
        kept = [word for word in KEEPING if word in words]
        if kept and "--create-db" not in words:
            message = f"`{kept[0]}` in the options of every run: each finds the database of the last"
            yield ctx.finding(entry.value.at, message, subject=entry)


@rule.on(FixtureSite)
def check_fixture(site: FixtureSite, ctx: Context) -> Iterator[Finding]:
    if site.fixture.name == "django_db_keepdb" and always_true(site.function):
        message = "`django_db_keepdb` always says yes: each run finds the database of the last"
        yield ctx.finding(site.at, message, subject=site)


@rule.fix(Applicability.SAFE)
def leave_it_to_the_command_line(found: Entry | FixtureSite, ctx: Context) -> Fix | None:
    title = "Leave it to the command line"
    if isinstance(found, Entry):
        return ctx.fix(title, ctx.configuration().remove_words(found, KEEPING))
    file = ctx.python()
    function = file.function(found.function.at)
    answer = function.body[-1] if function is not None else None
    if not isinstance(answer, ast.Return) or answer.value is None:
        return None
    asked = f"request.config.getoption({file.string('reuse_db')})"
    return ctx.fix(
        title,
        file.replace(file.position(answer.value), asked),
        file.add_parameter(file.position(answer), "request"),
    )
