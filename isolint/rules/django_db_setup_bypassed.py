"""An overridden `django_db_setup` leaves the tests on the application's own database.

## What it does
Reports fixtures named `django_db_setup` that neither ask for pytest-django's fixture of that name nor create test
databases themselves, where tests below them use Django's database and no name for tests is put into the settings.

## Why is this bad?
It is this fixture that creates `test_<NAME>` and points the connections to it. Overridden by one that does nothing, the
tests run on NAME: what they commit stays in the development database, and what they flush is gone.

## Example
```python
@pytest.fixture(scope="session")
def django_db_setup():
    pass
```

## Use instead
```python
@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        call_command("loaddata", "countries.json")
```

## What it does not mean
The recipe is in pytest-django's own documentation, for databases that were made for tests beforehand: with a name that
says so in the settings the rule is silent. So it is where no test below the fixture touches the database.
"""

from collections.abc import Iterator

from isolint.rule import Context, Finding, FixtureSite, Rule, Severity

rule = Rule("ISO602", "django-db-setup-bypassed", severity=Severity.ERROR, since="0.1")


@rule.on(FixtureSite)
def check(site: FixtureSite, ctx: Context) -> Iterator[Finding]:
    if ctx.know.django.bypasses_set_up(site.fixture):
        yield ctx.finding(
            site.at, "with this `django_db_setup` the tests run on the application's own database"
        )
