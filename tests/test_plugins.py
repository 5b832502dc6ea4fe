"""Rules that do not come with isolint: from an installed package, and from a folder of the project."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest
from command import LEAKY, Outcome, isolint, write

REPOSITORY = Path(__file__).parents[1]
PACKAGE = Path(__file__).parent / "plugin_package"
RULE = (PACKAGE / "bakery_lint.py").read_text(encoding="utf-8")
FOUND = "tests/test_shop.py:1:20: BAK001 `engine` is an engine, for tests below tests/integration only\n"


# -- a folder of the project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a folder of rules, and a file for its one rule to report."""
    return write(
        tmp_path,
        {
            **LEAKY,
            "lint_rules/stray.py": RULE,
            "pyproject.toml": '[tool.isolint]\nplugins = ["lint_rules"]\n',
        },
    )


def test_rule_from_a_folder(project: Path) -> None:
    code, out, err = isolint("check", "--ignore", "ISO101", cwd=project)
    assert (code, out, err) == (1, FOUND, "1 finding; 1 file checked.\n")


def test_rule_from_a_folder_has_no_page_on_the_web(project: Path) -> None:
    assert '"url": null' in isolint("check", "--select", "BAK", "--output-format", "json", cwd=project).out


def test_rule_from_a_folder_seen_from_elsewhere(project: Path) -> None:
    assert FOUND in isolint("check", str(project), cwd=Path("/")).out


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"lint_rules/a.py": "import nothing_like_it\n"},
            "lint_rules/a.py does not load: ModuleNotFoundError",
        ),
        ({"lint_rules/a.py": "rule = (\n"}, "lint_rules/a.py does not load: SyntaxError"),
        ({"lint_rules/a.py": "import sys\nsys.exit(0)\n"}, "lint_rules/a.py does not load: SystemExit"),
        ({"lint_rules/a.py": "rule = 1\n"}, "lint_rules/a.py: the module holds no `rule = Rule(...)`"),
        ({"lint_rules/again.py": RULE}, "lint_rules/stray.py: BAK001 stray-handle is taken by "),
        (
            {"lint_rules/a.py": RULE.replace("BAK001", "ISO101").replace('"stray-h', '"h')},
            "ISO101 handle is taken by isolint.rules.production_session_import",
        ),
        ({"lint_rules/a.py": RULE.replace("BAK001", "nonsense")}, "not a rule's code and name: 'nonsense'"),
        ({"pyproject.toml": '[tool.isolint]\nplugins = ["rules"]\n'}, "rules: no such folder of rules"),
    ],
    ids=[
        "import",
        "syntax",
        "exit",
        "no rule",
        "taken by plugin",
        "taken by isolint",
        "bad code",
        "no folder",
    ],
)
def test_plugin_that_does_not_load(project: Path, files: dict[str, str], said: str) -> None:
    code, out, err = isolint("check", cwd=write(project, files))
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('    raise ValueError("no such oven")\n    yield', "ValueError: no such oven"),
        ("    return None", "TypeError: 'NoneType' object is not iterable"),
        ('    yield "burnt"', "TypeError: a rule yields findings, this one yielded 'burnt'"),
    ],
    ids=["raises", "returns nothing", "yields something else"],
)
def test_rule_that_crashes(project: Path, body: str, said: str) -> None:
    head = RULE.partition("    if not site.")[0]
    outcome = isolint("check", cwd=write(project, {"lint_rules/stray.py": f"{head}{body}\n"}))
    assert outcome.code == 2
    assert "ISO101" in outcome.out
    assert "isolint: tests/test_shop.py:1: the rule BAK001 stray-handle crashed: " in outcome.err
    assert said in outcome.err


# -- an installed package


class Installed:
    """A fresh environment with isolint and the plugin in it, and a project to lint."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder / "environment", with_pip=True)
        self.scripts = folder / "environment" / "bin"
        self.project = write(folder / "project", LEAKY)
        pip = [str(self.scripts / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, str(REPOSITORY), str(PACKAGE)], check=True, capture_output=True)

    def isolint(self, *arguments: str) -> Outcome:
        command = [str(self.scripts / "isolint"), *arguments]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, check=False
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def lint(self, files: dict[str, str], *options: str) -> Outcome:
        write(self.project, files)
        return self.isolint("check", *options)


def test_rule_of_an_installed_package(tmp_path: Path) -> None:
    # One test, because the environment takes long to make.
    installed = Installed(tmp_path)
    runs_beside_the_others(installed)
    is_listed_and_explained(installed)
    is_selected_ignored_and_suppressed(installed)
    is_configured(installed)
    clashes_with_the_same_rule_in_a_folder(installed)


def runs_beside_the_others(installed: Installed) -> None:
    code, out, _ = installed.isolint("check")
    assert code == 1
    assert FOUND in out
    assert "ISO101" in out


def is_listed_and_explained(installed: Installed) -> None:
    assert "BAK001  stray-handle" in installed.isolint("rules").out
    page = installed.isolint("rule", "stray-handle").out
    assert "A test outside the integration tests uses the application's database." in page
    assert 'folder = "tests/integration"' in page


def is_selected_ignored_and_suppressed(installed: Installed) -> None:
    assert installed.lint({}, "--select", "BAK").out == FOUND
    assert "BAK001" not in installed.lint({}, "--ignore", "stray-handle").out
    line = "from app.db import engine  # isolint: ignore[stray-handle]\n"
    assert "BAK001" not in installed.lint({"tests/test_shop.py": line}).out
    installed.lint({"tests/test_shop.py": LEAKY["tests/test_shop.py"]})


def is_configured(installed: Installed) -> None:
    table = "[rules.stray-handle]\n"
    assert installed.lint({"isolint.toml": f'{table}folder = "tests"\n'}, "--select", "BAK").code == 0
    code, _, err = installed.lint({"isolint.toml": f'{table}foldr = "tests"\n'})
    assert code == 2
    assert "unknown key 'foldr', did you mean 'folder'?" in err


def clashes_with_the_same_rule_in_a_folder(installed: Installed) -> None:
    code, _, err = installed.lint({"lint_rules/stray.py": RULE, "isolint.toml": 'plugins = ["lint_rules"]\n'})
    assert code == 2
    assert "lint_rules/stray.py: BAK001 stray-handle is taken by plugin stray-handle (bakery_lint)" in err
