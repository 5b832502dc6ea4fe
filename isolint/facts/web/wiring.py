"""Which store an application's extensions reach in the tests, and what the tests configure too late for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from isolint.facts.meaning import instances
from isolint.facts.meaning.values import UNKNOWN, ClassValue, Handle, Trail, Value, text, union
from isolint.facts.order.replacements import Replacements
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.fixtures import SET_UP, Fixture, Fixtures
from isolint.facts.targets.lattice import Level, Target, place
from isolint.facts.web.appsteps import Tracer
from isolint.facts.web.steps import CURRENT, Configured, Made, Pinned, Place, Ready, Step
from isolint.late import dataclass

MOST_TESTS = 5


@dataclass(frozen=True, slots=True)
class LateSetting:
    """Settings that are set after an extension has read them: the keys, the call that read them, what it holds.

    `url` is what its store's setting held when it was read.
    """

    at: s.Position
    keys: tuple[str, ...]
    reader: str
    target: Target
    trail: Trail
    url: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Wired:
    """An extension bound to an application: what its store's setting held, and the way there."""

    ready: Ready
    url: Value | None
    target: Target
    trail: Trail
    late: list[tuple[Configured, tuple[str, ...]]]

    def reached_by(self, handle: Handle) -> Target:
        """Where a handle of the extension leads."""
        return replace(self.target, trail=distinct((*handle.trail, *self.trail, *self.target.trail)))


