"""The paths of routes and of the requests that tests send to them."""

from __future__ import annotations

import re

from isolint.facts.meaning.values import Literal, Text, Value, Variable, text
from isolint.late import regex

HOLE = "\x00"
_PARAMETER = regex(r"\{[^{}]*\}|<[^<>]*>")


def spelled(value: Value) -> str:
    """A path as far as it is spelled out, with a HOLE for what is not."""
    match value:
        case Literal(value=str(string)):
            return string
        case Literal():
            return HOLE if text(value) is None else str(text(value))
        case Text():
            return "".join(spelled(part) for part in value.parts)
        case Variable(default=default) if default is not None:
            return spelled(default)
    return HOLE


def is_path(path: str) -> bool:
    """Whether a string is a request's path or URL, not some other key."""
    return path.startswith(("/", "http://", "https://", HOLE)) and path != HOLE


def matches(request: str, route: str) -> bool:
    """Whether a request's path may lead to a route; what a HOLE at its start stands for is not known."""
    wanted, offered = _plain(request), _plain(route)
    if not wanted.startswith(HOLE):
        return re.fullmatch(_pattern(offered), wanted.replace(HOLE, "0")) is not None
    return _ends_with(offered, wanted.lstrip(HOLE).replace(HOLE, "0"))


def joined(base: str, path: str) -> str:
    """A request's path below the base that its client puts before it."""
    if not base.strip("/") or "://" in path:
        return path
    return f"/{base.strip('/')}/{path.lstrip('/')}" if not base.startswith(HOLE) else f"{base}{path}"


def _plain(path: str) -> str:
    path = re.sub(r"^https?://[^/]*", "", path)
    return path.partition("?")[0].partition("#")[0].rstrip("/") or "/"


def _pattern(route: str) -> str:
    pattern, last = "", 0
    for found in _PARAMETER.finditer(route):
        pattern += re.escape(route[last : found.start()]) + _segment(found.group())
        last = found.end()
    return (pattern + re.escape(route[last:])).replace(re.escape(HOLE), ".*")


def _segment(parameter: str) -> str:
    """What a parameter of a path may stand for: `{name}`, `{name:path}`, `<int:name>`."""
    words = parameter[1:-1].split(":")
    if "path" in (words[0], words[-1]) and len(words) > 1:
        return ".+"
    return r"\d+" if "int" in (words[0], words[-1]) and len(words) > 1 else "[^/]+"


def _ends_with(route: str, wanted: str) -> bool:
    """Whether the last segments of a route are those of the wanted path."""
    parts = [part for part in wanted.split("/") if part]
    segments = [part for part in route.split("/") if part]
    if not parts or len(parts) > len(segments):
        return False
    tail = segments[len(segments) - len(parts) :]
    told = [_PARAMETER.fullmatch(segment) is None for segment in tail]
    return any(told) and all(
        part == segment or not fixed for part, segment, fixed in zip(parts, tail, told, strict=True)
    )
