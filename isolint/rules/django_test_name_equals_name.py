"""Django's test database is the application's own database.

## What it does
Reports a `TEST["NAME"]` in the DATABASES of the settings that the tests run with, if it is the same as `NAME`: as text,
as the same variable, or as the same expression.

## Why is this bad?
Before the first test Django removes a database that has the name of the test database, and after the last one it
does so again. With the two names the same this is the development database: a SQLite file is deleted, a PostgreSQL
database dropped, without a question where the runner asks none (`--noinput`, pytest-django). All tests are green.

## Example
```python
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "TEST": {"NAME": BASE_DIR / "db.sqlite3"},
    }
}
```

## Use instead
```python
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "TEST": {"NAME": BASE_DIR / "test_db.sqlite3"},
    }
}
```

## What it does not mean
A missing `TEST["NAME"]` is harmless: Django makes a name of its own, `test_` before the NAME, or takes memory for
SQLite. Two names that are the same and both say that they are a test's are not reported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, Finding, Fix, Rule, SettingsModule, Severity

if TYPE_CHECKING:
    from isolint.rule import DjangoDatabase

rule = Rule("ISO601", "django-test-name-equals-name", severity=Severity.ERROR, since="0.1")


@rule.on(SettingsModule)
def check(site: SettingsModule, ctx: Context) -> Iterator[Finding]:
    for database in ctx.know.django.databases_shared_with_tests(site.module):
        if database.test is not None:
            message = (
                f"the test database of `{database.alias}` is the application's own: both have the same name"
            )
            yield ctx.finding(database.test.at, message, subject=database)


@rule.fix(Applicability.SAFE)
def say_that_it_is_a_tests(database: DjangoDatabase, ctx: Context) -> Fix | None:
    file = ctx.python()
    name = file.node(database.test.at) if database.test is not None else None
    if database.test is None or not isinstance(name, ast.expr):
        return None
    is_literal = isinstance(name, ast.Constant | ast.BinOp)
    own = file.prefixed(name, "test_", is_path=database.is_file or (is_literal and not database.is_served))
    is_certain = is_literal or database.is_file or database.is_served
    return ctx.fix(
        "Give the test database a name of its own",
        file.replace(database.test.at, own) if own is not None else None,
        applicability=Applicability.SAFE if is_certain else Applicability.UNSAFE,
    )
