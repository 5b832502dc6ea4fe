"""`isolint trace`: what it tells of lines, fixtures and tests, as its user reads it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import isolint, write

DEMO = Path(__file__).parents[1] / "fixtures" / "demo"
DEFAULT = "the application's `BAKERY_DATABASE_URL`, by default `sqlite+aiosqlite:///./data/dev.db`"
STEP = re.compile(r" *(?P<path>[\w/.-]+\.py):(?P<line>\d+) +(?P<source>.*?)(?:  — (?P<what>.*))?")

TILL = """\
import os

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from shop.models import Base

URL = os.environ.get("TILL_URL", "postgresql://till@db.internal/till")
engine = create_engine(
    URL,  # the till
    echo=False,
)
Session = sessionmaker(bind=engine)


def wipe():
    Base.metadata.drop_all(engine)


def get_session():
    with Session() as session:
        yield session
"""
MODELS = """\
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""
SALES = """\
from shop.api import Session


def test_sale():
    with Session() as session:
        session.commit()
"""
SHOP = {
    "pyproject.toml": "",
    "shop/__init__.py": "",
    "shop/till.py": TILL,
    "shop/models.py": MODELS,
    "shop/api.py": "from shop.till import Session\n",
    "tests/test_sales.py": SALES,
}
LEADS_TO_TILL = [
    ("shop/api.py:1", "from shop.till import Session", "the import"),
    ("shop/till.py:13", "Session = sessionmaker(bind=engine)", "a session factory"),
    ("shop/till.py:9", "engine = create_engine(URL, echo=False)", "an engine"),
    (
        "shop/till.py:8",
        'URL = os.environ.get("TILL_URL", "postgresql://till@db.internal/till")',
        "the variable `TILL_URL`",
    ),
]


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("*.db", "__pycache__", ".*_cache")
    bakery = tmp_path / "bakery"
    shutil.copytree(DEMO, bakery, ignore=ignored)
    return bakery


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path, SHOP)


def trace(place: str, cwd: Path) -> str:
    code, out, err = isolint("trace", place, cwd=cwd)
    assert (code, err) == (0, "")
    return out


def document(place: str, cwd: Path) -> dict[str, Any]:
    code, out, err = isolint("trace", place, "--output-format", "json", cwd=cwd)
    assert (code, err) == (0, "")
    answer: dict[str, Any] = json.loads(out)
    return answer


def hops(steps: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(f"{step['path']}:{step['line']}", step["source"], step["what"]) for step in steps]


def printed_hops(out: str) -> list[tuple[str, str]]:
    found = [STEP.fullmatch(line) for line in out.splitlines() if line.startswith("  ")]
    return [(f"{hop['path']}:{hop['line']}", hop["source"]) for hop in found if hop]


def verdict(out: str) -> str:
    return out.splitlines()[-1]


# -- a line


def test_import_of_the_session_maker(demo: Path) -> None:
    out = trace("tests/test_customers.py:5", demo)
    assert "`session_maker` is the application's session factory\n" in out
    assert f"it leads to production: {DEFAULT}\n" in out
    assert printed_hops(out) == [
        ("tests/test_customers.py:5", "from app.db import session_maker"),
        ("app/db.py:11", "session_maker = async_sessionmaker(engine, expire_on_commit=False)"),
        ("app/db.py:10", "engine = create_async_engine(settings.database_url)"),
        ("app/config.py:13", "settings = Settings()"),
        ("app/config.py:9", 'database_url: str = "sqlite+aiosqlite:///./data/dev.db"'),
    ]
    assert verdict(out) == "verdict: ISO101 is reported here, for `session_maker`"


def test_each_hop_is_explained(shop: Path) -> None:
    (subject,) = document("tests/test_sales.py:1", shop)["subjects"]
    assert subject["name"] == "Session"
    assert subject["target"] == {
        "name": "production",
        "why": "the application's `TILL_URL`, by default `postgresql://db.internal/till`",
    }
    first = ("tests/test_sales.py:1", "from shop.api import Session", "the import")
    assert hops(subject["steps"]) == [first, *LEADS_TO_TILL]


