"""A test uses a service object, store or client of the application that opens the application's own data.

## What it does
Reports, in tests, conftests, test support and the self-tests of a main block, the use of an object of the
application as it is: a client or database imported from its modules, an accessor that fills a global on its first
call (`get_store()`, `Container.get_instance()`), a module's singleton, a class whose constructor opens a store. It
follows the call through constructors, nested objects and lazy connections to the place that decides what is opened.
One finding for each object and file; it is an error where the test writes.

## Why is this bad?
The object is wired for the application, and so it takes the test's rows, documents and keys to the application's
file, collection or server, or makes the test pass or fail with what happens to be there. A temporary path helps only
if the object reads it: one that keeps the argument and asks its own parts for their defaults is no isolation.

## Example
```python
def test_note_is_found(tmp_path):
    indexer = Indexer(notes=tmp_path, db_path=tmp_path / "index.db")  # self.index = SearchIndex()
    indexer.index_all()
    assert indexer.search("budget")
```

## Use instead
```python
def test_note_is_found(tmp_path):
    indexer = Indexer(notes=tmp_path, index=SearchIndex(tmp_path / "index.db"))
    indexer.index_all()
    assert indexer.search("budget")
```

## What it does not mean
Singletons are fine. The rule is silent where tests patch, replace or reset what leads to the store, set the variable
it is found by, hand the object a store of its own, or use memory, a disposable server or a name for tests; and where
it cannot tell: what is opened only under some condition, with a URL that comes from elsewhere, or from the test's own
environment. Session factories, engines and connections that are imported are the business of
`production-session-import`. A bare server (`REDIS_URL`, no name of data) is told with `--min-confidence low` only
where it is opened deep inside an object, or the test's folder says that a server is there to be used. Files in folders
of scripts, examples and benchmarks are left alone. The fix puts a fake in the place of a client (`fakeredis`,
`mongomock`) only where the project has the library already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import (
    CLIENT_KINDS,
    Applicability,
    Confidence,
    Context,
    File,
    Finding,
    Fix,
    Import,
    Rule,
    Severity,
)

if TYPE_CHECKING:
    from isolint.rule import Reached

rule = Rule("ISO102", "production-singleton-in-test", severity=Severity.WARNING, since="0.1")

WORDS = {
    "handle": "`{0}` is the application's own",
    "accessor": "`{0}()` hands out an object of the application",
    "class": "`{0}(…)` opens the application's own store",
    "object": "`{0}()` is called on an object of the application",
    "method": "`{0}()` opens the application's own store",
}


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    know, module = ctx.know, site.module
    if know.is_guarded(module.path):
        return
    found = know.singletons.in_tests(module)
    if not module.is_test:
        found = know.singletons.in_self_tests(module, know.module_sites(module).self_tests)
    for reached in found:
        yield finding(reached, ctx)


@rule.on(Import)
def check_import(site: Import, ctx: Context) -> Iterator[Finding]:
    know = ctx.know
    if not know.is_guarded(site.module.path):
        for reached in know.singletons.imported(site.module, know.imported_handles(site, CLIENT_KINDS)):
            yield finding(reached, ctx)


def finding(found: Reached, ctx: Context) -> Finding:
    aside = f", whatever `{found.unread}` is" if found.unread else ""
    message = f"{WORDS[found.how].format(found.name)}: it reaches {found.target.why}{aside}"
    severity = Severity.ERROR if found.written else Severity.WARNING
    confidence = Confidence.HIGH if found.sure else Confidence.LOW
    return ctx.finding(
        found.at, message, trail=found.trail, severity=severity, confidence=confidence, subject=found
    )


@rule.fix(Applicability.UNSAFE)
def put_a_fake_in_its_place(found: Reached, ctx: Context) -> Fix | None:
    if found.how != "handle":
        return None
    return ctx.fix("Put a fake in its place", ctx.isolation.faked(found.trail, ctx.module.path))
