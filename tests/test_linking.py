"""The ways a handle may be imported: each leads to the line that makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolint.testing import lint

ENGINE = 'from sqlalchemy import create_engine\n\nengine = create_engine("postgresql://db.internal/shop")\n'

FOUND = {
    "plain": {
        "shop/__init__.py": "",
        "shop/db.py": ENGINE,
        "tests/test_a.py": "from shop.db import engine\n",
    },
    "without packages": {"shop/db.py": ENGINE, "tests/test_a.py": "from shop.db import engine\n"},
    "namespace and attribute": {
        "shop/db.py": ENGINE,
        "tests/test_a.py": "from shop import db\n\nprint(db.engine)\n",
    },
    "dotted attribute": {
        "shop/__init__.py": "",
        "shop/db.py": ENGINE,
        "tests/test_a.py": "import shop.db\n\nprint(shop.db.engine)\n",
    },
    "relative re-export": {
        "shop/__init__.py": "from .store import engine\n",
        "shop/store/__init__.py": "from .db import engine\n",
        "shop/store/db.py": ENGINE,
        "tests/test_a.py": "from shop import engine\n",
    },
    "two levels up": {
        "shop/__init__.py": "",
        "shop/db.py": ENGINE,
        "shop/api/__init__.py": "",
        "shop/api/deps.py": "from ..db import engine as database\n",
        "tests/test_a.py": "from shop.api.deps import database\n",
    },
    "star import": {
        "shop/__init__.py": "from shop.db import *\n",
        "shop/db.py": ENGINE,
        "tests/test_a.py": "from shop import engine\n",
    },
    "src layout": {
        "src/shop/__init__.py": "",
        "src/shop/db.py": ENGINE,
        "tests/test_a.py": "from shop.db import engine\n",
    },
    "folder of a monorepo": {
        "backend/shop/__init__.py": "",
        "backend/shop/db.py": ENGINE,
        "backend/tests/test_a.py": "from shop.db import engine\n",
    },
    "folder that pytest is told of": {
        "pytest.ini": "[pytest]\npythonpath = services/shop\n",
        "services/shop/db.py": ENGINE,
        "other/db.py": "engine = None\n",
        "tests/test_a.py": "from db import engine\n",
    },
    "tests inside the package": {
        "shop/__init__.py": "",
        "shop/db.py": ENGINE,
        "shop/tests/__init__.py": "",
        "shop/tests/test_a.py": "from ..db import engine\n",
    },
    "by a string": {
        "shop/db.py": ENGINE,
        "tests/test_a.py": 'import importlib\n\ndb = importlib.import_module("shop.db")\nprint(db.engine)\n',
    },
    "lazy accessor's singleton": {
        "shop/db.py": (
            "from sqlalchemy import create_engine\n\n_engine = None\n\n\ndef get_engine():\n    global _engine\n"
            '    if _engine is None:\n        _engine = create_engine("postgresql://db.internal/shop")\n'
            "    return _engine\n\n\nengine = get_engine()\n"
        ),
        "tests/test_a.py": "from shop.db import engine\n",
    },
}

SILENT = {
    "a singleton nobody has made yet": {
        "shop/db.py": (
            "from sqlalchemy import create_engine\n\n_engine = None\n\n\ndef connect():\n    global _engine\n"
            '    _engine = create_engine("postgresql://db.internal/shop")\n'
        ),
        "tests/test_a.py": "from shop import db\n\n\ndef test_a():\n    assert db._engine is None\n",
    },
    "for type checkers": {
        "shop/db.py": ENGINE,
        "tests/test_a.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from shop.db import engine\n",
    },
    "a library of the same name": {
        "scripts/sqlalchemy.py": ENGINE,
        "tests/test_a.py": "from sqlalchemy import engine\n",
    },
    "a package that imports itself": {
        "shop/__init__.py": "from shop.base import engine\n",
        "tests/test_a.py": "from shop import engine\n",
    },
    "modules that import each other": {
        "shop/one.py": "from shop.two import engine\n",
        "shop/two.py": "from shop.one import engine\n",
        "tests/test_a.py": "from shop.one import engine\n",
    },
}


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("files", FOUND.values(), ids=FOUND)
def test_handle_is_followed(files: dict[str, str], tmp_path: Path) -> None:
    result = lint(lay(tmp_path, files))
    (finding,) = result.findings
    home = next(name for name, text in files.items() if "create_engine" in text)
    assert finding.code == "ISO101"
    assert home in {related.path for related in finding.related}
    assert not result.errors


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT)
def test_no_handle_is_seen(files: dict[str, str], tmp_path: Path) -> None:
    result = lint(lay(tmp_path, files))
    assert not result.findings
    assert not result.errors
