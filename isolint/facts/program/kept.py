"""What the nodes of the lowered program keep of what was asked about them, so that it is found once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isolint.facts.program import syntax as s
    from isolint.facts.program.scopes import Calls, Names, Told


class Walked:
    """An expression; keeps what `scopes.walk` finds in it and how it is shown, once that was asked for."""

    __slots__ = ("_inside", "_shown")
    _inside: tuple[s.Expression, ...]
    _shown: str


class Stated:
    """A statement; the first of a block keeps what `scopes` finds in the whole block, with the block it is true of."""

    __slots__ = ("_all", "_calls", "_names", "_own", "_told")
    _all: tuple[s.Block, tuple[s.Statement, ...]]
    _calls: tuple[s.Block, Calls]
    _names: tuple[s.Block, Names]
    _own: tuple[s.Block, Calls]
    _told: Told