def test_use_in_a_test_leads_to_the_import_that_is_reported(shop: Path) -> None:
    out = trace("tests/test_sales.py:5", shop)
    assert printed_hops(out)[:2] == [
        ("tests/test_sales.py:5", "with Session() as session:"),
        ("tests/test_sales.py:1", "from shop.api import Session"),
    ]
    assert verdict(out) == "verdict: ISO101 is reported at tests/test_sales.py:1, for `Session`"


def test_a_column_is_ignored(shop: Path) -> None:
    assert trace("tests/test_sales.py:1:22:", shop) == trace("tests/test_sales.py:1", shop)


def test_line_of_the_product(shop: Path) -> None:
    answer = document("shop/till.py:11", shop)
    (subject,) = answer["subjects"]
    assert (subject["name"], subject["what"]) == ("engine", "the application's engine")
    assert hops(subject["steps"]) == LEADS_TO_TILL[2:]
    assert answer["verdict"].startswith("rules judge the tests that reach this, not product code")


def test_name_in_a_module(shop: Path) -> None:
    assert trace("shop/till.py::engine", shop) == trace("shop/till.py:9", shop)


def test_a_setting(demo: Path) -> None:
    assert "`database_url` is the setting `BAKERY_DATABASE_URL`\n" in trace("app/config.py:9", demo)


def test_an_imported_function_that_gives_a_session(shop: Path) -> None:
    write(shop, {"tests/test_get.py": "from shop.till import Base, get_session, wipe\n"})
    (subject,) = document("tests/test_get.py:1", shop)["subjects"]
    assert (subject["name"], subject["what"]) == ("get_session", "a function that gives a session")
    assert hops(subject["steps"])[1] == (
        "shop/till.py:20",
        "def get_session():",
        "the function `get_session`",
    )


def test_one_name_of_a_long_import(shop: Path) -> None:
    write(shop, {"tests/test_long.py": "from shop.till import (\n    engine,\n    Session,\n)\n"})
    (subject,) = document("tests/test_long.py:3", shop)["subjects"]
    assert hops(subject["steps"])[0] == (
        "tests/test_long.py:3",
        "from shop.till import … Session",
        "the import",
    )
    assert len(document("tests/test_long.py:1", shop)["subjects"]) == 2


def test_module_import_leads_through_its_uses(shop: Path) -> None:
    write(
        shop, {"tests/test_module.py": "from shop import till\n\n\ndef test():\n    till.engine.dispose()\n"}
    )
    out = trace("tests/test_module.py:1", shop)
    assert "`till.engine` is the application's engine\n" in out
    assert printed_hops(out)[:2] == [
        ("tests/test_module.py:1", "from shop import till"),
        ("tests/test_module.py:5", "till.engine.dispose()"),
    ]


def test_all_places_that_may_decide(shop: Path) -> None:
    config = """\
import os


class Config:
    @property
    def url(self):
        given = os.getenv("TILL_URL")
        if not given:
            return "sqlite:///./till.db"
        return given


config = Config()
"""
    till = "from sqlalchemy import create_engine\nfrom shop.config import config\nengine = create_engine(config.url)\n"
    write(shop, {"shop/config.py": config, "shop/till.py": till})
    (subject,) = document("shop/till.py:3", shop)["subjects"]
    assert hops(subject["steps"])[1:] == [
        ("shop/config.py:13", "config = Config()", "an object of `Config`"),
        ("shop/config.py:6", "def url(self):", "the property url"),
        ("shop/config.py:9", 'return "sqlite:///./till.db"', "a literal"),
        ("shop/config.py:7", 'given = os.getenv("TILL_URL")', "or the variable `TILL_URL`"),
    ]


def test_a_call_tells_what_it_does(demo: Path) -> None:
    out = trace("tests/conftest.py:15", demo)
    assert f"tear down: destroys every table, in production: {DEFAULT}\n" in out
    assert printed_hops(out)[:2] == [
        ("tests/conftest.py:15", "await drop_db()"),
        ("app/db.py:29", "await connection.run_sync(Base.metadata.drop_all)"),
    ]
    assert verdict(out) == "verdict: ISO501 is reported at tests/conftest.py:11, for `clean_tables`"


