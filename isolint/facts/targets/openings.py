"""Where test code opens a store itself, and what proves, or fails to prove, that it is a test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.meaning import handles
from isolint.facts.meaning.instances import body_frame
from isolint.facts.meaning.values import (
    ClassValue,
    Frame,
    FunctionValue,
    Generated,
    Handle,
    Instance,
    Method,
    Reference,
    Trail,
    UniqueName,
    Value,
    Variable,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements, told
from isolint.facts.program.show import first_name, show
from isolint.facts.running.failures import expected_failures
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.fixtures import SET_UP, TEAR_DOWN, Fixtures
from isolint.facts.targets.defaults import is_local
from isolint.facts.targets.lattice import Level, Target, is_product, is_test_name
from isolint.facts.targets.usage import Degree, Usage, Use
from isolint.late import dataclass
from isolint.vocabulary.entries import STORES
from isolint.vocabulary.entries import Handle as HandleEntry

if TYPE_CHECKING:
    from isolint.facts.destruction.harms import Harms
    from isolint.facts.order.replacements import Replacements
    from isolint.facts.program.project import Module
    from isolint.facts.running.effects import Effects
    from isolint.facts.suite.storing import Storing
    from isolint.facts.targets.appvariables import ApplicationVariables
    from isolint.facts.targets.pointings import Pointing, Pointings
    from isolint.facts.targets.protection import Protection


@dataclass(frozen=True, slots=True)
class Opening:
    """A call in test code that opens a store no test has made: `call` as text, where it leads, what is done there.

    `pointing` is what points models there, where that is how it is opened.
    """

    path: str
    at: s.Position
    call: str
    target: Target
    use: Use
    pointing: Pointing | None = None

    @property
    def trail(self) -> Trail:
        return (*self.use.trail, *self.target.trail)

    @property
    def harms(self) -> bool:
        """Whether the tests write or destroy there."""
        return self.use.degree > Degree.READS

    @property
    def done(self) -> str:
        """What the tests do there, in words."""
        match self.use.degree:
            case Degree.DESTROYS:
                return f"the tests destroy {_plural(self.use.what)} there"
            case Degree.WRITES:
                return "the tests write to it"
        return "the tests read it" if self.use.trail else "the tests use it"


@dataclass(frozen=True, slots=True)
class _Call:
    node: s.Call
    line: int
    frame: Frame
    function: s.Function | None


class Openings:
    """Finds the openings of a module."""

    def __init__(
        self,
        effects: Effects,
        fixtures: Fixtures,
        replacements: Replacements,
        protection: Protection,
        usage: Usage,
        harms: Callable[[], Harms],
        storing: Storing,
    ) -> None:
        self.effects = effects
        self.evaluator = effects.evaluator
        self.vocabulary = effects.vocabulary
        self.fixtures = fixtures
        self.replacements = replacements
        self.protection = protection
        self.usage = usage
        self.harms = harms
        self.storing = storing
        self.makers = frozenset(name.rpartition(".")[2] for name in self.vocabulary.handles)

    @cached_property
    def pointings(self) -> Pointings:
        from isolint.facts.targets.pointings import Pointings

        return Pointings(self.evaluator)

    @cached_property
    def application(self) -> ApplicationVariables:
        from isolint.facts.targets.appvariables import ApplicationVariables

        return ApplicationVariables(self.evaluator.project)

    def of(self, module: Module) -> Iterator[Opening]:
        """The calls of a test module that open what is, or may be, the application's own store."""
        if not module.is_test or not self.storing.may_reach_store(module):
            return
        for call in self._calls(module):
            found = self._opened(call, module)
            if found is None or self._is_kept_off(call, found, module):
                continue
            lines = {call.line, call.node.at[0]}
            is_no_harm = found.use.degree < Degree.DESTROYS or found.pointing is not None
            if is_no_harm or self.harms().pass_through(module, lines):
                yield found

    # -- candidates

    def _calls(self, module: Module) -> Iterator[_Call]:
        product = self._product_names(module)
        for body, frame, function in self._bodies(module):
            expected = expected_failures(body)
            for statement in statements(body):
                if any(first <= statement.at[0] <= last for first, last in expected):
                    continue
                for node in told(statement).calls:
                    if self._may_open(node, product):
                        yield _Call(node, statement.at[0], frame, function)

    def _bodies(self, module: Module) -> Iterator[tuple[s.Block, Frame, s.Function | None]]:
        top = self.evaluator.module_frame(module)
        yield module.facts.body, top, None
        for cls in module.classes:
            yield cls.body, body_frame(ClassValue(module, cls, top)), None
        for function in module.functions:
            yield function.body, self.evaluator.function_frame(module, function), function

    def _product_names(self, module: Module) -> frozenset[str]:
        """The names that imports bind to modules of the product, or things from them."""
        found: set[str] = set()
        bodies = [module.names, *(self.evaluator.names(self._frame(module, f)) for f in module.functions)]
        for names in bodies:
            for several in names.bindings.values():
                for binding in several:
                    if binding.kind == "import" and not binding.type_checking:
                        source = self.evaluator.project.import_target(module, binding).module
                        if source is not None and not source.is_test:
                            found.add(binding.name)
        return frozenset(found)

    def _frame(self, module: Module, function: s.Function) -> Frame:
        return self.evaluator.function_frame(module, function)

    def _may_open(self, node: s.Call, product: frozenset[str]) -> bool:
        if last_name(node) in self.makers:
            return True
        return first_name(node.function) in product

    # -- verdicts

    def _opened(self, call: _Call, module: Module) -> Opening | None:
        for callee in options(self.evaluator.evaluate(call.node.function, call.frame)):
            match callee:
                case Reference():
                    found = self._by_library(callee, call, module)
                case FunctionValue() | ClassValue() if not callee.module.is_test:
                    found = self._by_product(call, module) or self._by_models(callee, call, module)
                case Method():
                    found = self._by_models(callee, call, module)
                case _:
                    found = None
            if found is not None:
                return found
        return None

    def _by_library(self, callee: Reference, call: _Call, module: Module) -> Opening | None:
        entry = next(iter(self.vocabulary.handles.get(callee.name, ())), None)
        if entry is None or not self._opens(entry, call.node):
            return None
        value = self.evaluator.evaluate(call.node, call.frame)
        if not isinstance(value, Handle) or value.level or not value.bound:
            return None
        target, local = self.usage.target(value, module.path), is_local(value.url)
        if target.level == Level.UNKNOWN and self.application.opens(value.url):
            known = self._use(call, module, value) or Use(Degree.READS, "", value, ())
            same = Target(Level.PRODUCTION, f"{target.why}, as its own code does", target.trail)
            return Opening(module.path, call.node.at, show(call.node), same, known)
        if _falls_back(value.url) or (target.level < Level.PRODUCTION and not local):
            return None
        use = self._use(call, module, value)
        is_own = self.usage.leads_through_product(target.trail) or self.application.reads(
            value.url, module.path
        )
        is_setting = is_own and target.sure and not local
        if use is None or use.degree < (Degree.READS if is_setting else Degree.DESTROYS):
            return None
        return Opening(module.path, call.node.at, show(call.node), target, use)

    def _opens(self, entry: HandleEntry, node: s.Call) -> bool:
        known = self.vocabulary.types.get(entry.type)
        if known is None or known.kind not in STORES or entry.level:
            return False
        return handles.passed(node, entry.bind) is None and not entry.rebinds

    def _by_product(self, call: _Call, module: Module) -> Opening | None:
        value = self.evaluator.evaluate(call.node, call.frame)
        made = [_given(option) for option in options(value)]
        handle = next((option for option in made if isinstance(option, Handle)), None)
        if handle is None and not any(isinstance(option, Instance) for option in made):
            return None
        if self._names_a_test(call):
            return None
        told = self._application_store(handle, module) if handle is not None else None
        if handle is not None and told is None:
            return None
        use = self._use(call, module, handle)
        if use is None:
            return None
        handle = handle or use.handle
        target = told or self._application_store(handle, module)
        if target is None or (is_local(handle.url) and use.degree < Degree.DESTROYS):
            return None
        return Opening(module.path, call.node.at, show(call.node), target, use)

    def _application_store(self, handle: Handle, module: Module) -> Target | None:
        """Where a handle that the product makes leads, if that is surely the application's own store."""
        if handle.level or not is_product(handle) or self._is_named_handle(handle):
            return None
        target = self.usage.target(handle, module.path)
        if target.level < Level.PRODUCTION or not target.sure or self._is_told_by_fallback(handle.url):
            return None
        return target

    def _by_models(self, callee: Value, call: _Call, module: Module) -> Opening | None:
        """A call that points models to a store of the application's: what is done to them is done there."""
        for pointing in self.pointings.of(callee, call.node, call.frame):
            handle = pointing.handle
            target = self.usage.target(handle, module.path)
            if handle.level or target.level < Level.PRODUCTION or not target.sure or _falls_back(handle.url):
                continue
            use = self.usage.of_models(module, call.function, handle)
            if use.degree == Degree.DESTROYS or not is_local(handle.url):
                return Opening(module.path, call.node.at, show(call.node), target, use, pointing)
        return None

    def _names_a_test(self, call: _Call) -> bool:
        """Whether the call hands the product a name for tests, or one that no other run has."""
        given = [*call.node.arguments, *(value for _, value in call.node.keywords)]
        values = (self.evaluator.evaluate(node, call.frame) for node in given)
        return any(isinstance(v, UniqueName) or is_test_name(text(v) or "") for v in values)

    def _is_told_by_fallback(self, url: Value | None) -> bool:
        """Whether the tests themselves spell out the fallback that decides."""
        modules = [self.evaluator.project.module(hop.path) for hop in url.trail] if url is not None else []
        return _falls_back(url) and any(module is not None and module.is_test for module in modules)

    def _is_named_handle(self, handle: Handle) -> bool:
        """Whether a handle stands at the top level of a module of the product: importing it is what matters."""
        for hop in handle.trail:
            module = self.evaluator.project.module(hop.path)
            if module is not None and not module.is_test:
                for name, _, separator in (hop.text.partition(" = "),):
                    for binding in module.names.bindings.get(name, ()) if separator else ():
                        if binding.line == hop.at[0]:
                            return True
        return False

    def _use(self, call: _Call, module: Module, handle: Handle | None) -> Use | None:
        use = self.usage.of(module.path, {call.line, call.node.at[0]})
        if use is not None and use.degree == Degree.DESTROYS:
            return use
        library = handle.type.partition(".")[0] if handle is not None else ""
        return (library and self._beside(call, module, library)) or use or None

    def _beside(self, call: _Call, module: Module, library: str) -> Use | None:
        """A destruction beside the opening: in the same function, or the set-up and tear-down of its class."""
        owner = module.methods.get(id(call.function)) if call.function is not None else None
        functions = [call.function] if call.function is not None else []
        if owner is not None:
            functions += [
                n for n in owner.body if isinstance(n, s.Function) and n.name in (*SET_UP, *TEAR_DOWN)
            ]
        events = [event for f in functions for event in self.effects.near(module, f).events]
        return self.usage.by_name(events, library)

    def _is_kept_off(self, call: _Call, found: Opening, module: Module) -> bool:
        """Whether a guard, a mock or a replacement keeps the tests off the store."""
        made = {hop.text.partition("(")[0].rpartition(".")[2] for hop in found.target.trail}
        if self.protection.patches(module, call.function, {last_name(call.node), *made}):
            return True
        if self.protection.guards(module, call.function):
            return True
        return self._is_replaced(call, found, module)

    def _is_replaced(self, call: _Call, found: Opening, module: Module) -> bool:
        """Whether what leads to the store is replaced: for a test or fixture by itself or what it needs."""
        trail = found.target.trail
        function = call.function
        owner = module.methods.get(id(function)) if function is not None else None
        if function is None or self.fixtures.fixture(module, function, owner) is None:
            return self.replacements.is_replaced(module.path, trail)
        needed = self.fixtures.closure(module, function, owner)
        places = [(hop.path, hop.at[0]) for hop in trail]
        functions = [function, *(fixture.function for fixture in needed)]
        return self.replacements.diverts(module, functions, places)


def _plural(what: str) -> str:
    """What is destroyed, where its name cannot be told: all of its kind."""
    return f"{what.removesuffix(' …')}s" if what.endswith(" …") else what


def _given(value: Value) -> Value:
    return value.item if isinstance(value, Generated) else value


def _falls_back(url: Value | None) -> bool:
    """Whether a URL is a variable of the tests that falls back to another: the fallback is what is wrong."""
    return isinstance(url, Variable) and is_test_name(url.name)
