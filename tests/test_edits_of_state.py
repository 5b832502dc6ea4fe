"""The edits that move state, names and options to where each test, or the tests alone, have their own."""

from __future__ import annotations

import ast

import pytest
from test_edits import after, at, file

from isolint import documents, source
from isolint.edits import ConfigurationFile


@pytest.mark.parametrize(
    ("name", "before", "wanted"),
    [
        ("pytest.ini", "[pytest]\naddopts = --reuse-db -q\n", "[pytest]\naddopts = -q\n"),
        ("pytest.ini", "[pytest]\naddopts = -q --reuse-db  # why\n", "[pytest]\naddopts = -q  # why\n"),
        ("pytest.ini", "[pytest]\naddopts = --reuse-db\nenv = A=1\n", "[pytest]\nenv = A=1\n"),
        (
            "pytest.ini",
            "[pytest]\naddopts =\n  -q\n  --reuse-db\n  -x\n",
            "[pytest]\naddopts =\n  -q\n  -x\n",
        ),
        (
            "pytest.ini",
            "[pytest]\naddopts =\n  -q --reuse-db -x\n  # --reuse-db\n  -v\n",
            "[pytest]\naddopts =\n  -q -x\n  # --reuse-db\n  -v\n",
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\naddopts = "--reuse-db -q --reuse-database"\n',
            '[tool.pytest.ini_options]\naddopts = "-q --reuse-database"\n',
        ),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\naddopts = '''\n  -q\n  --reuse-db\n'''\n",
            "[tool.pytest.ini_options]\naddopts = '''\n  -q\n'''\n",
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\naddopts = [\n  "--reuse-db",  # fast\n  "-q",  # --reuse-db\n]\n',
            '[tool.pytest.ini_options]\naddopts = [\n  "-q",  # --reuse-db\n]\n',
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\naddopts = ["--reuse-db", "-q"]\n',
            '[tool.pytest.ini_options]\naddopts = ["-q"]\n',
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\naddopts = ["-q", "--reuse-db", "-x"]\n',
            '[tool.pytest.ini_options]\naddopts = ["-q", "-x"]\n',
        ),
    ],
)
def test_word_is_taken_out_of_a_setting(name: str, before: str, wanted: str) -> None:
    for end in ("\n", "\r\n"):
        given = source.from_text(before.replace("\n", end), name)
        section = documents.read(given).get(
            *(["pytest"] if "ini" in name else ["tool", "pytest", "ini_options"])
        )
        entry = section.entry("addopts") if section is not None else None
        assert entry is not None
        edits = ConfigurationFile(given).remove_words(entry, ("--reuse-db",))
        assert after(ConfigurationFile(given), edits) == wanted.replace("\n", end)


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ('D = {"NAME": "x"}', 'D = {"NAME": "x", "TEST": {}}'),
        ('D = {"NAME": "x", "A": 1}', 'D = {"NAME": "x", "TEST": {}, "A": 1}'),
        ('D = {\n    "NAME": "x",  # it\n}', 'D = {\n    "NAME": "x",  # it\n    "TEST": {},\n}'),
        ('D = {\n    "NAME": "x"  # it\n}', 'D = {\n    "NAME": "x",  # it\n    "TEST": {}\n}'),
        ('D = {\n    "NAME": ("x"),\n}', None),
        ('D["NAME"] = "x"\n', 'D["NAME"] = "x"\nD["TEST"] = {}\n'),
        ('NAME = "x"\n', None),
    ],
)
def test_entry_beside_another_one(before: str, wanted: str | None) -> None:
    given = file(before)
    assert after(given, given.add_entry(at(given, '"x"'), "TEST", "{}")) == wanted


@pytest.mark.parametrize(
    ("before", "is_path", "wanted"),
    [
        ("'shop'", False, "'test_shop'"),
        ('f"shop_{n}"', False, 'f"test_shop_{n}"'),
        ('"/data/shop.db"', True, '"/data/test_shop.db"'),
        ('BASE / "data" / "shop.db"', True, 'BASE / "data" / "test_shop.db"'),
        ('str(BASE / "shop.db")', True, 'str(BASE / "test_shop.db")'),
        ('os.path.join(BASE, "shop.db")', True, 'os.path.join(BASE, "test_shop.db")'),
        ('os.environ["NAME"]', False, '"test_" + os.environ["NAME"]'),
        ('env("NAME")', False, '"test_" + env("NAME")'),
        ('"shop" + SUFFIX', False, '"test_shop" + SUFFIX'),
        ("os.environ.get('NAME')", False, None),
        ("path_of_it()", True, None),
        ("None", False, None),
    ],
)
def test_name_says_that_it_is_a_tests(before: str, is_path: bool, wanted: str | None) -> None:
    given = file(f"name = {before}")
    statement = given.tree.body[0]
    assert isinstance(statement, ast.Assign)
    found = given.prefixed(statement.value, "test_", is_path=is_path)
    assert (found and found.replace("'test_' +", '"test_" +')) == wanted


