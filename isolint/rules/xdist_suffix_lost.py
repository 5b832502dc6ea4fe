"""An overridden fixture of pytest-django takes the workers' own databases away.

## What it does
Reports fixtures that override `django_db_modify_db_settings`, or one of the fixtures that add the suffix of the
worker, without asking for the one they replace and without a word of workers of their own.

## Why is this bad?
pytest-django gives each worker of pytest-xdist a database of its own by a suffix, `test_orders_gw0`, and it does so in
the fixture that is no longer asked for. All workers create, migrate and truncate one database at the same time.

## Example
```python
@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
```

## Use instead
```python
@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
```

## What it does not mean
A missing `TEST["NAME"]` is not the cause, as is often said. Where the project shows no sign of pytest-xdist, neither
in its dependencies nor in its options or pipelines, the finding is told with `--pedantic` only.
"""

from collections.abc import Iterator

from isolint.rule import Applicability, Context, Finding, Fix, FixtureSite, Rule, Severity

rule = Rule("ISO603", "xdist-suffix-lost", severity=Severity.ERROR, since="0.1")


@rule.on(FixtureSite)
def check(site: FixtureSite, ctx: Context) -> Iterator[Finding]:
    lost = ctx.know.django.lost_suffix(site.fixture)
    if lost is not None:
        severity = Severity.ERROR if ctx.know.parallel.is_possible else Severity.INFO
        message = f"all workers share one database: this fixture does not ask for `{lost}`"
        yield ctx.finding(site.at, message, severity=severity, subject=(site, lost))


@rule.fix(Applicability.SAFE)
def ask_for_the_suffix(subject: tuple[FixtureSite, str], ctx: Context) -> Fix | None:
    site, lost = subject
    return ctx.fix(f"Ask for `{lost}`", ctx.python().add_parameter(site.at, lost))
