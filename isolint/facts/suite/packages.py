"""The packages of a monorepo: each has tests of its own, which run in a process of their own."""

from __future__ import annotations

from collections.abc import Iterable

from isolint.documents import kind_of

_HOMES = frozenset({"pyproject", "pytest-toml", "pytest-ini", "tox", "setup"})


class Packages:
    """Tells packages by the folders with files that configure a package or its tests; `files` are POSIX paths."""

    def __init__(self, files: Iterable[str]) -> None:
        self._folders = frozenset(path.rpartition("/")[0] for path in files if kind_of(path) in _HOMES)

    def of(self, path: str) -> str:
        """The folder of the package that a file belongs to, "" for the root of the project."""
        folder = path.rpartition("/")[0]
        while folder and folder not in self._folders:
            folder = folder.rpartition("/")[0]
        return folder
