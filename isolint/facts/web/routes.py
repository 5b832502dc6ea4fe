"""What a route is."""

from __future__ import annotations

from isolint.facts.meaning.values import FunctionValue, Hop, Value
from isolint.facts.web.paths import HOLE
from isolint.late import dataclass


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
