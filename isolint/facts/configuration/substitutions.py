"""Variables of tests that give way to the application's in shell, tox, make and YAML."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.documents import Node, Position
from isolint.facts.configuration.files import Document
from isolint.facts.meaning.values import Literal
from isolint.facts.targets.fallbacks import names_stores
from isolint.facts.targets.lattice import Level, is_test_name, place
from isolint.late import dataclass, regex

_KINDS = frozenset("github gitlab circleci azure compose package pyproject tox makefile shell dotenv".split())
_OWN, _OTHER = r"(?P<own>[A-Za-z_]\w*)", r"(?P<other>[A-Za-z_]\w*)"
_PATTERNS = (
    # ${TEST_DATABASE_URL:-$DATABASE_URL}, with the dollars doubled in a Makefile
    regex(rf"\$\{{{_OWN}:?[-=]['\"]?(?:\$\$?\{{?{_OTHER}|(?P<text>[^}}'\"\s$]+))"),
    # ${{ secrets.TEST_DATABASE_URL || secrets.DATABASE_URL }}
    regex(
        r"\$\{\{[^}]*?\b(?:secrets|vars|env)\." + _OWN + r"\s*\|\|\s*"
        r"(?:(?:secrets|vars|env)\." + _OTHER + r"|'(?P<text>[^']*)')"
    ),
    # {env:TEST_DATABASE_URL:{env:DATABASE_URL:}}
    regex(rf"\{{env:{_OWN}:(?:\{{env:{_OTHER}|(?P<text>[^{{}}]+)\}})"),
    # $(or $(TEST_DATABASE_URL),$(DATABASE_URL))
    regex(rf"\$\(or\s+\$[({{]{_OWN}[)}}]\s*,\s*\$[({{]{_OTHER}[)}}]"),
    # TEST_DATABASE_URL ?= $(DATABASE_URL)
    regex(rf"^{_OWN}\s*\?=\s*\$[({{]{_OTHER}[)}}](?P<text>\Z)?"),
)
_EMPTY = regex(r"-z\s+['\"]?\$\{?(?P<own>[A-Za-z_]\w*)")
_COPIED = regex(rf"(?:^|[\s;])(?:export\s+)?{_OWN}=['\"]?\$\{{?{_OTHER}\}}?['\"]?\s*(?:[;#]|$)")


@dataclass(frozen=True, slots=True)
class Substitution:
    """A place where, if the test variable `own` is not set, `other` is taken: a variable, or an address."""

    at: Position
    own: str
    other: str


def substitutions(document: Document) -> Iterator[Substitution]:
    """The test variables of a configuration file that stand for a store and give way to the application's."""
    if document.kind not in _KINDS:
        return
    for node in document.root.below():
        if node.kind == "scalar" and ("$" in node.text or "{env:" in node.text):
            for line in node.lines():
                yield from _in_line(line)
    if document.kind == "shell":
        yield from _refilled(document.root)


def _in_line(line: Node) -> Iterator[Substitution]:
    for pattern in _PATTERNS:
        for found in pattern.finditer(line.text):
            groups = found.groupdict()
            own, other, literal = groups["own"], groups.get("other"), groups.get("text")
            if not is_test_name(own):
                continue
            if other is not None and not is_test_name(other) and names_stores((own, other)):
                yield Substitution(line.at, own, f"the application's `{other}`")
            elif literal is not None and names_stores((own,)):
                target = place(Literal(literal), {}, product=False)
                if target.level is Level.PRODUCTION:
                    yield Substitution(line.at, own, target.why)


def _refilled(root: Node) -> Iterator[Substitution]:
    """`if [ -z "$TEST_DATABASE_URL" ]; then` and, behind it, `TEST_DATABASE_URL=$DATABASE_URL`."""
    missing: set[str] = set()
    for line in root.items:
        missing |= {found["own"] for found in _EMPTY.finditer(line.text)}
        for found in _COPIED.finditer(line.text):
            own, other = found["own"], found["other"]
            if (
                own in missing
                and is_test_name(own)
                and not is_test_name(other)
                and names_stores((own, other))
            ):
                yield Substitution(line.at, own, f"the application's `{other}`")
        if line.text == "fi":
            missing.clear()
