"""A name is put into SQL without quotes, where the statement names a schema, table, database or role.

## What it does
Reports values that an f-string, `%`, `.format()` or `+` puts unquoted into the place of an identifier in
CREATE, DROP, ALTER, TRUNCATE, SET search_path, USE, COPY, GRANT and the like, in tests and their support code,
where the statement is executed: directly, through a local variable, `text()` or `DDL()`.

## Why is this bad?
A schema named `autotest-foo-091cf1ef` is a syntax error near "-", and the transaction is aborted from there on;
a name in capitals is folded and not found again. The suite passes until somebody names a tenant, a branch or a
test a little differently.

## Example
```python
cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
```

## Use instead
```python
quoted = connection.ops.quote_name(schema)  # Django
cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")

cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))  # psycopg

connection.execute(CreateSchema(schema, if_not_exists=True))  # SQLAlchemy
```

## What it does not mean
The rule is silent for quoted names, constants and listed names that are plain words, integers, hexadecimal and
worker suffixes, names that models declare, values and keywords, and for SQL that is only logged or compared.
Names in quotes that the code writes by hand, `'"%s"' % name`, are another matter.
"""

from collections.abc import Iterator

from isolint.rule import Confidence, Context, File, Finding, Rule, Severity, show

rule = Rule("ISO401", "unquoted-sql-identifier", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for splice in ctx.know.making.splices(site.module):
        message = f"`{show(splice.hole)}` is put into SQL as an identifier without quotes"
        confidence = Confidence.HIGH if splice.sure else Confidence.LOW
        yield ctx.finding(ctx.hole_position(splice), message, confidence=confidence)
