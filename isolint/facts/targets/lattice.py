"""Where does a handle point? The lattice of targets, and how URLs, names and variables are placed in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from urllib.parse import unquote

from isolint.facts.meaning.values import (
    Address,
    Handle,
    Hop,
    Items,
    Literal,
    Method,
    Parameter,
    Reference,
    Text,
    Thing,
    Trail,
    Union,
    UniqueName,
    Value,
    Variable,
    text,
)
from isolint.late import dataclass, regex


class Level(IntEnum):
    """The points of the lattice, safest first."""

    MEMORY = 0
    DISPOSABLE = 1
    TEST_SHAPED = 2
    UNKNOWN = 3
    PRODUCTION = 4


@dataclass(frozen=True, slots=True)
class Target:
    """Where a handle leads: the level, the reason in words ("`./data/dev.db` by default"), and the proof.

    `sure` is false where PRODUCTION is concluded only from the handle being the application's own.
    """

    level: Level
    why: str
    trail: Trail = ()
    sure: bool = True


Pins = Mapping[str, "Value"]

TEST_TOKENS = frozenset(
    "test tests testing tested unittest unittests functest functests pytest ci e2e tmp temp scratch ephemeral "
    "sandbox testsuite testdb testdatabase dbtest tester".split()
)
LIVE_TOKENS = frozenset("prod production live staging stage dev development".split())
_SWITCH_TOKENS = frozenset("env environment testing mode stage settings config dotenv profile".split())
_HOLE = "\x00"
_IN_FOLDER = regex(rf"((sqlite|duckdb)(\+\w+)?:///)?{_HOLE}/")
_TOKENS = regex(r"[_\-.\s]+|(?<=[a-z])(?=[A-Z])")
_DSN_NAME = regex(r"\b(?:dbname|database)\s*=\s*'?([^\s']+)")
_MEMORY = regex(
    r"(^|/):memory:|mode=memory|^(sqlite|duckdb)(\+\w+)?:/{0,3}$|^memory://|^mongomock://|^fakeredis"
)


def tokens(name: str) -> frozenset[str]:
    """The whole words of a name, split at `_ - .` and between camel case words; digits at their end dropped."""
    return frozenset(word.lower().rstrip("0123456789") for word in _TOKENS.split(name) if word)


@lru_cache(maxsize=8192)
def is_test_name(name: str) -> bool:
    """Whether a database, schema or variable name says that it is a test's."""
    return not tokens(name).isdisjoint(TEST_TOKENS)


def judge(handle: Handle, pins: Pins, *, product: bool) -> Target:
    """Where a handle leads, for tests whose conftest and configuration pin these variables.

    `product` says that the handle is the application's own: made by product code, not for a test.
    """
    if handle.level:
        return Target(Level[handle.level.upper()], _level_words(handle), handle.trail)
    if not handle.bound:
        return Target(Level.UNKNOWN, "nothing yet: it is bound elsewhere", handle.trail)
    if handle.url is None:
        return Target(Level.UNKNOWN, "a target that cannot be told", handle.trail)
    found = place(handle.url, pins, product=product)
    return Target(found.level, found.why, (*handle.trail, *found.trail), found.sure)


def _level_words(handle: Handle) -> str:
    return {"memory": "memory", "disposable": "a disposable server"}.get(
        handle.level, "a target that cannot be told"
    )


