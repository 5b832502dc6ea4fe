"""The settings as tables, from their schema and the options of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isolint.docs.options import toml
from isolint.docs.rules import Rule, options
from isolint.docs.text import markdown_table
from isolint.settings import schema


def settings_table() -> str:
    """Every key of `[tool.isolint]`: what it may be, what it is when nobody says, what it is for."""
    rows = [(f"`{key}`", *_row(value)) for key, value in schema()["properties"].items()]
    return markdown_table(("Key", "Type", "Default", "Meaning"), rows)


def options_table(rules: Iterable[Rule]) -> str:
    """The options of all rules, each with the table that it stands in."""
    rows = [
        (
            f"[`[tool.isolint.rules.{rule.name}]`](rules/{rule.name}.md)",
            f"`{option.name}`",
            option.kind,
            f"`{option.default}`" if option.default else "not set",
            option.help,
        )
        for rule in rules
        for option in options(rule)
    ]
    if not rows:
        return "None of isolint's own rules has options."
    return markdown_table(("Table", "Option", "Type", "Default", "Meaning"), rows)


def _row(described: Mapping[str, Any]) -> Iterator[str]:
    yield _words(described)
    yield f"`{toml(described['default'])}`" if "default" in described else "not set"
    yield described.get("description", "")


def _words(described: Mapping[str, Any], many: bool = False) -> str:
    """A JSON schema in TOML's words."""
    ending = "s" if many else ""
    if "enum" in described:
        return " or ".join(f"`{toml(choice)}`" for choice in described["enum"])
    if "anyOf" in described:
        return " or ".join(_words(each, many) for each in described["anyOf"])
    match described.get("type"):
        case "array":
            return f"list{ending} of {_words(described['items'], many=True)}"
        case "object":
            inner = described.get("additionalProperties")
            return f"table{ending}" + (f" of {_words(inner, many=True)}" if inner else "")
        case None:
            return "anything"
    return f"{described['type']}{ending}"
