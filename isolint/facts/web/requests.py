"""The requests that the functions of a module send, through whatever client."""

from __future__ import annotations

from dataclasses import dataclass

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.relevance import calls_in
from isolint.facts.web.paths import is_path, spelled
from isolint.facts.web.views import VERBS

_REQUESTS = frozenset({*VERBS, "request", "stream", "websocket_connect"})


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a test sends: the method ("" if it cannot be told) and the path or URL (None likewise)."""

    module: Module
    function: s.Function | None
    call: s.Call
    method: str
    path: str | None


class Requests:
    """Reads the requests of modules, each once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._of: dict[str, tuple[tuple[Request, s.Expression, Frame], ...]] = {}

    def of(self, module: Module) -> tuple[tuple[Request, s.Expression, Frame], ...]:
        """What a module sends, each with the expression of the client and the frame it stands in."""
        if module.path not in self._of:
            found: list[tuple[Request, s.Expression, Frame]] = []
            for function in [None, *module.functions]:
                body = module.facts.body if function is None else function.body
                frame = (
                    self.evaluator.module_frame(module)
                    if function is None
                    else self.evaluator.function_frame(module, function)
                )
                for call in own_calls(body):
                    match call.function:
                        case s.Attribute(value=receiver, name=name) if name in _REQUESTS:
                            found.append(
                                (self._request(call, name, module, function, frame), receiver, frame)
                            )
            self._of[module.path] = tuple(found)
        return self._of[module.path]

    def _request(
        self, call: s.Call, name: str, module: Module, function: s.Function | None, frame: Frame
    ) -> Request:
        given = list(call.arguments)
        method = name.upper() if name in VERBS else ""
        if name in ("request", "stream") and given:
            method = spelled(self.evaluator.evaluate(given.pop(0), frame)).upper()
        node = given[0] if given else dict(call.keywords).get("url")
        path = None if node is None else spelled(self.evaluator.evaluate(node, frame))
        return Request(module, function, call, method, path if path is not None and is_path(path) else None)


def own_calls(body: s.Block) -> tuple[s.Call, ...]:
    """The calls of a body, those of functions and classes inside it left out."""
    own = tuple(node for node in body if not isinstance(node, s.Function | s.Class))
    return calls_in(body if len(own) == len(body) else own)