class Wiring:
    """Plays the steps of the applications that tests make or import."""

    def __init__(self, fixtures: Fixtures, replacements: Replacements, config: PytestConfig) -> None:
        self.evaluator = fixtures.evaluator
        self.project = fixtures.project
        self.fixtures = fixtures
        self.replacements = replacements
        self.config = config
        self.tracer = Tracer(self.evaluator, replacements.environment)
        self._imported: dict[str, tuple[Step, ...]] = {}
        self._wired: dict[str, list[Wired]] = {}
        self._on_import: dict[str, list[Wired]] = {}

    # -- where an extension leads

    def target(self, handle: Handle, path: str) -> Target | None:
        """Where an extension leads that the applications of a file's tests bind; None where they do not agree."""
        found = self._binding(handle, path)
        return found[0].reached_by(handle) if found else None

    def by_tests(self, handle: Handle, path: str) -> Target | None:
        """The same for those whose tests make the application as it is: None where they configure it, if too late."""
        if not handle.trail or not self._makes_extension(handle.trail[-1].text):
            return None
        found = self._binding(handle, path)
        return None if not found or any(wired.late for wired in found) else found[0].reached_by(handle)

    def _makes_extension(self, words: str) -> bool:
        """Whether the text of a call may make an extension: there are few, and most handles are of none."""
        names = (name.rpartition(".")[2] for name in self.evaluator.vocabulary.initializers)
        return any(f"{name}(" in words for name in names)

    def _binding(self, handle: Handle, path: str) -> list[Wired]:
        """How the applications of a file's tests bind an extension, if they all lead to the same kind of store."""
        if handle.bound or handle.level or not handle.trail:
            return []
        found = [wired for wired in self._bound(path) if _made_at(wired.ready.extension) == _made_at(handle)]
        if any(self._reads_lazily(wired) for wired in found):
            return []
        return found if len({wired.target.level for wired in found}) == 1 else []

    def on_import(self, handle: Handle, path: str) -> Wired | None:
        """How an extension is bound by the modules that a file's tests import, as they are imported.

        None where nothing binds it there, or where it cannot be told.
        """
        if handle.level or not handle.trail or handle.type not in self.evaluator.vocabulary.initializers:
            return None
        if path not in self._on_import:
            self._on_import[path] = self._play(self._imports(path), path)
        own = _made_at(handle)
        found = [wired for wired in self._on_import[path] if _made_at(wired.ready.extension) == own]
        if len(found) != 1 or self._reads_lazily(found[0]):
            return None
        return found[0]

    def _bound(self, path: str) -> list[Wired]:
        """The extensions that everything around the tests of a file binds."""
        if path not in self._wired:
            found = self._play(self._imports(path), path)
            for module in self.fixtures.chain(path):
                for function in self._makers(module):
                    if any(isinstance(step, Ready) for step in self.tracer.function(module, function)):
                        found += self._play(self._around(module, function), path)
            self._wired[path] = found
        return self._wired[path]

    def _makers(self, module: Module) -> list[s.Function]:
        """The functions of a test module that may make applications: few of its tests are asked."""
        tests = [f for f in module.functions if f.name.startswith("test")][:MOST_TESTS]
        return [f for f in module.functions if not f.name.startswith("test")] + tests

    def _reads_lazily(self, wired: Wired) -> bool:
        """Whether the release in use reads a setting only when it is needed, so that a late one counts."""
        entry = wired.ready.entry
        return (
            bool(wired.late) and bool(entry.since) and self.config.is_before(entry.distribution, entry.since)
        )

    def is_left_to_tests(self, handle: Handle, path: str) -> bool:
        """Whether an extension of a release that reads settings when needed has an application the tests configure."""
        entries = self.evaluator.vocabulary.initializers.get(handle.type, ())
        if not any(e.since and self.config.is_before(e.distribution, e.since) for e in entries):
            return False
        return any(
            self.tracer.configures(function.body)
            for module in self._around_tests(path)
            for function in module.functions
        )

    def _around_tests(self, path: str) -> Iterator[Module]:
        """The modules whose code runs around the tests of a file: conftests, itself, those of its base classes."""
        for module in self.fixtures.chain(path):
            yield module
            for node in module.classes:
                cls = ClassValue(module, node, self.evaluator.module_frame(module))
                yield from (ancestor.module for ancestor in instances.lineage(self.evaluator, cls)[0])

    # -- what comes too late

    def late_settings(self, module: Module) -> Iterator[LateSetting]:
        """What the code of a test module configures after an extension has read it, each place once."""
        seen: set[int] = set()
        for wired in self._played(module):
            keys: list[str] = []
            first: Configured | None = None
            if wired.url is None or self._reads_lazily(wired):
                continue
            for setting, names in wired.late:
                if setting.hop.path == module.path and setting.sure:
                    first = first or setting
                    keys += [name for name in names if name not in keys]
            if first is None or first.hop.at[0] in seen:
                continue
            seen.add(first.hop.at[0])
            reader = wired.ready.hop.text
            trail = distinct((*wired.trail, *wired.target.trail))
            yield LateSetting(first.hop.at, tuple(keys), reader, wired.target, trail, wired.url)

    def _played(self, module: Module) -> Iterator[Wired]:
        if self.tracer.configures(module.facts.body):
            yield from self._play(self._imports(module.path), module.path)
        for function in module.functions:
            if self.tracer.configures(function.body):
                yield from self._play(self._around(module, function), module.path)

    # -- the order of steps

    def _around(self, module: Module, function: s.Function) -> list[Step]:
        """The steps up to the end of a function: imports, the fixtures around it, set-ups, its own."""
        owner = module.methods.get(id(function))
        steps = list(self._imports(module.path))
        own = self.fixtures.fixture(module, function, owner)
        closure = self._closure(module, function, owner, own)
        for fixture in reversed(closure):
            steps += self.tracer.function(fixture.module, fixture.function)
        if owner is not None and function.name not in SET_UP:
            for node in owner.body:
                if isinstance(node, s.Function) and node.name in SET_UP:
                    steps += self.tracer.function(module, node)
        return [*steps, *self.tracer.function(module, function)]

    def _closure(
        self, module: Module, function: s.Function, owner: s.Class | None, own: Fixture | None
    ) -> list[Fixture]:
        if own is None:
            return list(self.fixtures.closure(module, function, owner))
        requested = [f for f in self.fixtures.transitive([own]) if f.function is not function]
        around = [f for f in self.fixtures.autouse(module, owner) if f.function is not function]
        return [*requested, *(f for f in around if f not in requested)]

    def _imports(self, path: str) -> tuple[Step, ...]:
        """The steps of importing a file's conftests, the file, and the product modules that they import."""
        if path not in self._imported:
            steps: list[Step] = []
            seen: set[str] = set()
            for module in reversed(self.fixtures.chain(path)):
                for product in self._products(module):
                    if product.path not in seen:
                        seen.add(product.path)
                        steps += self.tracer.module(product)
                steps += self.tracer.module(module)
            self._imported[path] = tuple(steps)
        return self._imported[path]

    def _products(self, module: Module) -> Iterator[Module]:
        """The product modules that a test module's top level imports, packages before what lies in them."""
        for node in statements(module.facts.body):
            if not isinstance(node, s.Import):
                continue
            for bindings in module.names.bindings.values():
                for binding in bindings:
                    if binding.node is node and not binding.type_checking:
                        found = self.project.import_target(module, binding).module
                        if found is not None and not found.is_test:
                            yield from self._with_parents(found)

    def _with_parents(self, module: Module) -> Iterator[Module]:
        folder = module.path.rpartition("/")[0]
        parents: list[Module] = []
        while folder:
            package = self.project.module(f"{folder}/__init__.py")
            if package is None:
                break
            parents.append(package)
            folder = folder.rpartition("/")[0]
        yield from reversed(parents)
        yield module

    # -- playing them

    def _play(self, steps: list[Step] | tuple[Step, ...], path: str) -> list[Wired]:
        """What the extensions read, with the settings that came after."""
        pins = dict(self.replacements.pins(path))
        settings: dict[Place, list[Configured]] = {}
        wired: list[Wired] = []
        for step in steps:
            match step:
                case Pinned():
                    pins[step.name] = step.value
                case Made():
                    settings.pop(step.app, None)
                    wired = [w for w in wired if w.ready.app != step.app]
                case Configured():
                    if step.switch in pins:
                        step = replace(step, source=None, sure=False)
                    self._configure(step, settings, wired)
                case Ready() if step.sure:
                    wired = [w for w in wired if not _is_same(w.ready, step)]
                    wired.append(self._read(step, settings.get(step.app, []), pins))
                case Ready() if step.app == CURRENT:  # tests bind it again, to an application they are given
                    wired = [w for w in wired if w.ready.entry is not step.entry]
        return wired

    def _configure(
        self, step: Configured, settings: dict[Place, list[Configured]], wired: list[Wired]
    ) -> None:
        for app in [*settings] if step.app == CURRENT else [step.app]:
            settings.setdefault(app, []).append(step)
        for bound in wired:
            if step.app in (bound.ready.app, CURRENT):
                keys = self._keys(step, bound.ready)
                if keys:
                    bound.late.append((step, keys))

    def _keys(self, step: Configured, ready: Ready) -> tuple[str, ...]:
        """The keys of an extension that a step sets."""
        patterns = ready.entry.settings
        if step.entries is not None:
            return tuple(k for k, _ in step.entries if any(fnmatchcase(k, p) for p in patterns))
        if step.source is None:
            return ()
        plain = [pattern for pattern in patterns if not pattern.endswith("*")]
        return tuple(key for key in plain if step.value(self.evaluator, key) not in (None, UNKNOWN))

    def _read(self, step: Ready, settings: list[Configured], pins: dict[str, Value]) -> Wired:
        url: Value | None = None
        for key in step.entry.settings:
            url = self._setting(key, settings)
            if url is not None:
                break
        target = Target(Level.UNKNOWN, "a target that cannot be told")
        if url is not None:
            harmless = text(url) in step.entry.memory
            target = Target(Level.MEMORY, "memory") if harmless else place(url, pins, product=True)
        return Wired(step, url, target, (*step.chain, step.hop), [])

    def _setting(self, key: str, settings: list[Configured]) -> Value | None:
        found: Value | None = None
        for step in settings:
            value = step.value(self.evaluator, key)
            if value is not None:
                found = value if step.sure or found is None else union([found, value])
        return found


def distinct(trail: Trail) -> Trail:
    """A trail without the steps that it takes for the second time."""
    return tuple(dict.fromkeys(trail))


def _made_at(extension: Value) -> Place | None:
    if not extension.trail:
        return None
    return (extension.trail[-1].path, extension.trail[-1].at)


def _is_same(one: Ready, other: Ready) -> bool:
    return one.app == other.app and one.entry is other.entry