def place(url: Value, pins: Pins, *, product: bool) -> Target:
    """The place of a URL, path, DSN or address in the lattice."""
    match url:
        case Literal(value=str(string)):
            return _placed_text(string, (), pins, url.trail, product)
        case Literal(value=None):
            return Target(Level.UNKNOWN, "a target that cannot be told", url.trail)
        case Literal():
            return _own(product, f"database {url.value!r}", url.trail)
        case Text():
            return _placed_parts(url, pins, product)
        case Variable():
            return _placed_variable(url, pins, product)
        case UniqueName():
            return _placed_parts(Text((url,), trail=url.trail), pins, product)
        case Address():
            return _placed_address(url, pins, product)
        case Union():
            return _placed_union(url, pins, product)
        case Method():
            return _placed_method(url, pins, product)
        case Handle():
            return judge(url, pins, product=product)
        case Thing():
            return Target(Level.UNKNOWN, f"what `{url.made_by}` decides", url.trail)
        case Items() if url.values:
            return place(url.values[0], pins, product=product)
    if product:
        return Target(Level.PRODUCTION, "the application's own store", url.trail, sure=False)
    return Target(Level.UNKNOWN, "a target that cannot be told", url.trail)


def _own(product: bool, what: str, trail: Trail) -> Target:
    level = Level.PRODUCTION if product else Level.UNKNOWN
    return Target(level, what, trail)


def _placed_text(string: str, holes: tuple[Value, ...], pins: Pins, trail: Trail, product: bool) -> Target:
    shown = string.replace(_HOLE, "…")
    if _MEMORY.search(string) or string in ("", ":memory:"):
        return Target(Level.MEMORY, "memory", trail)
    name = database_name(string)
    if is_test_name(name.replace(_HOLE, "_")):
        return Target(
            Level.TEST_SHAPED, f"a test database by its name, `{without_credentials(shown)}`", trail
        )
    if _HOLE in name or not name:
        inside = [hole for hole in holes if isinstance(hole, Variable | Union | Address | Method | Text)]
        if inside:
            return place(inside[-1], pins, product=product)
        if holes:
            return (
                Target(Level.PRODUCTION, "the application's own store", trail, False)
                if product
                else Target(Level.UNKNOWN, f"`{without_credentials(shown)}`", trail)
            )
    if _IN_FOLDER.match(string) and _is_given(holes[0]):
        return Target(Level.UNKNOWN, f"`{without_credentials(shown)}`", trail)
    if not tokens(name).isdisjoint(LIVE_TOKENS):
        return Target(Level.PRODUCTION, f"`{without_credentials(shown)}`", trail)
    return _own(product, f"`{without_credentials(shown)}`", trail)


def _is_given(folder: Value) -> bool:
    """Whether a caller, or a library's settings, say which folder it is: the tests may give one of their own."""
    if isinstance(folder, Reference):
        return not folder.name.startswith("builtins.")
    return isinstance(folder, Parameter)


def database_name(url: str) -> str:
    """The database-name component of a URL, DSN or file path."""
    dsn = _DSN_NAME.search(url)
    if dsn and "://" not in url:
        return dsn.group(1)
    rest = url.partition("://")[2] if "://" in url else url
    path = rest.partition("?")[0].partition("#")[0]
    if "://" in url and "/" not in path:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])


def _placed_parts(value: Text, pins: Pins, product: bool) -> Target:
    unique = [part for part in value.parts if isinstance(part, UniqueName)]
    if any(part.scope in ("run", "testrun") for part in unique):
        return Target(Level.DISPOSABLE, "a name made for this run", value.trail)
    if any(part.scope == "worker" for part in unique):
        return Target(Level.TEST_SHAPED, "a name of its own for each worker", value.trail)
    for part in value.parts:
        if isinstance(part, Method):
            inside = _placed_method(part, pins, product)
            if inside.level <= Level.DISPOSABLE:
                return inside
    string = "".join(_HOLE if (known := text(part)) is None else known for part in value.parts)
    holes = tuple(part for part in value.parts if text(part) is None and not isinstance(part, UniqueName))
    return _placed_text(string, holes, pins, value.trail, product)


