"""The application's objects that tests use as they are: singletons, accessors and services that open its stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isolint.facts import instances
from isolint.facts import syntax as s
from isolint.facts.diversions import Diversions, Diverted
from isolint.facts.evaluate import Evaluator
from isolint.facts.fixtures import Fixtures
from isolint.facts.openings import Opening, Openings, calls_of
from isolint.facts.project import Module
from isolint.facts.relevance import Relevance, calls_in, last_name
from isolint.facts.replacements import Place, Replacements
from isolint.facts.scopes import statements
from isolint.facts.sites import SelfTest
from isolint.facts.show import dotted, show
from isolint.facts.targets import LIVE_TOKENS, Level, Target, is_product, judge, tokens
from isolint.facts.values import (
    Address,
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Items,
    Literal,
    Method,
    Reference,
    Text,
    Trail,
    Union,
    UniqueName,
    Value,
    Variable,
    options,
    text,
)

_LOCAL = ("://localhost", "://127.0.0.1", "://[::1]", "amazonaws.com")
_TEST_WORDS = frozenset("test tests testing selftest usage debug check verify smoke".split())
_ADMINISTRATION = frozenset({"_system", "postgres", "template1", "master", "mysql", "admin"})
_STORE_WORDS = frozenset("db database url uri dsn store storage engine chroma redis mongo".split())


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A use of an object of the application that reaches a store of the application.

    `how` says what the use is: "import", "accessor", "object" or "method"; `name` is the expression used, `unread` the
    argument that was to keep it away from there.
    """

    at: s.Position
    name: str
    how: str
    target: Target
    trail: Trail
    unread: str = ""


class Singletons:
    """Looks through test code for such uses, one for each object and file."""

    def __init__(self, evaluator: Evaluator, fixtures: Fixtures, replacements: Replacements) -> None:
        self.evaluator = evaluator
        self.openings = Openings(evaluator)
        self.diversions = Diversions(evaluator, fixtures, replacements)
        self.replacements = replacements
        self.relevance: Relevance = self.openings.relevance

    def in_tests(self, module: Module, self_tests: tuple[SelfTest, ...]) -> Iterator[Reached]:
        """The uses in a test module, or in the self-tests of a product's module: one for each object.

        Self-tests are run one by one, and told one by one.
        """
        seen: set[object] = set()
        bodies = self._bodies(module) if module.is_test else self._self_tests(module, self_tests)
        diverted = self.diversions.of(module, None if module.is_test else self._run_by(module, self_tests))
        own = {id(function) for function, _, _ in bodies}
        for function, body, frame in bodies:
            for call in calls_of(body):
                for of, found in self._used(call, frame, diverted, own):
                    key = of if module.is_test else (of, id(function))
                    if key not in seen:
                        seen.add(key)
                        yield found

    def imported(
        self, module: Module, found: Iterator[tuple[s.Position, str, Handle]]
    ) -> Iterator[Reached]:
        """Those of the application's handles that a test module imports, calls, and does not replace."""
        diverted = self.diversions.of(module)
        for at, name, handle in found:
            target = self._target(handle, module.path, diverted)
            if target is None or not self._is_called(module, name):
                continue
            opening = Opening(handle, (), frozenset(), (handle.type,))
            if not diverted.covers(opening, target.trail):
                yield Reached(at, name, "import", target, target.trail)

    def _is_called(self, module: Module, name: str) -> bool:
        """Whether some call of a module starts from a name."""
        bodies = [module.facts.body, *(f.body for f in module.functions), *(c.body for c in module.classes)]
        calls = (dotted(call.function) or "" for body in bodies for call in calls_of(body))
        return any(called.startswith(f"{name}.") for called in calls)

    def _bodies(self, module: Module) -> list[tuple[s.Function | None, s.Block, Frame]]:
        found: list[tuple[s.Function | None, s.Block, Frame]] = [
            (None, module.facts.body, self.evaluator.module_frame(module))
        ]
        found += [(None, cls.body, self.evaluator.module_frame(module)) for cls in module.classes]
        for function in module.functions:
            found.append((function, function.body, self.evaluator.function_frame(module, function)))
        return found

    def _self_tests(
        self, module: Module, sites: tuple[SelfTest, ...]
    ) -> list[tuple[s.Function | None, s.Block, Frame]]:
        """The functions a main block comes to that test: by their name, or because they assert."""
        tests = (function for function in self._run_by(module, sites) if _tests(function))
        return [(f, f.body, self.evaluator.function_frame(module, f)) for f in tests]

    def _run_by(self, module: Module, sites: tuple[SelfTest, ...]) -> list[s.Function]:
        """The functions of a module that its main blocks come to, in source order."""
        functions = {f.name: f for f in module.functions if id(f) not in module.methods}
        pending: list[s.Block] = [site.node.body for site in sites]
        seen: set[str] = set()
        for body in pending:
            for name in {last_name(call) for call in calls_in(body)} & functions.keys() - seen:
                seen.add(name)
                pending.append(functions[name].body)
        return sorted((functions[name] for name in seen), key=lambda f: f.at)

    # -- one call

    def _used(
        self, call: s.Call, frame: Frame, diverted: Diverted, own: set[int]
    ) -> Iterator[tuple[object, Reached]]:
        for callee in options(self.evaluator.evaluate(call.function, frame)):
            kind = self._kind(callee, own)
            if not kind:
                continue
            opened = list(self.openings.of(callee, call, frame))
            if kind == "singleton" and isinstance(callee, FunctionValue):
                opened += self._made(callee.receiver)
            if kind == "accessor":
                kept = self._kept(call, frame)
                opened = [opening for opening in opened if not kept.isdisjoint(opening.places)]
                opened += self._handed_out(callee, call, frame)
            for opening in opened:
                target = self._target(opening.handle, frame.module.path, diverted)
                if target is None or diverted.covers(opening, target.trail):
                    continue
                trail = (*opening.chain[1:], *target.trail)
                unread = self._unread(callee, call, frame) if kind == "object" else ""
                yield self._key(callee, call, frame), Reached(call.at, show(call.function), kind, target, trail, unread)
                return

    def _key(self, callee: Value, call: s.Call, frame: Frame) -> object:
        """What tells one object from another: its class, or the function that hands out the handle."""
        given = callee
        if isinstance(callee, FunctionValue):
            made = options(self.evaluator.evaluate(call, frame))
            given = callee.receiver or next((v for v in made if isinstance(v, Instance)), callee)
        match given:
            case Instance(of=cls) | (ClassValue() as cls):
                return (cls.module.path, cls.node.at)
            case FunctionValue():
                return (given.module.path, given.function.at)
        return None

    def _kind(self, callee: Value, own: set[int]) -> str:
        match callee:
            case ClassValue(module=module) if not module.is_test:
                return "object"
            case FunctionValue(module=module, function=function) if not module.is_test:
                if id(function) in own:
                    return ""
                if isinstance(callee.receiver, Instance):
                    kept = callee.receiver.frame
                    if kept is not None and not kept.module.is_test:
                        return "singleton"
                    return "method" if _is_bare(callee.receiver) else ""
                return "accessor"
        return ""

    def _made(self, instance: Value | None) -> tuple[Opening, ...]:
        """The handles that making an object of the application's makes."""
        if not isinstance(instance, Instance) or instance.call is None or instance.frame is None:
            return ()
        return self.openings.of(instance.of, instance.call, instance.frame)

    def _kept(self, call: s.Call, frame: Frame) -> frozenset[Place]:
        """The lines of the class, and its methods, of the object that a call hands out."""
        found: set[Place] = set()
        for option in options(self.evaluator.evaluate(call, frame)):
            if isinstance(option, Instance):
                for cls in instances.lineage(self.evaluator, option.of)[0]:
                    nodes = [n for n in cls.node.body if isinstance(n, s.Function)]
                    found |= {(cls.module.path, node.at[0]) for node in (cls.node, *nodes)}
        return frozenset(found)

    def _handed_out(self, callee: Value, call: s.Call, frame: Frame) -> Iterator[Opening]:
        """The handle that an accessor returns, though it was made before."""
        for option in options(self.evaluator.evaluate(call, frame)):
            if isinstance(option, Handle) and is_product(option) and isinstance(callee, FunctionValue):
                place = (callee.module.path, callee.function.at[0])
                chain = (Hop(frame.module.path, call.at, show(call)),)
                yield Opening(option, chain, frozenset({place}), ())

    def _target(self, handle: Handle, path: str, diverted: Diverted) -> Target | None:
        """Where a handle leads, if that is surely a store of the application."""
        if not is_product(handle) or handle.url is None:
            return None
        target = judge(handle, self.replacements.pins(path), product=True)
        if target.level < Level.PRODUCTION or not target.sure or not _is_certain(handle.url):
            return None
        names = {value.name for value in _parts(handle.url) if isinstance(value, Variable)}
        if not names.isdisjoint(diverted.variables):
            return None
        return target if names or _is_own(handle.url) else None

    def _unread(self, callee: Value, call: s.Call, frame: Frame) -> str:
        """The argument with a place of the test's own."""
        for name, value in call.keywords:
            if not tokens(name).isdisjoint(_STORE_WORDS):
                found = options(self.evaluator.evaluate(value, frame))
                if all(not isinstance(option, Literal | Variable) for option in found):
                    return name
        return ""


