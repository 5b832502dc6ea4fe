"""Source lines as HTML, with what is meant marked in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from isolint.finding import Span
from isolint.frame import inside
from isolint.report.html.markup import Markup, element, joined

# Lines of a span that are shown before the rest is left out; its last line always is.
HEAD = 6
# Characters of a line that are shown on each side of what is marked.
AROUND = 200
CUT = "…"


def frame(lines: Sequence[str], span: Span) -> Markup:
    """The span marked, with a line above and below it that is not blank; nothing when it does not lie in the lines."""
    if not inside(lines, span):
        return Markup()
    last = min(span.end_line, len(lines))
    around = [number for number in (span.line - 1, last + 1) if 1 <= number <= len(lines)]
    context = [number for number in around if lines[number - 1].strip()]
    numbers = sorted([*context, *range(span.line, last + 1)])
    if last - span.line > HEAD:
        numbers = [number for number in numbers if not span.line + HEAD <= number < last]
    return _block(_rows(lines, span, numbers))


def line(lines: Sequence[str], span: Span) -> Markup:
    """The first line of the span with it marked; nothing when it does not lie in the lines."""
    return _block(_rows(lines, span, [span.line])) if inside(lines, span) else Markup()


def shown(lines: Sequence[str], span: Span) -> str:
    """The line that the span starts in, as text."""
    return _cut(lines[span.line - 1].strip(), AROUND) if inside(lines, span) else ""


def _block(rows: Iterable[Markup]) -> Markup:
    return element("pre", element("code", *rows), class_="code", tabindex=0)


def _rows(lines: Sequence[str], span: Span, numbers: Sequence[int]) -> Iterator[Markup]:
    """The numbered lines, dots where some between them are left out."""
    for before, number in zip((numbers[0] - 1, *numbers), numbers, strict=False):
        if number > before + 1:
            yield joined(element("span", f"{CUT:>4}", class_="number"), Markup("\n"))
        source = lines[number - 1].rstrip("\r\n")
        margin = element("span", f"{number:>4}", class_="number")
        yield joined(margin, Markup(" "), *_marked(source, span, number), Markup("\n"))


def _marked(source: str, span: Span, number: int) -> Iterator[str]:
    """A line of source in pieces, the part of it that lies in the span as a mark."""
    if not span.line <= number <= span.end_line:
        yield _cut(source, 2 * AROUND)
        return
    start = span.column - 1 if number == span.line else len(source) - len(source.lstrip())
    end = span.end_column - 1 if number == span.end_line else len(source)
    before, meant, after = source[:start], source[start:end], source[end:] if end > start else source[start:]
    yield before if len(before) <= AROUND else CUT + before[-AROUND:]
    if meant.strip():
        yield element("mark", _cut(meant, 2 * AROUND))
    yield _cut(after, AROUND)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + CUT
