"""A test changes a setting, and a function that remembers its first answer does not look again.

## What it does
Reports tests, fixtures and set-up methods that change an environment variable or an attribute of a settings object
which a function of the project has read for an answer it keeps, with `functools.lru_cache`, `functools.cache` or in a
global of its own, when the test gets to that function, another test does so too, and nobody makes it forget the answer
both before and after. Both tests are named.

## Why is this bad?
`monkeypatch` puts the variable back, but not the answer. The first test that asks decides for all others: this one
sees the settings of the test before it, or the test after it sees those made up here.

## Example
```python
def test_orders_go_to_the_eu(monkeypatch):
    monkeypatch.setenv("SHOP_REGION", "eu")
    assert order_url().startswith("https://eu.")  # order_url() asks get_settings(), an lru_cache
```

## Use instead
```python
@pytest.fixture(autouse=True)
def fresh_settings():
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
```

## What it does not mean
Functions that keep an answer are fine, and so are those that take arguments, which keep one for each. The rule is
silent where the function is replaced, where modules are loaded anew, where pytest-antilru is at work, and where no
other test of the same package asks. What a test has cleared before, but not after, is told with
`--min-confidence low` if the answer is made from more than the variable in question: another test need not look at
that part.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Edits, PythonFile, Stale

rule = Rule("ISO708", "stale-cached-reader", severity=Severity.WARNING, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for stale in ctx.know.stale(site.module):
        keeper = f"`{stale.keeper.function.name}()`"
        if stale.forgets == "before":
            message = f"{keeper} keeps what it makes of `{stale.name}` here, for `{stale.other}` as well"
        else:
            message = f"{keeper} keeps its first answer: it has read `{stale.name}` before if `{stale.other}` has run"
        confidence = Confidence.HIGH if stale.certain else Confidence.LOW
        yield ctx.finding(stale.at, message, trail=stale.trail, confidence=confidence, subject=stale)


@rule.fix(Applicability.SAFE)
def forget_around_each_test(stale: Stale, ctx: Context) -> Fix | None:
    """An autouse fixture, where pytest runs the tests of the file."""
    keeper, file = stale.keeper, ctx.python()
    name = keeper.function.name
    fixture = f"fresh_{name.removeprefix('get_').lstrip('_')}"
    first = next((node for node in file.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)), None)
    if first is None or not _is_pytests(file) or file.binds(fixture):
        return None
    forgetting = _of_global(stale, fixture, ctx) if keeper.kept_as else _of_cache(stale, fixture, ctx)
    if forgetting is None:
        return None
    code, imported = forgetting
    return ctx.fix(
        f"Let `{name}` forget its answer around each test",
        imported,
        file.add_import("import pytest"),
        file.insert_before(file.position(first), f"@pytest.fixture(autouse=True)\n{code}", blank=2),
    )


def _of_cache(stale: Stale, fixture: str, ctx: Context) -> tuple[str, Edits] | None:
    """The fixture that clears the cache of a decorator, and the import of the function."""
    keeper, name = stale.keeper, stale.keeper.function.name
    imported = _import(name, ctx.know.project.import_path(stale.module, keeper.module), ctx.python())
    if imported is None or id(keeper.function) in keeper.module.methods:
        return None
    clear = f"{name}.cache_clear()"
    return f"def {fixture}():\n    {clear}\n    yield\n    {clear}", imported


def _of_global(stale: Stale, fixture: str, ctx: Context) -> tuple[str, Edits] | None:
    """The fixture that gives a global the value it begins with, and puts back what was there."""
    keeper, product = stale.keeper, ctx.python(stale.keeper.module.path)
    path = ctx.know.project.import_path(stale.module, keeper.module)
    begun = [
        node.value
        for node in product.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and product.code(node).startswith((f"{keeper.kept_as} =", f"{keeper.kept_as}:"))
    ]
    if not path or len(begun) != 1 or not _is_nothing(begun[0]):
        return None
    target = ctx.python().string(f"{path}.{keeper.kept_as}")
    value = product.code(begun[0]) if begun[0] is not None else "None"
    return f"def {fixture}(monkeypatch):\n    monkeypatch.setattr({target}, {value})", ()


def _is_nothing(value: ast.expr | None) -> bool:
    """Whether a value is None, empty or false: the same wherever it is written."""
    match value:
        case ast.Constant(value=known):
            return not known
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
    return False


def _is_pytests(file: PythonFile) -> bool:
    """Whether the tests are pytest's: some are functions, or use something of it."""
    body = file.tree.body
    tests = (isinstance(node, ast.FunctionDef) and node.name.startswith("test") for node in body)
    return any(tests) or any(
        isinstance(node, ast.Import) and any(alias.name == "pytest" for alias in node.names) for node in body
    )


def _import(name: str, module: str, file: PythonFile) -> Edits | None:
    """The import of a function, none where the file has it under its own name."""
    for node in file.tree.body:
        if isinstance(node, ast.ImportFrom) and any((a.name, a.asname) == (name, None) for a in node.names):
            return ()
    is_taken = not module or file.binds(name)
    return None if is_taken else file.add_import(f"from {module} import {name}", first_party=True)
