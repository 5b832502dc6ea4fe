"""Which files and folders test code deletes that are the user's, the product's or the working directory's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning.values import Frame, Reference, options
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import expressions, own_calls, statements, walk
from isolint.facts.program.show import show
from isolint.facts.running.relevance import called_in, calls_in, last_name
from isolint.facts.suite.fixtures import BY_NAME, SET_UP, Fixtures
from isolint.facts.targets.lattice import is_test_name
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.destruction.whereabouts import Place, Whereabouts
    from isolint.facts.meaning.evaluate import Evaluator
    from isolint.facts.order.replacements import Replacements
    from isolint.facts.program.project import Module
    from isolint.facts.suite.reach import Reach

_FUNCTIONS = frozenset({"shutil.rmtree", "os.remove", "os.unlink", "os.rmdir", "os.removedirs"})
_METHODS = frozenset({"unlink", "rmdir", "rmtree"})
_WORDS = frozenset(name.rpartition(".")[2] for name in _FUNCTIONS) | _METHODS
_LOOKS = frozenset(
    "exists is_dir is_file isfile isdir print info debug warning iterdir glob listdir str Path".split()
)
_HARMLESS = (
    _WORDS | _LOOKS | {"join", "abspath", "expanduser", "resolve", "home", "getcwd", "cwd", "absolute"}
)
_CHANGES_FOLDER = frozenset({"isolated_filesystem", "working_directory", "change_dir", "cwd_to", BY_NAME})
_CHANGES_HOME = frozenset(
    {"HOME", "USERPROFILE", "APPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}
)
_SETTERS = frozenset("setenv delenv setitem dict update setdefault patch setattr object".split())
_HOME_NAMES = ("pathlib.Path.home", "Path.home", "os.path.expanduser", "home", "expanduser")


@dataclass(frozen=True, slots=True)
class Erasure:
    """The call at `at` deletes what lies at `place`."""

    at: s.Position
    call: str
    place: Place


class Erasures:
    """Finds the deletions of a module."""

    def __init__(
        self, evaluator: Evaluator, fixtures: Fixtures, replacements: Replacements, reach: Reach
    ) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.fixtures = fixtures
        self.replacements = replacements

    @cached_property
    def whereabouts(self) -> Whereabouts:
        from isolint.facts.destruction.whereabouts import Whereabouts

        return Whereabouts(self.evaluator, self.fixtures)

    def of(self, module: Module) -> Iterator[Erasure]:
        """The deletions in test code of what is not a test's, one for each function."""
        if not module.is_test:
            return
        for function in module.functions:
            if id(function) not in module.enclosing:
                found = next(self._in(module, function), None)
                if found is not None:
                    yield found

    def _in(self, module: Module, function: s.Function) -> Iterator[Erasure]:
        for inner in (function, *(n for n in _nested(function))):
            frame = self.evaluator.function_frame(module, inner)
            for node in own_calls(inner.body).calls:
                path = self._deleted(node, frame)
                place = None if path is None else self.whereabouts.of(path, frame)
                if path is not None and place is not None and self._matters(place, path, module, function):
                    yield Erasure(node.at, show(node), place)

    def _deleted(self, node: s.Call, frame: Frame) -> s.Expression | None:
        """The path that a call deletes."""
        if last_name(node) not in _WORDS:
            return None
        for callee in options(self.evaluator.evaluate(node.function, frame)):
            if isinstance(callee, Reference):
                known = callee.name in _FUNCTIONS and bool(node.arguments)
                return node.arguments[0] if known else None
        match node.function:
            case s.Attribute(value=value, name="unlink" | "rmdir"):
                return value
        return None

    def _matters(self, place: Place, path: s.Expression, module: Module, function: s.Function) -> bool:
        if any(is_test_name(part) for part in place.path.split("/")) or place.path.strip("./~…") == "":
            return False
        bodies = self._bodies(module, function)
        if place.kind == "home" and (self._moves_home(bodies) or self._pinned_home(module)):
            return False
        relative = place.kind == "cwd" or _is_relative(place)
        if relative and (self._leaves_folder(bodies) or self.fixtures.has_own_folder(module)):
            return False
        if self._made(place, path, bodies, _imported(module)):
            return False
        if self.replacements.is_replaced(module.path, place.trail):
            return False
        return place.kind != "cwd" or self._is_the_products(place.path)

    def _bodies(self, module: Module, function: s.Function) -> list[s.Block]:
        """The function's own body, and those of the fixtures and set-up methods that run before it."""
        owner = module.methods.get(id(function))
        closure = self.fixtures.closure(module, function, owner)
        bodies = [function.body, *(fixture.function.body for fixture in closure)]
        methods = owner.body if owner is not None else ()
        return bodies + [n.body for n in methods if isinstance(n, s.Function) and n.name in SET_UP]

    def _moves_home(self, bodies: list[s.Block]) -> bool:
        """Whether a variable of the home directory is set, or what finds the home is patched."""
        for body in bodies:
            for call in calls_in(body):
                if last_name(call) in _SETTERS and any(
                    isinstance(inner, s.Constant) and _is_about_home(inner.value)
                    for argument in (*call.arguments, *(value for _, value in call.keywords))
                    for inner in walk(argument)
                ):
                    return True
            for node in statements(body):
                for target in node.targets if isinstance(node, s.Assign) else ():
                    match target:
                        case s.Subscript(index=s.Constant(value=name)) if name in _CHANGES_HOME:
                            return True
        return False

    def _pinned_home(self, module: Module) -> bool:
        return not _CHANGES_HOME.isdisjoint(self.replacements.pins(module.path))

    def _leaves_folder(self, bodies: list[s.Block]) -> bool:
        names = {name for body in bodies for name in called_in(body)}
        return any("chdir" in name.lower() or name in _CHANGES_FOLDER for name in names)

    def _made(
        self, place: Place, path: s.Expression, bodies: list[s.Block], imported: frozenset[str]
    ) -> bool:
        """Whether the test itself makes what it deletes: it writes there, or hands the path to something that may."""
        names = {n.id for n in walk(path) if isinstance(n, s.Name)} - {"self", "cls"} - imported
        names |= {n.name for n in walk(path) if isinstance(n, s.Attribute) and place.kind != "product"}
        for body in bodies:
            for call in calls_in(body):
                if last_name(call) in _HARMLESS:
                    continue
                given = [*call.arguments, *(value for _, value in call.keywords)]
                if isinstance(call.function, s.Attribute):
                    given.append(call.function.value)
                for inner in (inner for node in given for inner in walk(node)):
                    match inner:
                        case s.Name(id=name) | s.Attribute(name=name) if name in names:
                            return True
                        case s.Constant(value=str(text)) if text.strip("./") == place.path.strip("./"):
                            return True
        return False

    def _is_the_products(self, path: str) -> bool:
        """Whether the product itself names a path: what lies there may be a user's."""
        return path.strip("./") in self._spelled_by_product or path in self._spelled_by_product

    @cached_property
    def _spelled_by_product(self) -> frozenset[str]:
        """The strings of the product that may be relative paths."""
        found: set[str] = set()
        for module in self.reach.product:
            inner = [f.body for f in module.functions] + [c.body for c in module.classes]
            for body in (module.facts.body, *inner):
                found |= {word.strip("./") for word in _strings(body) if " " not in word and len(word) < 80}
        return frozenset(found) - {""}