@pytest.mark.parametrize("line", [1, 2, 3])
def test_line_that_stands_for_nothing(tmp_path: Path, line: int) -> None:
    write(tmp_path, {"tests/test_sum.py": "TOTAL = 1 + 1\n\n# nothing\n"})
    assert verdict(trace(f"tests/test_sum.py:{line}", tmp_path)).endswith(
        "nothing on this line stands for a handle"
    )


def test_what_else_a_line_holds(shop: Path) -> None:
    web = "from fastapi import FastAPI\n\napp = FastAPI()\n"
    write(
        shop, {"shop/web.py": web, "tests/test_web.py": "from shop.web import app\n\nroutes = list_(app)\n"}
    )
    out = trace("tests/test_web.py:3", shop)
    assert "`app` is what `fastapi.FastAPI` makes\n" in out
    assert ("shop/web.py:3", "app = FastAPI()") in printed_hops(out)


# -- what speaks against a finding


def test_pinned_variable(shop: Path) -> None:
    write(shop, {"tests/conftest.py": 'import os\n\nos.environ["TILL_URL"] = "sqlite://"\n'})
    out = trace("tests/test_sales.py:1", shop)
    assert "it leads to memory: `TILL_URL`, pinned by the tests\n" in out
    assert printed_hops(out)[-1] == ("tests/conftest.py:3", 'os.environ["TILL_URL"] = "sqlite://"')
    assert "against a finding: tests/conftest.py:3 pins `TILL_URL`\n" in out
    assert verdict(out) == "verdict: no rule reports this: tests/conftest.py:3 pins `TILL_URL`"
    assert "against a finding: tests/conftest.py:3 pins `TILL_URL`\n" in trace("shop/till.py:9", shop)


def test_variable_pinned_by_the_configuration(shop: Path) -> None:
    write(shop, {"pytest.ini": "[pytest]\nenv =\n    TILL_URL=sqlite://\n"})
    assert "against a finding: pytest.ini pins `TILL_URL`\n" in trace("tests/test_sales.py:1", shop)


def test_guard(shop: Path) -> None:
    guard = """\
import pytest

from shop.till import URL


@pytest.fixture(autouse=True, scope="session")
def refuse():
    if not URL.endswith("_test"):
        pytest.exit("not the till's own database")
"""
    write(shop, {"tests/conftest.py": guard})
    out = trace("tests/test_sales.py:1", shop)
    said = "the autouse fixture `refuse` checks first that the store is a test's (tests/conftest.py:8)"
    assert f"against a finding: {said}\n" in out
    assert verdict(out) == f"verdict: no rule reports this: {said}"
    assert ("tests/conftest.py:8", 'if not URL.endswith("_test"):') in printed_hops(
        trace("tests/conftest.py::refuse", shop)
    )


REPLACED = """\
import pytest

import shop.till


@pytest.fixture(autouse=True)
def another(monkeypatch):
    monkeypatch.setattr(shop.till, "Session", lambda: None)


@pytest.fixture
def session():
    with shop.till.Session() as session:
        yield session
"""


def test_replaced_before_it_is_used(shop: Path) -> None:
    test = "def test_sale(session):\n    session.commit()\n"
    write(shop, {"tests/conftest.py": REPLACED, "tests/test_sales.py": test})
    out = trace("tests/test_sales.py:2", shop)
    assert printed_hops(out)[:3] == [
        ("tests/test_sales.py:2", "session.commit()"),
        ("tests/conftest.py:12", "def session():"),
        ("tests/conftest.py:13", "with shop.till.Session() as session:"),
    ]
    assert verdict(out) == "verdict: no rule reports this: tests/conftest.py:8 replaces it"


