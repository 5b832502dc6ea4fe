"""What a test, fixture or set-up leaves changed in the process for the tests that come after it."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning.contents import is_container
from isolint.facts.meaning.instances import lineage, method
from isolint.facts.meaning.values import ClassValue, Instance, Reference, Thing, Trail, options, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.show import show
from isolint.facts.running.registries import Writes
from isolint.facts.running.relevance import last_name
from isolint.facts.sites import FixtureSite, SetUp, Sites, Test
from isolint.facts.state.countedmocks import Mocks
from isolint.facts.state.imports import ImportWrites
from isolint.facts.state.initial import is_empty, is_new_key
from isolint.facts.state.mutations import Mutations
from isolint.facts.state.opposites import leaves_nothing, puts_back
from isolint.facts.state.origins import is_class_level
from isolint.facts.state.passing import is_done_once, passes
from isolint.facts.state.places import (
    ENVIRONMENT,
    FIXTURE,
    FOLDER,
    ITEM,
    LIBRARY,
    MODULES,
    STATE,
    Place,
    Shared,
    whole,
)
from isolint.facts.state.readers import Readers
from isolint.facts.state.restored import Restored
from isolint.facts.state.streams import ClosedStream, closed_streams
from isolint.facts.state.uses import Uses
from isolint.facts.state.writes import Write, is_answer, is_of_what_is_put, only_removes, place_in
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.targets.lattice import is_test_name, tokens
from isolint.late import dataclass

_CLEANERS = ("reset", "clean", "cleanup", "clear", "restore", "purge", "isolate", "isolated")
_MINOR = frozenset({"the seed of random numbers"})
_LOGGERS = ("logging", "getLogger")
_SMALL = ("level", "propagate")
_WHERE_WE_ARE = frozenset({"getcwd", "getcwdb", "cwd"})
Site = Test | FixtureSite | SetUp


@dataclass(frozen=True, slots=True, eq=False)
class Leak:
    """A write that outlives its test. `kind` is "environment", "folder", "modules", "attribute", "class",
    "module" or "fixture"; `at` lies in the module that was asked about. `late` tells that the body itself puts
    it back, if nothing fails before.
    """

    kind: str
    write: Write
    site: Site
    at: s.Position
    trail: Trail
    late: bool = False

    @property
    def what(self) -> str:
        """What was written to, in the words of the code."""
        return self.write.text.partition(" = ")[0].removeprefix("del ")

    @property
    def is_direct(self) -> bool:
        """Whether the body of the test, fixture or set-up itself writes, no function that it calls."""
        return not self.write.chain and self.write.frame.function is self.site.function

    @property
    def is_minor(self) -> bool:
        """Whether few tests can notice."""
        place = self.write.place
        return place.kind in _MINOR or (place.parts[:2] == _LOGGERS and place.parts[-1] in _SMALL)

    @property
    def scope(self) -> str:
        """The scope of the fixture that was written to."""
        return self.write.owner.scope if self.write.owner is not None else ""


class Leaks:
    """Finds what is written without being put back."""

    def __init__(self, fixtures: Fixtures, mutations: Mutations) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.project = fixtures.project
        self.mutations = mutations
        self.restored = Restored(fixtures, mutations)
        self.uses = Uses(mutations, fixtures)
        self.readers = Readers(self.uses, fixtures)
        self.imports = ImportWrites(fixtures, mutations)
        self.mocks = Mocks(fixtures, mutations.origins)
        self.registries = Writes(self.evaluator.vocabulary.creators).attributes
        self._known: dict[str, tuple[Leak, ...]] = {}

    def of(self, sites: Sites, kind: str) -> Iterator[Leak]:
        """The leaks of a kind in a module."""
        module = sites.module
        if module.path not in self._known:
            found: dict[tuple[s.Position, str], Leak] = {}
            written: set[tuple[str, s.Position]] = set()
            told: set[Place] = set()  # of a library, by the first of the tests that all set it
            for leak in self._leaks(sites):
                place = leak.write.place
                known = (leak.write.path, leak.write.at) in written or place in told
                if place.kind == LIBRARY and self.uses.is_set_by_all(leak.write, module):
                    told.add(place)
                names = self.evaluator.names(leak.write.frame)
                source = self.project.module(leak.write.path)
                passing = _enters(leak) or passes(leak.write, names, source)
                if not (known or passing or self._is_registration(leak) or self._goes_back(leak)):
                    found.setdefault((leak.at, leak.kind), leak)
                written.add((leak.write.path, leak.write.at))
            self._known[module.path] = tuple(sorted(found.values(), key=lambda leak: leak.at))
        return (leak for leak in self._known[module.path] if leak.kind == kind)

    def _is_registration(self, leak: Leak) -> bool:
        """Whether what is written to is a registry, such as an application's overrides: told of as such."""
        return not self.registries.isdisjoint(leak.what.partition("[")[0].split("."))

    def _goes_back(self, leak: Leak) -> bool:
        """Whether a change of the working directory is itself the way back to the one that was kept."""
        name = leak.write.text.rpartition("(")[2].removesuffix(")")
        if leak.write.place.kind != FOLDER or not name.isidentifier():
            return False
        kept = [b.value for b in self.evaluator.names(leak.write.frame).bindings.get(name, ())]
        return bool(kept) and all(isinstance(v, s.Call) and last_name(v) in _WHERE_WE_ARE for v in kept)

    def by_import(self, module: Module) -> Iterator[tuple[s.Position, str, Trail]]:
        """Variables that importing a test module sets and its fixtures read: the place, the code, the way."""
        if module.is_test:
            for write, reader in self.imports.of(module):
                at = place_in(module, write)
                if at is not None:
                    yield at, write.place.parts[0], (*write.chain, write.hop, reader)

    def closed_streams(self, module: Module) -> Iterator[ClosedStream]:
        """The standard streams that tear-downs of a module close though no set-up has replaced them."""
        return closed_streams(module, self.fixtures, self.mutations) if module.is_test else iter(())

    def _leaks(self, sites: Sites) -> Iterator[Leak]:
        for test in sites.tests:
            yield from self._by(test, test.owner)
        for fixture in sites.fixture_sites:
            if not _is_for_the_run(fixture):
                yield from self._by(fixture, fixture.fixture.owner)
        for set_up in sites.set_ups:
            if set_up.kind != "hook":
                yield from self._by(set_up, set_up.owner)

    def _by(self, site: Site, owner: s.Class | None) -> Iterator[Leak]:
        writes = self.mutations.writes(site.module, site.function)
        put: set[str] = set()
        kinds = ["" if is_of_what_is_put(w, put) else self._kind(w, site.module) for w in writes]
        if any(kinds) and not _is_cleaner(site):
            yield from self._left(site, writes, kinds, owner)

    def _left(
        self, site: Site, writes: tuple[Write, ...], kinds: list[str], owner: s.Class | None
    ) -> Iterator[Leak]:
        told: set[tuple[str, Place]] = set()
        for index, (write, kind) in enumerate(zip(writes, kinds, strict=True)):
            if write.how == "reset":
                told.add(("", write.place))
            if not kind or not told.isdisjoint(((kind, write.place), ("", write.place))):
                continue
            matters = self._matters(kind, write, site)
            if not matters and not self._is_of_product(kind, write, site):
                continue
            undone = leaves_nothing(write, self.restored.around(site.module, site.function, owner))
            reader = self._met_elsewhere(kind, write, site) if undone else ()
            if not (reader or (not undone and matters)):
                continue
            told.add((kind, write.place))
            late = any(puts_back(later, write) for later in writes[index + 1 :])
            if late and kind not in ("environment", "folder"):
                continue
            at = place_in(site.module, write)
            if at is not None:
                definition = write.owner.trail if write.owner is not None else ()
                reader = reader or self.readers.of(write, site.module, site.function)
                trail = (*write.chain, write.hop, *write.proof, *definition, *reader)
                yield Leak(kind, write, site, at, trail, late)

    def _kind(self, write: Write, module: Module) -> str:
        """Of which kind a leak would be; "" for what is not one in any case."""
        place = write.place
        if place.kind == ENVIRONMENT:
            return "environment" if write.how != "deleted" and not only_removes(write) else ""
        if place.kind == MODULES:
            removed = write.how != "set" and not self.uses.imports(module, place)
            return "" if removed or self._is_loaded(write) else MODULES
        if place.kind == FOLDER:
            return FOLDER
        if place.kind == FIXTURE:
            return "" if write.how == "reset" or _is_of_one_entry(write) else "fixture"
        if place.kind == STATE:
            return self._kind_of_state(write)
        if place.kind == LIBRARY:
            return "attribute" if self._is_near(write) else ""
        return "attribute"

    def _is_loaded(self, write: Write) -> bool:
        """Whether what is put into `sys.modules` is a module about to be loaded from a file, no stand-in."""
        if write.value is None:
            return False
        made = options(self.evaluator.evaluate(write.value, write.frame))
        return any(isinstance(v, Thing) and v.made_by == "importlib.util.module_from_spec" for v in made)

    def _is_near(self, write: Write) -> bool:
        """Whether a library's object is one that an import leads to, or an attribute of it: no proxy in between."""
        if write.owner is None or write.owner.steps > 1 or write.how == "reset" or is_answer(write):
            return False
        parts = write.place.parts
        contextual = self.evaluator.vocabulary.contextual
        return not any(".".join(parts[:length]) in contextual for length in range(1, len(parts) + 1))

    def _kind_of_state(self, write: Write) -> str:
        path, *rest = write.place.parts
        module, owner = self.project.module(path), write.owner
        if module is None or not rest or write.how == "reset" or owner is None or self._is_contextual(owner):
            return ""
        if owner.steps or self._is_front(owner, "__setitem__" if _is_item(write) else "__setattr__"):
            return ""
        if not module.is_test:
            if write.how == "changed" and owner.value is not None and self._is_data(write):
                return "module"
            is_own = write.how != "changed" or _is_item(write) or self._is_list(write)
            return "attribute" if is_own and not is_answer(write) else ""
        if owner.sort == "function":
            return ""
        for cls in module.classes:
            if cls.qualname == rest[0]:
                return "class" if len(rest) > 1 and self._is_of_tests(module, cls, write) else ""
        return "module"

    def _is_list(self, write: Write) -> bool:
        """Whether a write changes what the vocabulary says that an object keeps: its handlers, its receivers."""
        changes = self.evaluator.vocabulary.changes.values()
        known = {entry.part for entries in changes for entry in entries if entry.part and entry.target}
        return write.place.parts[-1] in known

    def _is_of_tests(self, module: Module, cls: s.Class, write: Write) -> bool:
        """Whether a write changes what a test class holds, or a counter or container of a helper class."""
        if cls.name.startswith("Test") or self.fixtures.is_test_case(module, cls):
            return write.owner is not None and not (write.owner.sort == "class" and _is_item(write))
        if write.owner is None or len(whole(write.place).parts) != 3:
            return False
        return (write.owner.sort == "class" and not _is_item(write)) or is_container(write.owner)

    def _is_contextual(self, owner: Shared) -> bool:
        """Whether an object is one of a context's or thread's own."""
        known = self.evaluator.vocabulary.contextual
        path, *rest = owner.place.parts
        name = path.removesuffix(".py").replace("/", ".")
        if any(".".join((name, *rest[:length])) in known for length in range(1, len(rest) + 1)):
            return True
        if not isinstance(owner.value, s.Call) or owner.frame is None:
            return False
        made = self.evaluator.evaluate(owner.value.function, owner.frame)
        if isinstance(made, ClassValue) and not known.isdisjoint(lineage(self.evaluator, made)[1]):
            return True
        name = made.name if isinstance(made, Reference) else show(owner.value.function)
        return name in known or name.rpartition(".")[2] in ("LocalProxy", "ContextVar")

    def _is_front(self, owner: Shared, setter: str) -> bool:
        """Whether the class of an object says itself what becomes of what is set: a front of some other store."""
        if owner.value is None or owner.frame is None:
            return False
        return any(
            isinstance(value, Instance) and method(self.evaluator, value, setter) is not None
            for value in options(self.evaluator.evaluate(owner.value, owner.frame))
        )

    def _is_data(self, write: Write) -> bool:
        """Whether what changed is a container, or an object whose method was proved to change it."""
        return write.owner is not None and (is_container(write.owner) or write.place == write.owner.place)

    def _matters(self, kind: str, write: Write, site: Site) -> bool:
        match kind:
            case "environment":
                return self._variable_matters(write, site)
            case "class" | "module":
                is_test = isinstance(site, Test)
                if _prepares(site, write) or self._is_own_entry(kind, write, site):
                    return False
                if kind == "module" and write.chain and write.value is not None and _is_item(write):
                    return False  # helpers of the suite enter the same for each of their callers
                return self.uses.is_seen(write, site.module, site.function, is_test=is_test) or (
                    is_test and self._is_met_inside(write, site)
                )
            case "fixture":
                broad = isinstance(site, FixtureSite) and site.fixture.scope != "function"
                if broad or self._is_list(write) or self.uses.is_set_back(write, site.module):
                    return False
                return self.uses.fixture_is_seen(write, site.module, site.function)
            case "attribute":
                return self._attribute_matters(write, site)
        return True

    def _is_own_entry(self, kind: str, write: Write, site: Site) -> bool:
        """Whether a test puts something of its own into an object of the product that others ask for theirs."""
        source = self.project.module(write.place.parts[0]) if kind == "module" else None
        if source is None or source.is_test or write.how != "changed":
            return False
        if _is_item(write) and is_new_key(write):
            others = (test for test, _ in self.fixtures.tests(site.module) if test is not site.function)
            return not any(self.uses.meets(site.module, other, write.place) for other in others)
        return self.readers.ask_for_their_own(write, site.module, site.function)

    def _met_elsewhere(self, kind: str, write: Write, site: Site) -> Trail:
        """Another test that gets what is left of an object of the product which is only made anew before this one."""
        if not isinstance(site, Test) or not self._is_of_product(kind, write, site):
            return ()
        after = self.restored.around(site.module, site.function, site.owner, anew=False)
        if leaves_nothing(write, after):
            return ()
        return self.readers.of(write, site.module, site.function, self.restored)

    def _is_of_product(self, kind: str, write: Write, site: Site) -> bool:
        """Whether a test changes an object of the product."""
        source = self.project.module(write.place.parts[0]) if kind == "module" else None
        return source is not None and not source.is_test and isinstance(site, Test)

    def _is_met_inside(self, write: Write, site: Site) -> bool:
        """Whether another test gets to an object of the product by its accessor, and nobody resets it."""
        source = self.project.module(write.place.parts[0])
        if source is None or source.is_test or self.uses.is_reset(site.module, write.place):
            return False
        return bool(self.readers.of(write, site.module, site.function))

    def _variable_matters(self, write: Write, site: Site) -> bool:
        name = write.place.parts[0] if write.place.parts else ""
        if name in self.evaluator.vocabulary.harmless_variables:
            return False
        if isinstance(site, Test) or write.value is None:
            return True
        value = text(self.evaluator.evaluate(write.value, write.frame)) or ""
        return not is_test_name(name) and not is_test_name(value)

    def _attribute_matters(self, write: Write, site: Site) -> bool:
        last = write.place.parts[-1] if write.place.parts else ""
        if write.chain and write.path != site.module.path:
            return False  # helpers of the suite set it anew for each of their callers
        if "dependency_overrides" in write.place.parts or write.place.parts[:2] == ("sys", "path"):
            return False
        if write.place.kind == LIBRARY and write.place.parts[0] in ("pytest", "builtins"):
            return False
        if write.place.parts[:2] == _LOGGERS and is_test_name("".join(write.place.parts[2:3])):
            return False  # a logger of the tests' own
        if self.uses.is_reset(site.module, write.place, ("reset",), tests=False):
            return False
        if isinstance(site, Test):
            return True
        if write.place.kind == LIBRARY and isinstance(write.value, s.Constant | s.Subscript | s.Attribute):
            return False  # a library's configuration, set for all alike
        return not (is_test_name(last) or _is_item(write) or is_empty(write.value))


