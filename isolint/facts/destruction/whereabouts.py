"""Where does a path lie? In the user's home, the working directory, the product's own folders, or elsewhere."""

from __future__ import annotations

from dataclasses import replace

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, Hop, Literal, Reference, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, reaching
from isolint.facts.program.show import dotted, show
from isolint.facts.suite.fixtures import Fixtures
from isolint.late import dataclass

_FARTHEST = 12
_HOME_VARIABLES = frozenset(
    "HOME USERPROFILE APPDATA LOCALAPPDATA XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME".split()
)
_HOME_CALLS = ("platformdirs.", "appdirs.", "click.get_app_dir", "typer.get_app_dir", "xdg.")
_SAME = frozenset(
    "builtins.str os.fspath os.path.abspath os.path.realpath os.path.normpath pathlib.Path pathlib.PurePath "
    "pathlib.PosixPath os.path.dirname".split()
)
_SAME_METHODS = frozenset({"resolve", "absolute", "as_posix", "with_suffix", "with_name"})
_SAME_ATTRIBUTES = frozenset({"parent", "parents"})


@dataclass(frozen=True, slots=True)
class Place:
    """`kind` is "home", "cwd" or "product"; `path` how it reads; `trail` the way to where that is decided."""

    kind: str
    path: str
    trail: Trail = ()


