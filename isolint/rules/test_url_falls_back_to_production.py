"""The tests' own database variable falls back to the application's where it is not set.

## What it does
Reports expressions that read a variable named for tests and, where it is missing, take the application's:
`os.getenv("TEST_DATABASE_URL") or os.getenv("DATABASE_URL")`, a default argument, `if not url: url = ...`, an
`except KeyError`, and settings of the product that are defined so and that tests read. In shell scripts, Makefiles,
tox, compose files and pipelines it reads `${TEST_DATABASE_URL:-$DATABASE_URL}` and what the like is there.

## Why is this bad?
The variable exists because somebody wanted the tests kept off the application's database. On the one machine where
it was never set, a new laptop or a server, everything the tests drop and truncate is dropped and truncated there,
without a word.

## Example
```python
DATABASE_URL = os.getenv("TEST_DATABASE_URL") or os.getenv("DATABASE_URL")
```

## Use instead
```python
DATABASE_URL = os.environ["TEST_DATABASE_URL"]
```

## What it does not mean
A fallback to memory, to a container or to a database named for tests is fine, and so is skipping or failing where
the variable is missing, and any fallback behind a check that refuses a database that is not a test's. Passwords,
ports and hosts may well be shared: they are not reported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, ConfigFile, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import Fallback, Substitution

rule = Rule("ISO106", "test-url-falls-back-to-production", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for found in ctx.know.fallbacks.of(site.module):
        message = f"where `{found.name}` is not set, the tests use {found.target.why}"
        yield ctx.finding(found.at, message, trail=found.trail, subject=found)


@rule.on(ConfigFile)
def check_configuration(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for found in ctx.know.pipelines.substitutions(site.document):
        message = f"where `{found.own}` is not set, the tests use {found.other}"
        yield ctx.finding(found.at, message, subject=found)


@rule.fix(Applicability.UNSAFE)
def drop_the_fallback(found: Fallback | Substitution, ctx: Context) -> Fix | None:
    from isolint.rule import Substitution, remedies

    if isinstance(found, Substitution):
        return ctx.fix(f"Read `{found.own}` alone", remedies.read_alone(ctx.configuration(), found))
    file = ctx.python()
    node = file.node(found.at)
    read = node.values[0] if isinstance(node, ast.BoolOp) else node
    if not (isinstance(read, ast.Call) and _reads_a_variable(read.func)):
        return None
    variable = read.args[0] if read.args else None
    if not isinstance(variable, ast.Constant) or variable.value != found.name:
        return None
    is_bare = file.code(read.func) == "environ.get"
    environ = "environ" if is_bare else "os.environ"
    return ctx.fix(
        f"Read `{found.name}` alone",
        file.replace(found.at, f"{environ}[{file.code(variable)}]"),
        () if is_bare else file.add_import("import os"),
    )


def _reads_a_variable(function: ast.expr) -> bool:
    return ast.unparse(function) in ("os.getenv", "getenv", "os.environ.get", "environ.get")
