"""The edits that fixes are built from: each in the style of its file, or not at all."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import pytest

from isolint import documents, source
from isolint.edits import Concrete, ConfigurationFile, Edits, PythonFile
from isolint.finding import Edit
from isolint.fixing.texts import edited


def file(text: str) -> PythonFile:
    return PythonFile(source.from_text(textwrap.dedent(text), "tests/test_it.py"))


def after(given: PythonFile | ConfigurationFile, edits: Edits | Edit | None) -> str | None:
    """The text of a file after some edits, None where there are none to be had."""
    if edits is None:
        return None
    several: Iterable[Edit] = [edits] if isinstance(edits, Edit) else edits
    return edited(given.text.source.text, given.text.lines, several, "it")


def at(given: PythonFile | ConfigurationFile, words: str) -> tuple[int, int, int, int]:
    """Where some words stand first."""
    for number, line in enumerate(given.text.lines, start=1):
        if words in line:
            start = len(line[: line.index(words)].encode())
            return (number, start, number, start + len(words.encode()))
    raise AssertionError(words)


# -- parameters


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("def test_it(): ...", "def test_it(db): ..."),
        ("def test_it(self, a: int): ...", "def test_it(self, a: int, db): ..."),
        ("async def test_it(a, b=1): ...", "async def test_it(a, db, b=1): ..."),
        ("def test_it(b=1): ...", "def test_it(db, b=1): ..."),
        ("def test_it(*args): ...", "def test_it(db, *args): ..."),
        ("def test_it(*, a): ...", "def test_it(db, *, a): ..."),
        ("def test_it(**more): ...", "def test_it(db, **more): ..."),
        ("def test_it(a, /): ...", None),
        ("def test_it(a, db): ...", "def test_it(a, db): ..."),
        ("def test_it(\n    a,\n    b,\n): ...", "def test_it(\n    a,\n    b,\n    db,\n): ..."),
        ("@given(integers())\ndef test_it(a): ...", None),
        ("def test_it():\n    db = 1", None),
        ("def test_it(): ...\ntest_it()", None),
        ("def test_it(é): ...", "def test_it(é, db): ..."),
    ],
)
def test_parameter(before: str, wanted: str | None) -> None:
    given = file(before)
    assert after(given, given.add_parameter(at(given, "test_it"), "db")) == wanted


def test_signature_that_gets_too_long_takes_more_lines() -> None:
    three = "def test_orders_are_shipped(warehouse, carrier_of_the_day, mock_credentials: Secret{}) -> None: ...\n"
    given = file(three.format(""))
    once = after(given, given.add_parameter(at(given, "test"), "monkeypatch"))
    assert once == (
        "def test_orders_are_shipped(\n"
        "    warehouse, carrier_of_the_day, mock_credentials: Secret, monkeypatch\n"
        ") -> None: ...\n"
    )
    given = file(once)
    twice = after(given, given.add_parameter(at(given, "test"), "worker_id_of_the_run"))
    assert twice == (
        "def test_orders_are_shipped(\n"
        "    warehouse,\n    carrier_of_the_day,\n    mock_credentials: Secret,\n    monkeypatch,\n"
        "    worker_id_of_the_run,\n"
        ") -> None: ...\n"
    )
    wide = file(three.format("") + f"x = {' + '.join('y' * 28)}\n")
    assert (
        after(wide, wide.add_parameter(at(wide, "test"), "monkeypatch"))
        == three.format(", monkeypatch") + wide.text.lines[1]
    )


# -- imports


@pytest.mark.parametrize(
    ("before", "statement", "wanted"),
    [
        ("import os\n", "import os", "import os\n"),
        ("import sys\n", "import os", "import os\nimport sys\n"),
        ("import abc\n", "import os", "import abc\nimport os\n"),
        ("import abc\n\nimport pytest\n", "import os", "import abc\nimport os\n\nimport pytest\n"),
        ("import pytest\n", "import os", "import os\n\nimport pytest\n"),
        ("import os\n", "import pytest", "import os\n\nimport pytest\n"),
        (
            "import pytest\n\nfrom app import db\n",
            "from app.b import c",
            "import pytest\n\nfrom app import db\nfrom app.b import c\n",
        ),
        ('"""Tests."""\n\nx = 1\n', "import os", '"""Tests."""\n\nimport os\n\nx = 1\n'),
        ("# tests\ndef test(): ...\n", "import os", "# tests\nimport os\n\n\ndef test(): ...\n"),
        (
            "from __future__ import annotations\n",
            "import os",
            "from __future__ import annotations\n\nimport os\n",
        ),
        ("from a import b, d\n", "from a import c", "from a import b, c, d\n"),
        (
            "from a import (\n    b,\n    c,\n)\n",
            "from a import d",
            "from a import (\n    b,\n    c,\n    d,\n)\n",
        ),
        (
            "import b\n\nfrom z.c import d\nfrom b.e import f\n\nfrom a import g\n",
            "from z.h import i",
            "import b\n\nfrom z.c import d\nfrom z.h import i\nfrom b.e import f\n\nfrom a import g\n",
        ),
        ("", "import os", "import os\n"),
        ("import b; x = 1\n", "import a", None),
    ],
)
def test_import(before: str, statement: str, wanted: str | None) -> None:
    given = file(before)
    is_own = statement.startswith("from app")
    assert after(given, given.add_import(statement, first_party=is_own)) == wanted


# -- statements


def test_statements_before_and_after() -> None:
    given = file("def test():\n\tif x:\n\t\tone()  # here\n")
    assert after(given, given.insert_before(at(given, "one"), "if y:\n    two()")) == (
        "def test():\n\tif x:\n\t\tif y:\n\t\t\ttwo()\n\t\tone()  # here\n"
    )
    assert after(given, given.insert_after(at(given, "one"), "two()")) == (
        "def test():\n\tif x:\n\t\tone()  # here\n\t\ttwo()\n"
    )


def test_statement_before_goes_above_the_comments_of_the_other() -> None:
    given = file("#!/usr/bin/env python\none()\n\n# Twice,\n# for good.\ntwo()\n")
    assert after(given, given.insert_before(at(given, "two"), "now()")) == (
        "#!/usr/bin/env python\none()\n\nnow()\n# Twice,\n# for good.\ntwo()\n"
    )
    assert after(given, given.insert_before(at(given, "one"), "now()")) == (
        "#!/usr/bin/env python\nnow()\none()\n\n# Twice,\n# for good.\ntwo()\n"
    )


def test_statement_that_shares_its_line_is_left_alone() -> None:
    given = file("def test():\n    one(); two()\n    if x: three()\n")
    for words in ("one", "two", "three"):
        assert given.insert_before(at(given, words), "four()") is None
        assert given.remove(at(given, words)) is None


def test_removed_statements() -> None:
    given = file("def test():\n    one(\n        1,\n    )\n    two()\n")
    assert after(given, given.remove(at(given, "1,"))) == "def test():\n    two()\n"
    given = file("def test():\n    one()  # alone\n")
    assert after(given, given.remove(at(given, "one()"))) == "def test():\n    pass  # alone\n"


def test_try_moves_the_code_and_not_the_strings() -> None:
    given = file(
        'def test():\n    a()\n    b("""\n  kept\n""", [\n        1,\n    ])\n\n    yield\n    z()\n'
    )
    assert after(given, given.wrap_in_try(at(given, "b("), at(given, "yield"), "undo()")) == (
        'def test():\n    a()\n    try:\n        b("""\n  kept\n""", [\n            1,\n        ])\n\n'
        "        yield\n    finally:\n        undo()\n    z()\n"
    )


def test_comment_of_the_first_statement_goes_into_the_try() -> None:
    given = file("def test():\n    a()\n\n    # Then b,\n    # later c.\n    b()\n    c()\n")
    assert after(given, given.wrap_in_try(at(given, "b()"), at(given, "c()"), "undo()")) == (
        "def test():\n    a()\n\n    try:\n        # Then b,\n        # later c.\n        b()\n        c()\n"
        "    finally:\n        undo()\n"
    )


def test_one_statement_becomes_several() -> None:
    given = file("def test():\n    one()  # note\n")
    assert after(given, given.replace_statement(at(given, "one"), "two()\nthree()")) == (
        "def test():\n    two()\n    three()  # note\n"
    )


# -- names


def test_name_is_renamed_where_it_is_meant() -> None:
    given = file("""\
        from app import session

        def test(a=session):
            with session() as s:
                assert [session for session in s] and f"{session}"

        def other(session):
            return session

        class Session:
            held = session

            def method(self):
                return session.session
        """)
    assert after(given, given.rename(at(given, "session"), "session", "isolated")) == textwrap.dedent("""\
        from app import session

        def test(a=isolated):
            with isolated() as s:
                assert [session for session in s] and f"{isolated}"

        def other(session):
            return session

        class Session:
            held = isolated

            def method(self):
                return isolated.session
        """)


@pytest.mark.parametrize(
    "text",
    [
        "from app import session\nisolated = 1\n",
        "from app import session\ndef f():\n    global session\n",
        "from app import session\nfrom other import session\n",
        "from app import session\n__all__ = ['session']\n",
        "from app import session\ndef f(a: 'session.Type'): ...\n",
    ],
    ids=["taken", "global", "bound-twice", "exported", "in-a-string"],
)
def test_name_that_cannot_be_followed_is_left_alone(text: str) -> None:
    given = file(text)
    assert given.rename(at(given, "session"), "session", "isolated") is None


# -- style


@pytest.mark.parametrize(
    ("text", "value", "wanted"),
    [
        ("a = 'b'\n", "x", "'x'"),
        ('a = "b"\n', "x", '"x"'),
        ("a = 'b'\n", "it's", '"it\'s"'),
        ('a = "b"\n', 'say "a"', "'say \"a\"'"),
        ('a = "b"\n', "a\\b\n", '"a\\\\b\\n"'),
    ],
)
def test_string(text: str, value: str, wanted: str) -> None:
    assert file(text).string(value) == wanted


def test_concrete_syntax_leads_back_to_the_file() -> None:
    import libcst as cst

    given = source.from_text(
        "class A:\n    def test(self):\n        é = old(1)  # note\n", "tests/test_it.py"
    )
    found = Concrete(given, (3, 9, 3, 15))
    assert isinstance(found.statement, cst.SimpleStatementLine)
    assign = found.statement.body[0]
    assert isinstance(assign, cst.Assign)
    assert isinstance(assign.value, cst.Call)
    edit = found.replace(assign.value, assign.value.with_changes(func=cst.Name("new")))
    assert edited(given.text, given.lines, [edit], "it") == given.text.replace("old(1)", "new(1)")


# -- configuration

WORKFLOW = """\
jobs:
  test:
    services:
      db:
        image: postgres:16  # pinned
        env:
          NAME: "shop"

      # the queue
      queue:
        image: redis
    steps: []