class Whereabouts:
    """Follows the expression of a path to the place that it starts from."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures) -> None:
        self.evaluator = evaluator
        self.fixtures = fixtures

    def of(self, node: s.Expression, frame: Frame, depth: int = 0) -> Place | None:
        """The place of a path, None if it lies elsewhere or cannot be told."""
        if depth > _FARTHEST:
            return None
        match node:
            case s.Constant(value=str(path)):
                return _relative(path)
            case s.Name():
                return self._named(node, frame, depth)
            case s.Attribute(value=value, name=name):
                if name in _SAME_ATTRIBUTES:
                    return self.of(value, frame, depth + 1)
                return self._attribute(node, frame, depth)
            case s.Binary(operator="/" | "+", left=left, right=right):
                return _below(self.of(left, frame, depth + 1), right)
            case s.Template(parts=(s.Name() | s.Attribute() | s.Call() as first, *rest)):
                return _below(self.of(first, frame, depth + 1), *(r for r in rest if not isinstance(r, str)))
            case s.Call():
                return self._call(node, frame, depth)
            case s.Subscript(value=value, index=s.Constant(value=str(key))):
                return self._variable(value, key, frame)
        return None

    def _call(self, node: s.Call, frame: Frame, depth: int) -> Place | None:
        for callee in options(self.evaluator.evaluate(node.function, frame)):
            if isinstance(callee, Reference):
                found = self._by_library(callee.name, node, frame, depth)
                if found is not None:
                    return found
        if isinstance(node.function, s.Attribute):
            receiver, name = node.function.value, node.function.name
            if name == "expanduser":
                return self._expanded(receiver, frame, depth)
            if name == "joinpath":
                return _below(self.of(receiver, frame, depth + 1), *node.arguments)
            if name in _SAME_METHODS:
                return self.of(receiver, frame, depth + 1)
        return None

    def _by_library(self, name: str, node: s.Call, frame: Frame, depth: int) -> Place | None:
        if name == "pathlib.Path.home":
            return Place("home", "~")
        if name in ("os.getcwd", "pathlib.Path.cwd"):
            return Place("cwd", ".")
        if name.startswith(_HOME_CALLS):
            return Place("home", show(node))
        if name in ("os.environ.get", "os.getenv") and node.arguments:
            key = self.evaluator.evaluate(node.arguments[0], frame)
            if isinstance(key, Literal) and key.value in _HOME_VARIABLES:
                return Place("home", f"${key.value}")
            return None
        if not node.arguments:
            return None
        if name == "os.path.expanduser":
            return self._expanded(node.arguments[0], frame, depth)
        if name == "os.path.join" or (name in _SAME and len(node.arguments) > 1):
            return _below(self.of(node.arguments[0], frame, depth + 1), *node.arguments[1:])
        return self.of(node.arguments[0], frame, depth + 1) if name in _SAME else None

    def _variable(self, owner: s.Expression, key: str, frame: Frame) -> Place | None:
        value = self.evaluator.evaluate(owner, frame)
        if isinstance(value, Reference) and value.name == "os.environ" and key in _HOME_VARIABLES:
            return Place("home", f"${key}")
        return None

    def _expanded(self, node: s.Expression, frame: Frame, depth: int) -> Place | None:
        """`expanduser` of a path that starts with a tilde."""
        match node:
            case s.Constant(value=str(path)) if path.startswith("~"):
                return Place("home", path)
            case s.Call(arguments=(first, *rest)):
                return _below(self._expanded(first, frame, depth + 1), *rest)
            case s.Name(id=name) if depth < _FARTHEST:
                for binding in self._bindings(name, frame, node.at[0])[1]:
                    if binding.value is not None:
                        return self._expanded(binding.value, frame, depth + 1)
        return None

    # -- names

    def _named(self, node: s.Name, frame: Frame, depth: int) -> Place | None:
        if node.id == "__file__":
            return Place("product", "__file__") if not frame.module.is_test else None
        where, bindings = self._bindings(node.id, frame, node.at[0])
        if where is None:
            return self._fixture(node.id, frame, depth)
        found = [self._bound(binding, where, depth) for binding in bindings]
        return found[0] if len(found) == 1 else None

    def _bindings(
        self, name: str, frame: Frame, line: int | None
    ) -> tuple[Frame | None, tuple[Binding, ...]]:
        """The frame that binds a name, and the bindings that reach; no frame for a parameter."""
        current: Frame | None = frame
        while current is not None:
            bindings = self.evaluator.names(current).bindings.get(name)
            if bindings:
                return current, reaching(bindings, line if current is frame else None)
            function = current.function
            if function is not None and any(p.name == name for p in function.parameters):
                return None, ()
            current = current.parent
        return frame, ()

    def _bound(self, binding: Binding, frame: Frame, depth: int) -> Place | None:
        if binding.kind == "import":
            resolved = self.evaluator.project.import_target(frame.module, binding)
            if resolved.module is None or len(resolved.rest) != 1:
                return None
            return self._constant(resolved.module, resolved.rest[0], depth)
        if binding.kind != "assign" or binding.value is None or binding.unpack:
            return None
        found = self.of(binding.value, frame, depth + 1)
        hop = Hop(frame.module.path, binding.node.at, f"{binding.name} = {show(binding.value)}")
        return None if found is None else replace(found, trail=(hop, *found.trail))

    def _constant(self, module: Module, name: str, depth: int) -> Place | None:
        """The place that a constant of another module holds; the product's count as its own."""
        bindings = module.names.bindings.get(name, ())
        if len(bindings) != 1:
            return None
        found = self._bound(bindings[0], self.evaluator.module_frame(module), depth + 1)
        if found is None or module.is_test or found.kind == "home":
            return found
        return replace(found, kind="product", path=name)

    def _attribute(self, node: s.Attribute, frame: Frame, depth: int) -> Place | None:
        """`module.CONSTANT` of the product, or `self.path` that a set-up assigns."""
        if isinstance(node.value, s.Name) and frame.owner is not None and node.value.id in ("self", "cls"):
            return self._own(node.name, frame, depth)
        parts = (dotted(node) or "").split(".")
        bindings = frame.module.names.bindings.get(parts[0], ()) if parts[0] else ()
        if len(parts) == 2 and len(bindings) == 1 and bindings[0].kind == "import":
            resolved = self.evaluator.project.import_target(frame.module, bindings[0])
            if resolved.module is not None and not resolved.rest:
                return self._constant(resolved.module, parts[1], depth)
        return None

    def _own(self, name: str, frame: Frame, depth: int) -> Place | None:
        assigned = [] if frame.owner is None else self.evaluator.assignments(frame.owner).get(name, [])
        if len(assigned) != 1 or assigned[0][1].value is None:
            return None
        function, statement = assigned[0]
        inside = self.evaluator.function_frame(frame.module, function)
        return self.of(assigned[0][1].value, inside, depth + 1) if statement.operator == "=" else None

    def _fixture(self, name: str, frame: Frame, depth: int) -> Place | None:
        """What a fixture that is asked for by a parameter hands out."""
        function = frame.function
        if not isinstance(function, s.Function) or not frame.module.is_test:
            return None
        found = self.fixtures.find(name, frame.module, frame.module.methods.get(id(function)))
        if found is None:
            return None
        handed = self.evaluator.outcomes.expressions(found.function)
        inside = self.evaluator.function_frame(found.module, found.function)
        return self.of(handed[0], inside, depth + 1) if len(handed) == 1 else None


def _relative(path: str) -> Place | None:
    outside = path.startswith(("/", "~", "\\")) or path[1:2] == ":" or "://" in path
    return None if outside or not path.strip("./") else Place("cwd", path)


def _below(place: Place | None, *parts: s.Expression) -> Place | None:
    if place is None:
        return None
    path = place.path
    for part in parts:
        path += "/" + (str(part.value) if isinstance(part, s.Constant) else "…")
    return replace(place, path=path.removeprefix("./"))
