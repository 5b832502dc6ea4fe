"""Which files speak of a module at all, told by their words alone: nothing is parsed for it."""

from __future__ import annotations

from functools import cached_property

from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import Binding

_APART = bytes(c if chr(c).isalnum() or c == 95 or c > 127 else 32 for c in range(256))
_EVERYWHERE = ("conftest", "__init__")


class Mentions:
    """Knows the words of the project's test code."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._known: dict[str, tuple[str, ...]] = {}

    def is_alone(self, module: Module) -> bool:
        """Whether no other test code can come to what a test module defines: none speaks of it.

        A conftest, a package, and what a list of plugins may name are never alone.
        """
        return _name(module.path) not in _EVERYWHERE and not self._speakers(module)

    def users(self, module: Module) -> frozenset[str] | None:
        """The other test code that may come to what a test module defines, by way of others, too; None for all."""
        found: set[str] = set()
        pending = [module]
        for current in pending:
            if _name(current.path) in _EVERYWHERE:
                return None
            for path in self._speakers(current):
                user = self.project.module(path) if path not in found else None
                found.add(path)
                pending += [] if user is None else [user]
        return frozenset(found)

    def _speakers(self, module: Module) -> tuple[str, ...]:
        """The files that name a module and a thing it defines: those that may come to it, or to one made with it."""
        if module.path not in self._known:
            defined = {b"pytest_plugins"} | {
                word.encode() for word, several in module.names.bindings.items() if _defines(several)
            }
            self._known[module.path] = tuple(
                path
                for path in self._naming.get(_name(module.path), ())
                if path != module.path
                and not defined.isdisjoint(self._words[path])
                and self._may_import(path, module.path)
            )
        return self._known[module.path]

    def _may_import(self, path: str, wanted: str) -> bool:
        """Whether a file may import another that it names: what lies in a package is told by that, or relatively."""
        folder = wanted.rpartition("/")[0]
        if f"{folder}/__init__.py" not in self.project.files or path.startswith(f"{folder}/"):
            return True
        words = self._words[path]
        return _name(folder).encode() in words or b"pytest_plugins" in words

    @cached_property
    def _naming(self) -> dict[str, list[str]]:
        """The name of a test module -> the files that speak of one of this name, in order."""
        names = {_name(path).encode() for path in self._words}
        found: dict[str, list[str]] = {}
        for path, words in self._words.items():
            for name in names & words:
                found.setdefault(name.decode(), []).append(path)
        return found

    @cached_property
    def _words(self) -> dict[str, frozenset[bytes]]:
        found = {}
        for path in self.project.files:
            if self.project.is_test(path):
                text = self.project.text(path) or ""
                found[path] = frozenset(text.encode().translate(_APART).split())
        return found


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _defines(bindings: tuple[Binding, ...]) -> bool:
    return any(binding.kind != "import" for binding in bindings)
