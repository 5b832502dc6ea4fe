"""The pages, tables and terminal texts made from the rules and their fixtures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Literal

import pytest

import isolint.rule
from isolint import docs
from isolint.finding import Applicability, Severity
from isolint.settings import schema
from isolint.vocabulary.reading import ENTRIES

DOCSTRING = """Schemas that are never dropped pile up.

## What it does
Reports `CREATE SCHEMA` without its counterpart.

## Example
```python
def tenant(): ...
```
"""


@dataclass(frozen=True)
class Options:
    pairs: Mapping[str, str] = field(
        default_factory=lambda: {"app.create": "app.drop"}, metadata={"help": "A creator | its destroyer."}
    )
    allowed_names: tuple[str, ...] = ("tmp", 'a "b"')
    strict: bool = False
    scope: Literal["module", "session"] = field(default="module", metadata={"help": "The widest scope."})
    limit: int | None = None


@dataclass(frozen=True)
class FakeRule:
    code: str = "ISO301"
    name: str = "missing-teardown"
    severity: Severity = Severity.WARNING
    summary: str = "Schemas that are never dropped pile up."
    docstring: str = DOCSTRING
    module: str = "isolint.rules.missing_teardown"
    since: str = "0.1"
    fixable: Applicability | None = Applicability.UNSAFE
    options: type | None = None


def text(indented: str) -> str:
    return dedent(indented).removeprefix("\n")


def test_a_page_has_the_docstring_and_the_cases() -> None:
    cases = [
        docs.Case("kept", "A schema that stays.", frozenset({"ISO301", "ISO101"})),
        docs.Case(
            "dropped", "A schema dropped after the `yield`.", frozenset(), "https://example.org/dropped"
        ),
        docs.Case("foreign", "Another rule's fault.", frozenset({"ISO101"})),
    ]
    assert docs.page(FakeRule(), cases) == text("""
        <!-- Made by `python -m isolint.docs` from isolint/rules/missing_teardown.py and its fixtures. -->

        # missing-teardown (ISO301)

        Severity: warning. Fix: unsafe. Since: 0.1.

        Schemas that are never dropped pile up.

        ## What it does
        Reports `CREATE SCHEMA` without its counterpart.

        ## Example
        ```python
        def tenant(): ...
        ```

        ## Cases

        ### Reported

        - A schema that stays.

        ### Not reported

        - A schema dropped after the `yield`. ([code](https://example.org/dropped))
        - Another rule's fault.
    """)


def test_a_page_without_options_and_cases_has_no_empty_section() -> None:
    page = docs.page(FakeRule(docstring="Only this.", summary="Only this.", fixable=None), [])
    assert page.endswith("Severity: warning. Fix: none. Since: 0.1.\n\nOnly this.\n")


def test_a_page_lists_the_options_as_they_are_written_in_toml() -> None:
    assert text("""
        ## Options

        Under `[tool.isolint.rules.missing-teardown]`:

        | Option | Type | Default | Meaning |
        | --- | --- | --- | --- |
        | `pairs` | table | `{ "app.create" = "app.drop" }` | A creator \\| its destroyer. |
        | `allowed-names` | list of string | `["tmp", "a \\"b\\""]` |  |
        | `strict` | boolean | `false` |  |
        | `scope` | `"module"` or `"session"` | `"module"` | The widest scope. |
        | `limit` | integer | not set |  |
    """) in docs.page(FakeRule(options=Options), [])


def test_explain_shows_the_options_as_a_section_of_toml() -> None:
    explained = docs.explain(FakeRule(options=Options))
    assert explained.startswith("missing-teardown (ISO301)\n\nSeverity: warning. Fix: unsafe. Since: 0.1.\n")
    assert explained.count("Schemas that are never dropped") == 1
    assert explained.endswith(
        text("""
        ## Options

        [tool.isolint.rules.missing-teardown]
        # A creator | its destroyer.
        pairs = { "app.create" = "app.drop" }
        allowed-names = ["tmp", "a \\"b\\""]
        strict = false
        # The widest scope.
        scope = "module"
        # limit is not set
        """)
    )


def test_a_rule_as_json() -> None:
    described = docs.rule_json(FakeRule(options=Options))
    assert json.loads(json.dumps(described)) == described
    assert described["explanation"] == DOCSTRING.strip()
    assert (described["fix_availability"], described["applicability"]) == ("Sometimes", "unsafe")
    assert docs.rule_json(FakeRule(fixable=None))["fix_availability"] == "None"


def test_the_table_is_sorted_and_links_to_the_pages() -> None:
    first = FakeRule(code="ISO101", name="session-import", summary="A | B.", fixable=None)
    assert docs.table([FakeRule(summary="Never dropped."), first]) == text("""
        | Code | Name | Reports | Severity | Fix |
        | --- | --- | --- | --- | --- |
        | ISO101 | [session-import](docs/rules/session-import.md) | A \\| B. | warning | none |
        | ISO301 | [missing-teardown](docs/rules/missing-teardown.md) | Never dropped. | warning | unsafe |
    """).rstrip("\n")


def test_the_table_goes_between_the_markers() -> None:
    readme = "# isolint\n<!-- rules: begin -->\nold\n<!-- rules: end -->\nmore\n"
    updated = docs.put_between(readme, "rules", "new")
    assert updated == "# isolint\n<!-- rules: begin -->\nnew\n<!-- rules: end -->\nmore\n"
    assert docs.put_between(updated, "rules", "new") == updated


@pytest.mark.parametrize(
    "readme",
    ["", "<!-- rules: begin -->", "<!-- rules: end --><!-- rules: begin -->", "<!-- rules: begin -->" * 2],
)
def test_a_readme_without_its_markers_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="rules: begin"):
        docs.put_between(readme, "rules", "new")


def test_cases_are_files_and_trees_with_their_marks(tmp_path: Path) -> None:
    write(
        tmp_path / "schema_kept.py", '"""A schema that stays.\n\nMore."""\n\nf()  # expect: ISO301, ISO501\n'
    )
    write(tmp_path / "schema_kept.fixed.py", '"""A schema that goes."""\n')
    write(tmp_path / "no_docstring.py", "f()\n")
    write(tmp_path / "does_not_parse.py", '# a comment\n\nr"""Torn `off`."""\n\ndef (:  # expect: ISO000\n')
    write(tmp_path / "tree" / "app" / "db.py", '"""The database."""\n')
    write(tmp_path / "tree" / "tests" / "test_a.py", '"""A handle two hops away."""\n')
    write(
        tmp_path / "tree" / "tests" / "conftest.py",
        "from app import db  # expect: ISO101 via app/db.py:5 and app/config.py:3\n",
    )
    write(tmp_path / "tree.fixed" / "app.py", "")
    write(tmp_path / "__pycache__" / "schema_kept.pyc", "")
    cases = docs.read_cases(tmp_path)
    assert [(case.name, case.summary, set(case.codes)) for case in cases] == [
        ("does_not_parse", "Torn `off`.", {"ISO000"}),
        ("no_docstring", "no docstring", set()),
        ("schema_kept", "A schema that stays.", {"ISO301", "ISO501"}),
        ("tree", "A handle two hops away.", {"ISO101"}),
    ]
    below = f"main/fixtures/{tmp_path.name}"
    assert cases[2].address == f"https://github.com/isolint/isolint/blob/{below}/schema_kept.py"
    assert cases[3].address == f"https://github.com/isolint/isolint/tree/{below}/tree"


def test_a_case_that_is_not_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b'"""Not UTF-8: \xe9."""\n')
    assert docs.read_cases(tmp_path)[0].summary == "Not UTF-8: \ufffd."


def test_no_folder_means_no_cases(tmp_path: Path) -> None:
    assert docs.read_cases(tmp_path / "missing") == ()


WITH_MARKERS = {
    "README.md": "rules",
    "docs/rules/index.md": "rules",
    "docs/configuration.md": "settings options",
    "docs/vocabulary.md": "entries",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one rule of its own and one of a plugin, as the working directory."""
    plugin = FakeRule(code="ACME001", name="acme", module="acme.rules")
    monkeypatch.setattr(isolint.rule, "load_rules", lambda: (FakeRule(), plugin), raising=False)
    monkeypatch.chdir(tmp_path)
    for name, made in WITH_MARKERS.items():
        marked = "".join(f"<!-- {each}: begin -->\n<!-- {each}: end -->\n" for each in made.split())
        write(tmp_path / name, marked)
    write(tmp_path / "fixtures" / "missing-teardown" / "kept.py", '"""It stays."""\nf()  # expect: ISO301\n')
    return tmp_path


def test_writing_makes_the_pages_and_the_table(repository: Path) -> None:
    assert docs.main([]) == 0
    assert "- It stays. ([code](" in (repository / "docs" / "rules" / "missing-teardown.md").read_text()
    assert "| ISO301 |" in (repository / "README.md").read_text()
    pages = {path.name for path in (repository / "docs" / "rules").iterdir()}
    assert pages == {"index.md", "missing-teardown.md"}
    assert "(missing-teardown.md)" in (repository / "docs" / "rules" / "index.md").read_text()
    assert docs.main(["--check"]) == 0


def test_checking_names_what_is_out_of_date_and_changes_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(repository.rglob("*"))
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "README.md is out of date\ndocs/configuration.md is out of date\ndocs/rules/index.md is out of date\n"
        "docs/rules/missing-teardown.md is out of date\ndocs/vocabulary.md is out of date\n"
    )
    assert sorted(repository.rglob("*")) == before


def test_the_page_of_a_rule_that_is_gone_goes_and_a_page_by_hand_stays(repository: Path) -> None:
    docs.main([])
    gone, by_hand = repository / "docs" / "rules" / "gone.md", repository / "docs" / "rules" / "by-hand.md"
    write(gone, docs.page(FakeRule(name="gone"), []))
    write(by_hand, "# Rules\n")
    assert docs.main(["--check"]) == 1
    assert docs.main([]) == 0
    assert not gone.exists()
    assert by_hand.exists()


def test_a_missing_readme_is_an_error_that_names_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "README.md").unlink()
    assert docs.main([]) == 2
    assert "README.md" in capsys.readouterr().err


