"""Which test files may come to a store, by what they import and say."""

from __future__ import annotations

from pathlib import Path

from command import write

from isolint import engine
from isolint.settings import load

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": '"""Prices; they are in no databases, and no tortoise sells them."""\n\nrate = 1.2\n',
    "shop/orders.py": "def save(order):\n    from shop.storage import session\n\n    session.add(order)\n",
    "shop/storage.py": "from sqlalchemy.orm import Session\n\nsession = Session()\n",
    "shop/reports.py": "def run(connection):\n    return connection.execute('select 1')\n",
    "tests/test_prices.py": "from shop.prices import rate\n\n\ndef test_rate():\n    assert rate\n",
    "tests/test_orders.py": "from shop import orders\n\n\ndef test_save():\n    orders.save({})\n",
    "tests/test_reports.py": "import shop.reports\n\n\ndef test_run(stub):\n    shop.reports.run(stub)\n",
    "tests/test_redis.py": "import pytest\n\nredis = pytest.importorskip('redis')\n",
    "tests/stored/conftest.py": "import sqlite3\n",
    "tests/stored/test_below.py": "def test_below(connection):\n    connection.close()\n",
}


def test_stores_are_reached_by_imports_and_conftests_wherever_they_stand(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)

    def reaching(run: engine.Run) -> set[str]:
        modules = (run.knowledge.project.module(path) for path in FILES if path.startswith("tests/"))
        return {m.path for m in modules if m is not None and run.knowledge.storing.may_reach_store(m)}

    found = engine.look(load(root, isolated=True), [root], (), reaching)
    assert {path for path in FILES if path.startswith("tests/")} - found == {"tests/test_prices.py"}
