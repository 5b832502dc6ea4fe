"""The files in which pytest looks for its configuration: the first one that says anything counts, and no other."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from isolint.documents import Node
from isolint.inputs import note_file
from isolint.late import dataclass

# In the order of pytest 9: the file, the keys that lead to the settings, and whether it counts without them.
_HOMES: tuple[tuple[str, tuple[tuple[str, ...], ...], bool], ...] = (
    ("pytest.toml", (("pytest",),), True),
    (".pytest.toml", (("pytest",),), True),
    ("pytest.ini", (("pytest",),), True),
    (".pytest.ini", (("pytest",),), True),
    ("pyproject.toml", (("tool", "pytest", "ini_options"), ("tool", "pytest")), False),
    ("tox.ini", (("pytest",),), False),
    ("setup.cfg", (("tool:pytest",),), False),
)


@dataclass(frozen=True, slots=True)
class Home:
    """A file that says something to pytest: its path, the keys that lead to it, and what it says."""

    path: str
    keys: tuple[str, ...]
    values: Mapping[str, object]

    @property
    def title(self) -> str:
        """The table or section, as it is written."""
        return f"[{'.'.join(self.keys)}]"

    def section(self, root: Node) -> Node | None:
        """What the file says to pytest, with places, found in what it holds altogether."""
        return root.get(*self.keys)


def sections(path: str, root: Node) -> tuple[Node, ...]:
    """What a file of any folder says to pytest when it is run there: `root` is what the file holds altogether."""
    name = path.rpartition("/")[2]
    tables = (keys for home, several, _ in _HOMES if home == name for keys in several)
    return tuple(section for keys in tables if (section := root.get(*keys)) is not None)


def homes(root: Path) -> tuple[Home, ...]:
    """The files of a folder that say something to pytest, the one that it reads first.

    One that cannot be read or parsed counts as absent.
    """
    found = (_home(root, name, tables, always) for name, tables, always in _HOMES)
    return tuple(home for home in found if home is not None)


def _home(root: Path, name: str, tables: tuple[tuple[str, ...], ...], always: bool) -> Home | None:
    note_file(root / name)
    if not (root / name).is_file():
        return None
    if name.endswith(".toml"):
        document = read_toml(root / name)
        for keys in tables:
            values = _at(document, keys)
            if isinstance(values, Mapping):
                return Home(name, keys, values)
    else:
        section = read_ini(root / name, tables[0][0])
        if section is not None:
            return Home(name, tables[0], section)
    return Home(name, tables[0], {}) if always else None


def read_ini(path: Path, section: str) -> dict[str, object] | None:
    """A section of an INI file, None where there is none."""
    note_file(path)
    if not path.is_file():
        return None
    from iniconfig import IniConfig, ParseError

    try:
        config = IniConfig(str(path))
    except (ParseError, OSError, UnicodeDecodeError):
        return None
    return dict(config[section].items()) if section in config else None


def read_toml(path: Path) -> dict[str, object]:
    """A TOML file, empty if it cannot be read."""
    note_file(path)
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def table_of(document: Mapping[str, object], keys: tuple[str, ...]) -> Mapping[str, object]:
    """The table that keys lead to, empty where there is none."""
    found = _at(document, keys)
    return found if isinstance(found, Mapping) else {}


def _at(document: Mapping[str, object], keys: tuple[str, ...]) -> object:
    current: object = document
    for key in keys:
        current = current.get(key) if isinstance(current, Mapping) else None
    return current
