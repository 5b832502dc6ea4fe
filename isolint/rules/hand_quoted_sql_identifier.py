"""A name is put between quotes by hand, or handed over as a value, where SQL wants an identifier.

## What it does
Reports names that tests and their support put between quotes of their own in CREATE, DROP, ALTER, TRUNCATE, SET
search_path, USE, COPY and GRANT, without doubling the quotes that a name may hold; with `--pedantic` only. Reports,
always and as an error, statements that ask for the name of an object as a value: `CREATE SCHEMA %s` with parameters.

## Why is this bad?
Quotes by hand survive hyphens and capitals, not a quote in the name: the statement ends there, and what follows is
SQL. A value is no identifier at all: the driver sends `CREATE SCHEMA 'acme'`, or a parameter where the server allows
none, and the statement is a syntax error for each and every name.

## Example
```python
cursor.execute(f'CREATE SCHEMA "{schema}"')
cursor.execute("CREATE SCHEMA %s", [schema])
```

## Use instead
```python
cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))  # psycopg

cursor.execute(f"CREATE SCHEMA {connection.ops.quote_name(schema)}")  # Django

connection.execute(CreateSchema(schema))  # SQLAlchemy
```

## What it does not mean
Names spelled out, unique suffixes and names whose letters are checked need no more than quotes. Users and roles are
values to some servers, and so is what `SET` sets.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity, show

rule = Rule("ISO402", "hand-quoted-sql-identifier", severity=Severity.INFO, since="0.1")


@rule.on(File)
def check_quotes(site: File, ctx: Context) -> Iterator[Finding]:
    for splice in ctx.know.making.hand_quoted(site.module):
        message = f"`{show(splice.hole)}` is put between quotes by hand: one inside it ends the name"
        yield ctx.finding(ctx.hole_position(splice), message)


@rule.on(File)
def check_values(site: File, ctx: Context) -> Iterator[Finding]:
    for splice in ctx.know.making.bound_names(site.module):
        message = "a name cannot be handed over as a value: this statement is a syntax error"
        yield ctx.finding(splice.at, message, severity=Severity.ERROR)
