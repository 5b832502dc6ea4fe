"""A plain `unittest.TestCase` makes rows through Django's ORM, and they stay in the test database.

## What it does
Reports classes that derive from `unittest.TestCase` and no test case of Django's, whose set-up or tests save objects
of Django's models, with `Model.objects.create()`, `save()` or a factory of factory_boy, directly or through helpers of
the tests. It reports fixtures of a module, class or package as well, that make rows under
`django_db_blocker.unblock()` and do not delete them.

## Why is this bad?
`django.test.TestCase` puts a transaction around every test and rolls it back. Without it the rows of one test are
there for all tests that come after it: counts are off, unique names are taken, and which test fails depends on their
order.

## Example
```python
class InvoiceTest(unittest.TestCase):
    def test_total(self):
        invoice = Invoice.objects.create(number="2024-1")
        self.assertEqual(invoice.total(), 0)
```

## Use instead
```python
class InvoiceTest(django.test.TestCase):
    def test_total(self):
        invoice = Invoice.objects.create(number="2024-1")
        self.assertEqual(invoice.total(), 0)
```

## What it does not mean
Objects that are made but not saved are fine in any test case. The rule is silent where the class cleans up after its
tests or opens a transaction itself, where pytest-django gives its tests a transaction (`django_db` as a mark, an
autouse fixture that asks for `db`), where a patch stands for the model, and where a base class cannot be told. Rows
made in a session fixture are meant for the whole run.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO709", "plain-testcase-with-django-db", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    if not site.module.is_test:
        return
    for case in ctx.know.plain_cases.classes(site.module):
        message = f"`{case.write}()` makes rows that stay: `{case.name}` is a plain `{case.base}`"
        yield ctx.finding(case.at, message, trail=case.trail)
    for made, fixture in ctx.know.plain_cases.fixtures_of(site.module):
        message = f"the rows of `{made.write}()` stay: nothing rolls back what `{made.name}` makes"
        yield ctx.finding(made.at, f"{message} for a {fixture.scope}")
