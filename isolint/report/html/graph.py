"""What the graph of a file shows: its tests, what runs for them, and the stores that the findings lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from isolint.closure import Closure, Part
from isolint.finding import Finding, Location
from isolint.late import dataclass

# More boxes than this are thinned out to those that lead to a finding.
ENOUGH = 24


@dataclass(slots=True)
class Node:
    """A box: its name, what is said below it, the findings in its code, and what it points to."""

    kind: str
    name: str
    detail: str
    findings: list[int] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Graph:
    """The boxes of a file, and how many were left out."""

    nodes: tuple[Node, ...]
    left_out: int


def graph(closure: Closure, findings: Sequence[tuple[int, Finding]]) -> Graph:
    """The closure of a file with the findings in the file, each with its number on the page."""
    drawn = _Drawn(closure)
    for number, finding in findings:
        drawn.add(number, finding)
    return drawn.graph()


def end_of(finding: Finding) -> Location | None:
    """Where the trail of a finding ends; None where it has none."""
    return finding.related[-1] if finding.related else None


class _Drawn:
    """The nodes of one graph so far."""

    def __init__(self, closure: Closure) -> None:
        self.path = closure.path
        self.parts = closure.parts
        self.nodes = [_node(part) for part in closure.parts]
        self._others: dict[tuple[str, str], int] = {}

    def add(self, number: int, finding: Finding) -> None:
        """Show a finding at the part that it lies in, and where its trail leads."""
        start = self._part_at(finding.location)
        place = self._other("module", self.path, "at import") if start is None else start
        self.nodes[place].findings.append(number)
        end = end_of(finding)
        if end is not None and self._part_at(end) != place:
            through = [self._part_at(each) for each in finding.related]
            last = next((part for part in reversed(through) if part is not None), place)
            store = self._part_at(end)
            if store is None:
                store = self._other("store", f"{end.path}:{end.span.line}", end.message)
            self._point(place, last)
            self._point(last, store)

    def graph(self) -> Graph:
        """The boxes that are worth drawing: tests without a finding that need the same are drawn as one."""
        groups: dict[object, list[int]] = {}
        for place, node in enumerate(self.nodes):
            alike = node.kind == "test" and not node.findings
            groups.setdefault(tuple(node.needs) if alike else place, []).append(place)
        kept = self._thinned(list(groups.values()))
        moved = {place: number for number, group in enumerate(kept) for place in group}
        nodes = tuple(self._grouped(group, moved) for group in kept)
        return Graph(nodes, len(groups) - len(kept))

    def _thinned(self, groups: list[list[int]]) -> list[list[int]]:
        """The boxes that are joined to others or hold a finding; if they are many, those that lead to one."""
        needed = {need for node in self.nodes for need in node.needs}
        told = {place for place, node in enumerate(self.nodes) if node.needs or node.findings} | needed
        groups = [group for group in groups if told & set(group)]
        if len(groups) <= ENOUGH:
            return groups
        leading = {place for place, node in enumerate(self.nodes) if node.findings or node.kind == "store"}
        before = 0
        while before != len(leading):
            before = len(leading)
            leading |= {place for place, node in enumerate(self.nodes) if leading & set(node.needs)}
        return [group for group in groups if leading & set(group)]

    def _grouped(self, group: Sequence[int], moved: dict[int, int]) -> Node:
        first = self.nodes[group[0]]
        needs = list(dict.fromkeys(moved[need] for need in first.needs if need in moved))
        if len(group) == 1:
            return Node(first.kind, first.name, first.detail, first.findings, needs)
        return Node("test", f"{len(group)} tests", "without a finding of their own", [], needs)

    def _part_at(self, location: Location) -> int | None:
        """The innermost part whose code a place lies in."""
        found = [place for place, part in enumerate(self.parts) if _holds(part, location)]
        return max(found, key=lambda place: self.parts[place].lines[0], default=None)

    def _other(self, kind: str, name: str, detail: str) -> int:
        """A box for something that is no part of the closure."""
        key = (kind, name)
        if key not in self._others:
            self._others[key] = len(self.nodes)
            self.nodes.append(Node(kind, name, detail))
        return self._others[key]

    def _point(self, start: int, end: int) -> None:
        if start != end and end not in self.nodes[start].needs:
            self.nodes[start].needs.append(end)


def _holds(part: Part, location: Location) -> bool:
    return part.path == location.path and part.lines[0] <= location.span.line <= part.lines[1]


def _node(part: Part) -> Node:
    return Node(part.kind, part.name, ", ".join(_said(part)), needs=list(part.needs))


def _said(part: Part) -> Iterator[str]:
    if part.kind == "fixture":
        yield "autouse" if part.autouse else "fixture"
        if part.scope != "function":
            yield part.scope
        yield f"{part.path.rpartition('/')[2]}:{part.lines[0]}"
    elif part.kind == "files":
        yield "that it runs around"
    else:
        yield f"{part.kind}, line {part.lines[0]}"
