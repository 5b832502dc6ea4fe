"""`--output-format full`: a finding must be checkable at a glance, whatever the source holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from isolint.finding import Applicability, Confidence, Finding, Fix, Location, Severity, Span
from isolint.report import Report, load
from isolint.terminal import cells

TEST = "tests/test_auth.py"


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def full(*findings: Finding, sources: Mapping[str, str] | None = None, color: bool = False) -> str:
    texts = sources or {}
    lines = {path: text.splitlines(keepends=True) for path, text in texts.items()}
    return load("full")(Report(findings, Path(), lambda path: lines.get(path, ()), {}, "0.1.0", color))


def finding(
    span: Span,
    label: str = "",
    *related: Location,
    message: str = "the schema stays",
    severity: Severity = Severity.ERROR,
    confidence: Confidence = Confidence.HIGH,
    fix: Fix | None = None,
) -> Finding:
    location = Location(TEST, span, label)
    return Finding(
        "ISO301", "missing-teardown", message, severity, confidence, location, tuple(related), fix=fix
    )


def framed(source: str, span: Span, label: str = "") -> list[str]:
    """The lines of the frame alone, below the header, the arrow and the empty gutter."""
    return full(finding(span, label), sources={TEST: source}).splitlines()[3:]


def expected(text: str) -> str:
    return dedent(text).removeprefix("\n")


def test_no_finding_prints_nothing() -> None:
    assert full() == ""


def test_a_finding_with_its_trail_and_its_fix() -> None:
    sources = {
        TEST: "import pytest\n\nfrom app.db import make_session\nfrom app.models import User\n",
        "app/db.py": "engine = create_engine(settings.URL)\n"
        + "\n" * 9
        + "make_session = sessionmaker(engine)\n",
        "app/config.py": 'URL = "postgresql://db/app"\n',
    }
    reported = Finding(
        "ISO101",
        "production-session-import",
        "`make_session` opens sessions on the application's database",
        Severity.ERROR,
        Confidence.HIGH,
        Location(TEST, Span(3, 20, 3, 32)),
        related=(
            Location("app/db.py", Span(11, 16, 11, 36), "a session factory on `engine`"),
            Location("app/db.py", Span(1, 10, 1, 37), "an engine on `settings.URL`"),
            Location("app/config.py", Span(1, 7, 1, 28), "the database `app`"),
        ),
        fix=Fix("import `test_session`", Applicability.SAFE, ()),
    )
    assert full(reported, sources=sources) == expected("""
        error[ISO101] production-session-import: `make_session` opens sessions on the application's database
          --> tests/test_auth.py:3:20
           |
         3 | from app.db import make_session
           |                    ^^^^^^^^^^^^
         4 | from app.models import User
        the trail:
          --> app/db.py:11:16
           |
        11 | make_session = sessionmaker(engine)
           |                -------------------- a session factory on `engine`
         1 | engine = create_engine(settings.URL)
           |          --------------------------- an engine on `settings.URL`
          --> app/config.py:1:7
           |
         1 | URL = "postgresql://db/app"
           |       --------------------- the database `app`
        help: import `test_session` (--fix)
    """)


def test_a_blank_line_between_findings() -> None:
    text = full(finding(Span(1, 1, 1, 2)), finding(Span(2, 1, 2, 2)))
    assert text == expected("""
        error[ISO301] missing-teardown: the schema stays
         --> tests/test_auth.py:1:1

        error[ISO301] missing-teardown: the schema stays
         --> tests/test_auth.py:2:1
    """)


def test_what_is_uncertain_and_what_is_unsafe_is_said() -> None:
    unsure = finding(
        Span(1, 1, 1, 2),
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        fix=Fix("drop it after the `yield`", Applicability.UNSAFE, ()),
    )
    assert full(unsure) == expected("""
        warning[ISO301] missing-teardown: the schema stays
         --> tests/test_auth.py:1:1
        note: medium confidence
        help: drop it after the `yield` (--fix --unsafe-fixes)
    """)


def test_without_source_the_places_and_their_messages_remain() -> None:
    hop = Location("app/db.py", Span(7, 3, 7, 9), "made here")
    bare = Location("app/db.py", Span(9, 3, 9, 9))
    assert full(finding(Span(5, 2, 5, 4), "created", hop, bare)) == expected("""
        error[ISO301] missing-teardown: the schema stays
         --> tests/test_auth.py:5:2
          | created
        the trail:
         --> app/db.py:7:3
          |
          | line 7: made here
          | line 9
    """)


def test_a_file_that_has_become_shorter_is_like_one_without_source() -> None:
    assert full(finding(Span(5, 2, 5, 4)), sources={TEST: "pass\n"}) == expected("""
        error[ISO301] missing-teardown: the schema stays
         --> tests/test_auth.py:5:2
    """)


def test_two_hops_on_one_line_show_it_once() -> None:
    source = "engine = create_engine(URL)\n"
    first = Location("app/db.py", Span(1, 1, 1, 7), "the engine")
    second = Location("app/db.py", Span(1, 24, 1, 27), "its address")
    assert full(finding(Span(1, 1, 1, 2), "", first, second), sources={"app/db.py": source}) == expected("""
        error[ISO301] missing-teardown: the schema stays
         --> tests/test_auth.py:1:1
        the trail:
         --> app/db.py:1:1
          |
        1 | engine = create_engine(URL)
          | ------ the engine
          |                        --- its address
    """)


def test_a_hop_is_not_labelled_with_its_own_code() -> None:
    sources = {TEST: "drop_all()\n", "app/db.py": "engine = create_engine(URL)\n"}
    hops = [
        Location("app/db.py", Span(1, 1, 1, 28), text) for text in (sources["app/db.py"][:-1], "an engine")
    ]
    shown = [full(finding(Span(1, 1, 1, 9), "", hop), sources=sources).splitlines()[-1] for hop in hops]
    assert shown == [f"  | {'-' * 27}", f"  | {'-' * 27} an engine"]


def test_a_hop_over_several_lines_shows_its_first() -> None:
    hop = Location("app/db.py", Span(1, 10, 3, 2), "the engine")
    text = full(finding(Span(1, 1, 1, 2), "", hop), sources={"app/db.py": "engine = create(\n    URL,\n)\n"})
    assert text.splitlines()[-2:] == [
        "1 | engine = create(",
        "  |          ------- the engine",
    ]


def test_context_is_one_line_and_not_a_blank_one() -> None:
    assert framed("a = 1\nb = 2\nc = 3\n\ne = 5\n", Span(3, 1, 3, 2), "this") == [
        "2 | b = 2",
        "3 | c = 3",
        "  | ^ this",
    ]


def test_a_span_of_no_width_gets_one_caret() -> None:
    assert framed("pass\n", Span(1, 5, 1, 5)) == ["1 | pass", "  |     ^"]


def test_tabs_are_expanded_and_the_caret_follows() -> None:
    assert framed("\tx =\tf()\n", Span(1, 6, 1, 9)) == ["1 |     x = f()", "  |         ^^^"]


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert framed("名前 = cafe\u0301(x)\n", Span(1, 6, 1, 11)) == [
        "1 | 名前 = cafe\u0301(x)",
        "  |        ^^^^",
    ]


def test_wide_characters_are_underlined_whole() -> None:
    assert framed("f('表😀')\n", Span(1, 4, 1, 6), "é") == ["1 | f('表😀')", "  |    ^^^^ é"]


def test_control_characters_are_escaped_wherever_they_come_from() -> None:
    hop = Location("app/\x07.py", Span(1, 1, 1, 2), "\x9bm")
    text = full(
        finding(Span(1, 6, 1, 7), "\x00", hop, message="a\r\nb", fix=Fix("\x1b]0;", Applicability.SAFE, ())),
        sources={TEST: "x = '\x1b[31m\u202e'\n", "app/\x07.py": "\x7f\n"},
    )
    assert text == expected(r"""
        error[ISO301] missing-teardown: a\r\nb
         --> tests/test_auth.py:1:6
          |
        1 | x = '\x1b[31m\u202e'
          |      ^^^^ \x00
        the trail:
         --> app/\x07.py:1:1
          |
        1 | \x7f
          | ---- \x9bm
        help: \x1b]0; (--fix)
    """)


def test_a_span_over_several_lines_has_a_bar_beside_it() -> None:
    source = "def test():\n    run(\n        a,\n    )\n    done()\n"
    assert framed(source, Span(2, 5, 4, 6), "never undone") == [
        "1 |   def test():",
        "2 | /     run(",
        "3 | |         a,",
        "4 | |     )",
        "  | |_____^ never undone",
        "5 |       done()",
    ]


def test_a_span_that_starts_amid_a_line_shows_where() -> None:
    assert framed("x = run(\n    a,\n)\n", Span(1, 5, 3, 2)) == [
        "1 |   x = run(",
        "  |  _____^",
        "2 | |     a,",
        "3 | | )",
        "  | |_^",
    ]


def test_the_middle_of_a_long_span_is_left_out() -> None:
    source = "run(\n" + "".join(f"    {number},\n" for number in range(40)) + ")\n"
    assert framed(source, Span(1, 1, 42, 2)) == [
        " 1 | / run(",
        " 2 | |     0,",
        " 3 | |     1,",
        "   | | ...",
        "42 | | )",
        "   | |_^",
    ]


def test_a_span_up_to_the_start_of_a_line_ends_on_the_line_before() -> None:
    assert framed("pass\nx\n", Span(1, 1, 2, 1)) == ["1 | pass", "  | ^^^^", "2 | x"]


def test_a_span_that_ends_beyond_the_file_ends_with_it() -> None:
    assert framed("pass\nx\n", Span(2, 1, 9, 4)) == ["1 | pass", "2 | x", "  | ^"]


def test_a_long_line_is_cut_around_the_span() -> None:
    line = f"call('{'a' * 200}', TARGET, '{'b' * 200}')"
    start = line.index("TARGET") + 1
    text, marks = framed(line, Span(1, start, 1, start + 6))
    shown = text.removeprefix("1 | ")
    assert shown.startswith("...aaa")
    assert shown.endswith("bbb...")
    assert text.index("TARGET") == marks.index("^^^^^^")
    assert len(text) == 100


def test_a_long_line_is_cut_at_its_end_when_the_span_is_at_its_start() -> None:
    text, marks = framed(f"call('{'a' * 200}')", Span(1, 1, 1, 5))
    assert text == f"1 | call('{'a' * 87}..."
    assert marks == "  | ^^^^"


@pytest.mark.parametrize("column", [1, 60, 90, 95, 97, 100, 150, 280, 297, 299, 300, 301])
@pytest.mark.parametrize("length", [0, 1, 3, 40, 95, 96, 97, 150])
@pytest.mark.parametrize("unit", ["x", "表", "\x1b", "\t"])
def test_no_cut_line_is_wider_than_the_terminal(column: int, length: int, unit: str) -> None:
    end = min(column + length, 301)
    text, marks = framed(unit * 300, Span(1, column, 1, end))
    assert cells(text) <= 100
    assert len(marks) <= 101
    assert "^" in marks


def test_lines_beside_a_bar_are_cut_too() -> None:
    lines = framed(f"{'x' * 200}\n" * 3, Span(1, 150, 3, 190), "a label")
    assert max(map(len, lines)) == 100


def test_a_label_that_does_not_fit_beside_the_carets_stands_below() -> None:
    label = "the schema is created here " * 3
    assert framed(f"{'x' * 60} = create()\n", Span(1, 64, 1, 72), label.strip()) == [
        f"1 | {'x' * 60} = create()",
        f"  | {' ' * 63}^^^^^^^^",
        f"  | {' ' * 16}{label.strip()}",
    ]


@pytest.mark.parametrize(("columns", "widest"), [("60", 60), ("1", 40), ("500", 120)])
def test_the_report_is_as_wide_as_the_terminal_within_reason(
    columns: str, widest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert len(framed("x" * 500, Span(1, 1, 1, 2))[0]) == widest


def test_colors_change_nothing_but_colors() -> None:
    sources = {TEST: "a = 1\nb = create()\n", "app/db.py": "x = 1\n"}
    reported = finding(
        Span(2, 5, 2, 13),
        "created",
        Location("app/db.py", Span(1, 1, 1, 2), "from"),
        confidence=Confidence.LOW,
        fix=Fix("drop it", Applicability.SAFE, ()),
    )
    colored = full(reported, sources=sources, color=True)
    plain = full(reported, sources=sources)
    assert "\x1b" not in plain
    assert "\x1b[31m\x1b[1merror[ISO301]\x1b[0m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == plain
