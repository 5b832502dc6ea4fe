"""A test changes an object that its class holds, and so all tests of the class.

## What it does
Reports tests, and set-up methods that run before each of them, that change a list, dict, set or object of the
project which stands in the body of the class or was made by `setUpClass` or `setup_class`: with a method that is
proved to change it, a subscript, `+=` or `del`. Counters and lists of helper classes count as well, and attributes
that one test sets on the class for another to read.

## Why is this bad?
Every test gets a new instance of its class, but all instances share what the class holds. What the first test
appends, the second one finds: alone it fails, and in another order as well.

## Example
```python
class TestBasket:
    basket = []

    def test_first_item(self):
        self.basket.append("apple")
        assert len(self.basket) == 1

    def test_empty(self):
        assert self.basket == []
```

## Use instead
```python
class TestBasket:
    def setup_method(self):
        self.basket = []
```

## What it does not mean
Constants that are only read are fine, and so is what a set-up method or autouse fixture makes anew for each test,
what Django's `setUpTestData` makes, since Django copies it, and what an instance was given itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, FixtureSite, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Leak

rule = Rule("ISO702", "mutable-class-state", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.leaks("class"):
        message = f"`{leak.what}` changes what the class shares with its other tests"
        yield ctx.finding(leak.at, message, trail=leak.trail, subject=leak)


@rule.fix(Applicability.UNSAFE)
def set_it_for_each_test(leak: Leak, ctx: Context) -> Fix | None:
    made, site = leak.write.owner, leak.site
    owner = None if isinstance(site, FixtureSite) else site.owner
    if made is None or made.value is None or owner is None:
        return None
    if made.place.parts[:2] != (site.module.path, owner.qualname):
        return None
    method = "setUp" if ctx.know.requesters.test_case(site) else "setup_method"
    return ctx.fix(f"Set it in `{method}`", ctx.python().move_to_set_up(made.value.at, method))
