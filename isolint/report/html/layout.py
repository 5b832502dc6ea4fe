"""Boxes and arrows in columns: where each of them goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from isolint.late import dataclass

COLUMN_GAP, ROW_GAP, MARGIN = 56, 14, 8
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the boxes are, by their number, and for each arrow the points that it goes through."""

    boxes: tuple[Box, ...]
    arrows: Mapping[tuple[int, int], tuple[tuple[float, float], ...]]
    width: float
    height: float


def laid_out(
    sizes: Sequence[tuple[float, float]], arrows: Iterable[tuple[int, int]], last: Iterable[int]
) -> Layout:
    """Boxes of these sizes in columns, so that the arrows between them point to the right.

    The boxes in `last` share the last column. An arrow that would close a circle points to the left.
    """
    edges = list(dict.fromkeys((a, b) for a, b in arrows if a != b))
    columns = _columns(len(sizes), edges, frozenset(last))
    chains = {edge: _chain(edge, columns, number) for number, edge in enumerate(edges)}
    rows = _rows(columns, chains.values())
    return _placed(sizes, columns, rows, chains)


# A place in a column: a box by its number, or a bend of the arrow of that number.
_Item = tuple[str, int, int]


def _columns(count: int, edges: Sequence[tuple[int, int]], last: frozenset[int]) -> list[int]:
    """The column of each box: one to the right of everything that points to it."""
    columns = [0] * count
    for _ in range(count):
        moved = False
        for start, end in edges:
            if columns[end] <= columns[start] < count - 1:
                columns[end] = columns[start] + 1
                moved = True
        if not moved:
            break
    used = {column: place for place, column in enumerate(sorted(set(columns)))}
    columns = [used[column] for column in columns]
    furthest = max((columns[box] for box in range(count)), default=0)
    return [furthest if box in last else column for box, column in enumerate(columns)]


def _chain(edge: tuple[int, int], columns: Sequence[int], number: int) -> list[_Item]:
    """The items that an arrow goes through: its start, a bend in every column between, its end."""
    start, end = edge
    between = range(columns[start] + 1, columns[end])
    return [("box", start, 0), *(("bend", number, column) for column in between), ("box", end, 0)]


def _rows(columns: Sequence[int], chains: Iterable[Sequence[_Item]]) -> list[list[_Item]]:
    """The items of each column from top to bottom, moved next to what they are joined with."""
    chains = list(chains)
    rows: list[list[_Item]] = [[] for _ in range(max(columns, default=0) + 1)]
    for box, column in enumerate(columns):
        rows[column].append(("box", box, 0))
    for chain in chains:
        for item in chain[1:-1]:
            rows[item[2]].append(item)
    joined: dict[_Item, list[_Item]] = {}
    for chain in chains:
        for one, other in pairwise(chain):
            joined.setdefault(one, []).append(other)
            joined.setdefault(other, []).append(one)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _sort(row, rows, joined)
    return rows


def _sort(
    column: list[_Item], rows: Sequence[Sequence[_Item]], joined: Mapping[_Item, Sequence[_Item]]
) -> None:
    height = {item: (place + 0.5) / len(row) for row in rows for place, item in enumerate(row)}

    def wanted(item: _Item) -> float:
        others = [height[other] for other in joined.get(item, ())]
        return sum(others) / len(others) if others else height[item]

    column.sort(key=wanted)


def _placed(
    sizes: Sequence[tuple[float, float]],
    columns: Sequence[int],
    rows: Sequence[Sequence[_Item]],
    chains: Mapping[tuple[int, int], Sequence[_Item]],
) -> Layout:
    """The boxes and bends at their coordinates, each column in the middle of the height."""

    def size(item: _Item) -> tuple[float, float]:
        return sizes[item[1]] if item[0] == "box" else (0, 0)

    heights = [sum(size(item)[1] + ROW_GAP for item in row) - ROW_GAP for row in rows]
    height = max(heights, default=0)
    places: dict[_Item, Box] = {}
    left: float = MARGIN
    for row, own in zip(rows, heights, strict=True):
        wide = max((size(item)[0] for item in row), default=0)
        top = MARGIN + (height - own) / 2
        for item in row:
            places[item] = Box(left, top, size(item)[0] or wide, size(item)[1])
            top += size(item)[1] + ROW_GAP
        left += wide + COLUMN_GAP
    boxes = tuple(places["box", number, 0] for number in range(len(sizes)))
    arrows = {edge: tuple(_points([places[item] for item in chain])) for edge, chain in chains.items()}
    return Layout(boxes, arrows, left - COLUMN_GAP + MARGIN, height + 2 * MARGIN)


def _points(boxes: Sequence[Box]) -> Iterable[tuple[float, float]]:
    """From the right edge of the first box, through both edges of each bend, to the left edge of the last."""
    yield boxes[0].x + boxes[0].width, boxes[0].middle
    for bend in boxes[1:-1]:
        yield bend.x, bend.middle
        yield bend.x + bend.width, bend.middle
    yield boxes[-1].x, boxes[-1].middle
