"""The answers of earlier runs, each good for as long as everything that its run looked at stays the same.

An entry is a file of its own, named by a key: what was asked, the settings, isolint's own sources, the Python that runs
it. It holds the outcome and what decided it: each file that was read, with the hash of its content, or was missing,
and each folder that was listed, with the hash of its names. What the Python files held stands beside it, so that a run
after a change need not judge again what the change does not concern. Paths are relative to the project, so that an
entry serves other checkouts; sizes and times stand beside the hashes only to spare reading what has not been touched.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from isolint import inputs
from isolint.inputs import Inputs
from isolint.records import from_record, to_record
from isolint.result import Earlier, Result

MOST_ENTRIES = 64
MOST_BYTES = 128_000_000
MOST_CHANGED = 100
MOST_READ = 20  # files for each one that is judged: a run over a few of many is as soon done anew
RECENT = 2_000_000_000  # nanoseconds: what was touched just before it was looked at may change unseen

_NOISE = frozenset(
    {
        "__pycache__",
        ".isolint_cache",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".coverage",
        ".git",
    }
)
_PLAIN_FILE = "\0False\0False"
_NOISY_ENDS = (".pyc", ".swp", "~")
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder holds a cache of isolint's.\n"


class _Compared(NamedTuple):
    """Whether anything was touched without being changed; the files that have changed, those new or gone among them."""

    touched: bool
    changed: frozenset[str]
    moved: frozenset[str]


class Cache:
    """The entries for the project at `root`, kept in `folder`. Raises nothing: what cannot be had is not there."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = os.path.abspath(root)
        self.folder = folder

    def find(self, key: str) -> Result | Earlier | None:
        """The outcome of the run with this key, if nothing that it looked at has changed.

        If no more has changed than Python files, what some hold and which there are, the run and what these held.
        """
        entry = self._read(key)
        try:
            compared = None if entry is None else self._compared(entry)
            result = None if entry is None else from_record(entry["result"])
            if entry is None or compared is None or not isinstance(result, Result):
                return None
            if compared.changed:
                return self._earlier(key, entry, result, compared)
        except (KeyError, TypeError, ValueError, IndexError):
            return None
        if compared.touched:
            self._write(key, entry)
        return result

    def keep(self, key: str, result: Result, seen: Inputs, earlier: Earlier | None = None) -> None:
        """Keep the outcome of a run that looked at `seen`, unless that has changed meanwhile.

        A run that had an `earlier` one to go by has looked at no more than the changes called for.
        """
        if result.errors:
            return
        began = time.time_ns()
        last = self._read(key) if earlier is not None else None
        entry: dict[str, Any] = {"files": {}, "folders": {}, "texts": {}, **(last or {})}
        contents: dict[str, bytes] = {}
        for kind, states in (("files", seen.files), ("folders", seen.folders)):
            for path, known in states.items():
                now, name = inputs.state(path), self._relative(path)
                if now != known:
                    return
                content = _content(path) if kind == "files" else None
                if content is not None and name.endswith(".py"):
                    contents[name] = content
                digest = (
                    _of_folder(path)
                    if kind == "folders"
                    else _of_file(path)
                    if content is None
                    else _hash(content)
                )
                entry[kind][name] = [*(now or ()), digest]
        entry |= {"at": began, "result": to_record(result)}
        if last is None and len(result.judged) * MOST_READ >= len(contents):
            self._pack(key, contents)
        for path in earlier.held if earlier is not None and last is not None else ():
            entry["texts"].pop(path, None)
            if path in contents:
                entry["texts"][path] = contents[path].decode("latin-1")
            elif not os.path.exists(os.path.join(self.root, path)):
                entry["files"].pop(path, None)
        self._write(key, entry)

    def own_sources(self) -> str:
        """isolint's own code and vocabulary in short. As long as no file is touched, it is remembered here."""
        paths, states, newest = _own_files()
        remembered = self.folder / "own-sources"
        with suppress(OSError, ValueError):
            known, content = remembered.read_text(encoding="ascii").split()
            if known == states:
                return content
        content = _content_of(paths)
        if newest < time.time_ns() - RECENT:
            self._put(remembered, f"{states} {content}\n".encode("ascii"))
        return content

    # -- what an entry depends on

    def _compared(self, entry: dict[str, Any]) -> _Compared | None:
        """What was touched and what has changed; None if more has changed than some Python files."""
        touched = False
        changed: set[str] = set()
        moved: set[str] = set()
        now = time.time_ns()
        settled, top = entry["at"] - RECENT, os.path.join(self.root, "")
        for kind, digest in _DIGESTS.items():
            for path, recorded in entry[kind].items():
                found = inputs.state(top + path)
                # The last that is recorded is the hash. What was certainly not touched since needs none.
                if found is None and len(recorded) == 1:
                    continue
                if found is not None and [*found] == recorded[:-1] and found[1] < settled:
                    continue
                was = recorded[-1]
                if digest(top + path) == was:
                    entry[kind][path] = [*(found or ()), was]
                    touched = True
                    continue
                if was is None or len(changed) >= MOST_CHANGED:
                    return None
                new = {path} if kind == "files" else _moved(top, path, was, entry["files"])
                if new is None:
                    return None
                changed |= new
                moved |= new if kind == "folders" or found is None else set()
        if touched:
            entry["at"] = now
        return _Compared(touched, frozenset(changed), frozenset(moved))

    def _earlier(
        self, key: str, entry: dict[str, Any], result: Result, compared: _Compared
    ) -> Earlier | None:
        """The run of an entry, if it is known what the files that have changed since held then."""
        texts, changed = entry["texts"], [path for path in compared.changed if path in entry["files"]]
        held = {path: texts[path].encode("latin-1") for path in changed if path in texts}
        from isolint.archive import unpacked

        held |= unpacked(self._archive(key), (path for path in changed if path not in held))
        if any(path not in held or _hash(held[path]) != entry["files"][path][-1] for path in changed):
            return None
        others = (
            path for path, known in entry["files"].items() if len(known) > 1 and not path.endswith(".py")
        )
        held |= dict.fromkeys(compared.changed.difference(changed), b"")
        return Earlier(result, held, compared.moved, tuple(others))

    def _pack(self, key: str, contents: Mapping[str, bytes]) -> None:
        from isolint.archive import packed

        data = packed(contents)
        if data is not None:
            self._put(self._archive(key), data)

    def _archive(self, key: str) -> Path:
        return self.folder / f"{key}.zip"

    def _relative(self, path: str) -> str:
        top = os.path.join(self.root, "")
        if path.startswith(top):
            return path[len(top) :]
        return os.path.relpath(path, self.root)

    # -- files

    def _read(self, key: str) -> dict[str, Any] | None:
        try:
            data = Path(self.folder, f"{key}.json").read_bytes()
        except OSError:
            return None
        check, _, body = data.partition(b"\n")
        if check.decode("ascii", "replace") != _hash(body):
            return None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, key: str, entry: Mapping[str, Any]) -> None:
        body = json.dumps(entry, separators=(",", ":")).encode("ascii")
        self._put(self.folder / f"{key}.json", _hash(body).encode() + b"\n" + body)
        with suppress(OSError):
            self._prune()

    def _put(self, path: Path, data: bytes) -> None:
        with suppress(OSError):
            self._make_folder()
            temporary = self.folder / f"new-{os.getpid()}-{time.time_ns()}"
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise

    def _make_folder(self) -> None:
        if os.path.isdir(self.folder):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
            Path(self.folder, name).write_text(text, encoding="utf-8")

    def _prune(self) -> None:
        """Remove the oldest entries beyond the bounds, and what killed runs have left."""
        entries = []
        with os.scandir(self.folder) as listed:
            for each in listed:
                if each.name.startswith("new-") or each.name.endswith((".json", ".zip")):
                    with suppress(OSError):
                        found = each.stat()
                        entries.append((found.st_mtime_ns, found.st_size, each))
        total = 0
        for number, (changed, size, each) in enumerate(sorted(entries, key=lambda e: e[0], reverse=True)):
            total += size
            left = each.name.startswith("new-") and time.time_ns() - changed > 3600 * 10**9
            if number >= MOST_ENTRIES or total > MOST_BYTES or left:
                with suppress(OSError):
                    Path(each.path).unlink()


