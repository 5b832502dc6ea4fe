"""`--output-format html`: one page that shows every finding, whatever names and sources hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from command import isolint, write

from isolint.closure import Closure, Part
from isolint.finding import Confidence, Finding, Location, Severity, Span
from isolint.report import Report, load
from isolint.report.html.layout import Layout, laid_out

TEST = "tests/test_orders.py"
HOSTILE = "</script><script>alert('1')</script>\x1b[2J\u202e\udcff\x00&amp;\"'"


def page(
    *findings: Finding, sources: Mapping[str, str] | None = None, closures: tuple[Closure, ...] = ()
) -> Element:
    """The page as a browser's parser reads it, which finds nothing to complain of."""
    lines = {path: text.splitlines(keepends=True) for path, text in (sources or {}).items()}
    report = Report(
        findings,
        Path(),
        lambda path: lines.get(path, ()),
        {"ISO101": "https://example.org/rules"},
        "0.1.0",
        False,
        closures=lambda paths: [closure for closure in closures if closure.path in paths],
    )
    written = load("html")(report)
    written.encode("utf-8")
    return parsed(written)


def parsed(written: str) -> Element:
    root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(written)
    return root


def said(root: Element | None) -> str:
    """All text below an element, blanks made one."""
    return re.sub(r"\s+", " ", "".join(root.itertext())) if root is not None else ""


def by_class(root: Element, name: str) -> list[Element]:
    return [each for each in root.iter() if name in (each.get("class") or "").split()]


def finding(
    *related: Location, message: str = "`engine` is the application's", path: str = TEST, line: int = 1
) -> Finding:
    place = Location(path, Span(line, 20, line, 26))
    return Finding(
        "ISO101", "production-session-import", message, Severity.ERROR, Confidence.MEDIUM, place, related
    )


URL = Location("app/db.py", Span(1, 7, 1, 22), "the address")


def test_no_finding_is_a_page_that_says_so() -> None:
    assert "No findings." in said(page().find("body"))


def test_a_finding_is_shown_with_its_code_and_its_trail() -> None:
    root = page(
        finding(URL),
        sources={TEST: "from app.db import engine\n", "app/db.py": "URL = 'sqlite:///shop.db'\n"},
    )
    (article,) = root.iter("article")
    assert "error ISO101 production-session-import" in said(article)
    assert "engine is the application's" in said(article)
    assert f"{TEST}:1:20, medium confidence" in said(article)
    assert [said(mark) for mark in article.iter("mark")] == ["engine", "'sqlite:///shop"]
    (trail,) = by_class(article, "trail")
    assert "app/db.py:1:7 the address" in said(trail)
    (link,) = article.iter("a")
    assert link.get("href") == "https://example.org/rules"


def test_findings_that_lead_to_one_place_are_told_together_and_linked() -> None:
    other = finding(URL, path="tests/test_stock.py")
    root = page(finding(URL), other, finding(path="tests/test_zero.py"), sources={"app/db.py": "URL = 'x'\n"})
    sections = {said(section.find("h3")): section for section in root.iter("section")}
    led = sections["URL = 'x'"]
    assert "app/db.py:1:7, where 2 findings lead" in said(led)
    targets = {each.get("id") for each in root.iter()}
    links = [str(link.get("href")) for link in root.iter("a") if str(link.get("href")).startswith("#")]
    assert {link[1:] for link in links} <= targets
    assert [a.get("href") for a in led.iter("a")] == ["#f1", "#f2"]
    alone = sections["Findings that are proved where they stand"]
    assert [a.get("href") for a in alone.iter("a")] == ["#f3"]


def test_nothing_in_a_name_message_or_source_becomes_markup() -> None:
    hop = Location(f"app/{HOSTILE}.py", Span(1, 1, 1, 9), HOSTILE)
    hostile = finding(hop, message=f"`{HOSTILE}` stays", path=f"tests/{HOSTILE}.py")
    closure = Closure(hostile.path, (Part("fixture", HOSTILE, hostile.path, (1, 1), HOSTILE),))
    sources = {hostile.path: f"x = '{HOSTILE}'\n", hop.path: f"{HOSTILE}\n"}
    root = page(hostile, sources=sources, closures=(closure,))
    assert {each.tag for each in root.iter()} & {"script", "iframe", "object", "link", "img"} == set()
    body = said(root.find("body"))
    assert "</script><script>alert('1')</script>\\x1b[2J\\u202e\\udcff\\x00&amp;\"'" in body
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", body)


def test_a_source_that_cannot_be_read_or_has_changed_is_left_out() -> None:
    root = page(finding(URL), sources={"app/db.py": ""})
    assert by_class(root, "code") == []
    assert "app/db.py:1:7" in said(root)


def test_of_a_long_span_and_a_long_line_the_ends_are_shown() -> None:
    long = Finding(
        "ISO101", "a-b", "m", Severity.INFO, Confidence.HIGH, Location(TEST, Span(2, 1, 60, 3)), (URL,)
    )
    source = "".join(f"line_{number}()\n" for number in range(1, 80))
    root = page(long, sources={TEST: source, "app/db.py": "U" * 50_000 + "\n"})
    code, hop = by_class(root, "code")
    shown = [int(each) for each in re.findall(r"line_(\d+)", said(code))]
    assert shown == [1, 2, 3, 4, 5, 6, 7, 60, 61]
    assert len(said(hop)) < 1000


