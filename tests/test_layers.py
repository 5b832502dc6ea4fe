"""The layers of the house: who imports whom, read from the import statements of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "isolint"

# Room -> the rooms it may import, all of which stand above it.
LAYERS = {
    "__init__": "",
    "late": "",
    "finding": "late",
    "inputs": "",
    "installed": "",
    "defaults": "",
    "closure": "late",
    "result": "finding late",
    "shard": "late",
    "workers": "",
    "merging": "",
    "records": "finding result",
    "crash": "",
    "spelling": "",
    "terminal": "",
    "patterns": "late",
    "modern": "late",
    "console": "terminal",
    "source": "finding inputs late modern",
    "documents": "late source",
    "vocabulary": "late spelling",
    "facts": "closure documents finding inputs late source vocabulary",
    "edits": "documents finding late source",
    "ends": "edits facts late source",
    "remedies": "documents edits facts finding late source",
    "rule": "documents edits ends facts finding installed late remedies source",
    "rules": "rule",
    "frame": "finding late terminal",
    "fingerprint": "finding",
    "report": "closure finding fingerprint frame late terminal",
    "suppress": "finding late spelling",
    "ignores": "inputs late patterns",
    "discovery": "defaults documents ignores inputs late patterns",
    "shapes": "spelling",
    "configfile": "documents finding late shapes source",
    "settings": "configfile defaults finding late patterns shapes",
    "selection": "patterns settings spelling",
    "docs": "finding late rule settings vocabulary",
    "reader": "crash documents facts finding late source",
    "sharing": "finding inputs late reader records workers",
    "changes": "facts finding late result",
    "archive": "",
    "engine": "changes crash discovery documents facts finding inputs reader result rule selection settings shard "
    "sharing source suppress vocabulary",
    "files": "",
    "fixing": "documents edits engine files finding reader result source",
    "testing": "documents engine finding fixing late result rule settings",
    "progress": "",
    "outputs": "console files late report spelling",
    "cache": "archive inputs records result",
    "recall": "cache inputs installed result settings",
    "working": "console shard",
    "invocation": "console engine progress reader recall result rule settings vocabulary working",
    "mending": "documents engine finding fixing invocation late reader result",
    "presentation": "__init__ closure engine finding invocation outputs reader report result rule settings source",
    "baseline": "files finding fingerprint late result",
    "since": "finding late reader result",
    "adding": "documents files finding late source suppress",
    "adopting": "adding baseline console fingerprint invocation presentation reader result rule settings since source",
    "options": "",
    "flake8": "__init__ adopting console finding invocation reader result rule settings",
    "trace": "engine facts finding late rule settings source spelling terminal",
    "tracing": "console invocation presentation settings trace vocabulary",
    "reporting": "console merging",
    "cli": "__init__ adopting console crash docs engine facts invocation mending options outputs presentation reader "
    "report reporting result rule selection settings spelling terminal tracing vocabulary working",
    "__main__": "cli",
}

# Library -> the rooms that import it.
LIBRARIES = {
    "click": "adopting cli console invocation options progress reporting terminal tracing working",
    "flake8": "flake8",
    "dotenv": "documents",
    "iniconfig": "documents facts",
    "libcst": "edits modern rule rules source",
    "pathspec": "patterns",
    "sqlparse": "facts",
    "tomli": "configfile documents facts vocabulary",
    "tomllib": "configfile documents facts vocabulary",
    "tree_sitter": "documents",
    "tree_sitter_toml": "documents",
    "yaml": "documents",
}

# Heavy, and not needed by every run: imported by the functions that need them.
IMPORTED_LATE = frozenset(
    "libcst pathspec sqlparse importlib.metadata difflib dotenv yaml tree_sitter tree_sitter_toml".split()
)


class Import(NamedTuple):
    """One imported name, and whether it is imported when the module is."""

    module: str
    early: bool


MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
ROOMS = {path.parts[0].removesuffix(".py") for path in MODULES}
modules = pytest.mark.parametrize("path", MODULES, ids=str)


def imports(path: Path) -> Iterator[Import]:
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    late = {id(inner) for node in ast.walk(tree) if is_run_late(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, id(node) not in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: imports are absolute"
            yield from (Import(f"{node.module}.{alias.name}", id(node) not in late) for alias in node.names)


def is_run_late(node: ast.AST) -> bool:
    """Whether what is in it does not run when the module is imported."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef)


def room_of(dotted: str) -> str:
    """The room that `isolint.<room>` or a name in it lies in."""
    part = dotted.split(".")[1]
    return part if part in ROOMS else "__init__"


def test_table_is_in_layers() -> None:
    above: set[str] = set()
    for room, allowed in LAYERS.items():
        assert above >= set(allowed.split()), f"{room} stands above something it imports"
        above.add(room)
    assert above == ROOMS


@modules
def test_imports_keep_to_the_layers(path: Path) -> None:
    room = path.parts[0].removesuffix(".py")
    found = {room_of(each.module) for each in imports(path) if each.module.startswith("isolint.")}
    assert found - {room} <= set(LAYERS[room].split())


@modules
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    room = path.parts[0].removesuffix(".py")
    tops = {each.module.split(".")[0] for each in imports(path)}
    assert [name for name in tops & LIBRARIES.keys() if room not in LIBRARIES[name].split()] == []


@modules
def test_heavy_libraries_are_imported_late(path: Path) -> None:
    early = [each.module for each in imports(path) if each.early and path.parts[0] != "modern"]
    assert [name for name in early if IMPORTED_LATE & {name, *_parents(name)}] == []


def _parents(dotted: str) -> Iterator[str]:
    parts = dotted.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts)))


def test_rules_do_not_know_each_other() -> None:
    rules = [path for path in MODULES if path.parts[0] == "rules"]
    own = {name for path in rules for name, _ in imports(path) if name.startswith("isolint.")}
    assert {name.rpartition(".")[0] for name in own} == {"isolint.rule"}


@modules
def test_modules_are_small_and_named_for_what_they_do(path: Path) -> None:
    assert path.stem not in ("utils", "util", "helpers", "common", "misc")
    lines = (PACKAGE / path).read_text(encoding="utf-8").count("\n")
    assert lines <= 400
