"""What holds for every fix of every rule, over all cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from fix_everything import fix_everything

from isolint import documents
from isolint.rule import load_rules
from isolint.testing import Case, cases, expected, mended

FIXTURES = Path(__file__).parent.parent / "fixtures"
FIXABLE = {rule.name: rule.code for rule in load_rules() if rule.fixable}
CASES = [case for case in cases(FIXTURES) if not case.name.startswith("demo")]
FAULTY = [
    case
    for case in CASES
    if not case.is_fixed
    and FIXABLE.get(case.name.partition("/")[0]) in {mark.code for mark in expected(case.path)}
]

# Rule -> those whose fixes take its findings along: what is destroyed or opened is the tests' own then, or guarded.
TAKEN_ALONG_BY = {
    "ISO101": {"ISO501"},
    "ISO103": {"ISO101"},
    "ISO107": {"ISO502"},
    "ISO301": {"ISO101"},
    "ISO501": {"ISO101", "ISO102"},
    "ISO502": {"ISO101", "ISO102", "ISO104"},
    "ISO503": {"ISO101"},
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases in one project."""
    root = tmp_path_factory.mktemp("cases")
    for case in CASES:
        if not case.is_configured:
            case.lay(root / case.name.replace("-", "_").replace(".", "_"))
    return root


def test_fixes_break_nothing_and_introduce_no_finding(tree: Path) -> None:
    outcome = fix_everything(tree)
    assert outcome.applied
    assert not outcome.refused
    assert not outcome.problems
    assert not outcome.fixable
    fixed = {(folder(path), code) for path, code in outcome.applied}
    for path, code in outcome.along:
        assert any((folder(path), of) in fixed for of in TAKEN_ALONG_BY.get(code, ())), f"{path} {code}"
    # Where a rule tells of one of several places at a time, the next one comes up when that is fixed.
    assert all(outcome.applied[each] > count for each, count in outcome.later.items())
    assert (
        outcome.left
        == outcome.found + outcome.later.total() - outcome.along.total() - outcome.applied.total()
    )


def folder(path: str) -> str:
    """The case that a file of the tree belongs to."""
    return "/".join(path.split("/")[:2])


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case.name)
def test_line_ends_and_byte_order_marks_stay(case: Case, tmp_path: Path) -> None:
    plain, other = case.lay(tmp_path / "plain"), case.lay(tmp_path / "other")
    for path in other.rglob("*"):
        if path.is_file():
            path.write_bytes(foreign(path.name, path.read_bytes()))
    rule = case.name.partition("/")[0]
    files = mended(plain, rule).files.items()
    wanted = {name: after if before is None else foreign(name, after) for name, (before, after) in files}
    assert {name: after for name, (_, after) in mended(other, rule).files.items()} == wanted


def foreign(name: str, data: bytes) -> bytes:
    """A file as an editor under Windows might have written it."""
    mark = b"" if documents.kind_of(name) or not name.endswith(".py") else b"\xef\xbb\xbf"
    return mark + data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
