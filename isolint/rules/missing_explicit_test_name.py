"""Somebody besides Django's runner needs the name of the test database, and the settings do not give one.

## What it does
Reports databases of the settings that the tests run with whose `TEST["NAME"]` is missing, where that matters: the NAME
itself is another one in each worker, a conftest connects to the NAME before Django has made its test database, or the
name stands in `TEST_NAME`, which Django has not read since version 1.9. With `--pedantic` it names all databases on a
server without one.

## Why is this bad?
Django's runner makes a name of its own and tells nobody. Whoever else connects by the NAME in the settings (a fixture
that uses psycopg, a script beside the tests, a second process) does not find the test database but the application's.

## Example
```python
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": f"orders_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}",
    }
}
```

## Use instead
```python
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "orders",
        "TEST": {"NAME": "test_orders"},
    }
}
```

## What it does not mean
That tests run on the application's database: with Django's own runner and with pytest-django they do not, whether
there is a `TEST["NAME"]` or not. Both put `test_` before the NAME, or take memory for SQLite, and pytest-django and
`--parallel` give each worker a database of its own. Tests on the application's database have another cause, such as a
`django_db_setup` that does nothing (ISO602).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, Finding, Fix, Position, Rule, SettingsModule, Severity

if TYPE_CHECKING:
    from isolint.rule import PythonFile, Unnamed

rule = Rule("ISO604", "missing-explicit-test-name", severity=Severity.WARNING, since="0.1")

_LAZY = frozenset({"create_engine", "create_async_engine"})
REASONS = {
    "worker": "the NAME of `{alias}` is another one in each worker, and TEST gives none: Django adds `test_`, "
    "and pytest-django the worker once more",
    "reader": "a conftest connects to the NAME of `{alias}` by itself: before Django renames it, this is no test's",
    "old": "Django does not read `TEST_NAME`: the test database of `{alias}` is called `test_<NAME>`",
    "": "TEST gives no NAME for `{alias}`: Django's runner takes `test_<NAME>`, others have to know",
}


@rule.on(SettingsModule)
def check(site: SettingsModule, ctx: Context) -> Iterator[Finding]:
    for found in ctx.know.test_names.missing(site.module):
        severity = Severity.WARNING if found.reason else Severity.INFO
        message = REASONS[found.reason].format(alias=found.database.alias)
        trail = (found.hop,) if found.hop else ()
        yield ctx.finding(found.at, message, severity=severity, trail=trail, subject=found)


@rule.fix(Applicability.SAFE)
def move_it_to_where_django_reads_it(found: Unnamed, ctx: Context) -> Fix | None:
    """`"TEST_NAME": name` becomes `"TEST": {"NAME": name}`."""
    file = ctx.python()
    value = file.node(found.at)
    key = file.key(found.at)
    if found.reason != "old" or found.has_test or key is None or not isinstance(value, ast.expr):
        return None
    return ctx.fix(
        'Put it into `TEST["NAME"]`',
        file.replace(file.position(key), file.code(key).replace("TEST_NAME", "TEST")),
        file.replace(found.at, f"{{{file.string('NAME')}: {file.code(value)}}}"),
    )


@rule.fix(Applicability.SAFE)
def name_it(found: Unnamed, ctx: Context) -> Fix | None:
    """The name that Django would make of it, or what is left of it without the worker's."""
    file = ctx.python()
    value = file.node(found.at)
    if found.reason not in ("worker", "") or found.has_test or not isinstance(value, ast.expr):
        return None
    if not found.database.is_served:
        return None
    own = _stem(value, file) if found.reason else file.prefixed(value, "test_", is_path=False)
    test = f"{{{file.string('NAME')}: {own}}}" if own is not None else ""
    return ctx.fix('Give it a `TEST["NAME"]`', file.add_entry(found.at, "TEST", test) if test else None)


@rule.fix(Applicability.UNSAFE)
def read_it_behind_django(found: Unnamed, ctx: Context) -> Fix | None:
    """A fixture of the session waits for Django; an engine made on import reads a name that Django keeps."""
    if found.reason != "reader" or found.hop is None:
        return None
    reader = ctx.python(found.hop.path)
    if reader.function(found.hop.at) is None:
        return _name_for_both(found, ctx, reader, found.hop.at)
    if not _is_fixture(reader.function(found.hop.at)):
        return None
    asked = reader.add_parameter(found.hop.at, "django_db_setup")
    return ctx.fix("Wait for `django_db_setup`", asked)


def _name_for_both(found: Unnamed, ctx: Context, reader: PythonFile, at: Position) -> Fix | None:
    """`TEST["NAME"]` in the settings, and read where an engine is made that connects later."""
    file, read, spot = ctx.python(), reader.node(at), reader.statement(at)
    value = file.node(found.at)
    makers = [] if spot is None else [n.func for n in ast.walk(spot.statement) if isinstance(n, ast.Call)]
    is_lazy = any(ast.unparse(each).rpartition(".")[2] in _LAZY for each in makers)
    if not is_lazy or not isinstance(read, ast.Subscript) or not isinstance(value, ast.expr):
        return None
    own = file.prefixed(value, "test_", is_path=False) if found.database.is_served else None
    if own is None or found.has_test:
        return None
    test = f"{{{file.string('NAME')}: {own}}}"
    key = reader.code(read.slice)
    return ctx.fix(
        'Read a `TEST["NAME"]` in both places',
        file.add_entry(found.at, "TEST", test),
        reader.replace(at, f"{reader.code(read.value)}[{reader.string('TEST')}][{key}]"),
    )


def _is_fixture(function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> bool:
    decorators = function.decorator_list if function is not None else []
    return any("fixture" in ast.unparse(each) for each in decorators)


def _stem(name: ast.expr, file: PythonFile) -> str | None:
    """What a name begins with in all workers, as a test's name."""
    match name:
        case (
            ast.JoinedStr(values=[ast.Constant(value=str(stem)), *_])
            | ast.BinOp(left=ast.Constant(value=str(stem)), op=ast.Add())
        ):
            kept = stem.rstrip("_-")
            return file.string(f"test_{kept}") if kept else None
    return None