def _placed_variable(value: Variable, pins: Pins, product: bool) -> Target:
    if value.name in pins:
        others = {name: pin for name, pin in pins.items() if name != value.name}
        pinned = place(pins[value.name], others, product=False)
        trail = (*value.trail, *pins[value.name].trail)
        return Target(min(pinned.level, Level.TEST_SHAPED), f"`{value.name}`, pinned by the tests", trail)
    given = None if value.default is None or _is_none(value.default) else value.default
    fallback = None if given is None else place(given, pins, product=product)
    if is_test_name(value.name):
        if fallback is None or fallback.level <= Level.TEST_SHAPED:
            return Target(Level.TEST_SHAPED, f"the tests' own variable `{value.name}`", value.trail)
        return Target(fallback.level, f"`{value.name}`, or else {fallback.why}", value.trail + fallback.trail)
    if any(not tokens(name).isdisjoint(_SWITCH_TOKENS) for name in pins):
        return Target(Level.UNKNOWN, f"`{value.name}` in an environment the tests choose", value.trail)
    if fallback is not None and fallback.level <= Level.TEST_SHAPED:
        return Target(Level.UNKNOWN, f"`{value.name}`, or else {fallback.why}", value.trail)
    if fallback is None:
        return Target(Level.PRODUCTION, f"the application's `{value.name}`", value.trail)
    words = f"the application's `{value.name}`, by default {fallback.why}"
    return Target(Level.PRODUCTION, words, value.trail + fallback.trail)


def _placed_address(value: Address, pins: Pins, product: bool) -> Target:
    given = {name: component for name, component in value.components if not _is_none(component)}
    if "database" in given:
        named = given["database"]
        found = place(named, pins, product=product)
        known = text(named)
        if known is not None and not known and value.base is not None:
            return place(value.base, pins, product=product)
        if found.level in (Level.DISPOSABLE, Level.TEST_SHAPED, Level.MEMORY):
            return Target(found.level, found.why, value.trail + found.trail)
        base = None if value.base is None else place(value.base, pins, product=product)
        if base is not None and base.level <= Level.DISPOSABLE:
            return base
        return Target(found.level, found.why, value.trail + found.trail, found.sure)
    driver = text(given["drivername"]) if "drivername" in given else None
    if driver is not None and driver.startswith("sqlite"):
        return Target(Level.MEMORY, "memory", value.trail)
    for component in ("options", "host", "port"):
        if component in given and text(given[component]) is None:
            found = place(given[component], pins, product=product)
            return Target(found.level, found.why, value.trail + found.trail, found.sure)
    if value.base is not None:
        return place(value.base, pins, product=product)
    return _own(product, "a server given by its address", value.trail)


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None


def _placed_union(value: Union, pins: Pins, product: bool) -> Target:
    found = [place(option, pins, product=product) for option in value.options]
    levels = {target.level for target in found}
    if len(levels) == 1:
        told = next((target for target in found if target.trail), found[0])
        return Target(told.level, told.why, (*value.trail, *told.trail), told.sure)
    if max(levels) <= Level.TEST_SHAPED:
        return max(found, key=lambda target: target.level)
    return Target(Level.UNKNOWN, "one of several targets", value.trail)


def _placed_method(value: Method, pins: Pins, product: bool) -> Target:
    """Something read off a handle or a URL, such as a container's connection URL."""
    receiver: Value = value
    while isinstance(receiver, Method):
        receiver = receiver.receiver
    if isinstance(receiver, Handle | Address | Variable | Text | Literal):
        return place(receiver, pins, product=product)
    return Target(Level.UNKNOWN, "a target that cannot be told", value.trail)


def without_credentials(address: str) -> str:
    """An address as a message shows it: without credentials, and not too long."""
    shown = re.sub(r"//[^@/]*@", "//", address)
    return shown if len(shown) <= 60 else "…" + shown[-59:]


def is_product(handle: Handle) -> bool:
    """Whether a handle is the application's own: its code makes it, outside the tests."""
    return handle.made_in is not None and not handle.made_in.is_test


def last_hops(trail: Trail) -> Trail:
    """A trail without steps that stay in one line."""
    kept: list[Hop] = []
    for hop in trail:
        if not kept or (kept[-1].path, kept[-1].at[0]) != (hop.path, hop.at[0]):
            kept.append(hop)
    return tuple(kept)
