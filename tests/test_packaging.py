"""What is handed out: the wheel and the source archive."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "isolint"


def test_distributions(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(REPOSITORY)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    (archive,) = tmp_path.glob("*.tar.gz")
    wheel_holds_the_package_and_its_data(wheel)
    archive_holds_what_its_tests_need(archive)


def wheel_holds_the_package_and_its_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        metadata = next(name for name in names if name.endswith("/METADATA"))
        text = opened.read(metadata).decode()
    own = {f"isolint/{path.relative_to(PACKAGE).as_posix()}" for path in files_of(PACKAGE)}
    assert {name for name in names if ".dist-info/" not in name} == own
    assert {"isolint/py.typed", "isolint/vocabulary/sqlalchemy.toml", "isolint/schemas/report.json"} <= own
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "License-Expression: MIT" in text


def archive_holds_what_its_tests_need(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    for folder in ("isolint", "tests", "fixtures"):
        held = {path.relative_to(REPOSITORY).as_posix() for path in files_of(REPOSITORY / folder)}
        assert held - names == set()
    assert {
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "pyproject.toml",
        ".pre-commit-hooks.yaml",
        "action.yml",
    } <= names
    assert [name for name in names if name.endswith((".db", ".pyc"))] == []


def files_of(folder: Path) -> list[Path]:
    """The files that belong in `folder`, but not what tools have left in it."""
    left = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".db"]
    return [path for path in files if not set(left) & set(path.parts)]
