"""The servers that everybody has on their machine, which a client reaches when it is told no other."""

from __future__ import annotations

from isolint.facts.meaning.values import Address, Literal, Value, Variable, text
from isolint.late import regex

_LOCAL = regex(r"(^|//|@)(localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?)(:(?P<port>\d+))?(?P<rest>/.*)?$")
_PORTS = frozenset({"6379", "27017", "7687", "7474", "9200", "5432", "3306", "8529", "9042", "11211"})
_OWN_DATABASES = frozenset({"", "0", "neo4j", "_system", "admin"})


def is_local(url: Value | None) -> bool:
    """Whether a URL leads to the server, and the database, that everybody has on their machine by default."""
    match url:
        case Literal(value=str(string)):
            return _is_local_text(string)
        case Variable(default=default) if default is not None:
            return is_local(default)
        case Address():
            return _is_local_address(url)
    return False


def _is_local_text(string: str) -> bool:
    found = _LOCAL.search(string)
    if found is None or (found["port"] and found["port"] not in _PORTS):
        return False
    return (found["rest"] or "").strip("/").partition("?")[0] in _OWN_DATABASES


def _is_local_address(url: Address) -> bool:
    given = dict(url.components)
    database, host, port = given.get("database"), given.get("host"), given.get("port")
    if database is not None and text(database) not in ("", "0"):
        return False
    if port is not None and text(_default(port)) not in _PORTS:
        return False
    if host is not None:
        return text(_default(host)) in ("localhost", "127.0.0.1")
    return url.base is not None and is_local(url.base)


def _default(value: Value) -> Value:
    return value.default if isinstance(value, Variable) and value.default is not None else value


def address_of(url: Value | None) -> str:
    """The address of such a server, in words."""
    match url:
        case Literal(value=str(string)):
            return f"`{string}`"
        case Variable(default=Literal(value=str(string))):
            return f"`{string}`"
    return "the default address of this machine"
