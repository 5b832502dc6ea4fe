"""Runs after a change: what they look at again, and that they find what whole runs find."""

from __future__ import annotations

import ast
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from command import isolint, write

from isolint.changes import waking
from isolint.engine import Place, Watch, check
from isolint.finding import Finding
from isolint.result import Earlier, Result
from isolint.rule import load_rules
from isolint.settings import load
from isolint.testing import Case, cases

FIXTURES = Path(__file__).parent.parent / "fixtures"
SEVERAL = [case for case in cases(FIXTURES) if case.path.is_dir() and not case.name.startswith("demo")]
REPAIRED = [case for case in SEVERAL if not case.is_fixed and case.twin.path.is_dir()]
RULES = load_rules()

BAKERY = {
    "bakery/__init__.py": "",
    "bakery/db.py": """\
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine("postgresql://localhost/bakery")
Session = sessionmaker(engine)
""",
    "bakery/ovens.py": "def heat(degrees):\n    return degrees + 20\n",
    "tests/conftest.py": """\
import pytest

from tests import stores


@pytest.fixture
def flour():
    return stores.weigh(2)


@pytest.fixture
def dough(flour):
    return [flour, "water"]


@pytest.fixture
def shop():
    return "corner"


@pytest.fixture(name="till")
def till_of_the_shop():
    return []
""",
    "tests/__init__.py": "",
    "tests/stores.py": "def weigh(amount):\n    return amount * 1000\n",
    "tests/test_dough.py": "def test_dough(dough):\n    assert dough\n",
    "tests/test_shop.py": "def test_shop(shop):\n    assert shop\n",
    "tests/test_till.py": "def test_till(till):\n    assert not till\n",
    "tests/test_signs.py": "def test_sign():\n    shop = 'corner'\n    assert {'shop': shop}['shop'] == 'corner'\n",
    "tests/test_ovens.py": "from bakery.ovens import heat\n\n\ndef test_heat():\n    assert heat(1) == 21\n",
    "tests/test_orders.py": """\
from bakery.db import Session


def test_orders():
    with Session() as session:
        session.execute("delete from orders")
        session.commit()
""",
}


def whole(root: Path) -> Result:
    return check(load(root, isolated=True), [], RULES)


def after(root: Path, before: Result, held: Mapping[str, bytes], watch: Watch = iter) -> Result:
    """What a run finds that has an earlier one to go by."""
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".py")
    others = tuple(path.relative_to(root).as_posix() for path in files)
    moved = frozenset(path for path, data in held.items() if not data or not (root / path).exists())
    return check(
        load(root, isolated=True), [], RULES, watch=watch, earlier=Earlier(before, held, moved, others)
    )


def told(result: Result) -> tuple[object, ...]:
    """All that a result says, in an order of its own."""

    def facts(finding: Finding) -> tuple[object, ...]:
        return (finding.sort_key, finding.severity, finding.confidence, finding.related)

    silenced = sorted((facts(each.finding), each.by, each.reason) for each in result.silenced)
    hidden = [facts(finding) for finding in result.hidden]
    found = [facts(finding) for finding in result.findings]
    return found, hidden, silenced, sorted(result.files), sorted(result.unread), result.judged, result.errors


def change(root: Path, path: str, text: str) -> tuple[Result, Mapping[str, bytes]]:
    """What a whole run found before a change, and what the changed file held."""
    before, held = whole(root), {path: (root / path).read_bytes()}
    write(root, {path: text})
    return before, held


# -- what is looked at again

