"""Whatever isolint is pointed at: a clear message, the rest goes on, the exit code tells, no traceback."""

from __future__ import annotations

import ast
import os
import sys
import time
from pathlib import Path

import pytest
from command import LEAKY, Outcome, isolint, write


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A project in which isolint has something to find, whatever else there is in it."""
    return write(tmp_path, LEAKY)


def went_on(outcome: Outcome) -> bool:
    """Whether the finding in the readable file was reported."""
    return "tests/test_shop.py:1:20: ISO101 " in outcome.out


def unreadable(outcome: Outcome) -> list[str]:
    """The lines that tell of unreadable files."""
    return [line for line in outcome.out.splitlines() if ": ISO000 " in line]


# -- paths


def test_missing_path(leaky: Path) -> None:
    code, out, err = isolint("check", "nothing_here", cwd=leaky)
    assert (code, out) == (2, "")
    assert err == "isolint: nothing_here: no such file or folder\nNothing was checked.\n"


def test_missing_path_among_others(leaky: Path) -> None:
    outcome = isolint("check", "tests", "nothing_here", cwd=leaky)
    assert outcome.code == 2
    assert went_on(outcome)
    assert "isolint: nothing_here: no such file or folder\n" in outcome.err


@pytest.mark.parametrize("arguments", [[], ["app"], ["app/db.py"], ["README.md"]])
def test_no_test_files(tmp_path: Path, arguments: list[str]) -> None:
    write(tmp_path, {"app/db.py": "VALUE = 1\n", "README.md": "# Shop\n"})
    code, out, err = isolint("check", *arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("isolint: nothing was checked: no test file was found there")
    assert "Name files or folders that hold tests" in err


def test_paths_with_nothing_in_common(leaky: Path) -> None:
    code, _, err = isolint("check", str(leaky), "/etc", cwd=leaky)
    assert code == 2
    assert "run isolint on one project at a time" in err


def test_symlink_loops(leaky: Path) -> None:
    (leaky / "tests" / "above").symlink_to("..")
    (leaky / "tests" / "test_here.py").symlink_to("test_there.py")
    (leaky / "tests" / "test_there.py").symlink_to("test_here.py")
    outcome = isolint("check", cwd=leaky)
    assert outcome.code == 1
    assert outcome.out.count("ISO101") == 1
    code, out, _ = isolint("check", "tests/test_here.py", cwd=leaky)
    assert (code, out) == (1, "tests/test_here.py:1:1: ISO000 too many levels of symbolic links\n")


def test_folder_named_like_a_test(leaky: Path) -> None:
    write(leaky, {"tests/test_folder.py/test_inside.py": "from app.db import engine\n"})
    outcome = isolint("check", cwd=leaky)
    assert (outcome.code, outcome.out.count("ISO101")) == (1, 2)


def test_pipe_named_like_a_test(leaky: Path) -> None:
    os.mkfifo(leaky / "tests" / "test_pipe.py")
    assert went_on(isolint("check", cwd=leaky))
    outcome = isolint("check", "tests", "tests/test_pipe.py", cwd=leaky)
    assert outcome.code == 1
    assert went_on(outcome)
    assert len(unreadable(outcome)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("closed", ["tests/closed", "tests/test_closed.py"])
@pytest.mark.parametrize("is_named", [False, True], ids=["found", "named"])
def test_without_permission(leaky: Path, closed: str, is_named: bool) -> None:
    write(leaky, {"tests/closed/test_closed.py": "VALUE = 1\n", "tests/test_closed.py": "VALUE = 1\n"})
    (leaky / closed).chmod(0)
    try:
        outcome = isolint("check", *(["tests/test_shop.py", closed] if is_named else []), cwd=leaky)
    finally:
        (leaky / closed).chmod(0o700)
    assert outcome.code == 1
    assert went_on(outcome)
    assert unreadable(outcome) == [f"{closed}:1:1: ISO000 permission denied"]


# -- contents


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"x = 1\nname = '\xff\xfe'\n", 2),
        (b"# coding: nothing-like-it\n", 1),
        (b"x = 1\nx = (1,\n", 2),
        (b"def test_x():\nreturn 1\n", 2),
        (b"def test_x():\n    print 'hello'\n", 2),
        (b"x = 1\nraise ValueError, 'no such oven'\n", 2),
        (b"x = 0777\n", 1),
        (b"x = 1\n\0\n", 2),
    ],
    ids=[
        "not in its encoding",
        "unknown encoding",
        "open bracket",
        "indentation",
        "print statement",
        "python 2's raise",
        "octal number",
        "nul",
    ],
)
def test_file_that_is_no_python(leaky: Path, content: bytes, line: int) -> None:
    write(leaky, {"tests/test_broken.py": content})
    outcome = isolint("check", cwd=leaky)
    assert outcome.code == 1
    assert went_on(outcome)
    (said,) = unreadable(outcome)
    assert said.startswith(f"tests/test_broken.py:{line}:")
    assert outcome.err == "2 findings; 1 file checked, 1 could not be read.\n"


def test_only_file_is_broken(tmp_path: Path) -> None:
    write(tmp_path, {"tests/test_broken.py": "x = (\n"})
    code, out, err = isolint("check", cwd=tmp_path)
    assert code == 1
    assert out.startswith("tests/test_broken.py:1:")
    assert err == "1 finding; 0 files checked, 1 could not be read.\n"


def test_broken_product_module_breaks_no_test(leaky: Path) -> None:
    write(leaky, {"app/broken.py": "x = (\n", "tests/test_broken.py": "from app.broken import x\n"})
    outcome = isolint("check", "tests", cwd=leaky)
    assert outcome.code == 1
    assert went_on(outcome)
    assert unreadable(outcome) == []


@pytest.mark.parametrize("line", ["VALUE = 1\n", "# nothing\n", "\n"])
def test_file_of_a_million_lines(leaky: Path, line: str) -> None:
    write(leaky, {"tests/test_long.py": line * 1_000_000})
    start = time.monotonic()
    outcome = isolint("check", cwd=leaky)
    assert time.monotonic() - start < 10
    assert outcome.code == 1
    assert went_on(outcome)
    (said,) = unreadable(outcome)
    assert "the file has 1,000,000 lines" in said


DEEP = {
    "parentheses": "value = " + "(" * 100_000 + "1" + ")" * 100_000,
    "unclosed parentheses": "value = " + "(" * 100_000,
    "lists": "value = " + "[" * 5_000 + "]" * 5_000,
    "sum": "value = " + " + ".join(["1"] * 20_000),
    "sum of names": "value = 1\nother = " + " + ".join(["value"] * 20_000),
    "concatenation": 'from app.db import engine\n\ndef test_x():\n    engine.execute("DROP TABLE " + '
    + " + ".join(["str(1)"] * 5_000)
    + ")",
    "attributes": "value = str\nother = value" + ".upper" * 20_000,
    "calls": "value = str\nother = value" + "()" * 20_000,
    "negations": "value = " + "not " * 20_000 + "1",
    "conditions": "value = " + "1 if 1 else " * 5_000 + "1",
    "lambdas": "value = " + "lambda: " * 5_000 + "1",
    "blocks": "".join(f"{' ' * depth}if 1:\n" for depth in range(99)) + " " * 99 + "pass",
    "functions": "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(99)) + " " * 99 + "pass",
    "branches": "if 1:\n    pass\n" + "elif 1:\n    pass\n" * 3_000,
    "chain of names": "name_0 = 1\n" + "".join(f"name_{at + 1} = name_{at}\n" for at in range(20_000)),
    "chain of functions": "def f_0():\n    pass\n\n"
    + "".join(f"def f_{at + 1}():\n    f_{at}()\n\n" for at in range(20_000))
    + "def test_x():\n    f_20000()\n",
}


@pytest.mark.parametrize("shape", DEEP)
def test_code_nested_beyond_the_recursion_limit(leaky: Path, shape: str) -> None:
    write(leaky, {"tests/test_deep.py": f"{DEEP[shape]}\n"})
    outcome = isolint("check", cwd=leaky)
    assert outcome.code == 1
    assert went_on(outcome)
    assert len(unreadable(outcome)) <= 1
    assert outcome.err.endswith(".\n")
    assert outcome.err.count("\n") == 1


NEWER = {
    "generics": (
        (3, 12),
        "type Pair[T] = tuple[T, T]\n\ndef first[T](pair: Pair[T]) -> T:\n    return pair[0]\n",
    ),
    "nested f-string": ((3, 12), 'names = [\'a\']\ntext = f"{", ".join(names)}"\n'),
    "except star": ((3, 11), "try:\n    pass\nexcept* ValueError:\n    pass\n"),
    "template string": ((3, 14), "name = 'a'\ntext = t'{name}'\n"),
    "defaults of type parameters": ((3, 13), "class Box[T = int]:\n    pass\n"),
}


@pytest.mark.parametrize("shape", NEWER)
def test_newer_syntax_than_the_interpreters(tmp_path: Path, shape: str) -> None:
    version, text = NEWER[shape]
    if sys.version_info < version:
        with pytest.raises(SyntaxError):
            ast.parse(text)
    write(tmp_path, {**LEAKY, "tests/test_shop.py": f"from app.db import engine\n\n{text}"})
    code, out, err = isolint("check", cwd=tmp_path)
    assert out.count("\n") == 1
    assert out.startswith("tests/test_shop.py:1:20: ISO101 ")
    assert (code, err) == (1, "1 finding; 1 file checked.\n")


def test_linted_code_is_never_run(tmp_path: Path) -> None:
    trap = "from pathlib import Path\nPath({!r}).touch()\n"
    markers = [tmp_path / f"ran_{number}" for number in range(6)]
    names = [
        "conftest.py",
        "tests/conftest.py",
        "tests/__init__.py",
        "tests/test_x.py",
        "app/__init__.py",
        "setup.py",
    ]
    files = {name: trap.format(str(marker)) for name, marker in zip(names, markers, strict=True)}
    files["tests/test_x.py"] += "import app\nimport tests.conftest\n"
    write(tmp_path, files)
    assert isolint("check", cwd=tmp_path).code == 0
    assert [marker.name for marker in markers if marker.exists()] == []


# -- configuration


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[tool.isolint]\nignore = [ISO101]\n", "pyproject.toml:2:11: "),
        (b"[tool.isolint]\nignore = 1\n", "ignore: expected a list of strings, got an integer (1)"),
        (b"[tool.isolint]\n# \xff\n", "pyproject.toml:2: this is not UTF-8"),
        (b'[tool.isolint]\nignroe = ["ISO101"]\n', "unknown key 'ignroe', did you mean 'ignore'?"),
        (b'[tool.isolint]\nignore = ["ISO11"]\n', "there is no rule 'ISO11', did you mean 'ISO101'?"),
        (b"[tool.isolint.rules.missing-teardwn]\n", "did you mean 'missing-teardown'?"),
        (b'[tool.isolint]\nmin-severity = "eror"\n', "did you mean 'error'?"),
        (b'[tool.isolint]\nplugins = ["lint_rules"]\n', "lint_rules: no such folder of rules"),
        (b'[tool.isolint]\nextend = "base.toml"\n', "there is no file"),
        (b"[tool.isolint.vocabulary]\nclas = 1\n", "vocabulary"),
        (b"tool.isolint = 1\nx = " + b"[" * 50_000, "pyproject.toml"),
    ],
    ids=[
        "syntax",
        "type",
        "encoding",
        "key",
        "rule",
        "table of options",
        "choice",
        "folder of rules",
        "extended file",
        "vocabulary",
        "nesting",
    ],
)
def test_broken_configuration(leaky: Path, content: bytes, said: str) -> None:
    write(leaky, {"pyproject.toml": content})
    code, out, err = isolint("check", cwd=leaky)
    assert (code, out) == (2, "")
    assert err.startswith("isolint: ")
    assert said in err
    assert err.count("\n") == 1


def test_broken_pyproject_that_does_not_speak_of_isolint(leaky: Path) -> None:
    write(leaky, {"pyproject.toml": "[project\n", "pytest.ini": "[pytest\n", "setup.cfg": "\xff"})
    outcome = isolint("check", cwd=leaky)
    assert outcome.code == 1
    assert went_on(outcome)
