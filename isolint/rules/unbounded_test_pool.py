"""Each test, or each worker, opens a pool of connections of its own, and nothing bounds them all together.

## What it does
Reports engines and pools on a server that a test, a fixture of a single test or a test module makes and never closes,
pools that in all workers together may ask for more connections than the tests' server allows, integration tests of a
pipeline that run in several workers against one database, and a URL for tests of Prisma without `connection_limit`.
It is a hint, told with `--pedantic` only.

## Why is this bad?
A pool keeps its connections open until it is closed or collected. A few hundred tests, or a handful of workers, are
enough for `too many connections`: tests that pass alone and fail together.

## Example
```python
@pytest.fixture
def engine():
    return create_engine(os.environ["TEST_DATABASE_URL"])
```

## Use instead
```python
@pytest.fixture
def engine():
    engine = create_engine(os.environ["TEST_DATABASE_URL"], poolclass=NullPool)
    yield engine
    engine.dispose()
```

## What it does not mean
One engine for the whole session is fine, whatever its pool. Memory and SQLite files have no server that could run
out of connections. `connection_limit` is a notion of Prisma's: the URLs of psycopg and of Django know none, and need
none.
"""

from collections.abc import Iterator

from isolint.rule import ConfigFile, Context, File, Finding, Rule, Severity

rule = Rule("ISO611", "unbounded-test-pool", severity=Severity.INFO, since="0.1")


@rule.on(File)
def check_code(site: File, ctx: Context) -> Iterator[Finding]:
    for pool in ctx.know.pools.left_open(site.module):
        yield ctx.finding(pool.at, f"`{pool.call}` opens a pool for each {pool.again}, and nothing closes it")
    for at, call, most, limit, hop in ctx.know.pools.too_many(site.module):
        message = f"`{call}` may open {most} connections in all workers, the server allows {limit}"
        yield ctx.finding(at, message, trail=(hop,))


@rule.on(ConfigFile)
def check_configuration(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for node, database in ctx.know.pipelines.crowded(site.document):
        message = f"the workers of the integration tests share the connections of `{database}`"
        yield ctx.finding(node.at, message)
    for entry in ctx.know.pipelines.unlimited(site.document):
        yield ctx.finding(entry.at, f"`{entry.key}` sets no `connection_limit` for Prisma's pool")
