"""The tests share a cache or a broker with the application: entries outlive them, and tasks go to real workers.

## What it does
Reports `CACHES` of Django's settings that the tests run with, where the default cache is a Redis or Memcached server
whose location is not one for tests, the project caches something, and no fixture, set-up or override clears or
replaces the cache. Reports tests that send a task of Celery with `delay()` or `apply_async()` where nothing in the
project has tasks run in place, uses a broker in memory, or replaces the task.

## Why is this bad?
Django makes a database for the tests, but no cache: what one test has cached, the next one reads, and so does the
developer's own server. A task goes to the broker of the settings. With no worker it waits there until one starts; with
one it changes the application's data after the test is over.

## Example
```python
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://localhost:6379/0",
    }
}
```

## Use instead
```python
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
```

## What it does not mean
A location that cannot be told, such as one taken from a configuration object, stays silent. So do tests in folders
for integration tests, which are meant to have a broker, and suites with the fixtures of pytest-celery. What the code
under test sends on its own is not followed.
"""

from collections.abc import Iterator

from isolint.rule import Context, File, Finding, Rule, SettingsModule, Severity

rule = Rule("ISO711", "cache-or-broker-not-isolated", severity=Severity.WARNING, since="0.1")


@rule.on(SettingsModule)
def check_caches(site: SettingsModule, ctx: Context) -> Iterator[Finding]:
    for cache in ctx.know.caches.shared(site.module):
        message = f"the tests share the {cache.alias} cache, a `{cache.backend}`, with all others and never clear it"
        yield ctx.finding(cache.at, message, trail=cache.trail)


@rule.on(File)
def check_tasks(site: File, ctx: Context) -> Iterator[Finding]:
    for task in ctx.know.tasks.sent(site.module) if site.module.is_test else ():
        yield ctx.finding(
            task.at, f"`{task.call}()` sends a task to the application's broker", trail=task.trail
        )
