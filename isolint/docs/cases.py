"""The fixture cases of a rule, as far as its page tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from isolint.late import dataclass, regex

HOME = "https://github.com/isolint/isolint"

_MARK = regex(r"#\s*expect:(.*)$", re.MULTILINE)
_CODE = regex(r"\b[A-Z]+[0-9]{3,}\b")
_DOCSTRING = regex(r'\A(?:\s*#[^\n]*\n|\s*\n)*\s*r?"""([^\n]*?)(?:"""|\n|\Z)')


@dataclass(frozen=True, slots=True)
class Case:
    """A fixture: what it shows, the codes of the rules that must report something in it, where it can be read."""

    name: str
    summary: str
    codes: frozenset[str]
    address: str = ""


def read_cases(folder: Path) -> tuple[Case, ...]:
    """The fixture cases in the folder of a rule, by name; none when there is no such folder."""
    if not folder.is_dir():
        return ()
    return tuple(_read_case(entry) for entry in sorted(folder.iterdir()) if _is_case(entry))


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
    kind = "tree" if entry.is_dir() else "blob"
    return Case(name, summary, codes, f"{HOME}/{kind}/main/fixtures/{entry.parent.name}/{entry.name}")


def _marks(text: str) -> Iterator[str]:
    for mark in _MARK.findall(text):
        yield from _CODE.findall(mark)


def _summaries(texts: Mapping[Path, str]) -> Iterator[str]:
    """The first lines of the docstrings: of files that must be reported first, then of tests."""
    python = [path for path in texts if path.suffix == ".py"]
    for path in sorted(python, key=lambda path: (not _MARK.search(texts[path]), "test" not in path.name)):
        if found := _DOCSTRING.match(texts[path]):
            yield found[1].strip()