def test_a_readme_without_markers_is_an_error_that_names_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repository / "README.md", "# isolint\n")
    assert docs.main(["--check"]) == 2
    assert capsys.readouterr().err.startswith("isolint.docs: README.md: no `<!-- rules: begin -->`")


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_settings_are_told_with_their_types_and_defaults(repository: Path) -> None:
    docs.main([])
    told = (repository / "docs" / "configuration.md").read_text()
    rows = {line.split(" | ")[0].strip("| `"): line for line in told.splitlines() if line.startswith("| `")}
    assert set(rows) == set(schema()["properties"])
    assert "| table of lists of strings | `{}` | Rules to ignore in some files, by glob. |" in told
    assert '| `"low"` or `"medium"` or `"high"` | `"medium"` |' in rows["min-confidence"]


def test_options_of_rules_are_told_with_their_table(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolint.rule, "load_rules", lambda: (FakeRule(options=Options),))
    docs.main([])
    told = (repository / "docs" / "configuration.md").read_text()
    assert (
        "| [`[tool.isolint.rules.missing-teardown]`](rules/missing-teardown.md) | `strict` | boolean | `false` |"
        in told
    )


def test_every_kind_of_vocabulary_entry_is_told_with_its_keys(repository: Path) -> None:
    docs.main([])
    told = (repository / "docs" / "vocabulary.md").read_text()
    for kind in ENTRIES:
        title = f"### `[{kind}]`" if kind == "replace" else f"### `[[{kind}]]`"
        assert title in told or kind == "types"
    assert "| `by-name` | boolean | `false` |" in told
    assert "| `resource` | string | required |" in told