CONCERNED: dict[str, tuple[str, Callable[[str], str], set[str]]] = {
    "a comment concerns its file": (
        "tests/conftest.py",
        lambda text: text.replace("import pytest\n", "# Ingredients.\nimport pytest\n"),
        {"tests/conftest.py"},
    ),
    "a fixture concerns those who ask for what asks for it, and the support that it uses": (
        "tests/conftest.py",
        lambda text: text.replace("weigh(2)", "weigh(3)"),
        {"tests/conftest.py", "tests/stores.py", "tests/test_dough.py"},
    ),
    "a fixture does not concern those who mean something else by its name": (
        "tests/conftest.py",
        lambda text: text.replace("corner", "main street"),
        {"tests/conftest.py", "tests/test_shop.py"},
    ),
    "a fixture with another name concerns those who ask for it by that": (
        "tests/conftest.py",
        lambda text: text.replace("return []", "return [1]"),
        {"tests/conftest.py", "tests/test_till.py"},
    ),
    "a new fixture concerns nobody yet": (
        "tests/conftest.py",
        lambda text: text + "\n\n@pytest.fixture\ndef salt():\n    return 1\n",
        {"tests/conftest.py"},
    ),
    "a test concerns itself": (
        "tests/test_ovens.py",
        lambda text: text + "\n\ndef test_cold():\n    assert heat(0)\n",
        {"tests/test_ovens.py"},
    ),
    "what the product makes as it is imported concerns those who lead to it": (
        "bakery/db.py",
        lambda text: text.replace("localhost/bakery", "localhost/bread"),
        {"tests/test_orders.py"},
    ),
    "a new function of the product concerns nobody yet": (
        "bakery/ovens.py",
        lambda text: text + "\n\ndef cool(degrees):\n    return degrees - 20\n",
        set(),
    ),
    "a function of the product concerns those who speak of it": (
        "bakery/ovens.py",
        lambda text: text.replace("+ 20", "+ 30"),
        {"tests/test_ovens.py"},
    ),
    "what runs around every test concerns every one below": (
        "tests/conftest.py",
        lambda text: text.replace("fixture\ndef shop", "fixture(autouse=True)\ndef shop"),
        {path for path in BAKERY if path.startswith("tests/")},
    ),
}


CONFIGURED: dict[str, tuple[str, Callable[[str], str], set[str]]] = {
    "a fixture that the configuration names concerns every test below": (
        "tests/conftest.py",
        lambda text: text.replace('"corner"', '"market"'),
        {path for path in BAKERY if path.startswith("tests/")},
    ),
    "so does one that it names by another name than its function's": (
        "tests/conftest.py",
        lambda text: text.replace("return []", "return ['coin']"),
        {path for path in BAKERY if path.startswith("tests/")},
    ),
    "any other concerns those who ask for it": (
        "tests/conftest.py",
        lambda text: text.replace('"water"', '"milk"'),
        {"tests/conftest.py", "tests/stores.py", "tests/test_dough.py"},
    ),
}


@pytest.mark.parametrize("said", CONFIGURED)
def test_what_the_configuration_puts_around_every_test_concerns_them_all(tmp_path: Path, said: str) -> None:
    path, edit, concerned = CONFIGURED[said]
    root = write(tmp_path, {**BAKERY, "pytest.ini": "[pytest]\nusefixtures = shop till\n"})
    before, held = change(root, path, edit(BAKERY[path]))
    result, looked_at = looking(root, before, held)
    assert looked_at - {"pytest.ini"} == concerned
    assert told(result) == told(whole(root))


@pytest.mark.parametrize("said", CONCERNED)
def test_no_more_is_looked_at_than_a_change_concerns(tmp_path: Path, said: str) -> None:
    path, edit, concerned = CONCERNED[said]
    root = write(tmp_path, BAKERY)
    before, held = change(root, path, edit(BAKERY[path]))
    result, looked_at = looking(root, before, held)
    assert looked_at == concerned
    assert told(result) == told(whole(root))


def looking(root: Path, before: Result, held: Mapping[str, bytes]) -> tuple[Result, set[str]]:
    """What a run finds that has an earlier one to go by, and the files that it looks at."""
    looked_at: set[str] = set()

    def watch(places: Sequence[Place]) -> Iterator[Place]:
        looked_at.update(place.path for place in places)
        return iter(places)

    return after(root, before, held, watch), looked_at


def test_files_that_cannot_be_read_stay_told(tmp_path: Path) -> None:
    root = write(tmp_path, {**BAKERY, "tests/test_torn.py": "def ("})
    before, held = change(root, "tests/test_shop.py", BAKERY["tests/test_shop.py"] + "\n\nSIZE = 2\n")
    result, looked_at = looking(root, before, held)
    assert looked_at == {"tests/test_shop.py"}
    assert result.unread == ("tests/test_torn.py",)
    assert told(result) == told(whole(root))
    before, held = change(root, "bakery/ovens.py", "def (")
    assert told(after(root, before, held)) == told(whole(root))
    before, held = change(root, "tests/test_ovens.py", "def test_nothing():\n    pass\n")
    assert told(after(root, before, held)) == told(whole(root))


