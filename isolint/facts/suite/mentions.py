"""Which files speak of a module at all, told by their words alone: nothing is parsed for it."""

from __future__ import annotations

from functools import cached_property

from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import Binding

_APART = bytes(c if chr(c).isalnum() or c == 95 or c > 127 else 32 for c in range(256))
_EVERYWHERE = ("conftest", "__init__")
_FEW = 12  # names: from there on an index is made sooner than all files are searched again


class Mentions:
    """Knows the words of the project's test code."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._known: dict[str, tuple[str, ...]] = {}
        self._asked: dict[str, tuple[str, ...]] = {}
        self._spoken: dict[str, frozenset[bytes]] = {}

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
                for path in self._naming(_name(module.path))
                if path != module.path
                and not defined.isdisjoint(self._words(path))
                and self._may_import(path, module.path)
            )
        return self._known[module.path]

    def _may_import(self, path: str, wanted: str) -> bool:
        """Whether a file may import another that it names: what lies in a package is told by that, or relatively."""
        folder = wanted.rpartition("/")[0]
        if f"{folder}/__init__.py" not in self.project.files or path.startswith(f"{folder}/"):
            return True
        words = self._words(path)
        return _name(folder).encode() in words or b"pytest_plugins" in words

    def _naming(self, name: str) -> tuple[str, ...]:
        """The files that speak of a test module of this name, or of anything else that is called so, in order.

        For the first few names they are searched, which is all that a run over one file needs.
        """
        if name not in self._asked and len(self._asked) < _FEW:
            word = name.encode()
            files = self._contents.items()
            self._asked[name] = tuple(p for p, data in files if word in data and word in self._words(p))
        return self._asked[name] if name in self._asked else tuple(self._index.get(name, ()))

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        names = {_name(path).encode() for path in self._contents}
        found: dict[str, list[str]] = {}
        for path in self._contents:
            for name in names & self._words(path):
                found.setdefault(name.decode(), []).append(path)
        return found

    @cached_property
    def within_reach(self) -> dict[str, bytes]:
        """What the files hold that test code speaks of by their names, and that these speak of, and the test code."""
        by_name: dict[bytes, list[str]] = {}
        for path in self.project.files.difference(self._contents):
            by_name.setdefault(_name(path.removesuffix("/__init__.py")).encode(), []).append(path)
        found = dict(self._contents)
        pending = list(found)
        for path in pending:
            for name in by_name.keys() & _words_in(found[path]):
                for other in by_name.pop(name):
                    found[other] = self.project.content(other)
                    pending.append(other)
        return {path: found[path] for path in sorted(found)}

    def _words(self, path: str) -> frozenset[bytes]:
        known = self._spoken.get(path)
        if known is None:
            known = self._spoken[path] = _words_in(self._contents[path])
        return known

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        project = self.project
        return {path: project.content(path) for path in project.files if project.is_test(path)}


def _words_in(data: bytes) -> frozenset[bytes]:
    return frozenset(data.translate(_APART).split())


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _defines(bindings: tuple[Binding, ...]) -> bool:
    return any(binding.kind != "import" for binding in bindings)
