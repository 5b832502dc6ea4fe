"""The tests run with the developer's own environment file, and so with the developer's databases.

## What it does
Reports what brings a developer's file of variables (`.env` and the like) into test runs, where that file, or the
template it is copied from, says where databases, caches or queues are: `load_dotenv()` or code of one's own at the top
of a conftest or, as a warning, of a file with tests, `env_files` of pytest-dotenv and pytest-env, commands of a
Makefile, package.json or shell script that source it before they start the tests, and `env_file` of a compose service
that runs them.

## Why is this bad?
The file exists on every developer's machine and in no pipeline. The same suite that is harmless in CI runs on the
development database at the desk, and empties it.

## Example
```make
test:
        . ./.env && pytest
```

## Use instead
```make
test:
        . ./.env.test && pytest
```

## What it does not mean
Loading a file named for tests is right, and so is loading one that holds no store. The rule is silent where the
conftest, pytest's configuration or tox pins a store's variable, and cannot see a `.env` that is not committed:
what its committed template sets is taken for what it holds.
"""

from collections.abc import Iterator

from isolint.rule import ConfigFile, Context, File, Finding, Rule, Severity

rule = Rule("ISO607", "tests-load-developer-env", severity=Severity.ERROR, since="0.1")


@rule.on(ConfigFile)
def check_configuration(site: ConfigFile, ctx: Context) -> Iterator[Finding]:
    for at, file in ctx.know.developer.in_configuration(site.document):
        yield ctx.finding(at, f"the tests run with the stores of the developer's `{file}`")


@rule.on(File)
def check_tests(site: File, ctx: Context) -> Iterator[Finding]:
    is_conftest = site.module.path.endswith("conftest.py")
    for at, file in ctx.know.developer.in_tests(site.module):
        whose = "every test runs" if is_conftest else "from the import of this file on, every test runs"
        severity = Severity.ERROR if is_conftest else Severity.WARNING
        yield ctx.finding(at, f"{whose} with the stores of the developer's `{file}`", severity=severity)
