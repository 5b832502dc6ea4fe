"""Which files of the project a Python file leads to, told by its text: nothing is parsed for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isolint.facts.program.importwords import Imported, Parts, imported, parts_of
from isolint.facts.program.project import Project
from isolint.late import regex

_SETTINGS = regex(rb"""(?:SETTINGS_MODULE|--ds|--settings)["']?[\s=:,]+["']?([\w.]+)""")
_WORDS = regex(rb"[A-Za-z_]\w*(?:\.\w+)*")


class Leads:
    """Reads the imports of files, and the names of modules in their strings."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._packages: dict[str, frozenset[str]] = {}

    def of(self, path: str, data: bytes) -> frozenset[str]:
        """The files that the code in `data`, which is that of `path`, may come to straight away.

        Those that it imports or names in a string, wherever that stands; the packages that they and it are in; the
        conftests above it.
        """
        found = self.imported_by(path, data)
        around = [self._above(each) for each in (path, *found)]
        return found.union(*around) - {path}

    def imported_by(self, path: str, data: bytes) -> frozenset[str]:
        """The files that code imports, or names in a string, wherever that stands."""
        folder = path.rpartition("/")[0]
        return frozenset(found for each in imported(data) for found in self._meant(folder, each))

    def settings_named_in(self, data: bytes) -> frozenset[str]:
        """The modules that a file of configuration, or a script, names as Django's settings."""
        named = {
            *_SETTINGS.findall(data),
            *(word for word in _WORDS.findall(data) if b"settings" in word.lower()),
        }
        found = (self.project.find("", parts) for word in named if (parts := parts_of(word)))
        return frozenset(path for path in found if path is not None)

    def _meant(self, folder: str, named: Imported) -> Iterator[str]:
        """The modules that an import in a folder may take, or take something from."""
        folders = folder.split("/") if folder else []
        start = "/".join(folders[: max(0, len(folders) - (named.level - 1))])
        for name in named.names or ("",):
            parts = tuple(part for part in (*named.parts, name) if part)
            yield from self._beneath(start, parts) if named.level else self._located(folder, parts)

    def _located(self, folder: str, parts: Parts) -> Iterator[str]:
        for length in range(1, len(parts) + 1):
            path = self.project.find(folder, parts[:length])
            if path is not None:
                yield path

    def _beneath(self, folder: str, parts: Parts) -> Iterator[str]:
        for length in range(len(parts) + 1):
            start = "/".join(part for part in (folder, *parts[:length]) if part)
            yield from (p for p in (f"{start}/__init__.py", f"{start}.py") if p in self.project.files)

    def _above(self, path: str) -> frozenset[str]:
        """The packages that a file is in, and the conftests above it."""
        folder = path.rpartition("/")[0]
        if folder not in self._packages:
            names = [f"{each}/{name}" for each in _folders(folder) for name in ("__init__.py", "conftest.py")]
            files = (name.removeprefix("/") for name in names)
            self._packages[folder] = frozenset(name for name in files if name in self.project.files)
        return self._packages[folder]


def closure(graph: dict[str, frozenset[str]], start: Iterable[str]) -> frozenset[str]:
    """Whatever can be come to from some files, themselves included."""
    found = set(start)
    pending = list(found)
    for path in pending:
        new = graph.get(path, frozenset()) - found
        found |= new
        pending += new
    return frozenset(found)


def _folders(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""
