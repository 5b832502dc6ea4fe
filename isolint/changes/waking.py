"""Which files to judge again."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cached_property

from isolint.changes.leads import Leads, closure
from isolint.changes.units import Unit, differing, units
from isolint.facts.program.importwords import requested_in, words_in
from isolint.facts.program.project import Project
from isolint.facts.targets.appvariables import may_configure
from isolint.late import regex
from isolint.result import Earlier

# Columns, tasks in place, caches; what Django reads before the tests.
_FAR = regex(rb"(?i:uniqu|primary|\bpk\b|eager|memory|\bcaches?\b)|\bDATABASES\b")
_ADDRESS = regex(rb"\w://(?:[^@/\s\"']*@)?[\w-]+\.[^\s\"']+")
_ENVIRONMENT = regex(rb"environ|setenv|putenv")
_MOST = 2  # from one in so many files on, all are looked at: that is no more work than to tell which
_STAR = regex(rb"import[ \t]+\*")
_EVERYWHERE = ("conftest.py", "__init__.py")
_CONFIGURING = ("manage.py", "noxfile.py", "setup.py")


class Waking:
    """Tells what the changes since an earlier run concern; `tests` is the test code there is.

    `everywhere` are the fixtures that the configuration puts around every test.
    """

    def __init__(
        self, project: Project, tests: Iterable[str], earlier: Earlier, everywhere: Iterable[str] = ()
    ) -> None:
        self.project = project
        self.everywhere = frozenset(name.encode() for name in everywhere)
        self.content = project.content
        self.tests = tuple(tests)
        self.earlier = earlier
        self.held = earlier.held
        self.leads = Leads(project)
        self._units: dict[str, tuple[Unit, ...] | None] = {}
        self._changes: dict[str, tuple[Unit, ...] | None] = {}
        self._words: dict[str, frozenset[bytes]] = {}
        self._requested: dict[str, frozenset[bytes]] = {}

    def woken(self, configuration: Iterable[str] = ()) -> frozenset[str] | None:
        """The files whose verdict may be another than it was, None if that may be any.

        A verdict on `configuration` may be another whatever changes, as long as that is more than layout and comments.
        """
        if (
            self._has_unread_product
            or self._has_other_addresses
            or not all(map(self._is_nobodys, self.earlier.moved))
        ):
            return None
        loud = [path for path in self.held if self._differing(path) != ()]
        found = self._telling_of_them | self.held.keys()
        if not loud:
            return found
        found = found.union(configuration)
        if not self._of_everyone.isdisjoint(loud) or any(map(self._is_asked_from_afar, loud)):
            return None
        felt: set[str] = set()
        said: set[bytes] = set()
        for path in loud:
            woken, words = self._upwards(path)
            found |= woken
            felt |= woken if words else set()
            said |= words
        if len(found) * _MOST > len(self.tests):
            return None
        return found | self._downwards(felt, said)

    @property
    def _has_unread_product(self) -> bool:
        """Whether a file of the product could not be read: it is told of as long as anybody comes to it."""
        return not all(map(self.project.is_test, self.earlier.result.unread))

    @property
    def _has_other_addresses(self) -> bool:
        """Whether a file of the product spells out other hosted addresses than it did: a test may say the same ones."""
        product = (path for path in self.held if not self.project.is_test(path))
        return any(
            set(_ADDRESS.findall(self.held[path])) != set(_ADDRESS.findall(self.content(path)))
            for path in product
        )

    @property
    def _telling_of_them(self) -> frozenset[str]:
        """The files with findings that tell of a place in a changed file: it may have moved."""
        was = self.earlier.result
        findings = (*was.findings, *was.hidden, *(each.finding for each in was.silenced))
        return frozenset(
            finding.path
            for finding in findings
            for path in self.held
            if path in finding.message or any(place.path == path for place in finding.related)
        )

    def _is_asked_from_afar(self, path: str) -> bool:
        """Whether a change matters to those, too, who do not lead to it: they look through the whole project for it."""
        changed = self._differing(path)
        return changed is None or any(_FAR.search(b" ".join(unit.words)) for unit in changed)

    def _is_nobodys(self, path: str) -> bool:
        """Whether a file with tests is there for itself: no name means another thing with it, or without it."""
        stem = _name(path).removesuffix(".py").encode()
        return (
            self.project.is_test(path)
            and stem.startswith(b"test_")
            and all(
                stem not in self._words_of(other) for other in {*self._graph, *self.earlier.others} - {path}
            )
        )

    # -- who leads to whom

    @cached_property
    def _graph(self) -> dict[str, frozenset[str]]:
        """File -> those that it leads to, or led to, for everything that tests or configuration come to."""
        found: dict[str, frozenset[str]] = {}
        judged = self.project.files & self.earlier.result.judged
        pending = [*self.tests, *judged, *self._named, *self.held]
        for path in pending:
            if path not in found:
                found[path] = self.leads.of(path, self.content(path))
                if path in self.held:
                    found[path] |= self.leads.of(path, self.held[path])
                pending += found[path]
        return found

    @cached_property
    def _led_by(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for path, others in self._graph.items():
            for other in others:
                found.setdefault(other, set()).add(path)
        return {path: frozenset(others) for path, others in found.items()}

    @cached_property
    def _imported_by(self) -> dict[str, frozenset[str]]:
        """The same without the conftests above, which give no more than fixtures to those who do not import them."""
        return {
            path: frozenset(each for each in others if self._may_import(each, path))
            for path, others in self._led_by.items()
        }

    def _may_import(self, path: str, other: str) -> bool:
        return _name(other) != "conftest.py" or path in self.held or b"conftest" in self._words_of(path)

    @cached_property
    def _named(self) -> frozenset[str]:
        """The settings that configuration names."""
        files = (*self.earlier.others, *(path for path in _CONFIGURING if path in self.project.files))
        return frozenset().union(*(self.leads.settings_named_in(self.content(path)) for path in files))

    @cached_property
    def _of_everyone(self) -> set[str]:
        """What any test may come to without leading there, since the configuration names it."""
        found = set(self._named)
        pending = list(found)
        for path in pending:
            others = self.leads.imported_by(path, self.content(path)) - found
            new = {each for each in others if self.project.is_test(path) or not self.project.is_test(each)}
            found |= new
            pending += new
        configuring = {path for path in self.held if _name(path) in _CONFIGURING}
        return found | configuring

    # -- what files say

    def _of(self, path: str) -> tuple[Unit, ...] | None:
        if path not in self._units:
            self._units[path] = self._stated(self.content(path))
        return self._units[path]

    def _stated(self, data: bytes) -> tuple[Unit, ...] | None:
        return units(data, self._is_own, self.everywhere)

    def _differing(self, path: str) -> tuple[Unit, ...] | None:
        """What a changed file says otherwise than it did, None where that cannot be told."""
        if path not in self._changes:
            old, new = self._stated(self.held[path]), self._of(path)
            self._changes[path] = None if old is None or new is None else differing(old, new)
        return self._changes[path]

    def _is_own(self, node: ast.Import | ast.ImportFrom) -> bool:
        """Whether an import may be one of the project's own modules."""
        if isinstance(node, ast.ImportFrom):
            return node.level > 0 or self._is_first_party(node.module or "")
        return any(self._is_first_party(entry.name) for entry in node.names)

    def _is_first_party(self, name: str) -> bool:
        return name.partition(".")[0] in self._tops

    @cached_property
    def _tops(self) -> frozenset[str]:
        parts = (part for path in self.project.files for part in path.removesuffix(".py").split("/"))
        return frozenset(parts)

    def _words_of(self, path: str) -> frozenset[bytes]:
        if path not in self._words:
            self._words[path] = words_in(self.content(path))
        return self._words[path]

    def _heard_by(self, path: str, importing: frozenset[str]) -> frozenset[bytes]:
        """The words by which a file may mean what others give: any, if it is importing them, else those of fixtures."""
        if path in importing:
            return self._words_of(path)
        if path not in self._requested:
            may_ask = self.project.is_test(path) or b"pytest" in self._words_of(path)
            self._requested[path] = requested_in(self.content(path)) if may_ask else frozenset()
        return self._requested[path]

    # -- the tests that come to what has changed

    def _upwards(self, path: str) -> tuple[frozenset[str], frozenset[bytes]]:
        """The files that a change in one of them matters to, since they lead to it, and what they say about it."""
        users = closure(self._led_by, [path])
        changed = self._differing(path)
        named = changed is not None and not any(self._is_felt_unnamed(unit, path) for unit in changed)
        if changed is not None and named:
            woken, said = self._by_names(path, users, changed)
        else:
            woken, said = users, frozenset().union(*map(self._words_of, users), words_in(self.held[path]))
        others = self._naming_variables(changed) if may_configure(path) else set()
        if not named or any(_ENVIRONMENT.search(b" ".join(unit.words)) for unit in changed or ()):
            others |= {each for each in closure(self._graph, users) if self._sets_environment(each)}
        return woken | others, said

    def _is_felt_unnamed(self, unit: Unit, path: str) -> bool:
        """Whether a statement matters to those who lead to its file without a name that it gives.

        So do the classes of the product: their bases may keep them, as tables, for instance.
        """
        is_kept = isinstance(unit.node, ast.ClassDef) and unit.node.bases and not self.project.is_test(path)
        return unit.implied or bool(is_kept)

    def _by_names(
        self, path: str, users: frozenset[str], changed: tuple[Unit, ...]
    ) -> tuple[frozenset[str], frozenset[bytes]]:
        """Those of the users of a file that speak of what has changed in it, or of what speaks of that; their words.

        What nobody speaks of never runs: then there are no words.
        """
        names = {name for unit in changed for name in unit.names}
        is_collected = any(unit.is_collected for unit in changed)
        said = {word for unit in changed for word in unit.words}
        felt, importing = self._passed_on(path, users, names, said)
        woken = {path, *felt}
        for each in users - woken:
            taken = is_collected and _STAR.search(self.content(each))
            if taken or not names.isdisjoint(self._heard_by(each, importing)):
                woken.add(each)
        for each in woken - {path}:
            said |= self._words_of(each)
        own = (unit for unit in self._of(path) or () if unit not in changed)
        is_idle = len(woken) == 1 and not is_collected and all(names.isdisjoint(unit.words) for unit in own)
        return frozenset(woken), frozenset() if is_idle else frozenset(said)

    def _passed_on(
        self, path: str, users: frozenset[str], names: set[bytes], said: set[bytes]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Adds to the names of what has changed those of what speaks of it, and its words to what is said.

        Gives those to whom any of it matters unnamed, and those who import any of it.
        """
        around = closure(self._graph, users)
        support = [each for each in around if each in users or self._is_passing_on(each)]
        felt: set[str] = set()
        giving = {path}
        importing: frozenset[str] = frozenset()
        known = (-1, -1)
        while known != (len(names), len(giving)):
            known = (len(names), len(giving))
            importing = closure(self._imported_by, giving)
            for each in support:
                heard = names & self._heard_by(each, importing)
                for unit in (self._of(each) or ()) if heard else ():
                    if not unit.words.isdisjoint(heard):
                        giving.add(each)
                        names |= unit.names
                        said |= unit.words
                        if self._is_felt_unnamed(unit, each) and not unit.is_import:
                            felt.add(each)
        return users & closure(self._led_by, felt), importing

    def _naming_variables(self, changed: Iterable[Unit] | None) -> set[str]:
        """Those who say a variable that the product's configuration says, too, and those who lead to them."""
        names = {word.upper() for unit in changed or () for word in unit.words}
        return set(closure(self._led_by, (p for p in self.tests if not names.isdisjoint(self._words_of(p)))))

    def _sets_environment(self, path: str) -> bool:
        """Whether what a conftest sets may come too late for whatever its tests import."""
        return _name(path) == "conftest.py" and _ENVIRONMENT.search(self.content(path)) is not None

    def _is_passing_on(self, path: str) -> bool:
        """Whether a file is test code that other files may use."""
        return self.project.is_test(path) and (path in self._led_by or _is_everywhere(path))

    # -- the support that they use

    def _downwards(self, woken: Iterable[str], said: Iterable[bytes]) -> frozenset[str]:
        """The support whose verdict depends on what woken tests do with it: they say its names, or what says them."""
        spoken = set(said)
        found: set[str] = set()
        giving: dict[bytes, list[tuple[str, Unit]]] = {}
        for path in filter(self._is_passing_on, closure(self._graph, woken)):
            for unit in self._of(path) or ():
                for name in unit.names:
                    giving.setdefault(name, []).append((path, unit))
                if unit.implied and not unit.is_import:
                    spoken |= unit.words
                    found |= set() if unit.names else {path}
        pending = spoken & giving.keys()
        while pending:
            new: set[bytes] = set()
            for path, unit in (each for name in pending for each in giving.pop(name)):
                found.add(path)
                new |= unit.words
            pending = new & giving.keys()
        return frozenset(found)


def _is_everywhere(path: str) -> bool:
    return _name(path) in _EVERYWHERE


def _name(path: str) -> str:
    return path.rpartition("/")[2]
