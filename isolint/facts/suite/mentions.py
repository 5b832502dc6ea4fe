"""Which files speak of a module at all, told by their words alone: nothing is parsed for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import Binding

_APART = bytes(c if chr(c).isalnum() or c == 95 or c > 127 else 32 for c in range(256))
_EVERYWHERE = ("conftest", "__init__")
_STAR = b"import *"
_FEW = 12  # names: from there on an index is made sooner than all files are searched again


class Mentions:
    """Knows the words of the project's test code."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}
        self._near: dict[str, tuple[str, ...]] = {}
        self._asked: dict[str, tuple[str, ...]] = {}
        self._spoken: dict[str, frozenset[bytes]] = {}

    def is_alone(self, module: Module) -> bool:
        """Whether no other test code can come to what a test module defines: none speaks of it.

        A conftest, a package, and what a list of plugins may name are never alone.
        """
        return _name(module.path) not in _EVERYWHERE and not self._speakers(module.path, passing=False)

    def users(self, module: Module) -> frozenset[str] | None:
        """The other test code that may come to what a test module defines, by way of others, too; None for all."""
        return self._followed(module, lambda path: self._speakers(path, passing=path != module.path))

    def surroundings(self, module: Module) -> frozenset[str] | None:
        """The other test code that may come to what running a test module does, or what it defines; None for all."""
        return self._followed(module, self._around)

    def _followed(self, module: Module, step: Callable[[str], tuple[str, ...]]) -> frozenset[str] | None:
        found: set[str] = set()
        pending = [module.path]
        for current in pending:
            is_passed_on = current != module.path and b"pytest_plugins" in self._words(current)
            if current == "__init__.py" or is_passed_on:
                return None
            new = [path for path in step(current) if path not in found]
            found.update(new)
            pending += new
        return frozenset(found - {module.path})

    def _speakers(self, path: str, *, passing: bool) -> tuple[str, ...]:
        """The files that name a module and a thing it defines: those that may come to it, or to one made with it.

        A thing counts that it only imports, too, if it is `passing` things on, as packages always do. What fixtures of
        a conftest do for every test is named by none.
        """
        key = (path, passing)
        if key not in self._known:
            around = self._around(path)
            module = self.project.module(path) if around else None
            if module is not None and not (_name(path) == "conftest" and b"autouse" in self._words(path)):
                passing = passing or path.endswith("/__init__.py")
                defined = {b"pytest_plugins"} | {
                    word.encode() for word, all_ in module.names.bindings.items() if passing or _defines(all_)
                }
                around = tuple(
                    o for o in around if _STAR in self._contents[o] or not defined.isdisjoint(self._words(o))
                )
            self._known[key] = around
        return self._known[key]

    def _around(self, path: str) -> tuple[str, ...]:
        """The files that may come to what another does or defines, as far as their places and its name tell."""
        if path not in self._near:
            folder, _, name = path.removesuffix(".py").rpartition("/")
            if name not in _EVERYWHERE:
                found = set(self._naming(name))
            else:
                found = {other for other in self._contents if other.startswith(f"{folder}/") or not folder}
                found.update(self._naming(name if name == "conftest" else _name(folder)))
            self._near[path] = tuple(o for o in sorted(found) if o != path and self._may_import(o, path))
        return self._near[path]

    def _may_import(self, path: str, wanted: str) -> bool:
        """Whether a file may import another that it names: what lies in a package is told by that, or relatively."""
        folder, _, name = wanted.rpartition("/")
        package = f"{folder}/__init__.py"
        if name == "__init__.py" or package not in self.project.files or path.startswith(f"{folder}/"):
            return True
        spoken, words = _name(folder).encode(), self._words(path)
        if b"pytest_plugins" in words or spoken not in words:
            return b"pytest_plugins" in words
        taken = rb"\b%b\s*(\.\s*%b\b|import\b|as\b)" % (spoken, name.removesuffix(".py").encode())
        return re.search(taken, self._contents[path]) is not None

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
        names = {_name(path.removesuffix("/__init__.py")).encode() for path in self._contents} | {b"conftest"}
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