def test_replaced_too_late(shop: Path) -> None:
    write(shop, {"tests/conftest.py": REPLACED})
    out = trace("tests/test_sales.py:1", shop)
    assert "against a finding: tests/conftest.py:8 replaces it, but this name is bound before that\n" in out
    assert verdict(out) == "verdict: ISO101 is reported here, for `Session`"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"tests/test_sales.py": SALES.replace("Session\n", "Session  # noqa: ISO101\n", 1)},
            "ISO101 holds here, for `Session`, but a comment silences it",
        ),
        (
            {"isolint.toml": '[per-file-ignores]\n"tests/*" = ["ISO101"]\n'},
            "ISO101 holds here, for `Session`, but the configuration ignores it for this file",
        ),
        ({"isolint.toml": 'ignore = ["ISO101"]\n'}, "no rule reports this, though it leads to production: "),
    ],
)
def test_finding_that_is_kept_back(shop: Path, files: dict[str, str], said: str) -> None:
    write(shop, files)
    assert verdict(trace("tests/test_sales.py:1", shop)).startswith(f"verdict: {said}")


def test_trail_of_a_finding_is_shown_with_it(tmp_path: Path) -> None:
    test = """\
import boto3

NAME = "exports"


def test_export():
    boto3.client("s3").create_bucket(Bucket=NAME)
"""
    write(tmp_path, {"tests/test_export.py": test})
    out = trace("tests/test_export.py:7", tmp_path)
    rulings = document("tests/test_export.py:7", tmp_path)["rulings"]
    (ruling,) = [ruling for ruling in rulings if ruling["code"] == "ISO202"]
    assert hops(ruling["steps"]) == [("tests/test_export.py:3", 'NAME = "exports"', "a literal")]
    said = "warning[ISO202] hardcoded-resource-name: the bucket has the fixed name `exports` in every run\n"
    assert f'{said}  tests/test_export.py:3  NAME = "exports"  — a literal\n' in out


# -- fixtures and tests


def test_fixture_of_the_demo(demo: Path) -> None:
    out = trace("tests/conftest.py::clean_tables", demo)
    assert out.startswith(
        "fixture `clean_tables`  tests/conftest.py:11  function scope, autouse, in force in 4 test files\n"
    )
    phases = re.findall(r"^   (set up|tear down): (\w+ [\w ]+), in (\w+)", out, re.MULTILINE)
    assert phases == [
        ("set up", "destroys every table", "production"),
        ("set up", "creates tables", "production"),
        ("tear down", "destroys every table", "production"),
    ]
    assert verdict(out) == "verdict: ISO501 is reported here, for `clean_tables`"
    assert out == trace("tests/conftest.py:11", demo) == trace("tests/conftest.py:10", demo)


def test_trail_of_a_fixture(demo: Path) -> None:
    (fixture,) = document("tests/conftest.py::clean_tables", demo)["pieces"]
    assert hops(fixture["effects"][0]["steps"]) == [
        ("tests/conftest.py:12", "await drop_db()", "calls `drop_db`"),
        ("app/db.py:29", "await connection.run_sync(Base.metadata.drop_all)", "destroys every table"),
        ("app/db.py:28", "async with engine.begin() as connection:", "a connection"),
        ("app/db.py:10", "engine = create_async_engine(settings.database_url)", "an engine"),
        ("app/config.py:13", "settings = Settings()", "an object of `Settings`"),
        (
            "app/config.py:9",
            'database_url: str = "sqlite+aiosqlite:///./data/dev.db"',
            "the setting `BAKERY_DATABASE_URL`",
        ),
    ]


def test_fixtures_around_a_test(demo: Path) -> None:
    out = trace("tests/test_api.py::test_order_for_no_rolls_is_refused", demo)
    tree = re.findall(r"^( +)(\d)\. `(\w+)`  (\S+)", out, re.MULTILINE)
    assert tree == [
        ("  ", "1", "clean_tables", "tests/conftest.py:11"),
        ("  ", "2", "outbox", "tests/test_api.py:30"),
        ("  ", "3", "client", "tests/test_api.py:35"),
        ("    ", "2", "outbox", "tests/test_api.py:30"),
    ]
    assert "ISO501 is reported at tests/conftest.py:11, for `clean_tables`" in verdict(out)


