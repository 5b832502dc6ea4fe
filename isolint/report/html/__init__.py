"""One self-contained page: the findings by file and by where they lead, with graphs and trails in code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import groupby

from isolint.finding import Confidence, Finding, Location
from isolint.frame import label
from isolint.report import Report
from isolint.report.html import code
from isolint.report.html.graph import end_of, graph
from isolint.report.html.markup import Markup, element, joined, prose
from isolint.report.html.svg import figure, heads

# Nothing may be loaded or run, whatever the source holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

Numbered = tuple[int, Finding]


def render(report: Report) -> str:
    """The page as a whole HTML document; it needs no other file, no network and no JavaScript."""
    page = _Page(report)
    style = files(__name__).joinpath("style.css").read_text("utf-8")
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        element("title", f"isolint: {page.counted}"),
        element("style", Markup(style)),
    )
    body = element("body", heads(), element("main", *page.sections()))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


class _Page:
    """The sections of a page."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.numbered: Sequence[Numbered] = list(enumerate(report.findings, start=1))
        self.by_file = {
            path: list(found) for path, found in groupby(self.numbered, key=lambda each: each[1].path)
        }
        self.counted = _counted(len(self.numbered), "finding")

    def sections(self) -> Iterator[Markup]:
        """Heading, where the trails end, and each file with its findings."""
        yield element("h1", "isolint")
        if not self.numbered:
            yield element("p", "No findings.")
            return
        yield element("p", f"{self.counted} in {_counted(len(self.by_file), 'file')}.", class_="lead")
        yield element("nav", element("ul", *self._contents()), aria_label="Contents")
        yield from self._ends()
        yield element("h2", "Findings by file", id="files")
        closures = {closure.path: closure for closure in self.report.closures(list(self.by_file))}
        for place, (path, found) in enumerate(self.by_file.items(), start=1):
            drawn = figure(graph(closures[path], found), path) if path in closures else Markup()
            yield element("section", element("h3", path), drawn, *map(self._finding, found), id=f"p{place}")
        yield element("footer", f"isolint {self.report.version}")

    def _contents(self) -> Iterator[Markup]:
        yield element("li", element("a", "Where the trails end", href="#ends"))
        for place, (path, found) in enumerate(self.by_file.items(), start=1):
            yield element("li", element("a", path, href=f"#p{place}"), f" {len(found)}")

    # -- where the trails end

    def _ends(self) -> Iterator[Markup]:
        """The places that decide where tests reach, with the findings that lead there, the most first."""
        ends: dict[tuple[str, int], list[tuple[Location, Numbered]]] = {}
        without: list[Numbered] = []
        for each in self.numbered:
            end = end_of(each[1])
            if end is None:
                without.append(each)
            else:
                ends.setdefault((end.path, end.span.line), []).append((end, each))
        yield element("h2", "Where the trails end", id="ends")
        for led in sorted(ends.values(), key=len, reverse=True):
            yield self._end(led[0][0], [each for _, each in led])
        if without:
            title = element("h3", "Findings that are proved where they stand")
            yield element("section", title, element("ul", *map(self._link, without)))

    def _end(self, end: Location, led: Sequence[Numbered]) -> Markup:
        lines = self.report.source(end.path)
        title = element("h3", code.shown(lines, end.span) or end.message or end.path, class_="source")
        said = f"{_place(end)}, where {_counted(len(led), 'finding')} {'leads' if len(led) == 1 else 'lead'}"
        return element("section", title, element("p", said), element("ul", *map(self._link, led)))

    def _link(self, each: Numbered) -> Markup:
        number, finding = each
        name = f"{finding.path}:{finding.location.span.line}"
        link = element("a", name, href=f"#f{number}")
        return element("li", link, " ", _badge(finding), " ", prose(finding.message))

    # -- a finding

    def _finding(self, each: Numbered) -> Markup:
        number, finding = each
        return element(
            "article",
            element("h4", _badge(finding), " ", self._rule(finding)),
            element("p", prose(finding.message), class_="message"),
            element("p", *self._facts(finding), class_="place"),
            self._framed(finding.location),
            self._trail(finding),
            id=f"f{number}",
        )

    def _rule(self, finding: Finding) -> Markup:
        url = self.report.rules.get(finding.code)
        name = f"{finding.code} {finding.name}"
        return element("a", name, href=url) if url else element("span", name)

    def _facts(self, finding: Finding) -> Iterator[str]:
        yield _place(finding.location)
        if finding.confidence < Confidence.HIGH:
            yield f", {finding.confidence} confidence"
        if finding.fix is not None:
            yield f"; fix ({finding.fix.applicability}): {finding.fix.title}"

    def _framed(self, location: Location) -> Markup:
        return code.frame(self.report.source(location.path), location.span)

    def _trail(self, finding: Finding) -> Markup:
        if not finding.related:
            return Markup()
        hops = [self._hop(location) for location in finding.related]
        return joined(element("h5", "The trail"), element("ol", *hops, class_="trail"))

    def _hop(self, location: Location) -> Markup:
        lines = self.report.source(location.path)
        said = [" ", prose(message)] if (message := label(lines, location)) else []
        shown = code.line(lines, location.span)
        return element("li", element("span", _place(location), class_="place"), *said, shown)


def _badge(finding: Finding) -> Markup:
    return element("span", str(finding.severity), class_=f"badge {finding.severity}")


def _place(location: Location) -> str:
    return f"{location.path}:{location.span.line}:{location.span.column}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