CLASS = """\
class TestIt{bases}:
    {state}

    def test_it(self):
        {body}
"""


@pytest.mark.parametrize(
    ("state", "body", "bases", "others"),
    [
        ("items = []  # all of them", "self.items.append(1)", "", ""),
        ("items = list(names)\n    names = ['a']", "self.items.append(1)", "", ""),
        ("items = []", "TestIt.items.append(1)", "", ""),
        ("items = []", "assert self.items[0]", "", ""),
        ("items = []", "self.items.append(1)", "(Base)", ""),
        ("items = []", "self.items.append(1)", "", "class TestMore(TestIt): ..."),
        ("items = []", "self.items.append(1)", "", "print(TestIt.items)"),
        ("items = other = []", "self.items.append(1)", "", ""),
        ('items = ["""a\nb"""]', "self.items.append(1)", "", ""),
        ("# all of them\n    items = []", "self.items.append(1)", "", ""),
        (
            "items = []\n    @classmethod\n    def fill(cls):\n        cls.items.append(1)",
            "self.items.append(1)",
            "",
            "",
        ),
    ],
)
def test_state_that_more_than_the_tests_know_stays(state: str, body: str, bases: str, others: str) -> None:
    given = file(CLASS.format(bases=bases, state=state, body=body) + others)
    assert given.move_to_set_up(at(given, "items ="), "setup_method") is None


def test_state_moves_into_the_set_up_that_is_there() -> None:
    given = file(
        """\
        class ItTest(TestCase):
            limit = 3
            items = [
                1,
            ]

            def setUp(self):
                '''Made ready.'''
                super().setUp()
                self.more = 2

            def test_it(self):
                self.items.append(self.limit)
        """
    )
    moved = after(given, given.move_to_set_up(at(given, "items ="), "setUp"))
    assert moved is not None
    assert "    limit = 3\n\n    def setUp" in moved
    assert (
        "        self.more = 2\n        self.items = [\n            1,\n        ]\n\n    def test_it" in moved
    )


def test_base_class_is_set_up_first() -> None:
    given = file(CLASS.format(bases="(ShopCase)", state="items = []", body="self.items.append(1)"))
    moved = after(given, given.move_to_set_up(at(given, "items ="), "setUp"))
    assert moved is not None
    assert moved.startswith(
        "class TestIt(ShopCase):\n    def setUp(self):\n        super().setUp()\n        self.items = []\n\n"
    )


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("a.b = lambda: 1", "call(lambda: 1)"),
        ("a.b = (\n    1  # one\n)", "call((\n    1  # one\n))"),
        ("a.b = (\n    one + two\n)", "call(one + two)"),
        (f"a.b = '{'x' * 80}'", f"call(\n        '{'x' * 80}',\n)"),
        (f"a.b = f({'x' * 70}), 1", None),
        ("a.b = (1, 2)", "call((1, 2))"),
        ("a.b = await it()", "call(await it())"),
        ("a.b = 1, 2", None),
        ("a.b = c = 1", None),
        ("a.b = yield", None),
        ("a.b \\\n    = 1", None),
        ("a.b += 1", None),
    ],
)
def test_assignment_becomes_a_call(before: str, wanted: str | None) -> None:
    given = file(f"async def it():\n    {before}".replace("\n)", "\n    )"))
    made = after(given, given.value_as_argument(at(given, "a.b"), "call("))
    assert made == (f"async def it():\n    {wanted}".replace("\n)", "\n    )") if wanted else None)


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("f(1)", "f(1, b=2)"),
        ("f(1,)", "f(1, b=2,)"),
        ("f(\n    1,  # one\n)", "f(\n    1,  # one\n    b=2,\n)"),
        ("f(\n    a=1\n)", "f(\n    a=1,\n    b=2,\n)"),
        ("f((1))", None),
        ("f()", None),
    ],
)
def test_more_arguments(before: str, wanted: str | None) -> None:
    given = file(before)
    statement = given.tree.body[0]
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    assert after(given, given.add_arguments(statement.value, "b=2")) == wanted


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (
            "def test_it(a: int) -> None: ...",
            "def test_it(a: int, monkeypatch: pytest.MonkeyPatch) -> None: ...",
        ),
        ("def test_it() -> None: ...", "def test_it(monkeypatch: pytest.MonkeyPatch) -> None: ..."),
        ("def test_it(a, b: int): ...", "def test_it(a, b: int, monkeypatch): ..."),
        ("def test_it(): ...", "def test_it(monkeypatch): ..."),
    ],
)
def test_parameter_has_an_annotation_where_the_others_have(before: str, wanted: str) -> None:
    given = file(f"import pytest\n{before}")
    made = after(given, given.add_parameter(at(given, "def test_it"), "monkeypatch"))
    assert made == f"import pytest\n{wanted}"
    given = file(before)
    assert after(given, given.add_parameter(at(given, "def test_it"), "monkeypatch")) == wanted.replace(
        ": pytest.MonkeyPatch", ""
    )
