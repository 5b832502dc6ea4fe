"""Configuration that decides how the tests run: pytest's own, wherever it lives."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from isolint.documents import Node
from isolint.facts.suite.homes import Home, homes, read_ini, read_toml, table_of
from isolint.facts.targets.lattice import is_test_name
from isolint.facts.targets.requirements import Requirements
from isolint.inputs import note_file
from isolint.late import dataclass


@dataclass(frozen=True, slots=True)
class PytestConfig:
    """What pytest is told. `path` is the file that won, relative to the root, "" where there is none.

    `ignored` are the others that say something to pytest as well, which does not read them.
    """

    path: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: Requirements = field(default_factory=Requirements)
    ignored: tuple[Home, ...] = ()
    home: Home | None = None

    def section(self, path: str, root: Node) -> Node | None:
        """What the file of that path says to pytest, with places; None unless it is the one that counts."""
        return self.home.section(root) if self.home is not None and path == self.home.path else None

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
    """Read the pytest configuration of a folder. The first of its homes counts and no other.

    A file that cannot be read or parsed counts as absent: pytest itself will say what is wrong with it.
    """
    found = homes(root)
    path, values = (found[0].path, found[0].values) if found else ("", {})
    environment = {
        **_tox_environment(root),
        **_environment_files(root, values),
        **_environment(values, read_toml(root / "pyproject.toml")),
    }
    return PytestConfig(path, values, environment, Requirements(root), found[1:], found[0] if found else None)


def _environment(values: Mapping[str, object], pyproject: Mapping[str, object]) -> dict[str, str]:
    """What pytest-env sets: `[D:][R:][U:]KEY=VALUE` lines, or `[tool.pytest_env]`. A default (`D:`) pins nothing."""
    found: dict[str, str] = {}
    lines = values.get("env", ())
    for line in lines.splitlines() if isinstance(lines, str) else lines if isinstance(lines, list) else ():
        flags, key, value = assignment(str(line))
        if key and "D" not in flags:
            found[key] = value
    for key, entry in table_of(pyproject, ("tool", "pytest_env")).items():
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
    section = read_ini(root / "tox.ini", "testenv") or {}
    found: dict[str, str] = {}
    for line in str(section.get("setenv", section.get("set_env", ""))).splitlines():
        _, _, line = line.rpartition(": ") if ": " in line.partition("=")[0] else ("", "", line)
        key, equals, value = line.partition("=")
        if equals and (f"{{env:{key.strip()}" not in value or is_test_name(value)):
            found[key.strip()] = value.strip()
    return found


def assignment(line: str) -> tuple[str, str, str]:
    """The flags, the variable and the value of a line of pytest-env; no variable where it is no assignment."""
    key, equals, value = line.partition("=")
    *flags, key = key.strip().split(":")
    return "".join(flags).upper(), key.strip() if equals else "", value.strip()


def _split(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()
