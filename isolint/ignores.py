"""What git ignores: .gitignore files in, above and below the project, and .git/info/exclude."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from isolint.inputs import note_file
from isolint.late import dataclass
from isolint.patterns import Patterns


@dataclass(frozen=True, slots=True)
class Ignores:
    """A gitignore file: its patterns, and how to turn a path of the project into one it speaks of."""

    patterns: Patterns
    above: str = ""  # to be put before the path: the file lies above the root
    below: int = 0  # to be cut off the path: the file lies below the root

    def verdict(self, path: str) -> bool | None:
        return self.patterns.verdict(self.above + path[self.below :])


def is_ignored(path: str, ignores: tuple[Ignores, ...]) -> bool:
    """Ask the gitignore files from the deepest up; the first that speaks of `path` decides."""
    return _first_verdict(ignore.verdict(path) for ignore in reversed(ignores))


def ignores_in(root: str, folder: str) -> tuple[Ignores, ...]:
    """Read the .gitignore file in `folder` of the project at `root`; nothing if it cannot be read."""
    patterns = _read_patterns(os.path.join(root, folder, ".gitignore"))
    return (Ignores(patterns, below=len(folder) + 1 if folder else 0),) if patterns else ()


def ignores_above(root: str) -> tuple[Ignores, ...]:
    """Read what the git repository around `root` ignores in it: .git/info/exclude and the files above `root`.

    Nothing, if the root itself is ignored: whoever runs in such a folder means it.
    """
    above = []
    prefix = ""
    folder = root
    while not os.path.exists(git := os.path.join(folder, ".git")):
        parent, name = os.path.split(folder)
        if parent == folder:
            return ()
        folder, prefix = parent, f"{name}/{prefix}"
        above.append((os.path.join(folder, ".gitignore"), prefix))
    above.append((os.path.join(_git_folder(git), "info", "exclude"), prefix))
    found = ((_read_patterns(path), prefix) for path, prefix in reversed(above))
    ignores = tuple(Ignores(patterns, above=prefix) for patterns, prefix in found if patterns)
    return () if _is_ignored_root(prefix, ignores) else ignores


def _is_ignored_root(prefix: str, ignores: tuple[Ignores, ...]) -> bool:
    """Tell whether the root, which is the folder `prefix` of its repository, or one above it is ignored."""
    folders = (prefix[: at + 1] for at, character in enumerate(prefix) if character == "/")
    return any(
        _first_verdict(
            ignore.patterns.verdict(own)
            for ignore in reversed(ignores)
            if (own := folder[len(prefix) - len(ignore.above) :])
        )
        for folder in folders
    )


def _git_folder(git: str) -> str:
    """Give the folder with the repository's own files; in a worktree `.git` is a file that points to it."""
    if os.path.isdir(git):
        return git
    note_file(git)
    try:
        pointer = Path(git).read_text(encoding="utf-8", errors="surrogateescape")
        own = os.path.join(os.path.dirname(git), pointer.removeprefix("gitdir:").strip())
        common = os.path.join(own, "commondir")
        note_file(common)
        if os.path.exists(common):
            return os.path.join(own, Path(common).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return git
    return own


def _first_verdict(verdicts: Iterable[bool | None]) -> bool:
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _read_patterns(path: str) -> Patterns | None:
    """Read a gitignore file; None if it cannot be read or says nothing."""
    note_file(path)
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
            patterns = Patterns(file.read().split("\n"))
    except OSError:
        return None
    return patterns or None
