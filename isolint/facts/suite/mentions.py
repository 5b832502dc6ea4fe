"""Which files speak of a module at all, told by their words alone: nothing is parsed for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from itertools import pairwise

from isolint.facts.program.importwords import imported, renamed_in, requested_in, words_in
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import Binding

_EVERYWHERE = ("conftest", "__init__")
_STAR = b"import *"
_UPWARDS = "."
_FEW = 12  # names: from there on an index is made sooner than all files are searched again


class Mentions:
    """Knows the words of the project's test code.

    `everywhere` are the fixtures that the configuration puts around every test.
    """

    def __init__(self, project: Project, everywhere: Collection[str] = ()) -> None:
        self.project = project
        self._unasked = frozenset({b"autouse", *(name.encode() for name in everywhere)})
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}
        self._imports: dict[str, frozenset[str | tuple[str, str]]] = {}
        self._near: dict[str, tuple[str, ...]] = {}
        self._asked: dict[str, tuple[str, ...]] = {}
        self._spoken: dict[str, frozenset[bytes]] = {}
        self._same: dict[bytes, bytes] = {}  # one object for a word, however many files say it

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

    def is_imported_by_product(self, path: str) -> bool:
        """Whether anything of the product that test code speaks of may import a test module."""
        stem = _name(path.removesuffix("/__init__.py")).encode()
        others = (p for p in self.within_reach.keys() - self._contents.keys() if stem in self._words(p))
        return any(self._may_import(other, path) for other in others)

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
        a conftest do for every test is named by none; the others are requested, unless the conftest is imported.
        """
        key = (path, passing)
        if key not in self._known:
            around = self._around(path)
            module = self.project.module(path) if around else None
            is_unasked = _name(path) == "conftest" and not self._unasked.isdisjoint(self._words(path))
            if module is not None and not is_unasked:
                passing = passing or path.endswith("/__init__.py")
                defined = {b"pytest_plugins"} | {
                    word.encode() for word, all_ in module.names.bindings.items() if passing or _defines(all_)
                }
                if _name(path) == "conftest":
                    defined |= renamed_in(self._contents[path])
                around = tuple(o for o in around if self._may_take(o, path, defined))
            self._known[key] = around
        return self._known[key]

    def _may_take(self, path: str, giving: str, defined: set[bytes]) -> bool:
        """Whether a file may take one of the things that another defines: by importing it, or as a fixture."""
        words, data = self._words(path), self._contents[path]
        if _STAR in data or defined.isdisjoint(words):
            return _STAR in data
        if _name(giving) != "conftest" or not words.isdisjoint((b"conftest", b"pytest_plugins")):
            return True
        return not defined.isdisjoint(requested_in(data))

    def _around(self, path: str) -> tuple[str, ...]:
        """The files that may come to what another does or defines, as far as their places and its name tell."""
        if path not in self._near:
            folder, _, name = path.removesuffix(".py").rpartition("/")
            spoken = _name(folder) if name == "__init__" else name
            found = {other for other in self._naming(spoken) if self._may_import(other, path)}
            if name in _EVERYWHERE:
                found |= {other for other in self._contents if other.startswith(f"{folder}/") or not folder}
            self._near[path] = tuple(sorted(found - {path}))
        return self._near[path]

    def _may_import(self, path: str, wanted: str) -> bool:
        """Whether a file may import another that it names: as its package's, by itself, or relatively."""
        folder, _, name = wanted.rpartition("/")
        home = path.rpartition("/")[0]
        if name == "__init__.py" or home == folder or b"pytest_plugins" in self._words(path):
            return True
        package, stem = _name(folder), name.removesuffix(".py")
        pairs = self._imports_of(path)
        if (package, stem) in pairs or (package in pairs and stem.encode() in self._words(path)):
            return True
        if (_UPWARDS, stem) in pairs and (not folder or home.startswith(f"{folder}/")):
            return True
        return ("", stem) in pairs and f"{folder}/__init__.py" not in self.project.files

    def _imports_of(self, path: str) -> frozenset[str | tuple[str, str]]:
        """What a file imports: each part of a name with the one before it, and the names that it gives a meaning."""
        known = self._imports.get(path)
        if known is None:
            known = self._imports[path] = frozenset(_pairs(self.project.content(path)))
        return known

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
            for name in by_name.keys() & words_in(found[path]):
                for other in by_name.pop(name):
                    found[other] = self.project.content(other)
                    pending.append(other)
        return {path: found[path] for path in sorted(found)}

    def _words(self, path: str) -> frozenset[bytes]:
        known = self._spoken.get(path)
        if known is None:
            words = words_in(self.project.content(path))
            known = self._spoken[path] = frozenset([self._same.setdefault(word, word) for word in words])
        return known

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        project = self.project
        return {path: project.content(path) for path in project.files if project.is_test(path)}


def _pairs(data: bytes) -> Iterator[str | tuple[str, str]]:
    for level, parts, names in imported(data):
        way = (_UPWARDS if level else "", *parts)
        yield from pairwise(way)
        yield from ((way[-1], name) for name in names)
        yield from names or way[-1:]


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _defines(bindings: tuple[Binding, ...]) -> bool:
    return any(binding.kind != "import" for binding in bindings)
