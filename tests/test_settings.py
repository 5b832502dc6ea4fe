"""Settings: where they come from, what is in force, and what is said of a mistake."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import jsonschema
import pytest

from isolint.finding import Confidence, Severity
from isolint.selection import ignored_for, selected
from isolint.settings import (
    Settings,
    SettingsError,
    find_config,
    find_root,
    listing,
    load,
    rule_options,
    schema,
)

RULES = [
    ("ISO000", "unreadable-file", True),
    ("ISO101", "production-session-import", True),
    ("ISO107", "unproven-database-target", False),
    ("ISO202", "hardcoded-resource-name", True),
    ("ISO301", "missing-teardown", True),
    ("ACME1", "house-rule", False),
]
DEFAULT = {"ISO000", "ISO101", "ISO202", "ISO301"}


@dataclass(frozen=True)
class Limits:
    """Options such as a rule may have."""

    names: frozenset[str] = frozenset()
    pairs: Mapping[str, str] = field(default_factory=dict)
    depth: int = 3
    ratio: float = 0.5
    mode: Literal["strict", "lenient"] = "lenient"
    argument: int | str = 0

    def __post_init__(self) -> None:
        if self.depth < 0:
            raise ValueError("depth must not be negative")


@dataclass(frozen=True)
class Demanding:
    """Options of which one has to be given."""

    url: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project that is the working directory."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def configured(project: Path, text: str, **overrides: object) -> Settings:
    """Give the settings of a project whose pyproject.toml has `text` in its [tool.isolint] table."""
    write(project / "pyproject.toml", f"[tool.isolint]\n{text}")
    return load(project, overrides=overrides)


def error(project: Path, text: str) -> str:
    """Give the message of the error that `text` in the [tool.isolint] table leads to."""
    with pytest.raises(SettingsError) as caught:
        configured(project, text)
    return str(caught.value)


class TestFindingTheConfiguration:
    def test_the_nearest_file_is_taken(self, project: Path) -> None:
        outer = write(project / "pyproject.toml", "[tool.isolint]\n")
        inner = write(project / "packages" / "a" / "isolint.toml")
        write(project / "packages" / "b" / "pyproject.toml", "[project]\nname = 'b'\n")
        tests = write(project / "packages" / "a" / "tests" / "test_a.py")
        assert find_config(tests) == inner
        assert find_config(tests.parent) == inner
        assert find_config(project / "packages" / "b") == outer
        assert find_config(project / "no" / "such" / "folder") == outer

    def test_isolint_toml_goes_before_pyproject_toml(self, project: Path) -> None:
        write(project / "pyproject.toml", "[tool.isolint]\npedantic = false\n")
        write(project / "isolint.toml", "pedantic = true\n")
        assert load(project).pedantic is True

    def test_a_pyproject_without_the_table_is_none_even_if_broken(self, project: Path) -> None:
        write(project / "pyproject.toml", "[tool.ruff\n")
        assert find_config(project) is None
        write(project / "pyproject.toml", "[dependency-groups]\ndev = ['isolint']\n")
        assert find_config(project) is None

    def test_without_any_file_all_is_default(self, project: Path) -> None:
        settings = load(project)
        assert settings.config is None
        assert settings.min_confidence is Confidence.MEDIUM
        assert settings.min_severity is Severity.INFO
        assert set(settings.origins.values()) == {"default"}

    def test_isolated_reads_no_file(self, project: Path) -> None:
        write(project / "isolint.toml", "not even TOML")
        assert load(project, isolated=True).config is None

    def test_a_named_file_is_read_instead(self, project: Path) -> None:
        write(project / "isolint.toml", "pedantic = true\n")
        other = write(project / "ci" / "strict.toml", "min-confidence = 'low'\n")
        settings = load(project, config=other)
        assert (settings.pedantic, settings.min_confidence) == (False, Confidence.LOW)


class TestFindingTheRoot:
    def test_the_folder_of_the_configuration_if_it_is_above(self, project: Path) -> None:
        config = write(project / "service" / "isolint.toml")
        write(project / ".git" / "HEAD")
        assert find_root(project / "service" / "tests", config) == project / "service"
        assert find_root(project / "other", config) == project

    def test_else_the_repository(self, project: Path) -> None:
        write(project / ".git" / "HEAD")
        tests = write(project / "packages" / "a" / "setup.py").parent / "tests"
        tests.mkdir()
        assert find_root(tests, None) == project

    def test_else_the_topmost_folder_with_a_project_file(self, project: Path) -> None:
        write(project / "tox.ini")
        write(project / "tests" / "pytest.ini")
        assert find_root(project / "tests", None) == project

    def test_else_the_working_directory_if_it_is_above(self, project: Path) -> None:
        test = write(project / "tests" / "test_a.py")
        assert find_root(test, None) == project

    def test_else_the_folder_itself(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        test = write(project / "tests" / "test_a.py")
        (project.parent / "elsewhere").mkdir()
        monkeypatch.chdir(project.parent / "elsewhere")
        assert find_root(test, None) == project / "tests"

    def test_stray_files_in_the_home_folder_make_no_project_of_it(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(project))
        write(project / ".git" / "HEAD")
        write(project.parent / "setup.cfg")
        work = write(project / "work" / "setup.cfg").parent
        (work / "tests").mkdir()
        assert find_root(work / "tests", None) == work
        assert find_root(project / "scratch", None) == project


class TestValues:
    def test_values_are_typed_and_know_their_origin(self, project: Path) -> None:
        settings = configured(
            project,
            """
            select = ["ISO1", "missing-teardown"]
            min-severity = "warning"
            pedantic = true
            plugins = ["lint/rules", "../shared"]
            test-paths = ["qa"]
            vocabulary = {guards = ["tests.util.require_disposable"]}
            [tool.isolint.per-file-ignores]
            "tests/legacy/**" = ["ISO301"]
            """,
        )
        assert settings.select == ("ISO1", "missing-teardown")
        assert settings.min_severity is Severity.WARNING
        assert settings.plugins == (project / "lint" / "rules", project.parent / "shared")
        assert settings.vocabulary == {"guards": ["tests.util.require_disposable"]}
        assert settings.origins["select"] == "pyproject.toml: [tool.isolint] select"
        assert settings.origins["exclude"] == "default"
        assert (
            settings.origins["per-file-ignores.tests/legacy/**"]
            == "pyproject.toml: [tool.isolint.per-file-ignores] tests/legacy/**"
        )

    def test_the_command_line_goes_over_the_file(self, project: Path) -> None:
        settings = configured(
            project,
            'min-confidence = "low"\nselect = ["ISO1"]\n',
            min_confidence="high",
            select=("ISO2,ISO3", "ISO101"),
            ignore=(),
            pedantic=None,
        )
        assert settings.min_confidence is Confidence.HIGH
        assert settings.select == ("ISO2", "ISO3", "ISO101")
        assert settings.origins["select"] == "command line: select"
        assert settings.origins["pedantic"] == "default"

    def test_per_file_ignores_on_the_command_line(self, project: Path) -> None:
        settings = load(project, overrides={"per-file-ignores": ("tests/a.py:ISO101,ISO202", "b.py:ALL")})
        assert settings.per_file_ignores == {"tests/a.py": ("ISO101", "ISO202"), "b.py": ("ALL",)}
        with pytest.raises(SettingsError, match="expected GLOB:CODE, got 'ISO101'"):
            load(project, overrides={"per-file-ignores": ("ISO101",)})

    def test_a_byte_order_mark_does_no_harm(self, project: Path) -> None:
        write(project / "isolint.toml", "\ufeffpedantic = true\n")
        assert load(project).pedantic is True

    def test_settings_can_be_sent_to_another_process(self, project: Path) -> None:
        settings = configured(project, "select = ['ISO1']\nrules = {missing-teardown = {depth = 2}}\n")
        assert pickle.loads(pickle.dumps(settings)) == settings

    def test_the_listing_tells_every_setting_with_its_origin(self, project: Path) -> None:
        settings = configured(project, "[tool.isolint.rules.missing-teardown]\ndepth = 2\n", pedantic=True)
        listed = {key: (value, origin) for key, value, origin in listing(settings)}
        assert listed["pedantic"] == (True, "command line: pedantic")
        assert listed["min-confidence"] == ("medium", "default")
        assert listed["vocabulary"] == ({}, "default")
        assert listed["rules.missing-teardown.depth"] == (
            2,
            "pyproject.toml: [tool.isolint.rules.missing-teardown] depth",
        )


class TestExtending:
    def test_what_is_not_set_here_is_inherited(self, project: Path) -> None:
        write(
            project / "shared" / "base.toml",
            """
            min-confidence = "low"
            pedantic = true
            plugins = ["rules"]
            per-file-ignores = {"a.py" = ["ISO1"], "b.py" = ["ISO1"]}
            [rules.missing-teardown]
            depth = 1
            ratio = 1
            """,
        )
        settings = configured(
            project,
            """
            extend = "shared/base.toml"
            pedantic = false
            per-file-ignores = {"b.py" = []}
            rules.missing-teardown.depth = 2
            """,
        )
        assert settings.min_confidence is Confidence.LOW
        assert settings.pedantic is False
        assert settings.plugins == (project / "shared" / "rules",)
        assert settings.per_file_ignores == {"a.py": ("ISO1",), "b.py": ()}
        assert settings.origins["min-confidence"] == "shared/base.toml: min-confidence"
        assert rule_options(settings, "missing-teardown", Limits) == Limits(depth=2, ratio=1.0)

    def test_a_circle_is_an_error(self, project: Path) -> None:
        write(project / "isolint.toml", "extend = 'other.toml'\n")
        write(project / "other.toml", "extend = 'isolint.toml'\n")
        with pytest.raises(SettingsError) as caught:
            load(project)
        assert str(caught.value) == (
            "other.toml: extend: isolint.toml -> other.toml -> isolint.toml is a circle"
        )

    def test_a_missing_file_is_an_error_that_names_the_key(self, project: Path) -> None:
        assert error(project, "extend = 'base.toml'") == (
            f"pyproject.toml: [tool.isolint] extend: there is no file {project / 'base.toml'}"
        )

    def test_a_pyproject_without_the_table_cannot_be_extended(self, project: Path) -> None:
        write(project / "shared" / "pyproject.toml", "[project]\n")
        assert error(project, "extend = 'shared/pyproject.toml'") == (
            "shared/pyproject.toml: there is no [tool.isolint] table in it"
        )


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("selct = []", "unknown key 'selct', did you mean 'select'?"),
            ("min_severity = 'info'", "unknown key 'min_severity', did you mean 'min-severity'?"),
            ("xyzzy = 1", "unknown key 'xyzzy'"),
            ("root = '.'", "unknown key 'root'"),
            ("select = 'ISO101'", "select: expected a list of strings, got a string ('ISO101')"),
            ("select = ['ISO101', 3]", "select[1]: expected a string, got an integer (3)"),
            ("pedantic = 'yes'", "pedantic: expected a boolean, got a string ('yes')"),
            ("pedantic = 1", "pedantic: expected a boolean, got an integer (1)"),
            ("extend = ['a']", "extend: expected a string, got a list"),
            ("extend = 1979-05-27", "extend: expected a string, got a date or time"),
            (
                "min-severity = 'eror'",
                (
                    "min-severity: expected one of 'info', 'warning', 'error', got a string ('eror'), "
                    "did you mean 'error'?"
                ),
            ),
            ("per-file-ignores = ['a']", "per-file-ignores: expected a table, got a list"),
            (
                "per-file-ignores = {a = 'ISO1'}",
                "per-file-ignores.a: expected a list of strings, got a string ('ISO1')",
            ),
            (
                "rules = {missing-teardown = 1}",
                "rules.missing-teardown: expected a table, got an integer (1)",
            ),
            ("exclude = ['[z-a]']", "exclude: '[z-a]' is not a glob"),
            ("per-file-ignores = {'' = []}", "per-file-ignores: '' is not a glob"),
        ],
    )
    def test_a_mistake_names_its_place(self, project: Path, text: str, message: str) -> None:
        assert error(project, text) == f"pyproject.toml: [tool.isolint] {message}"

    def test_in_isolint_toml_the_place_has_no_table(self, project: Path) -> None:
        write(project / "isolint.toml", "selct = []\n")
        with pytest.raises(SettingsError) as caught:
            load(project)
        assert str(caught.value) == "isolint.toml: unknown key 'selct', did you mean 'select'?"

    def test_the_table_has_to_be_a_table(self, project: Path) -> None:
        write(project / "pyproject.toml", "[tool]\nisolint = 'on'\n")
        with pytest.raises(SettingsError) as caught:
            load(project)
        assert str(caught.value) == "pyproject.toml: [tool] isolint: expected a table, got 'on'"

    @pytest.mark.parametrize(
        ("content", "place"),
        [
            (b"[tool.isolint]\nselect = [\n]]\n", "pyproject.toml:3:2: "),
            (b"[tool.isolint]\nselect = ", "pyproject.toml: "),
            (b"[tool.isolint]\n\nselect = ['\xff']\n", "pyproject.toml:3: this is not UTF-8"),
            (b"[tool.isolint]\nselect = " + b"[" * 100_000, "pyproject.toml: nested too deeply"),
        ],
    )
    def test_a_broken_file_names_the_place(self, project: Path, content: bytes, place: str) -> None:
        (project / "pyproject.toml").write_bytes(content)
        with pytest.raises(SettingsError) as caught:
            load(project)
        assert str(caught.value).startswith(place)

    def test_an_unreadable_file_is_named(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        config = write(project / "isolint.toml")

        def refuse(path: Path) -> bytes:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(SettingsError) as caught:
            load(project, config=config)
        assert str(caught.value) == "isolint.toml: Permission denied"

    def test_a_file_outside_the_working_directory_is_named_in_full(self, project: Path) -> None:
        gone = project.parent / "gone.toml"
        with pytest.raises(SettingsError) as caught:
            load(project, config=gone)
        assert str(caught.value) == f"{gone.as_posix()}: {os.strerror(2)}"


class TestRuleOptions:
    def options(self, project: Path, text: str) -> Limits:
        settings = configured(project, f"[tool.isolint.rules.missing-teardown]\n{text}")
        return rule_options(settings, "missing-teardown", Limits)

    def test_options_are_typed(self, project: Path) -> None:
        text = "names = ['a', 'a']\npairs = {create = 'drop'}\nratio = 1\nmode = 'strict'\nargument = 'url'\n"
        assert self.options(project, text) == Limits(
            frozenset({"a"}), {"create": "drop"}, ratio=1.0, mode="strict", argument="url"
        )

    def test_without_a_table_all_is_default(self, project: Path) -> None:
        assert rule_options(load(project), "missing-teardown", Limits) == Limits()

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("dept = 1", "unknown key 'dept', did you mean 'depth'?"),
            ("depth = 'deep'", "depth: expected an integer, got a string ('deep')"),
            ("depth = true", "depth: expected an integer, got a boolean (True)"),
            ("pairs = {a = 1}", "pairs.a: expected a string, got an integer (1)"),
            (
                "mode = 'strickt'",
                "mode: expected one of 'strict', 'lenient', got a string ('strickt'), did you mean 'strict'?",
            ),
            ("argument = []", "argument: expected an integer or a string, got a list"),
        ],
    )
    def test_a_mistake_names_its_place(self, project: Path, text: str, message: str) -> None:
        with pytest.raises(SettingsError) as caught:
            self.options(project, text)
        assert str(caught.value) == f"pyproject.toml: [tool.isolint.rules.missing-teardown] {message}"

    def test_what_the_options_object_to_is_an_error(self, project: Path) -> None:
        with pytest.raises(SettingsError, match="depth must not be negative"):
            self.options(project, "depth = -1")

    def test_a_key_may_be_required(self, project: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            rule_options(load(project), "missing-teardown", Demanding)
        assert str(caught.value) == "[tool.isolint.rules.missing-teardown] lacks the key 'url'"


class TestSelection:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", DEFAULT),
            ("select = []", set()),
            ("select = ['ALL']", {code for code, _, _ in RULES}),
            ("select = ['ISO']", {code for code, _, _ in RULES} - {"ACME1"}),
            ("select = ['ISO1']", {"ISO101", "ISO107"}),
            ("select = ['ISO10', 'missing-teardown']", {"ISO101", "ISO107", "ISO301"}),
            ("extend-select = ['house-rule']", DEFAULT | {"ACME1"}),
            ("ignore = ['ISO1']", DEFAULT - {"ISO101"}),
            ("select = ['ALL']\nignore = ['ALL']", set()),
            ("select = ['ISO1']\nignore = ['ISO']", {"ISO101", "ISO107"}),
            ("select = ['ISO']\nignore = ['ISO1', 'ISO0']", {"ISO202", "ISO301"}),
            ("select = ['ISO101']\nignore = ['ISO101']", set()),
            ("select = ['production-session-import']\nignore = ['ISO10']", {"ISO101"}),
            ("select = ['ISO1']\nextend-select = ['ISO2']\nextend-ignore = ['ISO107']", {"ISO101", "ISO202"}),
        ],
    )
    def test_the_more_specific_selector_wins(self, project: Path, text: str, expected: set[str]) -> None:
        assert selected(RULES, configured(project, text)) == expected

    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            ({"select": ("ISO301",)}, {"ISO301"}),
            ({"select": ("ISO2",)}, {"ISO202"}),
            ({"extend_select": ("ISO202",)}, {"ISO101", "ISO202"}),
            ({"ignore": ("ISO",)}, set()),
        ],
    )
    def test_the_command_line_changes_what_the_file_left(
        self, project: Path, overrides: dict[str, object], expected: set[str]
    ) -> None:
        settings = configured(project, "select = ['ISO101']\nignore = ['ISO202']", **overrides)
        assert selected(RULES, settings) == expected

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("select = ['ISO2202']", "select: there is no rule 'ISO2202', did you mean 'ISO202'?"),
            ("select = ['IS']", "select: there is no rule 'IS'"),
            ("select = ['iso101']", "select: there is no rule 'iso101', did you mean 'ISO101'?"),
            (
                "extend-ignore = ['mising-teardown']",
                "extend-ignore: there is no rule 'mising-teardown', did you mean 'missing-teardown'?",
            ),
        ],
    )
    def test_an_unknown_selector_names_its_place(self, project: Path, text: str, message: str) -> None:
        with pytest.raises(SettingsError) as caught:
            selected(RULES, configured(project, text))
        assert str(caught.value) == f"pyproject.toml: [tool.isolint] {message}"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "[tool.isolint.rules.missing-tear-down]",
                "[tool.isolint.rules] there is no rule 'missing-tear-down', did you mean 'missing-teardown'?",
            ),
            (
                "[tool.isolint.rules.ISO301]",
                "[tool.isolint.rules] there is no rule 'ISO301', did you mean 'missing-teardown'?",
            ),
            (
                "[tool.isolint.per-file-ignores]\n'a.py' = ['ISO9']",
                "[tool.isolint.per-file-ignores] a.py: there is no rule 'ISO9'",
            ),
        ],
    )
    def test_unknown_rules_in_tables_are_found_before_any_file_is_read(
        self, project: Path, text: str, message: str
    ) -> None:
        with pytest.raises(SettingsError) as caught:
            selected(RULES, configured(project, text))
        assert str(caught.value) == f"pyproject.toml: {message}"

    def test_rules_are_ignored_by_file(self, project: Path) -> None:
        settings = configured(
            project,
            """
            [tool.isolint.per-file-ignores]
            "tests/legacy/**" = ["ISO1"]
            "conftest.py" = ["missing-teardown"]
            "/setup_db.py" = ["ALL"]
            "!tests/" = ["ISO202"]
            """,
        )
        assert ignored_for("tests/legacy/deep/test_a.py", RULES, settings) == {"ISO101", "ISO107"}
        assert ignored_for("tests/legacy/conftest.py", RULES, settings) == {"ISO101", "ISO107", "ISO301"}
        assert ignored_for("tests/setup_db.py", RULES, settings) == set()
        assert ignored_for("setup_db.py", RULES, settings) == {code for code, _, _ in RULES}
        assert ignored_for("app/db.py", RULES, settings) == {"ISO202"}


class TestSchema:
    GOOD: tuple[dict[str, object], ...] = (
        {},
        {"extend": "../base.toml", "select": ["ISO1"], "pedantic": True, "min-severity": "error"},
        {"per-file-ignores": {"tests/**": ["ISO101"]}, "vocabulary": {"guards": ["a.b"]}},
        {"rules": {"missing-teardown": {"depth": 1, "pairs": {"a": "b"}, "argument": "url"}}},
    )
    BAD: tuple[dict[str, object], ...] = (
        {"selct": []},
        {"root": "."},
        {"select": "ISO1"},
        {"select": [1]},
        {"min-severity": "eror"},
        {"pedantic": "yes"},
        {"per-file-ignores": {"a": "ISO1"}},
        {"rules": {"missing-teardown": {"dept": 1}}},
        {"rules": {"no-such-rule": {}}},
    )

    @pytest.fixture
    def validator(self) -> jsonschema.Draft202012Validator:
        document = schema({"missing-teardown": Limits})
        jsonschema.Draft202012Validator.check_schema(document)
        return jsonschema.Draft202012Validator(document)

    @pytest.mark.parametrize("document", GOOD)
    def test_good_documents_are_valid(
        self, validator: jsonschema.Draft202012Validator, document: dict[str, object]
    ) -> None:
        validator.validate(document)

    @pytest.mark.parametrize("document", BAD)
    def test_bad_documents_are_not(
        self, validator: jsonschema.Draft202012Validator, document: dict[str, object]
    ) -> None:
        assert not validator.is_valid(document)

    def test_every_key_is_described_and_has_its_default(self) -> None:
        properties = schema()["properties"]
        assert all(each["description"] for each in properties.values())
        assert properties["min-confidence"]["default"] == "medium"
        assert properties["rules"]["additionalProperties"] == {
            "type": "object",
            "additionalProperties": {},
        }