"""


def configuration(text: str, path: str) -> tuple[ConfigurationFile, documents.Node]:
    given = source.from_text(text, path)
    return ConfigurationFile(given), documents.read(given)


def test_configuration_keeps_its_form() -> None:
    given, root = configuration(WORKFLOW, ".github/workflows/ci.yml")
    image = root.entry("jobs", "test", "services", "db", "image")
    database = root.entry("jobs", "test", "services", "db")
    name = root.get("jobs", "test", "services", "db", "env", "NAME")
    assert image
    assert database
    assert name
    assert after(given, given.insert_after(image, "options: x")) == WORKFLOW.replace(
        "# pinned\n", "# pinned\n        options: x\n"
    )
    assert after(given, given.insert_after(database, "cache:\n  image: redis")) == WORKFLOW.replace(
        '"shop"\n', '"shop"\n      cache:\n        image: redis\n'
    )
    assert after(given, given.replace_value(name, "test_shop")) == WORKFLOW.replace('"shop"', '"test_shop"')
    assert (
        after(given, given.remove(database))
        == WORKFLOW[: WORKFLOW.index("      db:")] + WORKFLOW[WORKFLOW.index('"shop"\n') + 7 :]
    )


def test_configuration_of_other_kinds() -> None:
    given, root = configuration("[pytest]\naddopts =\n    --reuse-db\n    -q\n\nx = 1\n", "pytest.ini")
    addopts = root.entry("pytest", "addopts")
    assert addopts
    assert after(given, given.insert_after(addopts, "y = 2")) == given.text.source.text.replace(
        "-q\n", "-q\ny = 2\n"
    )
    given, root = configuration('[tool.a]\nb = "c"  # note\n', "pyproject.toml")
    value = root.get("tool", "a", "b")
    assert value
    assert after(given, given.replace_value(value, "d")) == '[tool.a]\nb = "d"  # note\n'
