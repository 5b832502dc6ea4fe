"""What stands between a test and a store: guards on the way, and mocks of what would open it."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.effects import Effects
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.fixtures import Fixture, Fixtures

_GUARD_HOOKS = frozenset(
    {"pytest_configure", "pytest_sessionstart", "pytest_load_initial_conftests", "pytest_runtest_setup"}
    | {"pytest_collection_modifyitems"}
)
_PATCHES = frozenset({"patch", "object", "setattr"})


class Protection:
    """Looks at a function, the fixtures that run for it and the conftests above it."""

    def __init__(self, effects: Effects, fixtures: Fixtures) -> None:
        self.effects = effects
        self.fixtures = fixtures
        self._files: dict[str, bool] = {}
        self._patched: dict[int, frozenset[str]] = {}

    def guards_file(self, path: str) -> bool:
        """Whether conftests, their hooks or autouse fixtures refuse to run a file on anything but a test's store."""
        if path not in self._files:
            self._files[path] = False
            self._files[path] = any(self._guards(module) for module in self.fixtures.chain(path)) or any(
                self.effects.of(f.module, f.function).guarded for f in self._autouse(path)
            )
        return self._files[path]

    def _autouse(self, path: str) -> list[Fixture]:
        module = self.fixtures.project.module(path)
        return [] if module is None else self.fixtures.autouse(module)

    def _guards(self, module: Module) -> bool:
        hooks = [f for f in module.facts.body if isinstance(f, s.Function) and f.name in _GUARD_HOOKS]
        if module.path.endswith("conftest.py") and any(self.effects.of(module, f).guarded for f in hooks):
            return True
        return self.effects.of_block(module, module.facts.body).guarded

    def guards(self, module: Module, function: s.Function | None) -> bool:
        """Whether a guard is passed in a function, before it in the fixtures it needs, or above its file."""
        if self.guards_file(module.path):
            return True
        if function is None:
            return False
        owner = module.methods.get(id(function))
        closure = self.fixtures.closure(module, function, owner)
        runs = [(module, function), *((f.module, f.function) for f in closure)]
        return any(self.effects.of(m, f).guarded for m, f in runs)

    def patches(self, module: Module, function: s.Function | None, names: set[str]) -> bool:
        """Whether one of these names is patched, wherever it is looked up, around or inside a function."""
        if function is None:
            return False
        owner = module.methods.get(id(function))
        closure = self.fixtures.closure(module, function, owner)
        places = [(module, function), *((f.module, f.function) for f in closure)]
        decorators = owner.decorators if owner is not None else ()
        patched = {name for _, f in places for name in self._patched_in(f)}
        return not names.isdisjoint({*patched, *_patched(decorators)})

    def _patched_in(self, function: s.Function) -> frozenset[str]:
        if id(function) not in self._patched:
            found = set(_patched(function.decorators))
            found.update(name for call in calls_in(function.body) for name in _patched((call,)))
            self._patched[id(function)] = frozenset(found)
        return self._patched[id(function)]


def _patched(nodes: tuple[s.Expression, ...]) -> Iterator[str]:
    """The last names of what calls of `patch`, `patch.object` and `setattr` replace."""
    for node in nodes:
        if isinstance(node, s.Call) and last_name(node) in _PATCHES:
            for argument in node.arguments[:2]:
                match argument:
                    case s.Constant(value=str(name)) | s.Template(parts=(*_, str(name))):
                        yield name.rpartition(".")[2]
                    case s.Binary(operator="+", right=s.Constant(value=str(name))):
                        yield name.rpartition(".")[2]
