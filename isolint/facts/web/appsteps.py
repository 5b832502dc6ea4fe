"""How a web application comes to be: in which order it is configured, and its extensions read that.

A trace is the list of steps that running a function takes, first-party calls inlined. Conditions that can be
told (an argument that is given or not) are decided, what stands under others is not sure.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.meaning import configured, handles, instances
from isolint.facts.meaning.decisions import decided
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.outcomes import yields
from isolint.facts.meaning.values import (
    UNKNOWN,
    ClassValue,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Instance,
    Literal,
    Method,
    ModuleValue,
    Reference,
    Table,
    Thing,
    Trail,
    Union,
    Value,
    Variable,
    options,
    text,
)
from isolint.facts.order.environment import Environment
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, own_calls, statements, walk
from isolint.facts.program.show import bare, show
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.web.steps import CURRENT, Configured, Made, Pinned, Place, Ready, Step

DEEPEST = 8
MOST_STEPS = 2_000
_CURRENT_APPS = frozenset({"flask.current_app", "quart.current_app"})
_LOADERS = frozenset(
    {"update", "from_mapping", "from_object", "from_pyfile", "from_envvar", "from_file", "from_json"}
    | {"from_prefixed_env", "setdefault"}
)
_WORDS = frozenset({"setenv", "init_app"})


class Tracer:
    """Traces functions and modules, each once."""

    def __init__(self, evaluator: Evaluator, environment: Environment) -> None:
        self.evaluator = evaluator
        self.environment = environment
        self.words = _WORDS | {name.split(".")[-1] for name in evaluator.vocabulary.initializers}
        self._steps: dict[int, tuple[Step, ...]] = {}
        self._matters: dict[int, bool] = {}

    def function(self, module: Module, function: s.Function) -> tuple[Step, ...]:
        """The steps of a function that nobody in particular calls, a generator's up to its yield."""
        if id(function) not in self._steps:
            steps: tuple[Step, ...] = ()
            frame = self.evaluator.function_frame(module, function)
            if self.matters(FunctionValue(module, function, frame)):
                trace = _Trace(self)
                trace.run(function.body, frame, True)
                steps = tuple(trace.steps)
            self._steps[id(function)] = steps
        return self._steps[id(function)]

    def module(self, module: Module) -> tuple[Step, ...]:
        """The steps of importing a module, not of the modules it imports."""
        if id(module) not in self._steps:
            trace = _Trace(self)
            trace.run(module.facts.body, self.evaluator.module_frame(module), True)
            self._steps[id(module)] = tuple(trace.steps)
        return self._steps[id(module)]

    def matters(self, callee: FunctionValue, depth: int = 0) -> bool:
        """Whether calling a function may come to a step worth telling."""
        function = callee.function
        if isinstance(function, s.Lambda) or depth > DEEPEST:
            return False
        if id(function) not in self._matters:
            self._matters[id(function)] = False
            self._matters[id(function)] = self._speaks(function) or self._leads_on(callee, function, depth)
        return self._matters[id(function)]

    def configures(self, body: s.Block) -> bool:
        """Whether a body itself writes to the configuration of an application."""
        loads = not _LOADERS.isdisjoint(own_calls(body).names)
        return any((loads or isinstance(node, s.Assign)) and _is_setting(node) for node in statements(body))

    def _speaks(self, function: s.Function) -> bool:
        """Whether the function itself may take a step."""
        for node in statements(function.body):
            if _is_setting(node):
                return True
            for expression in expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Call) and last_name(inner) in self.words:
                        return True
                    if bare(inner) == "environ" and _may_write(node):
                        return True
        return False

    def _leads_on(self, callee: FunctionValue, function: s.Function, depth: int) -> bool:
        frame = self.evaluator.function_frame(callee.module, function)
        for call in calls_in(function.body):
            for option in options(self.evaluator.evaluate(call.function, frame)):
                if any(self.matters(entered, depth + 1) for entered in self.entered(option)):
                    return True
        return False

    def entered(self, callee: Value) -> Iterator[FunctionValue]:
        """The first-party functions that calling a value runs."""
        if isinstance(callee, FunctionValue):
            yield callee
        elif isinstance(callee, ClassValue):
            yield from instances.methods(self.evaluator, Instance(callee), ("__init__",))
        elif isinstance(callee, Instance):
            yield from instances.methods(self.evaluator, callee, ("__call__",))


