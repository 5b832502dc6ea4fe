"""Configuration files: which they are, and what they hold, with the place of every key and value."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from isolint.documents.comments import comments
from isolint.documents.nodes import Entry, Node, Position, scalar
from isolint.late import regex
from isolint.source import Source, UnreadableError

__all__ = [
    "KINDS",
    "MOST_CHARACTERS",
    "OTHERS",
    "Entry",
    "Node",
    "Position",
    "comments",
    "kind_of",
    "may_be_anything",
    "read",
    "scalar",
]

MOST_CHARACTERS = 400_000

# Kind -> the paths it has (the last components), and the module that reads it.
KINDS: tuple[tuple[str, str, str], ...] = (
    ("github", r"\.github/workflows/[^/]+\.ya?ml", "yaml"),
    ("gitlab", r"\.gitlab-ci\.ya?ml", "yaml"),
    ("circleci", r"\.circleci/config\.ya?ml", "yaml"),
    ("azure", r"(?:\.?azure-pipelines/[\w./-]+|azure-pipelines[\w.-]*)\.ya?ml", "yaml"),
    ("compose", r"(?:docker-)?compose[\w.-]*\.ya?ml", "yaml"),
    ("package", r"package\.json", "yaml"),
    ("pyproject", r"pyproject\.toml", "toml"),
    ("pytest-toml", r"\.?pytest\.toml", "toml"),
    ("pytest-ini", r"\.?pytest\.ini", "ini"),
    ("tox", r"tox\.ini", "ini"),
    ("setup", r"setup\.cfg", "ini"),
    ("dotenv", r"\.env(?:\.[\w.-]+)?|[\w.-]+\.env|[\w.-]*env[\w.-]*\.sh", "dotenv"),
    ("requirements", r"requirements[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in)", "lines"),
    ("settings-toml", r"[\w.-]+\.toml", "toml"),
    ("settings-ini", r"[\w.-]+\.(?:ini|cfg|conf)", "ini"),
    ("settings-yaml", r"[\w.-]*(?:config|settings)[\w.-]*\.ya?ml", "yaml"),
    ("makefile", r"(?:GNU)?[Mm]akefile", "makefile"),
    ("shell", r"[\w.-]+\.sh", "shell"),
)
_PATHS = regex(r"(?:.*?/)??(?:" + "|".join(f"({path})" for _, path, _ in KINDS) + r")\Z")

# Kinds of files that may be anything: one that cannot be read is none of isolint's business.
OTHERS = frozenset({"settings-toml", "settings-ini", "settings-yaml", "requirements", "shell"})


_TEMPLATES = regex(r"\{\{|(?:^|/)templates?/")


def may_be_anything(path: str) -> bool:
    """Whether a configuration file that cannot be read is none of isolint's business.

    It may be another program's, in a format of its own, or a template of such a file.
    """
    kind = kind_of(path)
    return kind in OTHERS or (kind != "" and _TEMPLATES.search(path) is not None)


def kind_of(path: str) -> str:
    """What kind of configuration file a POSIX path names, "" for any other file."""
    found = _PATHS.match(path)
    return "" if found is None or found.lastindex is None else KINDS[found.lastindex - 1][0]


def read(source: Source) -> Node:
    """What a configuration file holds.

    Raises UnreadableError for one that is not in its format, or is too large to be one, and ValueError for a path
    that names none.
    """
    kind = kind_of(source.path)
    name = next((reader for known, _, reader in KINDS if known == kind), None)
    if name is None:
        raise ValueError(f"no configuration file: {source.path}")
    if len(source.text) > MOST_CHARACTERS:
        raise UnreadableError(f"the file has {len(source.text):,} characters, too many to be read")
    reader: Callable[[Source], Node] = importlib.import_module(f"{__name__}.{name}").read
    try:
        return reader(source)
    except RecursionError:
        raise UnreadableError("the file is nested too deeply") from None
