"""What tests run in order to see it fail."""

from __future__ import annotations

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements
from isolint.facts.running.relevance import last_name
from isolint.facts.targets.lattice import tokens

_EXPECTS_FAILURE = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns"})
_RAISES = frozenset({"raises", "suppress"})


def expected_failures(body: s.Block) -> list[tuple[int, int]]:
    """The lines inside `with pytest.raises(...)`."""
    found = []
    for node in statements(body):
        if isinstance(node, s.With):
            for context, _ in node.items:
                if isinstance(context, s.Call) and last_name(context) in _EXPECTS_FAILURE:
                    found.append((node.at[0], node.at[2]))
    return found


def fails_on_purpose(body: s.Block, line: int) -> bool:
    """Whether a line lies inside `with pytest.raises(...)`."""
    return any(first <= line <= last for first, last in expected_failures(body))


def is_raising(node: s.With) -> bool:
    """Whether what a `with` encloses is expected to fail."""
    return any(isinstance(c, s.Call) and not _RAISES.isdisjoint(tokens(last_name(c))) for c, _ in node.items)