def _is_bare(instance: Instance) -> bool:
    """Whether an object was made without arguments: it has nothing from the test to work with."""
    call = instance.call
    return call is not None and not call.arguments and not call.keywords


def _tests(function: s.Function) -> bool:
    words = not tokens(function.name).isdisjoint(_TEST_WORDS)
    return words or any(isinstance(node, s.Assert) for node in statements(function.body))


def _parts(value: Value) -> Iterator[Value]:
    """A URL and all it is put together from."""
    yield value
    inner: tuple[Value | None, ...] = ()
    match value:
        case Text():
            inner = value.parts
        case Union():
            inner = value.options
        case Items():
            inner = value.values
        case Variable():
            inner = (value.default,)
        case Address():
            inner = (value.base, *(part for _, part in value.components))
        case Handle():
            inner = (value.url,)
        case Method():
            inner = (value.receiver,)
    for part in inner:
        if part is not None:
            yield from _parts(part)


def _is_certain(url: Value) -> bool:
    """Whether everything in a URL is told by the application's code and configuration."""
    known = (Literal, Variable, Text, Address, Union, Items, Handle, Method, Reference)
    return all(isinstance(part, known) for part in _parts(url))


def _is_own(url: Value) -> bool:
    """Whether a literal target belongs to the application: no default server of the machine, no administration."""
    parts = url.parts if isinstance(url, Text) else (url,)
    known = "".join(text(part) or "" for part in parts)
    if isinstance(url, Address):
        given = dict(url.components)
        named = text(given["database"]) if "database" in given else None
        return named is not None and named not in _ADMINISTRATION
    return bool(known) and not any(word in known for word in _LOCAL) and not known.startswith("/tmp/")
