"""Which release of a library a project asks for, where that is cheap to find out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from isolint.inputs import note_file, note_folder
from isolint.late import dataclass

_FILES = (
    "requirements*.txt",
    "requirements/*.txt",
    "requirements*.in",
    "requirements/*.in",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "Pipfile",
)
_LOCKS = ("poetry.lock", "uv.lock", "Pipfile.lock", "pdm.lock")


@dataclass(frozen=True)
class Requirements:
    """The requirements and lock files at the root of a project, or in the folders there; without a root, none."""

    root: Path | None = None

    def is_before(self, distribution: str, version: str) -> bool:
        """Whether the project keeps a library below a major version: by a lock file, else by what it asks for."""
        if self.root is None:
            return False
        _note(self.root)
        bound = int(version.partition(".")[0])
        for folder in ("", "*/"):
            for names in (_LOCKS, _FILES):
                required = _majors(self.root, tuple(f"{folder}{name}" for name in names), distribution)
                if required:
                    return max(required) < bound
        return False

    def names(self, distribution: str) -> bool:
        """Whether the project asks for a library, for itself or for its tests."""
        if self.root is None:
            return False
        _note(self.root)
        return _is_named(self.root, distribution)


def _note(root: Path) -> None:
    """Note all that may be read, found or not."""
    for folder in (root, *(each for each in root.glob("*/") if each.name != ".git")):
        note_folder(folder)
        note_folder(folder / "requirements")
        for pattern in (*_LOCKS, *_FILES):
            for path in folder.glob(pattern):
                note_file(path)


@cache
def _is_named(root: Path, distribution: str) -> bool:
    line = _line_of(distribution)
    patterns = (f"{folder}{name}" for folder in ("", "*/") for name in _FILES)
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            continue
        if any(line.search(text) and not text.lstrip().startswith("#") for text in lines):
            return True
    return False


def _line_of(distribution: str) -> re.Pattern[str]:
    """What finds a line of a requirements or lock file about a library; its group is what follows the name."""
    name = re.escape(distribution).replace(r"\-", "[-_.]")
    return re.compile(rf"""(?:^|[\s"'\[,])(?:name\s*=\s*")?{name}(?:\[[^\]]*\])?["']?(?![-\w])(.*)$""", re.I)


@cache
def _majors(root: Path, patterns: tuple[str, ...], distribution: str) -> frozenset[int]:
    """The highest major versions that the lines about a distribution allow."""
    line = _line_of(distribution)
    found: set[int] = set()
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
            except (OSError, ValueError):
                continue
            for index, text in enumerate(lines):
                matched = line.search(text)
                if matched:
                    after = "\n".join([matched[1], *lines[index + 1 : index + 8]])
                    found.update(_allowed(matched[1], after, is_lock=path.name in _LOCKS))
    return frozenset(found)


def _allowed(rest: str, after: str, *, is_lock: bool) -> set[int]:
    if is_lock:
        locked = re.search(r"version\"?\s*[=:]\s*\"(?:==)?(\d+)", after)
        return {int(locked[1])} if locked else set()
    below = re.search(r"<\s*(\d+)(?:\.(\d+))?", rest)
    if below:
        return {int(below[1]) if int(below[2] or 0) else int(below[1]) - 1}
    exact = re.search(r"(?:==|~=|\^|~|=\s*[\"'])\s*v?(\d+)", rest)
    return {int(exact[1])} if exact else set()
