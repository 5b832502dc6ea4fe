"""The parts of the documentation that are made: from the rules and their fixtures, the settings, the vocabulary.

`python -m isolint.docs` in the root of isolint's repository writes them; with `--check` it only says
which are out of date.
"""

from isolint.docs.cases import Case, read_cases
from isolint.docs.rules import Rule, explain, options, page, rule_json, table
from isolint.docs.text import put_between
from isolint.docs.update import main

__all__ = [
    "Case",
    "Rule",
    "explain",
    "main",
    "options",
    "page",
    "put_between",
    "read_cases",
    "rule_json",
    "table",
]
