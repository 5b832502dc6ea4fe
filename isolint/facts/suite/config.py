"""Configuration that decides how the tests run: pytest's own, wherever it lives."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isolint.facts.targets.lattice import is_test_name
from isolint.facts.targets.requirements import Requirements
from isolint.inputs import note_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_INI_FILES = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
# Kind of a configuration file -> the keys that lead to pytest's settings in it.
PYTEST_TABLES: Mapping[str, tuple[str, ...]] = {
    "pytest-ini": ("pytest",),
    "tox": ("pytest",),
    "setup": ("tool:pytest",),
    "pytest-toml": ("pytest",),
    "pyproject": ("tool", "pytest", "ini_options"),
}
_TOML_FILES = ("pytest.toml", ".pytest.toml")


@dataclass(frozen=True, slots=True)
class PytestConfig:
    """What pytest is told. `path` is the file that won, relative to the root, "" where there is none."""

    path: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: Requirements = field(default_factory=Requirements)

    def is_before(self, distribution: str, version: str) -> bool:
        """Whether the project keeps a library below a major version, as far as its requirements tell."""
        return self.requirements.is_before(distribution, version)

    def words(self, key: str) -> tuple[str, ...]:
        """A setting that is a list of words, however it is written."""
        value = self.values.get(key, ())
        if isinstance(value, str):
            return tuple(_split(value))
        return tuple(str(word) for word in value) if isinstance(value, list | tuple) else ()


def pytest_config(root: Path) -> PytestConfig:
    """Read the pytest configuration of a folder. The first file wins, in the order of pytest 9's documentation.

    A file that cannot be read or parsed counts as absent: pytest itself will say what is wrong with it.
    """
    pyproject = _toml(root / "pyproject.toml")
    for name in _TOML_FILES:
        table = _toml(root / name).get("pytest")
        if isinstance(table, dict):
            return _config(root, name, table, pyproject)
    for name, section in _INI_FILES[:2]:
        values = _ini(root / name, section)
        if values is not None or (root / name).is_file():
            return _config(root, name, values or {}, pyproject)
    for keys in (("tool", "pytest", "ini_options"), ("tool", "pytest")):
        found = _table(pyproject, keys)
        if found:
            return _config(root, "pyproject.toml", found, pyproject)
    for name, section in _INI_FILES[2:]:
        values = _ini(root / name, section)
        if values is not None:
            return _config(root, name, values, pyproject)
    return _config(root, "", {}, pyproject)


def _config(
    root: Path, path: str, values: Mapping[str, object], pyproject: Mapping[str, object]
) -> PytestConfig:
    environment = {
        **_tox_environment(root),
        **_environment_files(root, values),
        **_environment(values, pyproject),
    }
    return PytestConfig(path, values, environment, Requirements(root))


def _environment(values: Mapping[str, object], pyproject: Mapping[str, object]) -> dict[str, str]:
    """What pytest-env sets: `[D:][R:][U:]KEY=VALUE` lines, or `[tool.pytest_env]`. A default (`D:`) pins nothing."""
    found: dict[str, str] = {}
    lines = values.get("env", ())
    for line in lines.splitlines() if isinstance(lines, str) else lines if isinstance(lines, list) else ():
        flags, key, value = _assignment(str(line))
        if key and "D" not in flags:
            found[key] = value
    for key, entry in _table(pyproject, ("tool", "pytest_env")).items():
        if isinstance(entry, dict) and not entry.get("skip_if_set"):
            entry = entry.get("value", "")
        if isinstance(entry, str | int):
            found[key] = str(entry)
    return found


def _environment_files(root: Path, values: Mapping[str, object]) -> dict[str, str]:
    """What pytest-dotenv loads from `env_files` that are named for tests; others are the developer's own."""
    found: dict[str, str] = {}
    for word in PytestConfig(values=values).words("env_files"):
        if is_test_name(word.lstrip(".")):
            note_file(root / word)
            try:
                lines = (root / word).read_text(encoding="utf-8").splitlines()
            except (OSError, ValueError):
                continue
            pairs = (
                line.removeprefix("export ").partition("=") for line in lines if not line.startswith("#")
            )
            found.update({key.strip(): value.strip(" '\"") for key, equals, value in pairs if equals})
    return found


def _tox_environment(root: Path) -> dict[str, str]:
    """What tox sets for every test environment: the `set_env` of `[testenv]`, unless it passes on the caller's."""
    section = _ini(root / "tox.ini", "testenv") or {}
    found: dict[str, str] = {}
    for line in str(section.get("setenv", section.get("set_env", ""))).splitlines():
        _, _, line = line.rpartition(": ") if ": " in line.partition("=")[0] else ("", "", line)
        key, equals, value = line.partition("=")
        if equals and (f"{{env:{key.strip()}" not in value or is_test_name(value)):
            found[key.strip()] = value.strip()
    return found


def _assignment(line: str) -> tuple[str, str, str]:
    key, equals, value = line.partition("=")
    *flags, key = key.strip().split(":")
    return "".join(flags).upper(), key.strip() if equals else "", value.strip()


def _ini(path: Path, section: str) -> dict[str, object] | None:
    note_file(path)
    if not path.is_file():
        return None
    from iniconfig import IniConfig, ParseError

    try:
        config = IniConfig(str(path))
    except (ParseError, OSError, UnicodeDecodeError):
        return None
    return dict(config[section].items()) if section in config else None


def _toml(path: Path) -> dict[str, object]:
    note_file(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _table(document: Mapping[str, object], keys: tuple[str, ...]) -> Mapping[str, object]:
    current: object = document
    for key in keys:
        current = current.get(key) if isinstance(current, Mapping) else None
    return current if isinstance(current, Mapping) else {}


def _split(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()