ORDERED = {
    "conftest.py": """\
import pytest


@pytest.fixture(autouse=True)
def zeal():
    pass


@pytest.fixture(scope="session")
def server():
    pass


@pytest.fixture
def table(server, tmp_path):
    return tmp_path


@pytest.fixture
def marked():
    pass
""",
    "tests/test_order.py": """\
import pytest


@pytest.fixture(autouse=True)
def early():
    pass


@pytest.mark.usefixtures("marked")
class TestOrder:
    @pytest.mark.parametrize("number", [1, 2])
    def test_number(self, table, number):
        pass


class TestMore(TestOrder):
    pass
""",
}


@pytest.mark.parametrize(
    "place",
    [
        "tests/test_order.py::TestOrder::test_number",
        "tests/test_order.py::TestOrder::test_number[1-a::b]",
        "tests/test_order.py::TestMore::test_number",
        "tests/test_order.py:12",
        "tests/test_order.py:11",
    ],
)
def test_order_of_set_up_is_pytests(tmp_path: Path, place: str) -> None:
    write(tmp_path, ORDERED)
    own, *around = document(place, tmp_path)["pieces"]
    assert (own["name"], own["requests"], own["others"]) == ("TestOrder.test_number", ["table"], [])
    in_order = sorted(around, key=lambda piece: piece["order"])
    assert [piece["name"] for piece in in_order] == ["server", "zeal", "early", "marked", "table"]
    assert [(piece["name"], piece["depth"]) for piece in around] == [
        ("zeal", 0),
        ("early", 0),
        ("marked", 0),
        ("table", 0),
        ("server", 1),
    ]
    (table,) = [piece for piece in around if piece["name"] == "table"]
    assert (table["order"], table["requests"], table["others"]) == (5, ["server"], ["tmp_path"])


def test_pytest_agrees_about_the_order(tmp_path: Path) -> None:
    write(tmp_path, {"tests/" * (name == "conftest.py") + name: text for name, text in ORDERED.items()})
    command = [sys.executable, "-m", "pytest", "--setup-plan", "-p", "no:cacheprovider", "tests"]
    plan = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    own = {"server", "zeal", "early", "marked", "table"}
    order = [name for name in re.findall(r"SETUP +\w (\w+)", plan) if name in own]
    assert order[:5] == ["server", "zeal", "early", "marked", "table"]


def test_fixture_that_hands_out_a_session(shop: Path) -> None:
    write(shop, {"tests/conftest.py": REPLACED.replace("autouse=True", "")})
    out = trace("tests/conftest.py::session", shop)
    assert "hands out a session, in production: the application's `TILL_URL`" in out
    other = trace("tests/conftest.py::another", shop)
    assert "replaces something of the application's" in other
    assert ("tests/conftest.py:8", 'monkeypatch.setattr(shop.till, "Session", lambda: None)') in printed_hops(
        other
    )


def test_function_of_the_product(shop: Path) -> None:
    out = trace("shop/till.py::wipe", shop)
    assert "destroys every table, in production: the application's `TILL_URL`" in out
    assert ("shop/till.py:17", "Base.metadata.drop_all(engine)") in printed_hops(out)


def test_a_trail_that_was_shown_is_referred_to(demo: Path) -> None:
    out = trace("tests/conftest.py::clean_tables", demo)
    assert out.count("app/config.py:13") == 1
    assert out.count("… and on, as above") == 2


# -- places that cannot be looked at


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            "tests/conftest.py::clean_table",
            "'clean_table' in tests/conftest.py, did you mean 'clean_tables'?",
        ),
        ("tests/test_api.py::zzz", "there is no test, fixture or function 'zzz' in tests/test_api.py"),
        ("app/db.py::drop_bd", "there is no function 'drop_bd' in app/db.py, did you mean 'drop_db'?"),
        ("tests/confest.py:3", "tests/confest.py: no such file, did you mean 'conftest.py'?"),
        ("tests/conftest.py:99", "tests/conftest.py has 15 lines, there is no line 99"),
        ("tests/conftest.py:0", "lines count from 1"),
        ("tests::x", "tests is a folder; name a Python file in it"),
        ("tests/conftest.py", "'tests/conftest.py' names no place"),
        ("tests/conftest.py::", "names no place"),
        ("tests/test_api.py::Outbox", "Outbox is a class; name one of its methods, such as "),
        ("README.md:1", "README.md is no Python file"),
        ("broken.py:1", "broken.py cannot be read: "),
    ],
)
def test_bad_place(demo: Path, place: str, said: str) -> None:
    write(demo, {"README.md": "# Bakery\n", "broken.py": "def (:\n"})
    code, out, err = isolint("trace", place, cwd=demo)
    assert (code, out) == (2, "")
    assert err.startswith("isolint: ")
    assert said in err


