"""Whatever a run looks at on disk is noted where that happens: the cache goes by it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolint import inputs
from isolint.engine import check
from isolint.rule import load_rules
from isolint.settings import load

PACKAGE = Path(__file__).parents[1] / "isolint"

# The rooms that a run is made of; the others find the configuration, or tell what came of the run.
ROOMS = ("discovery.py", "documents", "engine.py", "facts", "ignores.py", "reader.py", "rules", "source")
LOOKS = frozenset(
    "open read_text read_bytes scandir listdir iterdir glob rglob is_file is_dir exists isfile isdir".split()
)
NOTES = frozenset({"note_file", "note_folder"})

# What is looked at there has been noted by the caller, or is in the key of the cache.
SPARED = {
    ("discovery.py", "_is_folder"): "an entry of a folder that was listed",
    ("discovery.py", "_is_file"): "an entry of a folder that was listed",
    ("discovery.py", "_leads_into_the_project"): "a link in a folder that was listed",
    (
        "engine.py",
        "_reported",
    ): "whether a file exists that a tool names on standard input, which is not cached",
    ("facts/targets/requirements.py", "_majors"): "`is_before` notes everything that may be read",
    ("facts/targets/requirements.py", "_is_named"): "`names` does the same",
    ("ignores.py", "ignores_above"): "how far up the repository begins is in the key",
    ("ignores.py", "_git_folder"): "the same",
}


def called(function: ast.AST) -> Iterator[str]:
    """The last names of what a function calls."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name


def looking() -> Iterator[tuple[str, str, set[str]]]:
    """The functions that look at the disk: module, name, what they call."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(ROOMS):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and not LOOKS.isdisjoint(names := set(called(node))):
                    yield name, node.name, names


def test_whoever_looks_at_the_disk_notes_it() -> None:
    found = list(looking())
    assert len(found) > 8
    silent = {(module, name) for module, name, names in found if NOTES.isdisjoint(names)}
    assert silent <= SPARED.keys()


def test_nothing_is_spared_in_vain() -> None:
    assert SPARED.keys() <= {(module, name) for module, name, _ in looking()} | {
        ("discovery.py", "_leads_into_the_project")
    }


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_run_reads(tmp_path: Path, jobs: int) -> None:
    for name, content in {
        "pytest.ini": "[pytest]\n",
        "shop/__init__.py": "",
        "shop/db.py": "engine = None\n",
        "shop/unused.py": "",
        "tests/test_shop.py": "from shop.db import engine\n\n\ndef test_engine():\n    assert engine.connect()\n",
        "tests/conftest.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    inputs.forget()
    check(load(tmp_path, isolated=True), [tmp_path / "tests"], load_rules(), jobs=jobs)
    files, folders = inputs.noted()
    there = {Path(path).relative_to(tmp_path).as_posix() for path, state in files.items() if state}
    assert there >= {"pytest.ini", "shop/db.py", "tests/test_shop.py", "tests/conftest.py"}
    assert "shop/unused.py" not in there
    assert {Path(path).relative_to(tmp_path).as_posix() for path in folders} >= {".", "shop", "tests"}
