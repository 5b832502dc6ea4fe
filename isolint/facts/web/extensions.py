"""Extensions that `init_app` binds to a web application: where its configuration points them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isolint.facts.meaning import configured
from isolint.facts.meaning.values import (
    Address,
    Frame,
    FunctionValue,
    Handle,
    Hop,
    Literal,
    Made,
    Text,
    Value,
    Variable,
    options,
    via,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.program.show import show
from isolint.facts.running.relevance import calls_in, last_name
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.web.applications import Applications

Joined = tuple[Handle, s.Name, Hop]  # the extension, the application's name there, the call of `init_app`

_CONFIGURES = frozenset({"from_object", "from_mapping", "from_pyfile", "from_prefixed_env", "from_envvar"})


class Extensions:
    """Binds the handles of extensions to the store that an application is configured for."""

    def __init__(self, applications: Applications, fixtures: Fixtures) -> None:
        self.applications = applications
        self.evaluator = applications.evaluator
        self.fixtures = fixtures
        self._configuring: dict[str, bool] = {}
        self._made: dict[str, tuple[s.Call, ...]] = {}

    def bound(self, handle: Handle, app: Made, path: str) -> Handle:
        """The handle as the application binds it, unless code of the tests configures an application, too."""
        if handle.bound or not handle.trail or self._is_configured(path):
            return handle
        function = app.frame.function
        body = app.frame.module.facts.body if not isinstance(function, s.Function) else function.body
        for extension, name, hop in self._joined(app, body, app.frame):
            if extension.trail[-1:] == handle.trail[-1:]:
                url = self._url(extension, name, body, app.frame)
                if isinstance(url, Literal | Text | Variable | Address):
                    return replace(handle, url=via(url, hop), bound=True)
        return handle

    def _joined(self, app: Made, body: s.Block, frame: Frame) -> Iterator[Joined]:
        """The extensions that are told of an application, with its name there."""
        for call in calls_in(body):
            name = next(
                (a for a in call.arguments if isinstance(a, s.Name) and self._is(a, app, frame)), None
            )
            if name is None:
                continue
            if last_name(call) == "init_app":
                yield from self._extensions(call, frame, name)
            for callee in options(self.evaluator.evaluate(call.function, frame)):
                if isinstance(callee, FunctionValue) and isinstance(callee.function, s.Function):
                    inside = self.evaluator.function_frame(callee.module, callee.function)
                    for inner in calls_in(callee.function.body):
                        if last_name(inner) == "init_app":
                            yield from self._extensions(inner, inside, name)

    def _extensions(self, call: s.Call, frame: Frame, name: s.Name) -> Iterator[Joined]:
        if isinstance(call.function, s.Attribute):
            hop = Hop(frame.module.path, call.at, show(call))
            for option in options(self.evaluator.evaluate(call.function.value, frame)):
                if isinstance(option, Handle):
                    yield option, name, hop

    def _is(self, node: s.Name, app: Made, frame: Frame) -> bool:
        value = self.evaluator.evaluate(node, frame)
        return isinstance(value, Made) and value.place == app.place

    def _url(self, extension: Handle, name: s.Name, body: s.Block, frame: Frame) -> Value | None:
        """What the configuration says in the body that makes the application."""
        end = (body[-1].at[2] + 1, 0, body[-1].at[2] + 1, 0)
        for entry in self.evaluator.vocabulary.handles.get(extension.type, ()):
            if entry.settings:
                call = s.Call(name, (), (), end)
                return configured.of_app(self.evaluator, entry, name, call, frame)
        return None

    # -- what the tests configure

    def is_made_to_order(self, app: Made, path: str) -> bool:
        """Whether tests hand arguments to the factory that makes an application: settings, a database."""
        function = app.frame.function
        return isinstance(function, s.Function) and any(
            last_name(call) == function.name and bool(call.arguments or call.keywords)
            for module in self.fixtures.chain(path)
            for call in self._calls(module)
        )

    def _is_configured(self, path: str) -> bool:
        return any(self._configures(module) for module in self.fixtures.chain(path))

    def _configures(self, module: Module) -> bool:
        """Whether a test module sets the configuration of an application."""
        if module.path not in self._configuring:
            bodies = (module.facts.body, *(function.body for function in module.functions))
            self._configuring[module.path] = any(
                last_name(call) in _CONFIGURES or _is_config(call.function) for call in self._calls(module)
            ) or any(_writes_config(body) for body in bodies)
        return self._configuring[module.path]

    def _calls(self, module: Module) -> tuple[s.Call, ...]:
        if module.path not in self._made:
            self._made[module.path] = tuple(calls_in(module.facts.body))
        return self._made[module.path]


def _is_config(function: s.Expression) -> bool:
    """`app.config.update`, `app.config.setdefault`."""
    match function:
        case s.Attribute(value=s.Attribute(name="config")):
            return True
    return False


def _writes_config(body: s.Block) -> bool:
    return any(
        isinstance(target, s.Subscript)
        and isinstance(target.value, s.Attribute)
        and target.value.name == "config"
        for node in statements(body)
        if isinstance(node, s.Assign)
        for target in node.targets
    )
