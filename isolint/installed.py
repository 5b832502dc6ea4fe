"""The modules that hold rules: isolint's own, those of installed distributions and those in folders of a project."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

ENTRY_POINTS = "isolint.rules"


class PluginError(Exception):
    """A rule that cannot be loaded, or whose code or name is taken; the message names it."""


def has_plugins() -> bool:
    """Whether an installed distribution may bring rules, told without what takes long to import."""
    return any(_may_bring_rules(folder) for folder in sys.path)


def _may_bring_rules(folder: str) -> bool:
    try:
        with os.scandir(folder or ".") as listed:
            homes = [
                each.path for each in listed if each.name.endswith((".dist-info", ".egg-info", "EGG-INFO"))
            ]
    except NotADirectoryError:
        return True  # an archive, which is not looked into here
    except OSError:
        return False
    return any(_names_rules(os.path.join(home, "entry_points.txt")) for home in homes)


def _names_rules(path: str) -> bool:
    with suppress(OSError), open(path, "rb") as file:
        return f"[{ENTRY_POINTS}]".encode() in file.read()
    return False


def rule_modules(folders: Sequence[Path] = ()) -> Iterator[tuple[str, ModuleType]]:
    """The modules that should each hold a rule, and where they come from. Raises PluginError."""
    package = importlib.import_module("isolint.rules")
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        yield f"isolint.rules.{info.name}", importlib.import_module(f"isolint.rules.{info.name}")
    yield from _installed()
    for folder in folders:
        if not folder.is_dir():
            raise PluginError(f"{folder}: no such folder of rules")
        for path in sorted(folder.glob("*.py")):
            if not path.name.startswith("_"):
                yield str(path), _from_file(path)


def _installed() -> Iterator[tuple[str, ModuleType]]:
    if not has_plugins():
        return
    from importlib.metadata import entry_points

    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: e.name):
        origin = f"plugin {entry.name} ({entry.value})"
        try:
            loaded = entry.load()
        except (Exception, SystemExit) as error:
            raise PluginError(f"{origin} does not load: {type(error).__name__}: {error}") from error
        if not isinstance(loaded, ModuleType):
            raise PluginError(f"{origin}: it must name a module that holds a rule")
        yield origin, loaded


def _from_file(path: Path) -> ModuleType:
    name = f"isolint_local_rules.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} does not load")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise PluginError(f"{path} does not load: {type(error).__name__}: {error}") from error
    return module
