"""The caches that Django's settings give the tests: is one of them a server's, which keeps what tests put there?"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.configuration.django import Django
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, Hop, Trail, Unknown, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements
from isolint.facts.program.show import dotted, show
from isolint.facts.targets.lattice import Level, place
from isolint.late import dataclass

_SERVERS = ("redis", "memcached", "pymemcache", "pylibmc")
_CACHE = "django.core.cache"
_PAGES = "django.views.decorators.cache"
_SESSIONS = "django.contrib.sessions.backends.cache"


@dataclass(frozen=True, slots=True, eq=False)
class SharedCache:
    """A cache of the settings that lives on a server: its alias, the server's kind and who uses it."""

    at: s.Position
    alias: str
    backend: str
    trail: Trail


class Caches:
    """Reads CACHES of the settings that the tests run with."""

    def __init__(self, django: Django, evaluator: Evaluator) -> None:
        self.django = django
        self.evaluator = evaluator
        self.project = evaluator.project

    def shared(self, module: Module) -> Iterator[SharedCache]:
        """The caches on a server that a settings module gives the tests, where the project uses them uncleared."""
        found = [entry for entry in self._entries() if entry[0] == "default"]
        names = [self._text(entry.get("BACKEND"), frame) for _, entry, _, frame in found]
        if not names or not all(_is_server(name) for name in names):
            return
        _, entry, at, frame = found[-1]
        if frame.module is not module or self._is_for_tests(entry.get("LOCATION"), frame):
            return
        user = self._user(module)
        if user is not None and not self._is_cleared():
            yield SharedCache(at, "default", names[-1].rpartition(".")[2], (user,))

    def _entries(self) -> list[tuple[str, dict[str, s.Expression], s.Position, Frame]]:
        """What the nearest settings module with CACHES writes for each alias, in every branch."""
        for module in self.django.settings_modules:
            frame = self.evaluator.module_frame(module)
            found = []
            for node in statements(module.facts.body):
                if isinstance(node, s.Assign) and node.value is not None:
                    for target in node.targets:
                        for alias, value in _caches(target, node.value):
                            found.append((alias, _table(value), _backend_at(value), frame))
            if found:
                return found
        return []

    def _text(self, node: s.Expression | None, frame: Frame) -> str:
        return "" if node is None else text(self.evaluator.evaluate(node, frame)) or ""

    def _is_for_tests(self, node: s.Expression | None, frame: Frame) -> bool:
        """Whether a location is one for tests, or cannot be told."""
        if node is None:
            return False
        value = self.evaluator.evaluate(node, frame)
        return isinstance(value, Unknown) or place(value, {}, product=False).level <= Level.TEST_SHAPED

    def _user(self, settings: Module) -> Hop | None:
        """Where the project puts something into the cache: sessions, pages or its own code."""
        for module in self.django.settings_modules:
            for binding in module.names.bindings.get("SESSION_ENGINE", ()):
                if isinstance(binding.value, s.Constant) and binding.value.value == _SESSIONS:
                    return Hop(module.path, binding.node.at, f"SESSION_ENGINE = {show(binding.value)}")
        for path in sorted(self.project.files):
            found = None if self.project.is_test(path) else self.project.module(path)
            for node in found.facts.body if found is not None else ():
                if isinstance(node, s.Import) and found is not None and _imports_cache(node):
                    return Hop(found.path, node.at, f"from {node.module} import {node.names[0].name}")
        return None

    def _is_cleared(self) -> bool:
        """Whether test code clears a cache, or gives its tests another."""
        for path in sorted(self.project.files):
            module = self.project.module(path) if self.project.is_test(path) else None
            if module is not None:
                if any(
                    "CACHES" in show_of(f.body) or "cache.clear" in show_of(f.body) for f in module.functions
                ):
                    return True
                decorators = [d for function in module.functions for d in function.decorators]
                decorators += [d for cls in module.classes for d in cls.decorators]
                if any("CACHES" in show(d, 400) for d in decorators) or "CACHES" in show_of(
                    module.facts.body
                ):
                    return True
        return False


def show_of(body: s.Block) -> str:
    """The names that a body mentions: dotted ones, and the keywords of its calls."""
    found = []
    for node in every_expression(body):
        if isinstance(node, s.Name | s.Attribute):
            found.append(dotted(node) or (node.name if isinstance(node, s.Attribute) else ""))
            if isinstance(node, s.Attribute) and node.name == "clear" and "cache" in show(node.value):
                found.append("cache.clear")
        elif isinstance(node, s.Call):
            found += [name for name, _ in node.keywords]
    return " ".join(found)


def _caches(target: s.Expression, value: s.Expression) -> Iterator[tuple[str, s.Expression]]:
    """The aliases that an assignment to CACHES, or to an item of it, sets."""
    match target:
        case s.Name(id="CACHES") if isinstance(value, s.Mapping):
            for key, inner in value.items:
                if isinstance(key, s.Constant):
                    yield str(key.value), inner
        case s.Name(id="CACHES"):
            yield "default", value
        case s.Subscript(value=s.Name(id="CACHES"), index=s.Constant(value=str(alias))):
            yield alias, value


def _table(node: s.Expression) -> dict[str, s.Expression]:
    if not isinstance(node, s.Mapping):
        return {}
    return {str(key.value): value for key, value in node.items if isinstance(key, s.Constant)}


def _backend_at(node: s.Expression) -> s.Position:
    backend = _table(node).get("BACKEND")
    return node.at if backend is None else backend.at


def _is_server(backend: str) -> bool:
    return any(word in backend.lower() for word in _SERVERS) and "fake" not in backend.lower()


def _imports_cache(node: s.Import) -> bool:
    if node.module in (_CACHE, _PAGES):
        return True
    return any(f"{node.module}.{entry.name}".startswith(_CACHE) for entry in node.names)