def _is_for_the_run(site: FixtureSite) -> bool:
    """Whether a fixture sets things up for all tests alike."""
    fixture = site.fixture
    return fixture.scope == "session" or (fixture.autouse and site.module.path.endswith("conftest.py"))


def _is_cleaner(site: Site) -> bool:
    """Whether a fixture or set-up says by its name that it resets what it writes."""
    return not isinstance(site, Test) and not tokens(site.function.name).isdisjoint(_CLEANERS)


def _prepares(site: Site, write: Write) -> bool:
    """Whether a set-up only makes ready what it sets: it runs once, or sets the same again."""
    if isinstance(site, Test):
        return False
    once = is_class_level(site.function) or (isinstance(site, SetUp) and site.kind == "module")
    return once or write.value is not None or is_done_once(site.function, write)


def _enters(leak: Leak) -> bool:
    """Whether a name of its own is entered in a register of the product's: what others entered stays as it is."""
    call, _, rest = leak.write.text.partition("(")
    return call.rpartition(".")[2] == "register" and rest[:1] in ("'", '"')


def _is_of_one_entry(write: Write) -> bool:
    """Whether a write goes to one object of many that a fixture's value looks up: each test has its own of them."""
    sort = "" if write.owner is None else write.owner.sort
    return sort == "part" or (sort == "entry" and not write.text.partition(" = ")[0].endswith("]"))


def _is_item(write: Write) -> bool:
    return bool(write.place.parts) and write.place.parts[-1] == ITEM