def key_of(*parts: object) -> str:
    """The name of an entry: `parts` (what JSON can hold), isolint's sources among them, and what runs them."""
    return _hash(json.dumps([parts, sys.version_info[:3]]).encode())


def folder_digests(folders: Iterable[Path]) -> list[str]:
    """The content of the Python files of some folders, in short."""
    return [_hash(path.read_bytes()) for folder in folders for path in sorted(folder.glob("*.py"))]


def _own_files() -> tuple[list[str], str, int]:
    """isolint's own code and vocabulary: the files, their states in short, and when the newest was touched."""
    states, newest = [], 0
    pending = [os.path.dirname(os.path.abspath(__file__))]
    while pending:
        with os.scandir(pending.pop()) as listed:
            for each in listed:
                if each.name.endswith((".py", ".toml")):
                    found = each.stat()
                    newest = max(newest, found.st_mtime_ns, found.st_ctime_ns)
                    state = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
                    states.append((each.path, state))
                elif each.name not in _NOISE and each.is_dir(follow_symlinks=False):
                    pending.append(each.path)
    states.sort()
    return [path for path, _ in states], _hash(repr(states).encode()), newest


def _content_of(paths: Iterable[str]) -> str:
    whole = blake2b(digest_size=16)
    for path in paths:
        with open(path, "rb") as file:
            whole.update(path.rpartition(os.sep)[2].encode() + b"\0" + file.read())
    return whole.hexdigest()


