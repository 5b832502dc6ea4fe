"""What is told of a rule: its page, its row in the table, its text for a terminal and its JSON."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Iterable
from typing import Protocol

from isolint.docs.cases import Case
from isolint.docs.options import Option, options_of
from isolint.docs.text import MADE_FROM, markdown_table
from isolint.finding import Applicability, Severity


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


def table(rules: Iterable[Rule], folder: str = "docs/rules/") -> str:
    """The rules as a Markdown table, sorted by code, each linked to its page in the folder."""
    rows = [
        (rule.code, f"[{rule.name}]({folder}{rule.name}.md)", rule.summary, str(rule.severity), _fix(rule))
        for rule in sorted(rules, key=lambda rule: rule.code)
    ]
    return markdown_table(("Code", "Name", "Reports", "Severity", "Fix"), rows)


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
    return () if rule.options is None else options_of(rule.options)


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
    listed = markdown_table(("Option", "Type", "Default", "Meaning"), rows)
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
        sections[title].append(
            f"- {case.summary} ([code]({case.address}))" if case.address else f"- {case.summary}"
        )
    listed = [f"### {title}\n\n" + "\n".join(items) for title, items in sections.items() if items]
    return "\n\n".join(["## Cases", *listed]) if listed else ""
