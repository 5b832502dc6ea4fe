"""What a route is."""

from __future__ import annotations

from dataclasses import dataclass

from isolint.facts.paths import HOLE
from isolint.facts.values import FunctionValue, Hop, Value


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A function that answers requests. `injections` are what its routers and its decorator have called, too."""

    method: str  # "" for any
    path: str
    function: FunctionValue
    injections: tuple[Value, ...]
    hop: Hop

    @property
    def title(self) -> str:
        """`POST /orders`, as a reader would say."""
        return f"{self.method} {self.path.replace(HOLE, '…')}".strip()
