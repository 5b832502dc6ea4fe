"""`flake8 --select ISO`: isolint's findings, with flake8's own ways to silence them.

The plugin is found by the entry point of the installed package: install it anew (`pip install -e .`) where
these tests say that flake8 knows no ISO.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command import CLEAN, LEAKY, TEST, Outcome, isolint, write

LINE = "from app.db import engine"
FOUND = "./tests/test_shop.py:1:20: ISO101 "
SECOND = TEST.replace("test_connects", "test_again")

pytest.importorskip("flake8")


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    return write(tmp_path, {**LEAKY, **CLEAN})


def flake8(*arguments: str, cwd: Path, stdin: str | None = None) -> Outcome:
    command = [sys.executable, "-m", "flake8", "--isolated", "--select", "ISO", *arguments]
    done = subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_the_plugin_is_installed(tmp_path: Path) -> None:
    assert "isolint: " in flake8("--version", cwd=tmp_path).out


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_same_findings(leaky: Path, jobs: str) -> None:
    write(leaky, {"tests/test_again.py": SECOND, "tests/conftest.py": "from app.db import engine as shop\n"})
    code, out, _ = flake8("--jobs", jobs, cwd=leaky)
    assert code == 1
    own = isolint("check", cwd=leaky).out.splitlines()
    assert len(own) == 3
    assert sorted(line.removeprefix("./") for line in out.splitlines()) == own


def test_named_file(leaky: Path) -> None:
    assert flake8("tests/test_shop.py", cwd=leaky).out.startswith(FOUND.removeprefix("./"))
    assert flake8("tests/test_sum.py", cwd=leaky) == (0, "", "")
    write(leaky, {"isolint.toml": ""})
    assert flake8("test_shop.py", cwd=leaky / "tests").out.startswith("test_shop.py:1:20: ISO101 ")


def test_project_elsewhere(leaky: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    write(leaky, {"isolint.toml": ""})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert flake8(str(leaky), cwd=elsewhere).out.startswith(f"{leaky}/tests/test_shop.py:1:20: ISO101")


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: ISO101", "# noqa: ISO", "# isolint: ignore[ISO101]"])
def test_comments(leaky: Path, comment: str) -> None:
    write(leaky, {"tests/test_shop.py": TEST.replace(LINE, f"{LINE}  {comment}")})
    assert flake8(cwd=leaky) == (0, "", "")


def test_noqa_can_be_disabled(leaky: Path) -> None:
    write(leaky, {"tests/test_shop.py": TEST.replace(LINE, f"{LINE}  # noqa: ISO101")})
    assert flake8("--disable-noqa", cwd=leaky).out.startswith(FOUND)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--per-file-ignores", "tests/test_shop.py:ISO101"], 0),
        (["--per-file-ignores", "tests/*:ISO"], 0),
        (["--per-file-ignores", "app/*:ISO101"], 1),
        (["--extend-ignore", "ISO1"], 0),
        (["--extend-exclude", "tests"], 0),
        (["--select", "ISO5"], 0),
        (["--select", "ISO101"], 1),
    ],
)
def test_flake8_selects(leaky: Path, arguments: list[str], code: int) -> None:
    assert flake8(*arguments, cwd=leaky).code == code


def test_configuration_and_baseline_of_isolint(leaky: Path) -> None:
    write(leaky, {"isolint.toml": 'ignore = ["ISO101"]\n'})
    assert flake8(cwd=leaky).code == 0
    write(leaky, {"isolint.toml": 'baseline = "accepted.json"\n'})
    isolint("baseline", cwd=leaky)
    assert flake8(cwd=leaky).code == 0


def test_standard_input(leaky: Path) -> None:
    text = f"# as it stands in the editor\n{TEST}"
    code, out, _ = flake8("--stdin-display-name", "tests/test_sum.py", "-", cwd=leaky, stdin=text)
    assert (code, out.startswith("tests/test_sum.py:2:20: ISO101")) == (1, True)


def test_project_is_linted_once(leaky: Path) -> None:
    write(leaky, {f"tests/test_{number}.py": CLEAN["tests/test_sum.py"] for number in range(5)})
    script = (
        "import sys; from isolint import engine; from flake8.main.cli import main; run = engine.check;"
        "engine.check = lambda *a, **k: (print('linted'), run(*a, **k))[1]; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", script, "--isolated", "--select", "ISO", "--jobs", "2"]
    done = subprocess.run(command, cwd=leaky, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.count("linted\n") == 1


def test_not_run_when_nothing_of_it_is_selected(leaky: Path) -> None:
    write(leaky, {"isolint.toml": "this is broken"})
    assert flake8("--select", "E9", cwd=leaky) == (0, "", "")


def test_broken_configuration(leaky: Path) -> None:
    write(leaky, {"isolint.toml": "selec = []\n"})
    code, out, _ = flake8(cwd=leaky)
    assert code == 1
    assert "isolint: isolint.toml: unknown key 'selec', did you mean 'select'?" in out
