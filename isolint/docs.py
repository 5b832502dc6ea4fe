"""The pages and tables about the rules, made from the rules and their fixtures.

`python -m isolint.docs` in the root of isolint's repository writes them; with `--check` it only says
which are out of date.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import re
import sys
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isolint.finding import Applicability, Severity

MADE_FROM = "<!-- Made by `python -m isolint.docs` from "
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"

_MARK = re.compile(r"#\s*expect:(.*)$", re.MULTILINE)
_CODE = re.compile(r"\b[A-Z]+[0-9]{3,}\b")
_DOCSTRING = re.compile(r'\A(?:\s*#[^\n]*\n|\s*\n)*\s*r?"""([^\n]*?)(?:"""|\n|\Z)')
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string"}


class Rule(Protocol):
    """What the documentation reads of a rule.

    `docstring` is that of the rule's module, in Markdown: a line that sums it up, then `##` sections.
    `module` is the module's dotted name. `options` is the dataclass of the rule's options; the
    metadata of its fields holds a `help` text.
    """

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def summary(self) -> str: ...
    @property
    def docstring(self) -> str: ...
    @property
    def module(self) -> str: ...
    @property
    def since(self) -> str: ...
    @property
    def fixable(self) -> Applicability | None: ...
    @property
    def options(self) -> type | None: ...


@dataclass(frozen=True, slots=True)
class Case:
    """A fixture: what it shows, and the codes of the rules that must report something in it."""

    name: str
    summary: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a rule as its user writes it; `default` is a TOML value, empty when there is none."""

    name: str
    kind: str
    default: str
    help: str


def page(rule: Rule, cases: Iterable[Case]) -> str:
    """The rule's page in Markdown."""
    parts = [
        f"{MADE_FROM}{_path(rule)} and its fixtures. -->",
        f"# {rule.name} ({rule.code})",
        _facts(rule),
        rule.summary,
        _body(rule),
        _options_section(rule),
        _cases_section(rule, cases),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(rules: Iterable[Rule]) -> str:
    """The rules as a Markdown table, sorted by code, each linked to its page."""
    rows = [
        (rule.code, f"[{rule.name}](docs/rules/{rule.name}.md)", rule.summary, str(rule.severity), _fix(rule))
        for rule in sorted(rules, key=lambda rule: rule.code)
    ]
    return _markdown_table(("Code", "Name", "Reports", "Severity", "Fix"), rows)


def update_readme(text: str, table: str) -> str:
    """The text with the table between its two markers. Raises ValueError when they are not there once."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"no `{BEGIN}` followed by `{END}`")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n{table}\n{END}{tail}"


def explain(rule: Rule) -> str:
    """The rule's page for a terminal: what the docstring says, and the options."""
    parts = [f"{rule.name} ({rule.code})", _facts(rule), rule.summary, _body(rule), _options_text(rule)]
    return "\n\n".join(part for part in parts if part) + "\n"


def rule_json(rule: Rule) -> dict[str, object]:
    """The rule as `isolint rule --output-format json` prints it, with ruff's keys where ruff has one."""
    return {
        "name": rule.name,
        "code": rule.code,
        "summary": rule.summary,
        "severity": str(rule.severity),
        "fix_availability": "Sometimes" if rule.fixable else "None",
        "applicability": str(rule.fixable) if rule.fixable else None,
        "explanation": inspect.cleandoc(rule.docstring),
        "options": [dataclasses.asdict(option) for option in options(rule)],
        "since": rule.since,
        "module": rule.module,
    }


def options(rule: Rule) -> tuple[Option, ...]:
    """The options of the rule, in the order its dataclass declares them."""
    if rule.options is None:
        return ()
    hints = typing.get_type_hints(rule.options)
    return tuple(
        Option(field.name.replace("_", "-"), _kind(hints[field.name]), _default(field), _help(field))
        for field in dataclasses.fields(rule.options)
    )


def read_cases(folder: Path) -> tuple[Case, ...]:
    """The fixture cases in the folder of a rule, by name; none when there is no such folder."""
    if not folder.is_dir():
        return ()
    return tuple(_read_case(entry) for entry in sorted(folder.iterdir()) if _is_case(entry))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages and the README's table, in the working directory.

    Returns 0, 1 when something is out of date, 2 when it could not be done.
    """
    parser = argparse.ArgumentParser(prog="python -m isolint.docs", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, name what is out of date")
    check = parser.parse_args(arguments).check
    try:
        stale = _out_of_date(Path(), _own_rules())
        if not check:
            _write(stale)
    except (OSError, ValueError) as error:
        print(f"isolint.docs: {error}", file=sys.stderr)
        return 2
    for path in sorted(stale):
        print(f"{path.as_posix()} {'is out of date' if check else 'written'}", file=sys.stderr)
    return 1 if check and stale else 0


def _own_rules() -> tuple[Rule, ...]:
    from isolint.rule import load_rules

    return tuple(rule for rule in load_rules() if rule.module.startswith("isolint."))


def _out_of_date(root: Path, rules: Sequence[Rule]) -> dict[Path, str | None]:
    """What to write where: the wanted text of each file that has another; None for a file to remove."""
    wanted = _wanted(root, rules)
    stale = {path: text for path, text in wanted.items() if _read(path) != text}
    pages = (root / "docs" / "rules").glob("*.md")
    orphans = (path for path in pages if path not in wanted and (_read(path) or "").startswith(MADE_FROM))
    return {**stale, **dict.fromkeys(orphans)}


def _wanted(root: Path, rules: Sequence[Rule]) -> dict[Path, str]:
    readme = root / "README.md"
    try:
        wanted = {readme: update_readme(readme.read_text("utf-8"), table(rules))}
    except ValueError as error:
        raise ValueError(f"{readme}: {error}") from error
    for rule in rules:
        path = root / "docs" / "rules" / f"{rule.name}.md"
        wanted[path] = page(rule, read_cases(root / "fixtures" / rule.name))
    return wanted


def _write(texts: Mapping[Path, str | None]) -> None:
    for path, text in texts.items():
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _path(rule: Rule) -> str:
    return f"{rule.module.replace('.', '/')}.py"


def _facts(rule: Rule) -> str:
    return f"Severity: {rule.severity}. Fix: {_fix(rule)}. Since: {rule.since}."


def _fix(rule: Rule) -> str:
    return str(rule.fixable) if rule.fixable else "none"


def _body(rule: Rule) -> str:
    """The docstring after the line that sums it up."""
    return inspect.cleandoc(rule.docstring).partition("\n")[2].strip()


def _options_section(rule: Rule) -> str:
    if not (found := options(rule)):
        return ""
    rows = [
        (f"`{option.name}`", option.kind, f"`{option.default}`" if option.default else "not set", option.help)
        for option in found
    ]
    listed = _markdown_table(("Option", "Type", "Default", "Meaning"), rows)
    return f"## Options\n\nUnder `[tool.isolint.rules.{rule.name}]`:\n\n{listed}"


def _options_text(rule: Rule) -> str:
    if not (found := options(rule)):
        return ""
    lines = [f"## Options\n\n[tool.isolint.rules.{rule.name}]"]
    for option in found:
        if option.help:
            lines.append(textwrap.fill(option.help, 100, initial_indent="# ", subsequent_indent="# "))
        lines.append(f"{option.name} = {option.default}" if option.default else f"# {option.name} is not set")
    return "\n".join(lines)


def _cases_section(rule: Rule, cases: Iterable[Case]) -> str:
    sections: dict[str, list[str]] = {"Reported": [], "Not reported": []}
    for case in cases:
        title = "Reported" if rule.code in case.codes else "Not reported"
        sections[title].append(f"- {case.summary}")
    listed = [f"### {title}\n\n" + "\n".join(items) for title, items in sections.items() if items]
    return "\n\n".join(["## Cases", *listed]) if listed else ""


def _markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [titles, ["---"] * len(titles), *escaped])


def _kind(annotation: object) -> str:
    """The TOML type of an option, in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{_toml(value)}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(argument) for argument in arguments if argument is not type(None))
    if origin in (tuple, list, frozenset):
        return f"list of {_kind(arguments[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "table"
    return _KINDS.get(typing.cast(type, annotation), str(annotation))


def _default(field: dataclasses.Field[object]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return _toml(field.default_factory())
    unset = field.default is None or field.default is dataclasses.MISSING
    return "" if unset else _toml(field.default)


def _help(field: dataclasses.Field[object]) -> str:
    return str(field.metadata.get("help", ""))


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key))} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, (set, frozenset)):
        return _toml(sorted(value))
    return json.dumps(value, ensure_ascii=False)


def _is_case(entry: Path) -> bool:
    if entry.name.startswith((".", "_")) or ".fixed" in entry.suffixes:
        return False
    return entry.is_dir() or entry.suffix == ".py"


def _read_case(entry: Path) -> Case:
    files = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
    texts = {path: path.read_text("utf-8-sig", "replace") for path in files if path.is_file()}
    codes = frozenset(code for text in texts.values() for code in _marks(text))
    name = entry.name if entry.is_dir() else entry.stem
    summary = next(_summaries(texts), name.replace("_", " ").replace("-", " "))
    return Case(name, summary, codes)


def _marks(text: str) -> Iterator[str]:
    for mark in _MARK.findall(text):
        yield from _CODE.findall(mark)


def _summaries(texts: Mapping[Path, str]) -> Iterator[str]:
    """The first lines of the docstrings: of files that must be reported first, then of tests."""
    python = [path for path in texts if path.suffix == ".py"]
    for path in sorted(python, key=lambda path: (not _MARK.search(texts[path]), "test" not in path.name)):
        if found := _DOCSTRING.match(texts[path]):
            yield found[1].strip()


if __name__ == "__main__":
    sys.exit(main())
