"""The README says what is so: what it shows was printed, what it tells to type is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import isolint

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_output_is_what_isolint_prints() -> None:
    arguments = ["check", "--output-format", "full", "fixtures/demo"]
    out = isolint(*arguments, cwd=REPOSITORY, environment={"COLUMNS": "100"}).out
    (shown,) = (block for block in blocks("") if block.startswith("error["))
    assert out.startswith(shown)


def test_rule_is_that_of_the_plugin() -> None:
    rule = (REPOSITORY / "tests" / "plugin_package" / "bakery_lint.py").read_text(encoding="utf-8")
    assert rule in blocks("python")


def test_two_commands_of_a_line_each() -> None:
    commands = blocks("sh")
    assert [command.count("\n") for command in commands] == [1, 1]
    assert all(command.startswith("python3 -m venv .venv && ") for command in commands)


def test_configuration_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(blocks("toml")[0], encoding="utf-8")
    code, out, err = isolint("rules", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert re.search(r"ISO202 .* off$", out, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_links_lead_somewhere(path: str) -> None:
    assert (REPOSITORY / path).exists()


def test_it_is_short_but_for_its_table() -> None:
    assert sum(not line.startswith("| ISO") for line in README.splitlines()) <= 180
