"""A test client drives the application on the application's own database.

## What it does
Reports test clients, `TestClient(app)`, `AsyncClient(transport=ASGITransport(app=app))`, `app.test_client()`, whose
requests lead to a route that opens the application's own store. It follows the routes through routers and
factories, and what they need through `Depends`, `Annotated` and nested dependencies; it compares these with the
`dependency_overrides` that are in force for each request, and names the one that is missing.

It also reports clients that start an application (`with TestClient(app)`, `LifespanManager(app)`) which then points
its models to its own database, whatever the tests had set up before; and self-tests that replace a global of their
module and then talk to the module's server in another process, where nothing is replaced.

## Why is this bad?
Replacing the mailer does not replace the database. Every POST of such a test writes to the database of the
developer who runs it, and every assertion depends on what is in there. The fixture next door may do it right: an
override that some tests set protects no others.

## Example
```python
@pytest.fixture
def client():
    app.dependency_overrides[get_mailer] = FakeMailer
    with TestClient(app) as client:
        yield client
    app.dependency_overrides.clear()


def test_order_is_placed(client):
    assert client.post("/orders", json=ROLLS).status_code == 201
```

## Use instead
```python
@pytest.fixture
def client(session):
    app.dependency_overrides[get_mailer] = FakeMailer
    app.dependency_overrides[get_db] = lambda: session
    with TestClient(app) as client:
        yield client
    app.dependency_overrides.clear()
```

## What it does not mean
A client is fine as long as its requests stay away from the store: routes without a database, pages that do not exist,
requests that the test expects to be refused. The rule is silent where the dependency is overridden on every way to
the request, by the test, its fixtures, an autouse fixture, a base class or a conftest; where tests patch what the
route works with, or set the variable that the URL is read from; where overrides cannot be read; and where the store
is one for tests. An override whose value is a production session imported by the tests is reported at that import, by
`production-session-import`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Context, File, Finding, Fix, Rule, Severity

if TYPE_CHECKING:
    from isolint.rule import OpenClient

rule = Rule("ISO103", "app-client-without-db-override", severity=Severity.ERROR, since="0.1")


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    for leak in ctx.know.open_clients(site.module):
        yield ctx.finding(leak.at, message(leak), trail=leak.trail, subject=(leak, site))
    for asked in ctx.know.asked_elsewhere(site.module):
        text = f"`{asked.client}` asks a server in another process, where `{asked.name}` is not replaced"
        yield ctx.finding(
            asked.at, f"{text}: {asked.route} works with the application's own", trail=asked.trail
        )


@rule.fix(Applicability.UNSAFE)
def override_the_dependency(subject: tuple[OpenClient, File], ctx: Context) -> Fix | None:
    from isolint.rule import overridden

    leak, site = subject
    if not leak.dependency:
        return None
    return ctx.fix(f"Override `{leak.dependency}`", overridden(ctx.isolation, site.module, leak))


@rule.fix(Applicability.UNSAFE)
def hand_the_factory_a_database(subject: tuple[OpenClient, File], ctx: Context) -> Fix | None:
    from isolint.rule import handed

    leak, site = subject
    return ctx.fix("Make the application on a database in memory", handed(ctx.isolation, site.module, leak))


def message(leak: OpenClient) -> str:
    if leak.startup:
        return (
            f"`{leak.client}` starts the application on {leak.target.why}: `{leak.startup}` points it there"
        )
    if not leak.dependency:
        return f"`{leak.client}` reaches {leak.target.why}: {leak.route} opens it itself"
    others = f"; only {_listed(leak.overridden)} is" if leak.overridden else ""
    return (
        f"`{leak.client}` reaches {leak.target.why}: `{leak.dependency}` is not overridden "
        f"({leak.route} needs it{others})"
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
