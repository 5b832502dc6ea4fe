"""The configuration file for tests leads to the same store as the application's.

## What it does
Reports addresses in configuration files called after tests (`test_config.toml`, `settings.test.yaml`, `test.ini`,
`.env.test`) that the application's own configuration file has under the same key: URLs of databases, caches and queues,
and of servers in the same network. A compose file called after tests is reported where its server keeps its data in
the volume of the application's.

## Why is this bad?
The file is there so that tests have a place of their own, and everybody believes that they have. They run on the
application's database.

## Example
```toml
# tests/test_config.toml, with the same line in config.toml
[storage]
url = "postgresql://app@db:5432/orders"
```

## Use instead
```toml
[storage]
url = "postgresql://app@db:5432/orders_test"
```

## What it does not mean
Addresses on the internet, of services that are the same for everybody, may be the same. So may a database that
says it is a test's in both files.
"""

from collections.abc import Iterator

from isolint.rule import ConfigFile, Context, Finding, Rule, Severity

rule = Rule("ISO610", "test-config-shares-production-env", severity=Severity.ERROR, since="0.1")


@rule.on(ConfigFile)
def check(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for address, key, at, hop in ctx.know.stages.shared_addresses(site.document):
        message = f"the tests' `{key}` is the application's: `{address}` stands in {hop.path}, too"
        yield ctx.finding(at, message, trail=(hop,))
    for node, name, hop in ctx.know.pipelines.shared_volumes(site.document):
        message = f"the tests' server keeps its data in `{name}`, the volume of the application's"
        yield ctx.finding(node.at, message, trail=(hop,))