def _of_file(path: str) -> str | None:
    """What a file holds, in short; None where there is none to read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "no file"
        with open(path, "rb") as file:
            return _hash(file.read())
    except (OSError, ValueError):
        return None


def _content(path: str) -> bytes | None:
    """What a Python file holds; None for another, and where there is none to read."""
    try:
        if path.endswith(".py") and stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "rb") as file:
                return file.read()
    except (OSError, ValueError):
        pass
    return None


def _of_folder(path: str) -> str | None:
    """The names in a folder, and which of them are folders, in short; None where there is none."""
    listed = _listed(path)
    return None if listed is None else _hash_of_names(listed)


def _hash_of_names(listed: Iterable[str]) -> str:
    return _hash("\n".join(sorted(listed)).encode("utf-8", "surrogateescape"))


def _listed(path: str) -> set[str] | None:
    """The names in a folder, each with what it is; None where there is none."""
    try:
        with os.scandir(path) as listed:
            return {
                f"{each.name}\0{each.is_dir()}\0{each.is_symlink()}"
                for each in listed
                if each.name not in _NOISE and not each.name.endswith(_NOISY_ENDS)
            }
    except (OSError, ValueError):
        return None


def _moved(top: str, folder: str, was: str, files: Mapping[str, Sequence[object]]) -> set[str] | None:
    """The Python files that are new in a folder, or gone, if that is all that its names tell; else None."""
    listed = _listed(top + folder)
    start = "" if folder in ("", ".") else f"{folder}/"
    known = {path[len(start) :] for path, state in files.items() if path.startswith(start) and len(state) > 1}
    before = {f"{name}{_PLAIN_FILE}" for name in known if name.endswith(".py") and "/" not in name}
    now = {each for each in listed or () if each.endswith(f".py{_PLAIN_FILE}")}
    if listed is None or _hash_of_names(listed - now | before) != was:
        return None
    return {start + each.removesuffix(_PLAIN_FILE) for each in now ^ before}


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


_DIGESTS = {"files": _of_file, "folders": _of_folder}