def test_what_runs_for_a_test_is_drawn_and_told_as_a_list() -> None:
    parts = (
        Part("test", "test_order", TEST, (10, 12), needs=(2,)),
        Part("test", "test_price", TEST, (14, 15), needs=(2,)),
        Part("fixture", "client", "tests/conftest.py", (3, 5), "module", needs=(3,)),
        Part("fixture", "tables", "tests/conftest.py", (7, 9), autouse=True),
        Part("test", "test_sum", TEST, (20, 21)),
    )
    root = page(finding(URL, line=11), finding(URL, line=1), closures=(Closure(TEST, parts),))
    (drawing,) = [svg for svg in root.iter("{http://www.w3.org/2000/svg}svg") if svg.get("role")]
    names = [said(each) for each in by_class(drawing, "name")]
    assert names == ["test_order", "test_price", "client", "tables", "app/db.py:1", TEST]
    (listed,) = root.iter("details")
    assert "test_order (test, line 10); needs client, app/db.py:1 finding 1" in said(listed)
    assert "client (fixture, module, conftest.py:3); needs tables" in said(listed)
    assert "1 more that lead to no finding are left out" in said(root)
    assert len(by_class(drawing, "arrow")) == 5
    assert [a.get("href") for a in drawing.iter("{http://www.w3.org/2000/svg}a")] == ["#f1", "#f2"]


def test_tests_without_findings_that_need_the_same_are_one_box() -> None:
    tests = tuple(Part("test", f"test_{n}", TEST, (n * 10, n * 10 + 5), needs=(30,)) for n in range(1, 31))
    parts = (*tests[:30], Part("fixture", "client", TEST, (1, 5)))
    root = page(finding(URL, line=12), closures=(Closure(TEST, parts),))
    assert [said(each) for each in by_class(root, "name")] == ["test_1", "29 tests", "client", "app/db.py:1"]


def corners(layout: Layout) -> list[tuple[float, float, float, float]]:
    return [(box.x, box.y, box.x + box.width, box.y + box.height) for box in layout.boxes]


@pytest.mark.parametrize(
    "arrows",
    [
        [],
        [(0, 1), (1, 2), (2, 3), (0, 3)],
        [(0, 4), (1, 4), (2, 4), (3, 4), (4, 5)],
        [(0, 1), (1, 0), (1, 2), (2, 2)],
        [(a, b) for a in range(6) for b in range(a + 1, 6)],
    ],
)
def test_boxes_keep_apart_and_within_the_drawing(arrows: list[tuple[int, int]]) -> None:
    layout = laid_out([(80.0 + 10 * n, 40.0) for n in range(6)], arrows, [5])
    found = corners(layout)
    for place, (left, top, right, bottom) in enumerate(found):
        assert 0 <= left < right <= layout.width
        assert 0 <= top < bottom <= layout.height
        others = found[place + 1 :]
        assert not [o for o in others if left < o[2] and o[0] < right and top < o[3] and o[1] < bottom]
    assert all(x <= found[5][0] for x, *_ in found)


def test_arrows_point_to_the_right_and_around_the_boxes_between() -> None:
    layout = laid_out([(100.0, 40.0)] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)], [])
    xs = [box.x for box in layout.boxes]
    assert xs == sorted(set(xs))
    for points in layout.arrows.values():
        assert [x for x, _ in points] == sorted(x for x, _ in points)
    heights = [y for _, y in layout.arrows[0, 3][1:-1]]
    assert all(not box.y <= y <= box.y + box.height for y in heights for box in layout.boxes[1:3])


CONFTEST = """\
import pytest

from app.db import engine, metadata


@pytest.fixture
def tables():
    metadata.create_all(engine)
    yield engine
    metadata.drop_all(engine)


@pytest.fixture(autouse=True, scope="session")
def clean(tables):
    yield
"""
TESTS = """\
import unittest

import pytest


class TestOrders:
    @pytest.mark.parametrize("amount", [1, 2])
    def test_order(self, tables, amount, tmp_path):
        assert tables


class OldTest(unittest.TestCase):
    def setUp(self):
        self.orders = []

    def test_old(self):
        assert not self.orders
"""
APP = """\
from sqlalchemy import MetaData, create_engine

engine = create_engine("sqlite:///./shop.db")
metadata = MetaData()
"""


def test_a_project_is_drawn_with_its_own_closure(tmp_path: Path) -> None:
    faulty = TESTS + "\n\ndef test_import():\n    from app.db import engine\n\n    assert engine\n"
    write(tmp_path, {"app/__init__.py": "", "app/db.py": APP})
    write(tmp_path, {"tests/conftest.py": CONFTEST, "tests/test_orders.py": faulty})
    code, out, _ = isolint("check", "--output-format", "html", cwd=tmp_path)
    root = parsed(out)
    assert code == 1
    listed = {
        said(each.find("code")): said(each) for each in root.iter("li") if each.find("code") is not None
    }
    assert "test_order (test, line 7); needs clean, tables" in listed["TestOrders.test_order"]
    assert "needs OldTest.setUp, clean" in listed["OldTest.test_old"]
    assert "(autouse, session, conftest.py:13); needs tables" in listed["clean"]
    assert "1 test file" in listed
    assert "app/db.py:3" in listed["test_import"]
