"""Which guards have been passed at a point of a run: found out only when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolint.facts.meaning.values import Frame
from isolint.facts.program import syntax as s
from isolint.facts.targets.guards import is_guard

if TYPE_CHECKING:
    from isolint.facts.meaning.evaluate import Evaluator


class Passed:
    """A point of a run: `before` is the one it follows, `test` a condition that holds here besides.

    Without a condition the answer is `known`: whether a guard has been passed.
    """

    __slots__ = ("_before", "_evaluator", "_frame", "_known", "_test")

    def __init__(
        self,
        *,
        known: bool | None = None,
        before: Passed | None = None,
        test: s.Expression | None = None,
        frame: Frame | None = None,
        evaluator: Evaluator | None = None,
    ) -> None:
        self._known = known
        self._before = before
        self._test = test
        self._frame = frame
        self._evaluator = evaluator

    def then(self, test: s.Expression, frame: Frame, evaluator: Evaluator) -> Passed:
        """The point behind a condition."""
        return self if self._known else Passed(before=self, test=test, frame=frame, evaluator=evaluator)

    def __bool__(self) -> bool:
        pending: list[Passed] = []
        current: Passed | None = self
        while current is not None and current._known is None:
            pending.append(current)
            current = current._before
        known = current is not None and bool(current._known)
        while pending:
            current = pending.pop()
            known = current._known = known or current._checks()
            current._before = current._test = current._frame = current._evaluator = None
        return known

    def _checks(self) -> bool:
        if self._test is None or self._frame is None or self._evaluator is None:
            return False
        return is_guard(self._test, self._frame, self._evaluator)


NOTHING = Passed(known=False)
GUARD = Passed(known=True)
