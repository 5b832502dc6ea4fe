"""A test configures the application after its extensions have read their configuration.

## What it does
Reports settings, in tests, fixtures and conftests, that are set on `app.config` after an extension of the
application has read them for good: `SQLALCHEMY_DATABASE_URI` after the factory called `db.init_app(app)`, a
`MONGO_URI`, a cache's or a mail server's address after theirs. The trail leads to the call that read the setting,
and to the place its value came from.

## Why is this bad?
Flask-SQLAlchemy 3 makes its engines in `init_app`. What is set afterwards is ignored without a word: the test
looks isolated, runs on the database of the environment it was started in, and its `db.drop_all()` empties that.

## Example
```python
@pytest.fixture
def app():
    app = create_app()
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    with app.app_context():
        db.create_all()
        yield app
        db.drop_all()
```

## Use instead
```python
@pytest.fixture
def app():
    app = create_app({"SQLALCHEMY_DATABASE_URI": "sqlite://"})
    with app.app_context():
        db.create_all()
        yield app
        db.drop_all()
```

## What it does not mean
Settings that are looked up anew for every request (`TESTING`, `SECRET_KEY`, `WTF_CSRF_ENABLED`) may be set at any
time. The rule is silent where the extension is bound later, or again, where a project keeps to a release that
read the setting when it was first needed (Flask-SQLAlchemy 2), and where what the extension read leads to memory
or to a test's store already.

Django makes its connections from `DATABASES` once, and does not support overriding it: `override_settings`,
`settings.DATABASES = ...` and `settings.DATABASES["default"]["NAME"] = ...` are reported in tests, fixtures and
set-ups, unless the project has code that reads the setting itself. The fixtures around `django_db_setup` are the
place to change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Level, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import LateSetting

rule = Rule("ISO104", "late-app-config", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for late in ctx.know.wiring.late_settings(site.module):
        if late.target.level < Level.UNKNOWN:
            continue
        keys = " and ".join(f"`{key}`" for key in late.keys)
        comes = "come" if len(late.keys) > 1 else "comes"
        held = f", it uses {late.target.why}" if late.target.level is Level.PRODUCTION else ""
        message = f"{keys} {comes} too late: `{late.reader}` has already read the configuration{held}"
        yield ctx.finding(late.at, message, trail=late.trail, subject=(late, site))


@rule.fix(Applicability.UNSAFE)
def configure_before(subject: tuple[LateSetting, File], ctx: Context) -> Fix | None:
    from isolint.rule import configured

    late, site = subject
    keys = " and ".join(f"`{key}`" for key in late.keys)
    return ctx.fix(f"Set {keys} before it is read", configured(ctx.isolation, site.module, late))


@rule.on(File)
def check_fixed(site: File, ctx: Context) -> Iterator[Finding]:
    for override in ctx.know.fixed_settings.overridden(site.module):
        message = (
            f"`{override.key}` cannot be changed here: the connections were made from it before the tests"
        )
        yield ctx.finding(override.at, message)
