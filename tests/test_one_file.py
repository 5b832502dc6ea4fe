"""Linting one file of a large suite: what has nothing to do with it is not parsed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from command import write

from isolint import source
from isolint.engine import check
from isolint.rule import load_rules
from isolint.settings import load
from isolint.source import trees

MANY = 40
ORDERS = """\
from uuid import uuid4

from bakery.orders import Order, place


def test_order_{n}(store, tmp_path):
    order = place(store, f"order-{{uuid4()}}")
    (tmp_path / "receipt.txt").write_text(order.number)
    assert order == Order(order.number)
"""
SUITE = {
    "bakery/__init__.py": "",
    "bakery/orders.py": """\
from dataclasses import dataclass


@dataclass
class Order:
    number: str


def place(store, number):
    store[number] = Order(number)
    return store[number]
""",
    "bakery/ovens.py": "def heat(degrees):\n    return degrees + 20\n",
    "tests/__init__.py": "",
    "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef store():\n    return {}\n",
    "tests/server.py": """\
from http.server import HTTPServer, SimpleHTTPRequestHandler


def serve(port):
    return HTTPServer(("localhost", port), SimpleHTTPRequestHandler)
""",
    **{f"tests/test_orders_{n}.py": ORDERS.format(n=n) for n in range(MANY)},
}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are parsed, in order."""
    paths: list[str] = []

    def noted(text: source.Source) -> ast.Module:
        paths.append(text.path)
        return trees.parse(text)

    monkeypatch.setattr(source, "parse", noted)
    return paths


def test_one_file_is_linted_without_parsing_the_others(tmp_path: Path, parsed: list[str]) -> None:
    root = write(tmp_path, SUITE)
    result = check(load(root, isolated=True), [root / "tests" / "test_orders_7.py"], load_rules())
    assert not result.errors
    assert result.files == ("tests/test_orders_7.py",)
    assert {"tests/test_orders_7.py", "tests/conftest.py", "bakery/orders.py"} <= set(parsed)
    assert parsed.count("tests/test_orders_7.py") == 1
    assert not {f"tests/test_orders_{n}.py" for n in range(MANY) if n != 7}.intersection(parsed)
    assert "bakery/ovens.py" not in parsed


@pytest.mark.parametrize("path", ["tests/__init__.py", "tests/server.py"])
def test_support_that_no_test_speaks_of_is_linted_without_parsing_them(
    tmp_path: Path, parsed: list[str], path: str
) -> None:
    root = write(tmp_path, SUITE)
    result = check(load(root, isolated=True), [root / path], load_rules())
    assert result.files == (path,)
    assert not [each for each in parsed if "test_orders" in each]


def test_support_is_judged_by_the_tests_that_speak_of_it(tmp_path: Path) -> None:
    files = {
        "bakery/config.py": 'import os\n\nREDIS_URL = os.environ["BAKERY_REDIS_URL"]\n',
        "tests/stores.py": """\
from redis import Redis

from bakery.config import REDIS_URL

redis = Redis.from_url(REDIS_URL)
""",
        "tests/test_stores.py": """\
from tests.stores import redis


def test_nothing_is_left():
    redis.flushall()
""",
    }
    root = write(tmp_path, {**SUITE, **files})
    alone = check(load(root, isolated=True), [root / "tests" / "stores.py"], load_rules())
    assert [finding.code for finding in alone.findings] == ["ISO107"]
    everything = check(load(root, isolated=True), [], load_rules())
    assert alone.findings == tuple(f for f in everything.findings if f.path == "tests/stores.py")


def test_each_file_of_a_suite_is_parsed_once(tmp_path: Path, parsed: list[str]) -> None:
    root = write(tmp_path, SUITE)
    check(load(root, isolated=True), [], load_rules())
    assert sorted(path for path in parsed if "test_orders" in path) == sorted(
        f"tests/test_orders_{n}.py" for n in range(MANY)
    )
