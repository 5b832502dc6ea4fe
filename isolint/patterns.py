"""gitignore patterns: does one of them match a path?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from isolint.late import regex as late

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_FOLDER_MARK = "ps_d"  # the group that pathspec lets match the slash after a folder
_SEGMENT = r"(?:[\w.~@+$,-]|[*](?![*])|[?]|\[\w+\])+"
_PLAIN = late(
    rf"(?P<exception>!?)(?P<anywhere>[*][*]/)?(?P<top>/?)(?P<path>{_SEGMENT}(?:/{_SEGMENT})*)(?P<folder>/?)\Z",
    re.ASCII,
)


class _Pattern(NamedTuple):
    regex: re.Pattern[str]
    includes: bool
    is_about_names: bool


class Patterns:
    """The lines of one gitignore file, or of a setting written in the same language."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Compile `lines`, passing over those that are no valid pattern, as git does."""
        self._patterns = [pattern for line in lines for pattern in _compiled(line)]
        self._patterns.reverse()
        self._name_screen = _screen(pattern.regex for pattern in self._patterns if pattern.is_about_names)
        self._path_screen = _screen(pattern.regex for pattern in self._patterns if not pattern.is_about_names)

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def verdict(self, path: str) -> bool | None:
        """Say whether `path` is matched (True), excepted by a `!` pattern (False) or not spoken of (None).

        `path` is POSIX, relative to the folder of the patterns, and ends in `/` if it is a folder. The
        folders above it are not asked about: whoever walks a tree has judged them before.
        """
        name = path[path.rfind("/", 0, -1) + 1 :]
        if not (self._name_screen.match(name) or self._path_screen.match(path)):
            return None
        for pattern in self._patterns:
            if _matches(pattern.regex, name if pattern.is_about_names else path):
                return pattern.includes
        return None


def matches(globs: Iterable[str], path: str) -> bool:
    """Tell whether one of the gitignore-style `globs` matches the file `path` or a folder above it."""
    given = tuple(globs)
    return bool(given) and _spec(given).match_file(path)


def is_pattern(line: str) -> bool:
    """Tell whether `line` is a gitignore pattern: neither malformed nor empty nor a comment."""
    return any(_compiled(line))


@lru_cache(maxsize=256)
def _spec(globs: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(glob for glob in globs if is_pattern(glob))


def _compiled(line: str) -> list[_Pattern]:
    """Compile one line: to one pattern, or to none."""
    if not line.strip() or line.startswith("#"):
        return []
    is_about_names = "/" not in line.strip().removeprefix("!").removesuffix("/")
    plain = _PLAIN.match(line)
    if plain is not None and not (plain["path"] == "*" and not plain["top"]):
        return [_Pattern(_of_plain(plain, is_about_names), not plain["exception"], is_about_names)]
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines([_entered(line)])
    except (ValueError, re.error):
        return []
    return [
        _Pattern(pattern.regex, pattern.include, is_about_names)
        for pattern in spec.patterns
        if pattern.regex is not None and pattern.include is not None
    ]


def _of_plain(found: re.Match[str], is_about_names: bool) -> re.Pattern[str]:
    """A plain path or name, perhaps with wildcards, compiled as by pathspec, which takes longer to import than this."""
    path = "/".join(map(_of_segment, found["path"].split("/")))
    beginning = "(?:.+/)?" if is_about_names or found["anywhere"] else ""
    end = f"(?P<{_FOLDER_MARK}>/)"
    return late(f"^{beginning}{path}{end if found['folder'] else f'(?:{end}|$)'}")


def _of_segment(segment: str) -> str:
    if segment == "*":
        return "[^/]+"
    escaped = re.escape(segment).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return escaped.replace(r"\[", "[").replace(r"\]", "]")


def _entered(line: str) -> str:
    """Let `folder/**` match what is in the folder but not the folder itself, as in git."""
    bare = line.rstrip()
    if bare.endswith("/**"):
        return f"{bare}/*"
    return f"{bare}*/" if bare.endswith("/**/") else line


def _matches(regex: re.Pattern[str], path: str) -> bool:
    """Tell whether `regex` matches `path` itself, and not only a folder above it."""
    found = regex.search(path)
    if found is None:
        return False
    return not found.groupdict().get(_FOLDER_MARK) or found.end() == len(path)


def _screen(regexes: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    """Melt `regexes` into one that rules out most paths, ten times faster than asking each in turn."""
    return re.compile("|".join(_anchored(regex.pattern) for regex in regexes) or r"(?!)", re.DOTALL)


def _anchored(source: str) -> str:
    """Rewrite a regular expression for `match`. A group name may occur only once, so they go."""
    unnamed = source.replace(f"(?P<{_FOLDER_MARK}>", "(?:")
    return f"(?:{unnamed})" if unnamed.startswith("^") else f"(?:.*(?:{unnamed}))"
