"""A test changes data of a module that other tests read.

## What it does
Reports tests that change a global of their own module, or data of a module they import: with a method that
changes a list, dict or set, a subscript, `del`, `global`, or a method of the project's own that is proved to change
its object; also through another name for it, `data = MOCK_DATA`. A mock at the top of a module, whose calls one
test counts and another one adds to, is reported too, unless it is reset.

## Why is this bad?
A module is imported once. The test data is as the author wrote it only for the first test that reads it; every
other one gets what the tests before have left of it.

## Example
```python
ORDER = {"id": 1, "lines": ["tea", "milk"]}


def test_order_without_id_is_refused():
    order = ORDER
    order.pop("id")
    assert not is_valid(order)


def test_order_is_valid():
    assert is_valid(ORDER)
```

## Use instead
```python
def test_order_without_id_is_refused():
    order = copy.deepcopy(ORDER)
    order.pop("id")
    assert not is_valid(order)
```

## What it does not mean
Data that nobody else reads, that a fixture, a set-up or the tests themselves reset, and copies are not reported.
Silent, too, are keys that every other test sets itself, new keys of a register of the product's that no test looks
through, and methods that hand on to a session, a queue or a log instead of changing their object, or take out again
what they put in.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO703", "module-state-mutated-by-test", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("module"):
        message = f"`{leak.what}` changes what other tests read from the module"
        yield ctx.finding(leak.at, message, trail=leak.trail)
    for counted in ctx.know.leaks.mocks.counted(site.module):
        message = f"the calls of `{counted.mock}` are counted here, though other tests call it as well"
        yield ctx.finding(counted.at, message, trail=counted.trail)
