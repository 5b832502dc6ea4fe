"""Context managers written as generators: what follows a bare `yield` is skipped when the block fails."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.lifetime.ways import Step, path_to
from isolint.facts.meaning.outcomes import yields
from isolint.facts.meaning.values import FunctionValue, Reference, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.program.show import dotted, show
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.callers import Callers
from isolint.late import dataclass

DECORATORS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
OPPOSITES = {
    "activate": ("deactivate", "disable"),
    "add": ("remove", "discard"),
    "addHandler": ("removeHandler",),
    "append": ("pop", "remove"),
    "connect": ("disconnect",),
    "chdir": ("chdir",),
    "create": ("drop", "delete", "destroy", "remove"),
    "create_all": ("drop_all",),
    "create_database": ("drop_database", "delete_database"),
    "disable": ("enable",),
    "enable": ("disable",),
    "freeze": ("unfreeze",),
    "insert": ("remove", "pop", "delete"),
    "install": ("uninstall",),
    "listen": ("remove",),
    "mkdir": ("rmdir", "rmtree"),
    "mkdtemp": ("rmtree",),
    "on": ("off",),
    "patch": ("unpatch", "stop"),
    "push": ("pop",),
    "register": ("unregister",),
    "setLevel": ("setLevel",),
    "start": ("stop", "terminate", "kill", "shutdown"),
    "subscribe": ("unsubscribe",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Bare:
    """A bare yield of a context manager, and the statement behind it that undoes what was done before."""

    at: s.Position
    undo: str
    undo_at: s.Position


def bare_yields(callers: Callers, module: Module) -> Iterator[Bare]:
    """The yields of a module's context managers whose clean-up a failing block of a test skips."""
    ev = callers.evaluator
    frame = ev.module_frame(module)
    for function in module.functions:
        if function.is_generator and any(_is_manager(ev.evaluate(d, frame)) for d in function.decorators):
            found = _bare(function)
            if found is not None and _is_entered(callers, function):
                yield found


def _is_entered(callers: Callers, manager: s.Function) -> bool:
    """Whether a function that is no fixture enters a context manager: pytest resumes a fixture's `with` in peace."""
    return any(
        _enters(callers, module, function, manager)
        for module in callers.modules
        for function in module.functions
        if callers.fixtures.fixture(module, function, module.methods.get(id(function))) is None
    )


def _enters(callers: Callers, module: Module, function: s.Function, manager: s.Function) -> bool:
    withs = [node for node in statements(function.body) if isinstance(node, s.With)]
    for context in (context for node in withs for context, _ in node.items):
        if isinstance(context, s.Call) and last_name(context) == manager.name:
            frame = callers.evaluator.function_frame(module, function)
            values = options(callers.evaluator.evaluate(context.function, frame))
            if any(isinstance(value, FunctionValue) and value.function is manager for value in values):
                return True
    return False


def _is_manager(value: object) -> bool:
    return isinstance(value, Reference) and value.name in DECORATORS


def _bare(function: s.Function) -> Bare | None:
    places = [node for node in statements(function.body) if yields(node)]
    if len(places) != 1:
        return None
    node = places[0]
    way = path_to(function.body, node.at[0])
    if any(isinstance(step.inside, s.Try) and _catches(step) for step in way):
        return None
    before = [n for n in statements(function.body) if n.at[0] < node.at[0]]
    for step in way:
        for after in step.block[step.index + 1 :]:
            undone = next((n for n in statements((after,)) if _undoes(n, before)), None)
            if undone is not None:
                return Bare(node.at, _shown(undone), undone.at)
    return None


def _catches(step: Step) -> bool:
    """Whether what is raised in the `with` block is met by the `try` around the yield."""
    node = step.inside
    return isinstance(node, s.Try) and step.block is node.body and bool(node.final or node.handlers)


def _undoes(node: s.Statement, before: list[s.Statement]) -> bool:
    """Whether a statement puts back or takes out what one of those before it changed or brought in."""
    if isinstance(node, s.Assign):
        targets = {show(t) for t in node.targets if isinstance(t, s.Attribute | s.Subscript)}
        return any(
            isinstance(other, s.Assign)
            and not targets.isdisjoint(show(t) for t in other.targets)
            and not _goes_on(other.value, node.value)
            for other in before
        )
    if isinstance(node, s.Delete):
        targets = {show(target) for target in node.targets}
        return any(
            isinstance(other, s.Assign) and not targets.isdisjoint(show(t) for t in other.targets)
            for other in before
        )
    if isinstance(node, s.Evaluate) and isinstance(node.value, s.Call):
        begun = [call for other in before for call in calls_in((other,))]
        return any(_opposite(call, node.value) for call in begun) or _clears(node.value, before)
    return False


def _goes_on(first: s.Expression | None, later: s.Expression | None) -> bool:
    """Whether a value is put together anew, as the first one was: `base + "2"` after `base + "1"` is no way back."""
    return isinstance(later, s.Binary | s.Template) and isinstance(first, s.Binary | s.Template)


def _opposite(begin: s.Call, end: s.Call) -> bool:
    """`x.start()` and `x.stop()`, `listen(a, b)` and `remove(a, b)`: the same owner, or the same arguments."""
    one, two = _split(begin), _split(end)
    if two[1] not in OPPOSITES.get(one[1], ()):
        return False
    return one[0] == two[0] and (bool(one[0]) or _first(begin) == _first(end))


def _split(call: s.Call) -> tuple[str, str]:
    match call.function:
        case s.Attribute(value=owner, name=name):
            return show(owner), name
        case s.Name(id=name):
            return "", name
    return "", ""


def _first(call: s.Call) -> str:
    return show(call.arguments[0]) if call.arguments else ""


def _clears(end: s.Call, before: list[s.Statement]) -> bool:
    """`registry.pop(key)` or `registry.clear()` after `registry[key] = value`."""
    owner, name = _split(end)
    if name not in ("pop", "clear") or not owner:
        return False
    written = [t for other in before if isinstance(other, s.Assign) for t in other.targets]
    return any(isinstance(t, s.Subscript) and show(t.value) == owner and dotted(t.value) for t in written)


def _shown(node: s.Statement) -> str:
    match node:
        case s.Evaluate(value=value):
            return show(value)
        case s.Assign(targets=(target, *_), value=value):
            return f"{show(target)} = {show(value)}"
        case s.Delete(targets=(target, *_)):
            return f"del {show(target)}"
    return "the clean-up"
