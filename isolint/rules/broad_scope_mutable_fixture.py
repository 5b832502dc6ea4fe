"""A test changes the value of a fixture that it shares with other tests.

## What it does
Reports tests and fixtures that change what a fixture of session, package, module or class scope handed to them: a
list, dict or set, or an object of the project through a method that is proved to change it, an attribute or item
of it that is set.

## Why is this bad?
Such a fixture is made once. All tests of its scope get the same object, and each finds what those before it have
done to it.

## Example
```python
@pytest.fixture(scope="module")
def prices():
    return {"tea": 3, "milk": 1}


def test_discount(prices):
    prices["tea"] = 2
    assert total(prices) == 3


def test_total(prices):
    assert total(prices) == 4
```

## Use instead
```python
@pytest.fixture
def prices():
    return {"tea": 3, "milk": 1}
```

## What it does not mean
Broad scopes are good for what is only read and for connections, engines and servers. Copies, values that are
restored, fixtures that nobody else requests, and the attributes of one object of many that the value looks up,
`app.users["kim"].purse = 3`, are not reported.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO704", "broad-scope-mutable-fixture", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("fixture"):
        message = f"`{leak.what}` changes the value of a fixture that is made once for all tests of its {leak.scope}"
        yield ctx.finding(leak.at, message, trail=leak.trail)