def test_new_test_concerns_itself_and_so_does_one_that_is_gone(tmp_path: Path) -> None:
    root = write(tmp_path, BAKERY)
    before, path = whole(root), "tests/test_salt.py"
    write(root, {path: "import os\n\n\ndef test_salt():\n    os.environ['SALT'] = '1'\n"})
    result, looked_at = looking(root, before, {path: b""})
    assert looked_at == {path}
    assert [finding.path for finding in result.findings if finding not in before.findings] == [path]
    assert told(result) == told(whole(root))
    held = (root / path).read_bytes()
    (root / path).unlink()
    result, looked_at = looking(root, result, {path: held})
    assert not looked_at
    assert told(result) == told(before)


@pytest.mark.parametrize("path", ["tests/conftest.py", "tests/__init__.py", "bakery/ovens.py"])
def test_files_that_others_may_mean_concern_everybody(tmp_path: Path, path: str) -> None:
    root = write(tmp_path, BAKERY)
    before, held = whole(root), (root / path).read_bytes()
    (root / path).unlink()
    result, looked_at = looking(root, before, {path: held})
    assert looked_at == result.judged
    assert told(result) == told(whole(root))


HOSTED = """\
from supabase import create_client

client = create_client("https://qwhmoasfeg.supabase.co", "public-anon-key")


def test_loaf():
    client.table("loaves").insert({"name": "rye"}).execute()
"""


@pytest.mark.parametrize(("now", "concerned"), [("qwhmoasfeg", True), ("elsewhere", False)])
def test_hosted_address_of_the_product_concerns_tests_that_spell_it_out(
    tmp_path: Path, now: str, concerned: bool
) -> None:
    address = "ADDRESS = 'https://another.supabase.co'\n"
    root = write(tmp_path, {**BAKERY, "bakery/hosted.py": address, "tests/test_hosted.py": HOSTED})
    before, held = change(root, "bakery/hosted.py", address.replace("another", now))
    result = after(root, before, held)
    assert any(f.path == "tests/test_hosted.py" for f in result.findings) is concerned
    assert told(result) == told(whole(root))


def test_moved_lines_move_in_the_trails_of_other_files(tmp_path: Path) -> None:
    root = write(tmp_path, BAKERY)
    before, held = change(root, "bakery/db.py", f"# The shop's own.\n{BAKERY['bakery/db.py']}")
    found = [f for f in after(root, before, held).findings if f.path == "tests/test_orders.py"]
    assert {place.span.line for f in found for place in f.related if place.path == "bakery/db.py"} == {5, 6}


# -- that nothing is missed


