"""Suppression comments: what they silence, and what is said of those that silence nothing."""

from __future__ import annotations

import io
import tokenize

import pytest

from isolint.finding import Confidence, Finding, Location, Severity, Span
from isolint.suppress import Outcome, Reach, Unused, apply, parse

KNOWN = {
    "ISO001": "unused-suppression",
    "ISO101": "production-session-import",
    "ISO301": "missing-teardown",
    "ACME1": "house-rule",
}


def comments_of(source: str) -> list[tuple[int, int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        (token.start[0], token.start[1] + 1, token.string)
        for token in tokens
        if token.type == tokenize.COMMENT
    ]


def finding(code: str, first: int, last: int | None = None, at: int | None = None) -> Finding:
    """Make a finding at line `at` of a statement on the lines from `first` to `last`."""
    line = at or first
    return Finding(
        code=code,
        name=KNOWN[code],
        message="",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        location=Location("tests/test_a.py", Span(line, 1, line, 2)),
        lines=(first, last or first),
    )


def outcome(source: str, *findings: Finding, judged: set[str] | None = None) -> Outcome:
    return apply(findings, parse(comments_of(source), source.splitlines()), KNOWN, judged)


def silences(source: str, *findings: Finding) -> bool:
    return len(outcome(source, *findings).suppressed) == len(findings)


def fixed(source: str, unused: Unused) -> str:
    """Apply the edit of `unused` to `source`."""
    assert unused.edit is not None
    span, content = unused.edit
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    start = starts[span.line - 1] + span.column - 1
    end = starts[span.end_line - 1] + span.end_column - 1
    return source[:start] + content + source[end:]


class TestWhatIsSilenced:
    @pytest.mark.parametrize(
        "comment",
        [
            "# isolint: ignore[ISO101]",
            "# isolint: ignore[production-session-import]",
            "# isolint: ignore[ISO301, ISO101]",
            "#isolint:ignore[ ISO101 ,]",
            "# isolint: ignore [ISO101]",
            "# isolint: ignore",
            "# isolint: ignore[ISO101] -- the seed script needs the real thing, see #12",
            "# isolint: ignore -- for now",
            "# isolint: ignore-file[ISO101]",
            "# isolint: ignore-file",
            "# noqa: ISO101",
            "# noqa:ISO101",
            "# NOQA: e501, iso101",
            "# noqa: E501 ISO101",
            "# noqa",
            "# type: ignore  # isolint: ignore[ISO101]",
            "# noqa: E501  # isolint: ignore[ISO101]  # pragma: no cover",
            "# pragma: no cover #noqa: ISO101",
        ],
    )
    def test_a_comment_on_the_line_silences_the_finding(self, comment: str) -> None:
        assert silences(f"from app.db import session  {comment}\n", finding("ISO101", 1))

    @pytest.mark.parametrize(
        "comment",
        [
            "# isolint: ignore[ISO301]",
            "# isolint: ignore[ISO1]",
            "# isolint: ignore[iso101]",
            "# isolint: ignor[ISO101]",
            "# isolint ignore[ISO101]",
            "# isolint: ignore[]",
            "# isolint: ignore[ISO101",
            "# isolint: ignore[ISO101] because I say so",
            "# noqa: E501",
            "# noqa: later",
            "# noqa-like",
            "# flake8: noqa",
            "# see isolint: ignore[ISO101]",
        ],
    )
    def test_any_other_comment_does_not(self, comment: str) -> None:
        assert not silences(f"from app.db import session  {comment}\n", finding("ISO101", 1))

    def test_a_string_is_no_comment(self) -> None:
        assert not silences("note = '# isolint: ignore'\n", finding("ISO101", 1))

    def test_any_line_of_the_statement_will_do(self) -> None:
        source = "create(\n    'acme',  # isolint: ignore[ISO301]\n)\n"
        assert silences(source, finding("ISO301", 1, 3))
        assert silences("create(\n    'acme',\n)  # noqa: ISO301\n", finding("ISO301", 1, 3))
        assert silences("create(\n    # isolint: ignore\n    'acme',\n)\n", finding("ISO301", 1, 4))

    def test_the_lines_next_to_the_statement_will_not(self) -> None:
        source = "before()  # isolint: ignore\ncreate()\nafter()  # isolint: ignore\n"
        assert not silences(source, finding("ISO301", 2))

    def test_alone_on_the_line_above(self) -> None:
        assert silences("# isolint: ignore[ISO301]\ncreate(\n)\n", finding("ISO301", 2, 3))
        assert silences(
            "def f():\n    # isolint: ignore\n    # made by hand\n    x()\n", finding("ISO301", 4)
        )
        assert not silences("# isolint: ignore[ISO301]\n\ncreate()\n", finding("ISO301", 3))
        assert not silences("# isolint: ignore[ISO301]\nother()\ncreate()\n", finding("ISO301", 3))
        assert not silences("# noqa: ISO301\ncreate()\n", finding("ISO301", 2))

    def test_ignore_file_will_do_anywhere(self) -> None:
        source = "create()\ncreate()\n# isolint: ignore-file[missing-teardown]\n"
        assert silences(source, finding("ISO301", 1), finding("ISO301", 2))
        assert not silences(source, finding("ISO101", 1))

    def test_a_finding_without_a_statement_is_silenced_on_its_own_line(self) -> None:
        bare = finding("ISO301", 0, 0, at=1)
        assert silences("create()  # isolint: ignore\n", bare)

    def test_kept_and_silenced_findings_are_told_apart_with_the_reason(self) -> None:
        one, other = finding("ISO101", 1), finding("ISO301", 1)
        result = outcome("x()  # isolint: ignore[ISO101] -- read only\n", one, other)
        assert result.kept == (other,)
        assert [(each.finding, each.by.reason, each.by.reach) for each in result.suppressed] == [
            (one, "read only", Reach.STATEMENT)
        ]
        assert result.unused == ()

    def test_the_word_of_a_plugin_is_known_in_noqa_too(self) -> None:
        assert silences("x()  # noqa: ACME1\n", finding("ACME1", 1))


class TestWhatIsUnused:
    def messages(self, source: str, *findings: Finding, judged: set[str] | None = None) -> list[str]:
        return [each.message for each in outcome(source, *findings, judged=judged).unused]

    @pytest.mark.parametrize(
        ("comment", "message"),
        [
            ("# isolint: ignore[ISO101]", "unused suppression of `ISO101`"),
            (
                "# isolint: ignore[missing-teardown, ISO101]",
                "unused suppression of `missing-teardown`, `ISO101`",
            ),
            ("# isolint: ignore", "unused suppression"),
            ("# isolint: ignore-file[ISO101]", "unused suppression of `ISO101`"),
            ("# noqa: E501, ISO101", "unused suppression of `ISO101`"),
            ("# isolint: ignore[unused-suppression]", "unused suppression of `unused-suppression`"),
            (
                "# isolint: ignore[mising-teardown]",
                "there is no rule `mising-teardown`, did you mean `missing-teardown`?",
            ),
            ("# isolint: ignore[frobnicate]", "there is no rule `frobnicate`"),
            ("# noqa: ISO999", "there is no rule `ISO999`"),
            (
                "# isolint: ignor[ISO101]",
                "malformed suppression: there is no `ignor`, did you mean `ignore`?",
            ),
            ("# isolint: disable=ISO101", "malformed suppression: there is no `disable`"),
            (
                "# isolint:",
                "malformed suppression: `ignore` or `ignore-file` has to follow `isolint:`",
            ),
            ("# isolint ignore[ISO101]", "malformed suppression: a `:` is missing after `isolint`"),
            ("# isolint: ignore[]", "malformed suppression: no rule is named between the brackets"),
            ("# isolint: ignore[ISO101", "malformed suppression: a `]` is missing"),
            ("# isolint: ignore because", "malformed suppression: a reason has to follow `--`"),
        ],
    )
    def test_it_is_told_with_its_place(self, comment: str, message: str) -> None:
        unused = outcome(f"x()  {comment}\n").unused
        assert [each.message for each in unused] == [message]
        assert (unused[0].span.line, unused[0].span.column) == (1, 6)
        assert unused[0].span.end_column == 6 + len(comment)

    @pytest.mark.parametrize(
        "comment", ["# noqa", "# noqa: E501", "# type: ignore", "# isolint checks this", "# noqa: later"]
    )
    def test_the_comments_of_others_are_not(self, comment: str) -> None:
        assert self.messages(f"x()  {comment}\n") == []

    def test_only_the_idle_words_are_told(self) -> None:
        result = outcome("x()  # isolint: ignore[ISO101, ISO301, nonsense]\n", finding("ISO301", 1))
        assert [each.words for each in result.unused] == [("nonsense",), ("ISO101",)]

    def test_of_two_comments_that_silence_the_same_finding_none_is(self) -> None:
        source = "# isolint: ignore-file[ISO301]\nx()  # isolint: ignore\n"
        assert self.messages(source, finding("ISO301", 2)) == []

    def test_a_rule_that_did_not_run_is_not_judged(self) -> None:
        source = "x()  # isolint: ignore[ISO101, ISO301]\n"
        assert self.messages(source, judged={"ISO001", "ISO301"}) == ["unused suppression of `ISO301`"]
        assert self.messages(source, judged={"ISO001"}) == []

    def test_it_can_be_silenced_itself(self) -> None:
        assert self.messages("x()  # isolint: ignore[ISO101, ISO001]\n") == []
        assert self.messages("# isolint: ignore-file[unused-suppression]\nx()  # isolint: ignore\n") == []
        assert self.messages("# isolint: ignore-file\nx()  # isolint: ignor\n") == []

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("x()  # isolint: ignore[ISO101]\n", "x()\n"),
            ("x()\n# isolint: ignore[ISO101]\ny()\n", "x()\ny()\n"),
            ("if x:\n    # isolint: ignore\n    y()\n", "if x:\n    y()\n"),
            ("x()\n# isolint: ignore", "x()\n"),
            ("x()  # isolint: ignore  # noqa: E501\n", "x()  # noqa: E501\n"),
            ("x()  # noqa: E501  # isolint: ignore -- why\n", "x()  # noqa: E501\n"),
            ("x()  # why  # isolint: ignore  # noqa\n", "x()  # why  # noqa\n"),
            ("x()  # noqa: ISO101 for the seed\n", "x()\n"),
            ("x()  # noqa: E501, ISO101 too long\n", "x()  # noqa: E501 too long\n"),
            ("x()  # noqa: ISO101, E501\n", "x()  # noqa: E501\n"),
            (
                "x()  # isolint: ignore[ISO101, nonsense] -- why\n",
                "x()  # isolint: ignore[nonsense] -- why\n",
            ),
            ("# isolint: ignore-file[nonsense,ISO101]\n", "# isolint: ignore-file[nonsense]\n"),
        ],
    )
    def test_it_can_be_removed(self, before: str, after: str) -> None:
        (unused,) = (each for each in outcome(before).unused if each.edit)
        assert fixed(before, unused) == after

    def test_a_word_that_is_no_rule_is_left_to_a_person(self) -> None:
        assert [each.edit for each in outcome("x()  # isolint: ignore[nonsense]\n").unused] == [None]
