"""The HTML report in a real browser, in light and dark, on a wide and a narrow screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from browser import CONTRASTS, WIDE, browser, opened
from command import isolint
from playwright.sync_api import Browser

REPOSITORY = Path(__file__).parents[1]
NARROW = (360, 740)
Scheme = Literal["light", "dark"]

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on the demonstration, and on cases with warnings, as a file."""
    shown = ["fixtures/demo", "fixtures/teardown-not-guaranteed", "fixtures/missing-teardown"]
    code, out, err = isolint("check", *shown, "--output-format", "html", cwd=REPOSITORY)
    assert code == 1, err
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(out, encoding="utf-8")
    return path.as_uri()


@schemes
def test_all_text_stands_out_from_its_ground(chromium: Browser, address: str, scheme: Scheme) -> None:
    page = opened(chromium, address, scheme)
    said = page.evaluate(CONTRASTS)
    assert len(said) > 100
    assert [(text, contrast) for text, contrast, _ in said if contrast < 4.5] == []
    assert {round(size) for *_, size in said if size < 10} == set()


def test_light_is_light_and_dark_is_dark(chromium: Browser, address: str) -> None:
    grounds = [
        opened(chromium, address, scheme).evaluate("() => getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert grounds == ["rgb(255, 255, 255)", "rgb(21, 24, 28)"]


@schemes
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_all_of_it_can_be_read_without_scrolling_sideways(
    chromium: Browser, address: str, scheme: Scheme, size: tuple[int, int]
) -> None:
    page = opened(chromium, address, scheme, size)
    assert page.locator("article").count() == page.locator("article:visible").count() > 10
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_names_fit_into_their_boxes(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, "light")
    spilled = page.evaluate(
        """() => [...document.querySelectorAll(".node text")].filter(text => {
          const box = text.parentElement.querySelector("rect").getBoundingClientRect();
          const own = text.getBoundingClientRect();
          return own.right > box.right || own.left < box.left || own.bottom > box.bottom || own.top < box.top;
        }).map(text => text.textContent)"""
    )
    assert page.locator(".node").count() > 10
    assert spilled == []


def test_it_asks_for_nothing_and_complains_of_nothing(chromium: Browser, address: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    assert (asked, said) == ([address], [])


def test_a_box_leads_to_its_finding(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, "light")
    page.locator("svg a").first.click()
    target = page.locator("article:target")
    assert "clean_tables" in target.inner_text()
