"""Writes what is made, or says what is out of date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from isolint.docs.cases import read_cases
from isolint.docs.configuration import options_table, settings_table
from isolint.docs.rules import Rule, page, table
from isolint.docs.text import MADE_FROM, put_between
from isolint.docs.vocabulary import entries


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages and tables that are made, in the working directory.

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
    docs = root / "docs"
    tables = {
        root / "README.md": {"rules": table(rules)},
        docs / "rules" / "index.md": {"rules": table(rules, "")},
        docs / "configuration.md": {"settings": settings_table(), "options": options_table(rules)},
        docs / "vocabulary.md": {"entries": entries()},
    }
    wanted = {path: _filled(path, made) for path, made in tables.items()}
    for rule in rules:
        wanted[docs / "rules" / f"{rule.name}.md"] = page(rule, read_cases(root / "fixtures" / rule.name))
    return wanted


def _filled(path: Path, made: Mapping[str, str]) -> str:
    """A page that is written by hand, with what is made in its places."""
    text = path.read_text("utf-8")
    for name, content in made.items():
        try:
            text = put_between(text, name, content)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    return text


def _write(texts: Mapping[Path, str | None]) -> None:
    for path, text in texts.items():
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
