"""What test code makes outside the process: under which names, left behind or not, and what it splices into SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isolint.facts.lifetime.lifecycle import (
    NAMED_STORES,
    Creation,
    Lifecycle,
    is_unique,
    line_in,
    literal_name,
)
from isolint.facts.lifetime.starts import Starts
from isolint.facts.meaning.values import Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.program.show import dotted
from isolint.facts.running.events import Event, Run
from isolint.facts.sites import FixtureSite, SelfTest, SetUp, Sites, Test
from isolint.facts.sql.handquoted import HandQuoted
from isolint.facts.sql.identifiers import Identifiers, Splice
from isolint.facts.suite.callers import Callers
from isolint.facts.suite.endings import Endings
from isolint.facts.suite.mocks import Mocks
from isolint.facts.suite.storing import Storing

MakingSite = FixtureSite | SetUp | SelfTest | Test


class Making:
    """Looks through the runs of test code. `sites` gives those of a module, `callers` who calls its helpers."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        identifiers: Identifiers,
        mocks: Mocks,
        endings: Endings,
        starts: Starts,
        callers: Callable[[], Callers],
        sites: Callable[[Module], Sites],
        storing: Storing,
    ) -> None:
        self.lifecycle = lifecycle
        self.effects = lifecycle.effects
        self.identifiers = identifiers
        self._hand_quoted = HandQuoted(identifiers)
        self.mocks = mocks
        self.endings = endings
        self.starts = starts
        self._callers = callers
        self.sites = sites
        self.storing = storing

    def _runs(self, module: Module) -> Iterator[Run]:
        """The runs of all functions of a module, as far as they are its own, and of its self-tests."""
        if module.is_test and self.storing.may_reach_store(module):
            yield from (self.effects.near(module, function) for function in module.functions)
        for site in self.sites(module).self_tests:
            yield self.effects.of_block(module, site.node.body)

    def splices(self, module: Module) -> Iterator[Splice]:
        """The unquoted identifiers in the statements that the code of a module executes itself."""
        return self._own(module, self.identifiers.spliced)

    def hand_quoted(self, module: Module) -> Iterator[Splice]:
        """The identifiers between quotes written by hand in those statements."""
        return self._own(module, self._hand_quoted.spliced)

    def bound_names(self, module: Module) -> Iterator[Splice]:
        """Those of the statements that ask for an identifier as a value."""
        return self._own(module, self._hand_quoted.bound)

    def _own(self, module: Module, read: Callable[[Event], Iterator[Splice]]) -> Iterator[Splice]:
        seen: set[s.Position] = set()
        for run in self._runs(module):
            for event in run.events:
                if event.path == module.path and not event.chain:
                    for splice in read(event):
                        if splice.frame.module is module and splice.at not in seen:
                            seen.add(splice.at)
                            yield splice

    def fixed_names(self, module: Module) -> Iterator[tuple[s.Position, str, str, Trail, bool]]:
        """The stores that code of a module creates under a name spelled out in the module.

        The last says whether it is made only where it is missing: it is meant to stay for the next run.
        """
        seen: set[s.Position] = set()
        for run in self._runs(module):
            for event in run.events:
                for creation in self.lifecycle.creations(event):
                    found = self._fixed_name(creation, module)
                    if found is not None and found[0] not in seen:
                        seen.add(found[0])
                        yield *found, _is_kept_for_next(event)

    def _fixed_name(self, creation: Creation, module: Module) -> tuple[s.Position, str, str, Trail] | None:
        name = literal_name(creation)
        if name is None or creation.resource not in NAMED_STORES or not creation.shared:
            return None
        if not self.lifecycle.outlives(creation) or self._is_made_under_mock(creation.event):
            return None
        spelled = self.lifecycle.spelled(creation)
        if spelled is None or spelled[1] != module.path:
            return None
        return spelled[0], creation.resource, name, spelled[2]

    def _is_made_under_mock(self, event: Event) -> bool:
        """Whether a mock is in force where an event happens, or where tests come to the function it happens in."""
        if self.mocks.is_mocked(event):
            return True
        function = event.frame.function
        if not isinstance(function, s.Function):
            return False
        return self.mocks.is_mocked(event, *self._callers().of(event.frame.module, function))

    def left_behind(self, site: MakingSite) -> Iterator[tuple[s.Position, Creation, Trail]]:
        """What a fixture, set-up or test creates and nothing removes: the place, the thing, the way there."""
        if isinstance(site, Test) and not self.storing.may_reach_store(site.module):
            return
        run = self._run_of(site)
        session = isinstance(site, FixtureSite) and site.fixture.scope == "session"
        endings: list[Event] | None = None
        seen: set[s.Position] = set()
        for event in run.events:
            if event.phase != "set up":
                continue
            for creation in self.lifecycle.creations(event):
                if not self.lifecycle.outlives(creation):
                    continue
                if session and creation.resource in ("container", "containers"):
                    continue
                if not self._is_kept(creation, site) or _is_products_own(creation, site):
                    continue
                if endings is None:
                    endings = [*run.events, *self._endings(site)]
                hop = line_in(creation, site.module.path)
                if hop is None or hop.at in seen or self.lifecycle.undone(creation, endings):
                    continue
                if _is_kept_for_next(event) and not is_unique(creation):
                    continue
                if self.mocks.is_mocked(event, *_function_of(site)):
                    continue
                seen.add(hop.at)
                yield hop.at, creation, (*event.chain, event.hop)

    def _run_of(self, site: MakingSite) -> Run:
        if isinstance(site, SelfTest):
            return self.effects.of_block(site.module, site.node.body)
        if isinstance(site, Test):
            return self.effects.near(site.module, site.function)
        return self.effects.of(site.module, site.function)

    def _is_kept(self, creation: Creation, site: MakingSite) -> bool:
        """Whether what nothing removes is worth a word: of single tests' only whole stores, of others' /tmp, too."""
        if isinstance(site, Test):
            return creation.shared and creation.resource in NAMED_STORES
        if isinstance(site, SelfTest) or not creation.resource.startswith("temporary"):
            return True
        return self.starts.is_sure(site.module, site.function)

    def _endings(self, site: MakingSite) -> list[Event]:
        return [] if isinstance(site, SelfTest) else self.endings.of(site.module, site.function)


def _is_products_own(creation: Creation, site: MakingSite) -> bool:
    """Whether the application makes a temporary file for itself, and the tests know nothing of it."""
    module = creation.event.frame.module
    return creation.resource.startswith("temporary") and not module.is_test


def _is_kept_for_next(event: Event) -> bool:
    """Whether the next run takes what is there for its own."""
    return event.tolerant or _is_made_if_missing(event)


def _is_made_if_missing(event: Event) -> bool:
    """Whether something is made only where it is not there yet, `if name not in server.list(): ...`: to be kept."""
    function, at = event.frame.function, event.call.at
    if not isinstance(function, s.Function):
        return False
    return any(
        isinstance(node, s.If)
        and node.body[0].at[0] <= at[0] <= node.body[-1].at[2]
        and _asks_whether_missing(node.test)
        for node in statements(function.body)
    )


def _asks_whether_missing(test: s.Expression) -> bool:
    """Whether a condition is met when something is not among others, or a question for it has been denied."""
    match test:
        case s.Compare(operators=("not in",)):
            return True
        case s.Unary(operator="not", operand=s.Call(function=function)):
            return "exist" in (dotted(function) or "").rpartition(".")[2]
    return False


def _function_of(site: MakingSite) -> tuple[tuple[Module, s.Function], ...]:
    return () if isinstance(site, SelfTest) else ((site.module, site.function),)