def _is_relative(place: Place) -> bool:
    """Whether a constant of the product says a path below the working directory: `LOCK_FILE = "shop.lock"`."""
    last = place.trail[-1].text.partition(" = ")[2] if place.trail else ""
    return place.kind == "product" and last[:1] in ("'", '"') and last[1:2] not in ("/", "~", "\\")


def _is_about_home(value: object) -> bool:
    return isinstance(value, str) and (value in _CHANGES_HOME or value.endswith(_HOME_NAMES))


def _imported(module: Module) -> frozenset[str]:
    """The names that imports bind at a module's top level."""
    bindings = module.names.bindings.items()
    return frozenset(name for name, several in bindings if all(b.kind == "import" for b in several))


def _nested(function: s.Function) -> Iterator[s.Function]:
    for node in statements(function.body):
        if isinstance(node, s.Function):
            yield node
            yield from _nested(node)


def _strings(body: s.Block) -> Iterator[str]:
    for node in statements(body):
        for expression in expressions(node):
            for inner in walk(expression):
                if isinstance(inner, s.Constant) and isinstance(inner.value, str):
                    yield inner.value
        if isinstance(node, s.Function):
            for parameter in node.parameters:
                if isinstance(parameter.default, s.Constant) and isinstance(parameter.default.value, str):
                    yield parameter.default.value