@pytest.fixture
def never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no change be answered by a whole run only for concerning most of a small project."""
    monkeypatch.setattr(waking, "_MOST", 0)


@pytest.mark.usefixtures("never_whole")
@pytest.mark.parametrize("case", REPAIRED, ids=lambda case: case.name)
def test_repairs_are_seen_one_by_one(case: Case, tmp_path: Path) -> None:
    root = case.lay(tmp_path)
    files = case.twin.contents()
    write(root, {path: data for path, data in files.items() if not path.endswith(".py")})
    before = whole(root)
    for path, data in sorted(files.items()):
        if path.endswith(".py") and (root / path).exists():
            held = {path: (root / path).read_bytes()}
            write(root, {path: data})
            now = whole(root)
            assert told(after(root, before, held)) == told(now), path
            before = now


@pytest.mark.usefixtures("never_whole")
@pytest.mark.parametrize("seed", range(12))
def test_random_edits_are_seen(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    for number in range(25):
        root = chance.choice(SEVERAL).lay(tmp_path / str(number))
        before = whole(root)
        for _ in range(2):
            path = chance.choice(sorted(root.rglob("*.py")))
            old = path.read_bytes()
            path.write_bytes(_edited(old.decode("utf-8", "replace"), chance).encode())
            now = whole(root)
            held = {path.relative_to(root).as_posix(): old}
            assert told(after(root, before, held)) == told(now), (root, held)
            before = now


def _edited(text: str, chance: random.Random) -> str:
    """The text with a statement left out or doubled, a name or a string changed, or everything moved down."""
    try:
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    except SyntaxError:
        return ""
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    way = chance.choice(("leave out", "leave out", "double", "rename", "move"))
    if way == "move" or not nodes:
        return f"# Moved.\n\n{text}"
    if way == "rename" and names:
        name = chance.choice(names)
        return text.replace(name, f"{name}_again")
    lines, node = text.splitlines(keepends=True), chance.choice(nodes)
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    first = min([node.lineno, *(each.lineno for each in decorators)]) - 1
    last = node.end_lineno or node.lineno
    put = [f"{' ' * node.col_offset}pass\n"] if way == "leave out" else lines[first:last] * 2
    return "".join([*lines[:first], *put, *lines[last:]])


# -- with the cache


def _answers(root: Path) -> list[Path]:
    return sorted(path for path in (root / ".isolint_cache").iterdir() if path.suffix in (".json", ".zip"))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A project that was checked a while after it was written."""
    write(tmp_path, {**BAKERY, "isolint.toml": ""})
    for path in tmp_path.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    isolint("check", cwd=tmp_path)
    return tmp_path


def test_changes_one_after_the_other(kept: Path) -> None:
    for path, edit, _ in CONCERNED.values():
        write(kept, {path: edit((kept / path).read_text())})
        assert isolint("check", cwd=kept) == isolint("check", "--no-cache", cwd=kept)
    assert [path.suffix for path in _answers(kept)] == [".json", ".zip"]


def test_one_file_of_many_keeps_no_archive(tmp_path: Path) -> None:
    write(tmp_path, {**BAKERY, **{f"tests/test_{n}.py": BAKERY["tests/test_shop.py"] for n in range(40)}})
    isolint("check", "tests/test_shop.py", cwd=tmp_path)
    assert [path.suffix for path in _answers(tmp_path)] == [".json"]
    write(tmp_path, {"tests/test_shop.py": BAKERY["tests/test_orders.py"]})
    assert "ISO101" in isolint("check", "tests/test_shop.py", cwd=tmp_path).out


def test_ignores_that_become_idle_are_told(kept: Path) -> None:
    write(kept, {"isolint.toml": '[per-file-ignores]\n"tests/test_orders.py" = ["ISO101"]\n'})
    assert "ISO001" not in isolint("check", cwd=kept).out
    write(kept, {"tests/test_orders.py": "def test_orders():\n    assert True\n"})
    idle = isolint("check", cwd=kept)
    assert "ISO001" in idle.out
    assert idle == isolint("check", "--no-cache", cwd=kept)
    write(kept, {"tests/test_orders.py": BAKERY["tests/test_orders.py"]})
    assert isolint("check", cwd=kept) == isolint("check", "--no-cache", cwd=kept) != idle


@pytest.mark.parametrize("spoilt", [b"", b"PK\x03\x04", b"no archive"])
def test_what_files_held_is_not_believed_blindly(kept: Path, spoilt: bytes) -> None:
    archive = _answers(kept)[1]
    archive.write_bytes(archive.read_bytes()[:200] + spoilt if spoilt else b"")
    write(
        kept, {"bakery/db.py": BAKERY["bakery/db.py"].replace("postgresql://localhost/bakery", "sqlite://")}
    )
    assert isolint("check", cwd=kept) == isolint("check", "--no-cache", cwd=kept)


def test_archive_of_another_state_is_not_used(kept: Path) -> None:
    old = _answers(kept)[1].read_bytes()
    write(
        kept,
        {
            "tests/test_orders.py": "def test_orders():\n    assert True\n",
            "isolint.toml": "pedantic = true\n",
        },
    )
    isolint("check", cwd=kept)
    for path in (kept / ".isolint_cache").glob("*.zip"):
        path.write_bytes(old)
    write(kept, {"tests/test_orders.py": BAKERY["tests/test_orders.py"]})
    assert isolint("check", cwd=kept) == isolint("check", "--no-cache", cwd=kept)
