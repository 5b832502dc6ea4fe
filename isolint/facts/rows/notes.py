"""Files that an application writes into a folder of its settings while it answers a test's request."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, Hop, Trail, Variable, options
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import reaching
from isolint.facts.program.show import show
from isolint.facts.rows.driven import Drive
from isolint.facts.rows.spots import bound_on
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.targets.lattice import Level, is_test_name, place
from isolint.late import dataclass

_WRITING = frozenset({"write_text", "write_bytes"})
_FARTHEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """A file that is written below the `folder` that a setting names."""

    folder: str
    trail: Trail


class Notes:
    """Follows the paths of the files that routes write themselves."""

    def __init__(self, evaluator: Evaluator, replacements: Replacements) -> None:
        self.evaluator = evaluator
        self.replacements = replacements

    def of(self, drive: Drive) -> Note | None:
        """The first file that answering a request writes into the application's own folder, in this test."""
        route, module = drive.route.function, drive.request.module
        if not isinstance(route.function, s.Function):
            return None
        frame = self.evaluator.function_frame(route.module, route.function)
        for call, path in _written(route.function.body):
            root = self._root(path, frame, 0)
            found = None if root is None else self._setting(root, frame, module.path)
            if root is None or found is None:
                continue
            hop = Hop(route.module.path, call.at, show(call))
            read = Hop(route.module.path, root.at, show(root))
            places = [(h.path, h.at[0]) for h in found.trail]
            places += [(route.module.path, b.line) for b in route.module.names.bindings.get(_first(root), ())]
            places += bound_on(self.evaluator, (hop,))
            if not self.replacements.diverts(module, list(drive.fixtures), places):
                return Note(show(root), (hop, read, *found.trail))
        return None

    def _setting(self, root: s.Expression, frame: Frame, path: str) -> Variable | None:
        """The setting that a path starts from, if nothing of the tests' own fills it."""
        pins = self.replacements.pins(path)
        for option in options(self.evaluator.evaluate(root, frame)):
            if isinstance(option, Variable) and option.name not in pins and not is_test_name(option.name):
                default = option.default
                if default is None or place(default, pins, product=True).level > Level.TEST_SHAPED:
                    return option
        return None

    def _root(self, node: s.Expression, frame: Frame, depth: int) -> s.Expression | None:
        """The leftmost part of a path, local names followed."""
        if depth > _FARTHEST:
            return None
        match node:
            case s.Binary(operator="/", left=left):
                return self._root(left, frame, depth + 1)
            case s.Call(arguments=(first, *_)) if last_name(node) in ("Path", "join", "str", "open"):
                return self._root(first, frame, depth + 1)
            case s.Name(id=name):
                bindings = reaching(self.evaluator.names(frame).bindings.get(name, ()), node.at[0])
                if len(bindings) == 1 and bindings[0].value is not None:
                    return self._root(bindings[0].value, frame, depth + 1)
            case s.Attribute():
                return node
        return None


def _written(body: s.Block) -> Iterator[tuple[s.Call, s.Expression]]:
    """The calls of a body that write a file, and the path of each."""
    for call in calls_in(body):
        match call:
            case s.Call(function=s.Attribute(value=value, name=name)) if name in _WRITING:
                yield call, value
            case s.Call(function=s.Name(id="open"), arguments=(first, s.Constant(value=str(mode)), *_)) if (
                mode[:1] in ("w", "a", "x")
            ):
                yield call, first


def _first(node: s.Expression) -> str:
    while isinstance(node, s.Attribute):
        node = node.value
    return node.id if isinstance(node, s.Name) else ""