class _Trace:
    """The state of one trace."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.evaluator = tracer.evaluator
        self.steps: list[Step] = []
        self.chain: Trail = ()
        self.active: list[int] = []

    def run(self, body: s.Block, frame: Frame, sure: bool) -> bool:
        """Run the statements of a block; whether it is left for good (by a return, a raise, the yield)."""
        for node in body:
            if len(self.steps) > MOST_STEPS:
                return True
            if self._statement(node, frame, sure):
                return True
        return False

    def _statement(self, node: s.Statement, frame: Frame, sure: bool) -> bool:
        if isinstance(node, s.Function | s.Class):
            return False
        for name, value in self.tracer.environment.written(node, frame):
            self.steps.append(Pinned(name, value))
        for expression in expressions(node):
            for inner in reversed(list(walk(expression))):
                if isinstance(inner, s.Call):
                    self._call(inner, frame, sure)
        if isinstance(node, s.Assign):
            self._assign(node, frame, sure)
        return self._blocks(node, frame, sure) or isinstance(node, s.Return | s.Raise) or bool(yields(node))

    def _blocks(self, node: s.Statement, frame: Frame, sure: bool) -> bool:
        match node:
            case s.If():
                return self._branches(node, frame, sure)
            case s.Loop():
                self.run(node.body, frame, sure and node.iterable is not None)
            case s.With():
                return self.run(node.body, frame, sure)
            case s.Try():
                left = self.run(node.body, frame, sure) or self.run(node.orelse, frame, sure)
                return (not left and self.run(node.final, frame, sure)) or left
            case s.Match():
                for _, block in node.cases:
                    self.run(block, frame, False)
        return False

    def _branches(self, node: s.If, frame: Frame, sure: bool) -> bool:
        known = decided(node.test, frame, self.evaluator)
        if known is not None:
            return self.run(node.body if known else node.orelse, frame, sure)
        self.run(node.body, frame, False)
        self.run(node.orelse, frame, False)
        return False

    # -- configuration that is written

    def _assign(self, node: s.Assign, frame: Frame, sure: bool) -> None:
        if isinstance(node.value, s.Call):
            self.steps.append(Made((frame.module.path, node.at)))
        for target in node.targets:
            match target:
                case s.Subscript(value=s.Attribute(value=owner, name="config"), index=key) if node.value:
                    name = self.evaluator.evaluate(key, frame)
                    if isinstance(name, Literal) and isinstance(name.value, str):
                        value = self.evaluator.evaluate(node.value, frame)
                        hop = Hop(frame.module.path, node.at, f"{show(target)} = {show(node.value)}")
                        self._configured(owner, ((name.value, value),), None, hop, frame, sure)

    def _configured(
        self,
        owner: s.Expression,
        entries: tuple[tuple[str, Value], ...] | None,
        source: Value | None,
        hop: Hop,
        frame: Frame,
        sure: bool,
        switch: str = "",
    ) -> None:
        for app in _apps(self.evaluator.evaluate(owner, frame)):
            self.steps.append(Configured(app, entries, source, hop, self.chain, sure, switch))

    def _loaded(self, node: s.Call, method: str, owner: s.Expression, frame: Frame, sure: bool) -> None:
        """`app.config.update(...)` and its kin."""
        hop = Hop(frame.module.path, node.at, show(node))
        given = [self.evaluator.evaluate(argument, frame) for argument in node.arguments]
        if method in ("update", "from_mapping"):
            named = tuple((key, self.evaluator.evaluate(value, frame)) for key, value in node.keywords if key)
            hidden = any(not key for key, _ in node.keywords)
            for value in given:
                for option in options(value):
                    table = option.entries if isinstance(option, Table) else None
                    certain = sure and not isinstance(value, Union)
                    self._configured(owner, table, None, hop, frame, certain)
            if named or hidden:
                self._configured(owner, named if not hidden else None, None, hop, frame, sure)
        elif method == "setdefault" and len(given) > 1:
            if isinstance(given[0], Literal) and isinstance(given[0].value, str):
                self._configured(owner, ((given[0].value, given[1]),), None, hop, frame, False)
        elif method == "from_object" and given:
            chosen, switch = self._switched(node.arguments[0], given[0], frame)
            self._from_object(owner, chosen, hop, frame, sure, switch)
        else:
            self._configured(owner, None, None, hop, frame, False)

    def _switched(self, node: s.Expression, given: Value, frame: Frame) -> tuple[Value, str]:
        """The object that an environment variable chooses unless it is set, and the variable."""
        if isinstance(given, Variable) and given.default is not None:
            return given.default, given.name
        if isinstance(node, s.Name) and (bindings := self.evaluator.names(frame).bindings.get(node.id)):
            node = bindings[-1].value or node
        if isinstance(node, s.Subscript):
            index = self.evaluator.evaluate(node.index, frame)
            table = self.evaluator.evaluate(node.value, frame)
            if isinstance(index, Variable) and isinstance(table, Table):
                default = text(index.default) if index.default is not None else None
                return dict(table.entries).get(default or "", UNKNOWN), index.name
        return given, ""

    def _from_object(
        self, owner: s.Expression, given: Value, hop: Hop, frame: Frame, sure: bool, switch: str
    ) -> None:
        several = options(given)
        for option in several:
            source = configured.named_object(self.evaluator, option, frame)
            told = isinstance(source, ClassValue | ModuleValue | Instance)
            certain = sure and len(several) == 1
            self._configured(owner, None, source if told else None, hop, frame, certain, switch)

    # -- calls

    def _call(self, node: s.Call, frame: Frame, sure: bool) -> None:
        match node.function:
            case s.Attribute(value=s.Attribute(value=owner, name="config"), name=method) if (
                method in _LOADERS
            ):
                self._loaded(node, method, owner, frame, sure)
                return
        callee = self.evaluator.evaluate(node.function, frame)
        for option in options(callee):
            if last_name(node) in self.tracer.words or isinstance(option, Reference | ClassValue):
                self._ready(option, node, frame, sure)
            for function in self.tracer.entered(option):
                self._enter(function, node, frame, sure and option is callee)

    def _ready(self, callee: Value, node: s.Call, frame: Frame, sure: bool) -> None:
        for name in self._names(callee):
            for entry in self.evaluator.vocabulary.initializers.get(name, ()):
                given = handles.passed(node, entry.app)
                if given is None:
                    return
                made = callee.receiver if isinstance(callee, Method) else self.evaluator.evaluate(node, frame)
                hop = Hop(frame.module.path, node.at, show(node))
                apps = tuple(_apps(self.evaluator.evaluate(given, frame)))
                for app in apps:
                    self.steps.append(Ready(entry, made, app, hop, self.chain, sure))
                if not apps and frame.module.is_test:
                    self.steps.append(Ready(entry, made, CURRENT, hop, self.chain, False))
                return

    def _names(self, callee: Value) -> tuple[str, ...]:
        match callee:
            case Reference():
                return (callee.name,)
            case ClassValue():
                return instances.lineage(self.evaluator, callee)[1]
            case Method(receiver=Handle() as receiver):
                lineage = self.evaluator.vocabulary.lineage(receiver.type)
                return tuple(f"{name}.{callee.name}" for name in lineage)
            case Method(receiver=Thing() as receiver):
                return (f"{receiver.made_by}.{callee.name}",)
        return ()

    def _enter(self, callee: FunctionValue, node: s.Call, frame: Frame, sure: bool) -> None:
        function = callee.function
        if isinstance(function, s.Lambda) or id(function) in self.active or len(self.active) >= DEEPEST:
            return
        if not self.tracer.matters(callee):
            return
        chain = self.chain
        self.chain = (*chain, Hop(frame.module.path, node.at, show(node)))
        self.active.append(id(function))
        self.run(function.body, self.evaluator.call_frame(callee, node, frame), sure)
        self.active.pop()
        self.chain = chain


def _is_setting(node: s.Statement) -> bool:
    """Whether a statement writes to something's `config`."""
    if isinstance(node, s.Assign):
        for target in node.targets:
            if isinstance(target, s.Subscript) and bare(target.value) == "config":
                return True
    for expression in expressions(node):
        for inner in walk(expression):
            match inner:
                case s.Call(function=s.Attribute(value=s.Attribute(name="config"), name=method)) if (
                    method in _LOADERS
                ):
                    return True
    return False


def _may_write(node: s.Statement) -> bool:
    """Whether a statement that mentions the environment may be one that changes it."""
    if isinstance(node, s.With):
        return True
    if isinstance(node, s.Assign):
        return any(isinstance(target, s.Subscript) for target in node.targets)
    return isinstance(node, s.Evaluate)


def _apps(value: Value) -> Iterator[Place]:
    """The applications a value may be, each known by the place it is made at."""
    for option in options(value):
        if isinstance(option, Reference) and option.name in _CURRENT_APPS:
            yield CURRENT
        elif isinstance(option, Thing | Instance | Method) and option.trail:
            last = option.trail[-1]
            yield (last.path, last.at)
