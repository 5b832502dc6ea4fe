"""Configuration files: what they hold, where it stands, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest

from isolint import documents
from isolint.documents import Node
from isolint.source import UnreadableError, from_bytes, from_text


def read(path: str, text: str) -> Node:
    return documents.read(from_text(text, path))


def shown(path: str, text: str, *keys: str) -> tuple[str, str, str]:
    """The text of the value that the keys lead to, and what stands in the places of key and value."""
    entry = read(path, text).entry(*keys)
    assert entry is not None
    lines = [line.encode() for line in text.splitlines()]

    def cut(at: documents.Position) -> str:
        assert at[0] == at[2]
        return lines[at[0] - 1][at[1] : at[3]].decode()

    return entry.value.text, cut(entry.at), cut(entry.value.at)


@pytest.mark.parametrize(
    ("path", "text", "keys", "value"),
    [
        ("compose.yaml", "größe: {größe: 'a b'}\n", ("größe", "größe"), ("a b", "größe", "'a b'")),
        ("package.json", '{\n  "scripts": {"test": "pytest -q"}\n}\n', ("scripts", "test"), None),
        ("pyproject.toml", "[tool.pytest]\naddopts = '-q' # quiet\n", ("tool", "pytest", "addopts"), None),
        ("pyproject.toml", "a.'b c'.d = {e = 'ü', f = 2}\n", ("a", "b c", "d", "f"), ("2", "f", "2")),
        ("tox.ini", "[pytest]\naddopts = -q ; quiet\n", ("pytest", "addopts"), ("-q", "addopts", "-q")),
        ("setup.cfg", "[tool:pytest]\nnaïve : x\n", ("tool:pytest", "naïve"), ("x", "naïve", "x")),
        (".env.test", "# for tests\nexport URL='a b'\n", ("URL",), ("a b", "URL", "'a b'")),
    ],
)
def test_a_value_and_the_places_of_key_and_value(
    path: str, text: str, keys: tuple[str, ...], value: tuple[str, str, str] | None
) -> None:
    quoted = {"package.json": ("pytest -q", '"test"', '"pytest -q"')}
    assert shown(path, text, *keys) == (value or quoted.get(path, ("-q", "addopts", "'-q'")))


def test_lines_of_an_ini_value_have_places_of_their_own() -> None:
    node = read("tox.ini", "[testenv]\npass_env =\n    HOME\n    # all of them\n    PG*\n").get(
        "testenv", "pass_env"
    )
    assert node is not None
    assert [(item.text, item.at) for item in node.items] == [("HOME", (3, 4, 3, 8)), ("PG*", (5, 4, 5, 7))]


def test_a_makefile_is_its_targets_and_their_commands() -> None:
    node = read("Makefile", "X := 1\n\ntest: lint\n\t. env.sh; \\\n\tpytest\n\techo ok\n").get("test")
    assert node is not None
    assert [(item.text, item.at[0]) for item in node.items] == [(". env.sh; pytest", 4), ("echo ok", 6)]


def test_merged_and_repeated_keys_of_yaml() -> None:
    text = "base: &base {image: a, ports: 1}\ndb:\n  <<: *base\n  image: b\n"
    assert shown("compose.yml", text, "db", "image")[0] == "b"
    assert shown("compose.yml", text, "db", "ports")[0] == "1"


def test_tables_of_toml_are_put_together() -> None:
    text = "[tool.a]\nx = 1\n[tool.b]\ny = 1\n[tool.a.c]\nz = 1\n"
    tool = read("pyproject.toml", text).get("tool")
    assert tool is not None
    assert [entry.key for entry in tool.entries] == ["a", "b"]
    assert read("pyproject.toml", text).get("tool", "a", "c", "z") is not None


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".github/workflows/ci.yml", "on: push\njobs:\n<<<<<<< HEAD\n  test:\n=======\n>>>>>>> x\n", 4),
        ("docker-compose.yml", "a: [1\n", 1),
        ("pyproject.toml", "[tool\n", 1),
        ("tox.ini", "[a]\nx = 1\n[a]\n", 3),
    ],
)
def test_what_is_not_in_its_format_is_told_with_the_line(path: str, text: str, line: int) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(path, text)
    assert caught.value.line == line


def held(path: str, data: bytes) -> str:
    """The kind of the node that a file holds, "" if it is refused."""
    try:
        return documents.read(from_bytes(data, path)).kind
    except UnreadableError:
        return ""


def refused(path: str, data: bytes) -> str:
    """Why a file is refused; it must be."""
    with pytest.raises(UnreadableError) as caught:
        documents.read(from_bytes(data, path))
    assert 1 <= caught.value.line <= data.count(b"\n") + 1
    return caught.value.message


BOMB = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
HOSTILE = {
    "alias bomb": ("compose.yml", BOMB),
    "holds itself": ("compose.yml", "a: &a [*a]\n"),
    "merges itself": ("compose.yml", "a: &a\n  <<: *a\n  b: 1\n"),
    "deep flow": ("compose.yml", "[" * 5_000),
    "deep blocks": ("compose.yml", "".join(" " * i + "a:\n" for i in range(2_000))),
    "tag": ("compose.yml", "a: !!python/object/apply:os.system ['true']\n"),
    "control characters": (".gitlab-ci.yml", "a: \x00\x07\n"),
    "a list": ("package.json", "[1, 2]"),
    "deep TOML": ("pyproject.toml", "a = " + "[" * 5_000),
    "dotted TOML": ("pyproject.toml", "a" + ".a" * 3_000 + " = 1\n"),
    "no section": ("tox.ini", "x = 1\n"),
    "odd line": ("setup.cfg", "[a]\n???\n"),
    "empty": ("tox.ini", ""),
    "unclosed quote": (".env", "A='b\nC=d\n"),
    "tabs alone": ("Makefile", "\t\n\tx\n"),
    "huge": ("compose.yml", "a: b\n" * 200_000),
}


@pytest.mark.parametrize(("path", "text"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_read_or_refused(path: str, text: str) -> None:
    assert held(path, text.encode()) or refused(path, text.encode())


def test_half_a_file_is_read_or_refused() -> None:
    whole = {
        ".github/workflows/ci.yml": "on: [push]\njobs:\n  test:\n    services: {db: {image: 'postgres'}}\n",
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-q"\nenv = [\'A=b\', "C"]\n',
        "tox.ini": "[tox]\nenvlist = py3\n[testenv]\nset_env =\n    A = b\n",
        ".env": "A='b c'\nexport D=\"e\"\n",
        "Makefile": "test:\n\tpytest \\\n\t-q\n",
    }
    for path, text in whole.items():
        data = text.encode()
        for end in range(len(data)):
            assert held(path, data[:end]) or refused(path, data[:end])


def test_other_files_are_none() -> None:
    names = ("notes.yml", "data.json", "env.py", "composer.json", "Makefile.bak", "ci.yml")
    assert not [name for name in names if documents.kind_of(name)]
    with pytest.raises(ValueError, match=r"notes\.yml"):
        read("notes.yml", "a: b")
