"""What has changed since a commit, as git tells it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from isolint.finding import Finding
from isolint.late import dataclass, regex
from isolint.reader import UNREADABLE
from isolint.result import Result

_HUNK = regex(rb"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_ESCAPE = regex(rb"\\([abtnvfr\"\\]|[0-7]{3})")
_ESCAPED = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r", strict=True))
# What a hook or a caller has set for git itself; the root alone says which repository is meant.
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS")
# Nothing that a repository configures is to be run.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")
_PATCH = "--no-ext-diff --no-textconv --no-color --unified=0 --inter-hunk-context=0 --ignore-submodules"
_PREFIXES = "--src-prefix=a/ --dst-prefix=b/ --relative --find-renames"


class GitError(Exception):
    """git could not tell; the message says why, and what may help."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The first and last lines of what is new in each file; a file that git does not know is new as a whole."""

    lines: Mapping[str, tuple[tuple[int, int], ...]]
    new: frozenset[str]

    def touch(self, finding: Finding) -> bool:
        """Whether the statement that the finding is about has a line that is new."""
        if finding.path in self.new:
            return True
        ranges = self.lines.get(finding.path, ())
        if finding.code == UNREADABLE:
            return bool(ranges)
        span = finding.location.span
        first, last = min(span.line, finding.lines[0] or span.line), max(span.end_line, finding.lines[1])
        return any(start <= last and first <= end for start, end in ranges)


def narrowed(result: Result, changes: Changes) -> Result:
    """The result with the findings on changed lines alone."""
    kept = tuple(finding for finding in result.findings if changes.touch(finding))
    hidden = tuple(finding for finding in result.hidden if changes.touch(finding))
    silenced = tuple(each for each in result.silenced if changes.touch(each.finding))
    return replace(result, findings=kept, hidden=hidden, silenced=silenced)


def changes(root: Path, ref: str) -> Changes:
    """What is new below `root` since HEAD and `ref` parted, whether committed, staged or neither.

    Raises GitError.
    """
    _asked(root, "rev-parse", "--is-inside-work-tree")
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit.returncode:
        raise GitError(f"git knows no commit '{ref}' in {root}; is it fetched?")
    base = _git(root, "merge-base", commit.stdout.decode().strip(), "HEAD")
    if base.returncode:
        raise GitError(
            f"HEAD and '{ref}' have no commit in common; of a shallow clone, fetch more of the history"
        )
    patch = _asked(root, "diff", *_PATCH.split(), *_PREFIXES.split(), base.stdout.decode().strip(), "--", ".")
    others = _asked(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    found: dict[str, list[tuple[int, int]]] = {}
    for path, first, last in _hunks(patch):
        found.setdefault(path, []).append((first, last))
    new = frozenset(os.fsdecode(name) for name in others.split(b"\0") if name)
    return Changes({path: tuple(ranges) for path, ranges in found.items()}, new)


def _asked(root: Path, *arguments: str) -> bytes:
    """What git prints. Raises GitError, with git's own words, when it fails."""
    done = _git(root, *arguments)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise GitError(f"git cannot tell what has changed in {root}: {said or 'it fails and says nothing'}")
    return done.stdout


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    environment |= {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    try:
        return subprocess.run(
            ["git", *_SAFE, *arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise GitError("`--since` needs git, and there is none on the PATH") from None
    except (OSError, ValueError) as error:
        raise GitError(f"git could not be run: {error}") from None


def _hunks(patch: bytes) -> Iterator[tuple[str, int, int]]:
    """The path, first and last line of each stretch of new lines; a header ends where its hunks begin."""
    path, left = "", 0
    for line in patch.split(b"\n"):
        if left:
            left -= line[:1] in (b"+", b"-")
        elif line.startswith(b"+++ "):
            path = _path(line[4:])
        elif found := _HUNK.match(line):
            count = int(found[2] or 1)
            removed = re.match(rb"@@ -\d+(?:,(\d+))?", line)
            left = count + int(removed[1] or 1 if removed else 0)
            if count:
                yield path, int(found[1]), int(found[1]) + count - 1


def _path(word: bytes) -> str:
    """The path that a header names: after `b/`, perhaps in quotes, perhaps with a tab behind it."""
    word = word.rstrip(b"\r").removesuffix(b"\t")
    if word.startswith(b'"') and word.endswith(b'"'):
        word = _ESCAPE.sub(_unescaped, word[1:-1])
    return os.fsdecode(word.removeprefix(b"b/"))


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if len(escape) == 3:
        return bytes([int(escape, 8)])
    return bytes([_ESCAPED.get(escape[0], escape[0])])
