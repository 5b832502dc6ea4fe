"""Test code deletes files of the user's home, of the product, or whatever lies in the working directory.

## What it does
Reports `shutil.rmtree`, `os.remove`, `Path.unlink` and their kin in tests, fixtures and set-up methods where the path
starts from the home directory (`~`, `Path.home()`, `XDG_DATA_HOME`, `APPDATA`, `platformdirs`), from a constant of
the product, or from the working directory under a name that the product itself uses.

## Why is this bad?
The developer who runs the tests uses the program, too. A fixture that tidies up `.cellar` after the session deletes
the notes they kept there since spring, and git does not know them.

## Example
```python
@pytest.fixture(scope="session", autouse=True)
def tidy_up():
    yield
    shutil.rmtree(Path(".cellar"), ignore_errors=True)
```

## Use instead
```python
@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
```

## What it does not mean
Temporary folders, paths that the test writes first or hands to the code under test, names that say they are a
test's, and everything under `monkeypatch.chdir`, `isolated_filesystem` or a `HOME` of the tests' own are fine.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, Severity

rule = Rule("ISO504", "home-or-cwd-destruction", severity=Severity.ERROR, since="0.1")

_WHERE = {
    "home": "in the home directory of whoever runs the tests",
    "cwd": "of the directory the tests are started in, where the product keeps its own",
    "product": "of the product, not of the tests",
}


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for erasure in ctx.know.erasures.of(site.module):
        place = erasure.place
        message = f"`{erasure.call}` deletes `{place.path}` {_WHERE[place.kind]}"
        yield ctx.finding(erasure.at, message, trail=place.trail)