def test_bad_configuration(shop: Path) -> None:
    write(shop, {"isolint.toml": 'slect = ["ALL"]\n'})
    code, out, err = isolint("trace", "tests/test_sales.py:1", cwd=shop)
    assert (code, out) == (2, "")
    assert "slect" in err


# -- how it is printed


def test_from_a_folder_below(shop: Path) -> None:
    assert trace("test_sales.py:1", shop / "tests") == trace("tests/test_sales.py:1", shop)


def test_from_an_excluded_folder(demo: Path) -> None:
    write(demo.parent, {"isolint.toml": 'exclude = ["bakery/"]\n'})
    for place, folder in (
        ("tests/test_customers.py:5", demo),
        ("bakery/tests/test_customers.py:5", demo.parent),
    ):
        out = trace(place, folder)
        assert printed_hops(out)[-1][0] == "bakery/app/config.py:9"
        assert verdict(out) == "verdict: ISO101 is reported here, for `session_maker`"


def test_linked_folder(shop: Path) -> None:
    (shop / "alias").symlink_to(shop / "tests")
    assert verdict(trace("alias/test_sales.py:1", shop)).startswith("verdict: ISO101 is reported here")


def test_control_characters_are_escaped(shop: Path) -> None:
    write(shop, {"tests/test_escape.py": 'from shop.till import Session; NAME = "\x1b[31m\u202e"\n'})
    out = trace("tests/test_escape.py:1", shop)
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[31m" in out


def test_colours(shop: Path) -> None:
    place = "tests/test_sales.py:1"
    plain = isolint("trace", place, cwd=shop).out
    forced = isolint("trace", place, cwd=shop, environment={"FORCE_COLOR": "1"}).out
    assert "\x1b[" in forced
    assert re.sub(r"\x1b\[[\d;]*m", "", forced) == plain
    both = {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert isolint("trace", place, cwd=shop, environment=both).out == plain


def test_json_has_what_the_text_has(demo: Path) -> None:
    answer = document("tests/test_customers.py:5", demo)
    assert (answer["place"], answer["kind"]) == ("tests/test_customers.py:5", "line")
    assert answer["verdict"] == "ISO101 is reported here, for `session_maker`"
    (ruling,) = answer["rulings"]
    assert (ruling["code"], ruling["line"], ruling["kept_back"], ruling["here"]) == ("ISO101", 5, "", True)


def test_help_has_examples(tmp_path: Path) -> None:
    code, out, _ = isolint("trace", "--help", cwd=tmp_path)
    assert code == 0
    assert "isolint trace tests/test_orders.py:7 " in out


def test_hop_of_a_route_shows_its_decorator(tmp_path: Path) -> None:
    application = """\
from fastapi import FastAPI

from app.db import engine

app = FastAPI()


@app.get("/sales")
def sales():
    with engine.connect() as connection:
        return connection.execute("SELECT 1").all()
"""
    test = """\
from fastapi.testclient import TestClient

from app.main import app


def test_sales():
    client = TestClient(app)
    assert client.get("/sales").json() == []
"""
    database = """\
from sqlalchemy import create_engine

engine = create_engine("sqlite:///./shop.db")
"""
    write(tmp_path, {"app/db.py": database, "app/main.py": application, "tests/test_api.py": test})
    out = trace("tests/test_api.py:7", tmp_path)
    assert 'app/main.py:8 app.get("/sales") — the function `sales`' in " ".join(out.split())
