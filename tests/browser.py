"""A real browser without a window, for what only a browser can tell."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE = (1200, 900)

# For each element with text of its own: what it says, its contrast, and how large it is written.
CONTRASTS = """() => {
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = numbers(getComputedStyle(each).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const said = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join("").trim();
    if (!own || !element.getClientRects().length) continue;
    const drawn = element instanceof SVGElement;
    if (drawn && element.tagName !== "text") continue;
    const style = getComputedStyle(element);
    const ground = drawn ? getComputedStyle(element.parentElement.querySelector("rect")).fill : null;
    const pair = [numbers(drawn ? style.fill : style.color), ground ? numbers(ground) : behind(element)];
    const [low, high] = pair.map(luminance).sort((a, b) => a - b);
    said.push([own, (high + 0.05) / (low + 0.05), parseFloat(style.fontSize)]);
  }
  return said;
}"""


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser of this machine. Without one the test is skipped; `.ci/run` installs one where it can."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


def opened(
    where: Browser, address: str, scheme: Literal["light", "dark"], size: tuple[int, int] = WIDE
) -> Page:
    """The page in a window of that size, without JavaScript of its own and without anything from elsewhere."""
    context = where.new_context(
        color_scheme=scheme,
        viewport={"width": size[0], "height": size[1]},
        java_script_enabled=False,
        offline=True,
    )
    page = context.new_page()
    page.goto(address)
    return page
