"""Where the configuration is, and what stands in it: isolint.toml, or [tool.isolint] in pyproject.toml."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from isolint.finding import Span
from isolint.late import dataclass
from isolint.shapes import SettingsError


@dataclass(frozen=True, slots=True)
class Source:
    """A file (or the command line) that settings come from, and the table in it that they stand in."""

    name: str
    table: str = ""

    def place(self, *path: str) -> str:
        """Name the table that lies at `path` below this one, as it starts a message."""
        dotted = ".".join(part for part in (self.table, *path) if part)
        return f"{self.name}: [{dotted}]" if dotted else f"{self.name}:"


def find_config(start: Path) -> Path | None:
    """Find the nearest isolint.toml, or pyproject.toml with a [tool.isolint] table, at or above `start`.

    Raises SettingsError for a file that seems to be one but cannot be read.
    """
    for folder in _upwards(start):
        own, shared = folder / "isolint.toml", folder / "pyproject.toml"
        if os.path.isfile(own):
            return own
        if os.path.isfile(shared) and _table_of_pyproject(shared) is not None:
            return shared
    return None


def find_root(start: Path, config: Path | None) -> Path:
    """Find the root of the project that `start` lies in; all paths in reports are relative to it.

    In this order: the folder of `config`, if it is at or above `start`; the nearest folder with a `.git`; the
    topmost folder with a pyproject.toml, setup.cfg, setup.py, tox.ini or pytest.ini; the working directory,
    if it is above `start`; `start` itself. The home folder counts only if no folder below it does, and none
    above it: a stray file there makes no project.
    """
    above = _upwards(start)
    if config is not None and (folder := Path(os.path.abspath(config)).parent) in above:
        return folder
    home = Path(os.path.expanduser("~"))
    below_home = [folder for folder in above if folder not in (home, *home.parents)]
    candidates = [folder for folder in above if folder == home]
    here = [folder for folder in below_home if folder == Path.cwd()]
    return _project(below_home) or _project(candidates) or (*here, above[0])[0]


def read_config(path: Path) -> tuple[Source, Mapping[str, object]]:
    """Read the settings in the file `path`, of either kind. Raises SettingsError."""
    if path.name != "pyproject.toml":
        return Source(_shown(path)), _parsed(path, _content(path))
    table = _table_of_pyproject(path)
    if table is None:
        raise SettingsError(f"{_shown(path)}: there is no [tool.isolint] table in it")
    return Source(_shown(path), "tool.isolint"), table


def position(path: Path, keys: Sequence[str], word: str) -> Span | None:
    """Where `word` stands in the list that `keys` lead to in the file `path` itself; None if it does not."""
    from isolint.documents import toml
    from isolint.source import UnreadableError, columns, read

    try:
        source, _ = read_config(path)
        text = read(path, path.name)
        tree = toml.read(text)
    except (SettingsError, UnreadableError):
        return None
    table = source.table.split(".") if source.table else []
    found = tree.get(*table, *keys)
    places = [item.at for item in found.scalars() if item.text == word] if found else []
    return columns(text, places[0]) if places else None


def _upwards(start: Path) -> list[Path]:
    path = Path(os.path.abspath(start))
    folders = [path, *path.parents]
    return [folder for folder in folders if os.path.isdir(folder)] or folders[-1:]


def _project(folders: list[Path]) -> Path | None:
    repositories = [folder for folder in folders if os.path.exists(folder / ".git")]
    if repositories:
        return repositories[0]
    marked = [folder for folder in folders if any(map(os.path.isfile, _markers_in(folder)))]
    return marked[-1] if marked else None


def _markers_in(folder: Path) -> list[Path]:
    return [folder / name for name in ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "pytest.ini")]


def _table_of_pyproject(path: Path) -> Mapping[str, object] | None:
    content = _content(path)
    if b"isolint" not in content:
        return None
    tool = _parsed(path, content).get("tool")
    if not isinstance(tool, Mapping) or "isolint" not in tool:
        return None
    table: object = tool["isolint"]
    if not isinstance(table, Mapping):
        raise SettingsError(f"{_shown(path)}: [tool] isolint: expected a table, got {table!r}")
    return table


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{_shown(path)}: {error.strerror or error}") from error


def _parsed(path: Path, content: bytes) -> Mapping[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{_shown(path)}:{line}: this is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_with_position(_shown(path), str(error))) from error
    except RecursionError as error:
        raise SettingsError(f"{_shown(path)}: nested too deeply") from error


def _with_position(name: str, message: str) -> str:
    """Put the position, which the parser tells last, first."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    return f"{name}:{found[2]}:{found[3]}: {found[1]}" if found else f"{name}: {message}"


def _shown(path: Path) -> str:
    """Spell `path` as short as it can be from the working directory."""
    absolute = Path(os.path.abspath(path))
    return (absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute).as_posix()
