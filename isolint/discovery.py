"""Which files: the Python files of a project, and those of them that the caller asked about."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path

from isolint.defaults import DEFAULT_EXCLUDE
from isolint.documents import kind_of
from isolint.ignores import Ignores, ignores_above, ignores_in, is_ignored
from isolint.inputs import note_folder
from isolint.late import dataclass, regex
from isolint.patterns import Patterns, matches

PYTHON_FILES = ("test_*.py", "*_test.py", "tests.py", "conftest.py")
"""The names of test files that pytest, unittest and Django know without any configuration."""

# Hidden folders that are entered all the same, for the configuration they hold.
_CI_FOLDERS = (".github/workflows", ".circleci", ".azure-pipelines")

_NEVER_ENTERED = frozenset({".git", ".hg", ".svn", "__pycache__"})
_TEST_FOLDERS = regex(r"(?:^|/)tests?/")
_CORPORA = regex(r"(?:^|/)(?:resources/test/fixtures|testdata)/")
_MIGRATIONS = regex(r"(?:^|/)(?:migrations|alembic\w*/versions)/")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder or file that could not be looked into, and the system's reason."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Files:
    """What a run has before it. Paths are POSIX and relative to the project root.

    `python` is every Python file of the project, sorted, `configuration` every configuration file. `reported`
    holds the files that were named and the Python files of the named folders; `folders` are these folders ("" is
    the root). `missing` and `outside` are the given paths that do not exist, or lie outside the project, as they
    were given.
    """

    python: tuple[str, ...]
    configuration: tuple[str, ...]
    reported: frozenset[str]
    folders: tuple[str, ...]
    missing: tuple[str, ...]
    outside: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]

    def covers(self, path: str) -> bool:
        """Tell whether findings in `path` were asked for, whatever kind of file it is."""
        return path in self.reported or any(_lies_in(path, folder) for folder in self.folders)

    def governs(self, path: str) -> bool:
        """Tell whether a configuration file was asked for: named, in a named folder, or in one above it."""
        home = _home(path)
        return self.covers(path) or any(_lies_in(folder, home) for folder in self.folders)


def discover(
    root: Path,
    paths: Sequence[Path] = (),
    *,
    exclude: Sequence[str] = DEFAULT_EXCLUDE,
    force_exclude: bool = False,
) -> Files:
    """Walk the project at `root` and find what `paths` (none: the whole project) name in it.

    What git ignores and what `exclude` matches (gitignore-style, relative to the root) is left out, and so
    are virtual environments and the output of builds. A file or folder that is itself among `paths` is taken
    all the same, unless `force_exclude`. Raises nothing: what cannot be had is told in the result.
    """
    walk = _Walk(os.path.abspath(root))
    walk.enter("", Patterns(exclude), ignores_above(walk.root))
    walk.enter_ci(Patterns(exclude))
    named = _Named(walk, force_exclude)
    for path in paths or (root,):
        named.add(path)
    return Files(
        python=tuple(sorted(walk.python)),
        configuration=tuple(sorted(walk.configuration)),
        reported=named.reported(),
        folders=tuple(dict.fromkeys(named.folders)),
        missing=tuple(named.missing),
        outside=tuple(named.outside),
        unreadable=tuple(walk.unreadable),
    )


def is_test_file(path: str, python_files: Sequence[str] = (), test_paths: Sequence[str] = ()) -> bool:
    """Tell whether the name of `path` is one that a test runner collects, or a conftest's.

    `python_files` is pytest's setting of that name; `test_paths` are globs of further folders that hold tests
    and nothing else (not pytest's `testpaths`, which may well name the folder of the product).
    Migrations and the corpora of linters are no tests, whatever they are called.
    """
    if is_set_aside(path, test_paths):
        return False
    return any(_is_collected(path, pattern, test_paths) for pattern in (*PYTHON_FILES, *python_files))


def is_test_context(path: str, python_files: Sequence[str] = (), test_paths: Sequence[str] = ()) -> bool:
    """Tell whether `path` is a test file or support code of tests: it lies in a folder for tests."""
    if is_test_file(path, python_files, test_paths):
        return True
    return _in_test_folder(path, test_paths) and not is_set_aside(path, test_paths)


def _is_collected(path: str, pattern: str, test_paths: Sequence[str]) -> bool:
    if pattern in ("*", "*.py"):
        # It says that everything in the test folders is a test, not that every file is.
        return _in_test_folder(path, test_paths)
    if "/" in pattern:
        return fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}")
    return fnmatchcase(path.rpartition("/")[2], pattern)


def _in_test_folder(path: str, test_paths: Sequence[str]) -> bool:
    return _TEST_FOLDERS.search(path) is not None or matches(test_paths, path)


def is_set_aside(path: str, test_paths: Sequence[str] = ()) -> bool:
    """Tell whether `path` is a migration, a template, or in the corpus of a linter: no code that tests run."""
    if _CORPORA.search(path) or "{{" in path:
        return True
    if not _MIGRATIONS.search(path):
        return False
    tests_migrations = _in_test_folder(path, test_paths) and path.rpartition("/")[2].startswith("test_")
    return not tests_migrations


@dataclass(slots=True)
class _Walk:
    """One walk over the tree at `root`; every folder is entered once, under its own path if it has one."""

    root: str
    python: set[str] = field(default_factory=set)
    configuration: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    unreadable: list[Unreadable] = field(default_factory=list)

    def enter(self, start: str, exclude: Patterns, ignores: tuple[Ignores, ...]) -> None:
        """Collect the Python and configuration files below the folder `start`, "" being the root."""
        pending = [(start, ignores)]
        links: list[tuple[str, tuple[Ignores, ...]]] = []
        seen: set[tuple[int, int]] = set()
        while pending or links:
            # Links come last, so that a folder that is reached both ways is known by its own path.
            folder, ignores = pending.pop() if pending else links.pop()
            entries = self._scan(folder, seen)
            if entries is None:
                continue
            names = {entry.name for entry in entries}
            if folder != start and _is_foreign(folder, names):
                continue
            self.folders.add(folder)
            if ".gitignore" in names:
                ignores = (*ignores, *ignores_in(self.root, folder))
            for entry, path in self._kept(folder, entries, exclude, ignores):
                if not entry.is_symlink():
                    pending.append((path, ignores))
                elif self._leads_into_the_project(entry.path):
                    links.append((path, ignores))

    def enter_ci(self, exclude: Patterns) -> None:
        """Collect the configuration of continuous integration, which lies in hidden folders."""
        for folder in _CI_FOLDERS:
            note_folder(os.path.join(self.root, folder))
            try:
                names = os.listdir(os.path.join(self.root, folder))
            except OSError:
                continue
            found = {f"{folder}/{name}" for name in names}
            self.configuration |= {path for path in found if kind_of(path) and not exclude.verdict(path)}

    def _kept(
        self, folder: str, entries: list[os.DirEntry[str]], exclude: Patterns, ignores: tuple[Ignores, ...]
    ) -> Iterator[tuple[os.DirEntry[str], str]]:
        """Take in the files among `entries` that are read and yield the folders, but for what is left out."""
        prefix = f"{folder}/" if folder else ""
        for entry in entries:
            path = prefix + entry.name
            if _is_folder(entry):
                inside = f"{path}/"
                if entry.name in _NEVER_ENTERED or exclude.verdict(inside) or is_ignored(inside, ignores):
                    continue
                yield entry, path
            elif (kept := self._set_for(path)) is not None and _is_file(entry):
                left_out = exclude.verdict(path) or is_ignored(path, ignores)
                if not left_out:
                    kept.add(path)

    def _set_for(self, path: str) -> set[str] | None:
        if path.endswith(".py"):
            return self.python
        return self.configuration if kind_of(path) else None

    def _scan(self, folder: str, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]] | None:
        """List what is in `folder`; None if it has been seen before."""
        path = os.path.join(self.root, folder) if folder else self.root
        note_folder(path)
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in seen:
                return None
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                return list(entries)
        except OSError as error:
            self.unreadable.append(Unreadable(folder or ".", error.strerror or str(error)))
            return []

    def _leads_into_the_project(self, link: str) -> bool:
        target, top = os.path.realpath(link), os.path.realpath(self.root)
        return target.startswith(os.path.join(top, ""))


@dataclass(slots=True)
class _Named:
    """The paths a caller gave, sorted into what they turned out to be."""

    walk: _Walk
    force_exclude: bool
    files: set[str] = field(default_factory=set)
    folders: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def add(self, path: Path) -> None:
        relative = self._relative(path)
        try:
            mode = os.stat(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            self.missing.append(str(path))
            return
        except OSError as error:
            self.walk.unreadable.append(Unreadable(relative or str(path), error.strerror or str(error)))
            self.files.add(relative or str(path))
            return
        if relative is None:
            self.outside.append(str(path))
        elif stat.S_ISDIR(mode):
            self._add_folder(relative)
        else:
            self._add_file(relative)

    def reported(self) -> frozenset[str]:
        """Give the named files, and the Python files of the named folders."""
        below = (path for folder in self.folders for path in self.walk.python if _lies_in(path, folder))
        return frozenset(self.files).union(below)

    def _add_file(self, relative: str) -> None:
        is_python = relative.endswith(".py")
        known = self.walk.python if is_python else self.walk.configuration
        found = relative in known or (not is_python and _parent(relative) in self.walk.folders)
        if self.force_exclude and not found:
            return
        if is_python:
            self.walk.python.add(relative)
        self.files.add(relative)

    def _add_folder(self, relative: str) -> None:
        if relative not in self.walk.folders:
            if self.force_exclude:
                return
            self.walk.enter(relative, Patterns(()), ())
        self.folders.append(relative)

    def _relative(self, path: Path) -> str | None:
        """Give `path` relative to the root, under the name the walk knows it by; None if it lies outside."""
        root = self.walk.root
        spelled = _relative(os.path.abspath(path), root)
        if spelled is not None and (spelled in self.walk.python or spelled in self.walk.folders):
            return spelled
        real = _relative(os.path.realpath(path), os.path.realpath(root))
        if real is not None and (real in self.walk.python or real in self.walk.folders):
            return real
        return spelled if spelled is not None else real


def _relative(path: str, root: str) -> str | None:
    if path == root:
        return ""
    top = os.path.join(root, "")
    return path[len(top) :].replace(os.sep, "/") if path.startswith(top) else None


def _home(path: str) -> str:
    """The folder that a configuration file is about: the one that it, or the hidden folder around it, lies in."""
    parts = path.split("/")[:-1]
    hidden = next((index for index, part in enumerate(parts) if part.startswith(".")), len(parts))
    return "/".join(parts[:hidden])


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _lies_in(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


def _is_file(entry: os.DirEntry[str]) -> bool:
    return os.path.isfile(entry.path) if entry.is_symlink() else entry.is_file(follow_symlinks=False)


def _is_foreign(folder: str, names: set[str]) -> bool:
    """Tell whether a folder with these names in it is a virtual environment or the output of a build."""
    if "pyvenv.cfg" in names or "conda-meta" in names:
        return True
    return folder.rpartition("/")[2] in ("build", "dist") and "__init__.py" not in names
