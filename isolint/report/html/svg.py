"""The graph of a file as inline SVG, and as a list for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolint.report.html.graph import Graph, Node
from isolint.report.html.layout import Box, laid_out
from isolint.report.html.markup import Markup, element, joined
from isolint.terminal import cells, visible

LONGEST = 38
LETTER, SMALL, PADDING, HEIGHT = 7.3, 6.3, 10, 40


def figure(graph: Graph, name: str) -> Markup:
    """The graph with its caption; nothing when nothing in it points to anything."""
    if not any(node.needs for node in graph.nodes):
        return Markup()
    rest = f" {graph.left_out} more that lead to no finding are left out." if graph.left_out else ""
    caption = f"What runs for the tests of {name}, and where its findings lead.{rest}"
    listed = element("details", element("summary", "The same as a list"), element("ul", *_items(graph.nodes)))
    return element(
        "figure",
        element("div", _drawing(graph.nodes, caption), class_="scroll", tabindex=0),
        element("figcaption", caption, listed),
    )


def _drawing(nodes: Sequence[Node], caption: str) -> Markup:
    sizes = [(_width(node), HEIGHT) for node in nodes]
    arrows = [(start, end) for start, node in enumerate(nodes) for end in node.needs]
    layout = laid_out(sizes, arrows, (place for place, node in enumerate(nodes) if node.kind == "store"))
    curves = [
        element("path", d=_curve(points), class_="arrow", marker_end="url(#head)")
        for points in layout.arrows.values()
    ]
    boxes = [_box(node, box) for node, box in zip(nodes, layout.boxes, strict=True)]
    width, height = round(layout.width), round(layout.height)
    return element(
        "svg",
        *curves,
        *boxes,
        xmlns="http://www.w3.org/2000/svg",
        role="group",
        aria_label=caption,
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
    )


def heads() -> Markup:
    """The head that all arrows on a page share."""
    tip = element("path", d="M0 0 L8 4 L0 8 z", class_="head")
    shape = element(
        "marker", tip, id="head", markerWidth=8, markerHeight=8, refX=8, refY=4, orient="auto-start-reverse"
    )
    return element("svg", element("defs", shape), width=0, height=0, aria_hidden="true", class_="defs")


def _box(node: Node, box: Box) -> Markup:
    shape = element(
        "rect", x=_rounded(box.x), y=_rounded(box.y), width=_rounded(box.width), height=HEIGHT, rx=5
    )
    name = element(
        "text", _short(node.name), x=_rounded(box.x + PADDING), y=_rounded(box.y + 17), class_="name"
    )
    detail = element(
        "text", _short(node.detail), x=_rounded(box.x + PADDING), y=_rounded(box.y + 32), class_="detail"
    )
    kind = f"node {node.kind}{' found' if node.findings else ''}"
    drawn = element("g", element("title", f"{node.name}: {node.detail}"), shape, name, detail, class_=kind)
    return element("a", drawn, href=f"#f{node.findings[0]}") if node.findings else drawn


def _curve(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *rest = points
    path = f"M{_rounded(x)} {_rounded(y)}"
    for nx, ny in rest:
        bend = max(abs(nx - x) / 2, 24) if ny != y or nx < x else 0
        path += " C" + " ".join(map(_rounded, (x + bend, y, nx - bend, ny, nx, ny)))
        x, y = nx, ny
    return path


def _items(nodes: Sequence[Node]) -> Iterator[Markup]:
    for node in nodes:
        needs = "; needs " + ", ".join(nodes[need].name for need in node.needs) if node.needs else ""
        links = [joined(" ", element("a", f"finding {each}", href=f"#f{each}")) for each in node.findings]
        yield element("li", element("code", node.name), f" ({node.detail}){needs}", *links)


def _short(name: str) -> str:
    """A name that fits into a box: without its middle when it is long."""
    shown = visible(name)
    half = LONGEST // 2 - 1
    return shown if len(shown) <= LONGEST else f"{shown[:half]}…{shown[-half:]}"


def _width(node: Node) -> float:
    return max(cells(_short(node.name)) * LETTER, cells(_short(node.detail)) * SMALL) + 2 * PADDING


def _rounded(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
