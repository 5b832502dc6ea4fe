"""Background tasks that tests send to a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.facts.configuration.files import Configuration
from isolint.facts.meaning.values import Frame, FunctionValue, Hop, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements
from isolint.facts.program.show import show
from isolint.facts.running.relevance import calls_in
from isolint.facts.suite.config import PytestConfig
from isolint.facts.suite.fixtures import Fixtures
from isolint.facts.suite.patched import patched_names
from isolint.facts.targets.lattice import tokens
from isolint.late import dataclass

_SENDS = frozenset({"delay", "apply_async"})
_TASKS = frozenset({"task", "shared_task"})
_AT_ONCE = ("always_eager", "memory://", "cache+memory", "eager_propagates")
_WORKERS = frozenset(
    "celery_app celery_worker celery_session_app celery_session_worker celery_config".split()
)
_WITH_SERVERS = frozenset("integration external functional e2e live system acceptance".split())


@dataclass(frozen=True, slots=True, eq=False)
class SentTask:
    """A task that a test sends, by the call at `at`."""

    at: s.Position
    call: str
    trail: Trail


class Tasks:
    """Finds tests that send tasks of Celery where nothing runs them in place or replaces the broker."""

    def __init__(self, fixtures: Fixtures, configuration: Configuration, config: PytestConfig) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.project = fixtures.project
        self.configuration = configuration
        self.config = config

    def sent(self, module: Module) -> Iterator[SentTask]:
        """The tasks that the tests of a module send to the application's broker, each test's first."""
        if _SENDS.isdisjoint(module.facts.attributes):
            return
        if any(not _WITH_SERVERS.isdisjoint(tokens(part)) for part in module.path.split("/")):
            return
        for function, owner in self.fixtures.tests(module):
            frame = self.evaluator.function_frame(module, function)
            for node in calls_in(function.body):
                if not isinstance(node.function, s.Attribute):
                    continue
                task = self._task(node.function, frame) if node.function.name in _SENDS else None
                if task is None or not isinstance(task.function, s.Function):
                    continue
                names = {task.function.name, node.function.name}
                patched = patched_names(self.fixtures, module, function, owner)
                closure = {f.name for f in self.fixtures.closure(module, function, owner)}
                asked = {p.name for p in function.parameters} | closure
                if names.isdisjoint(patched) and _WORKERS.isdisjoint(asked) and not self._runs_in_place:
                    hop = Hop(task.module.path, task.function.name_at, f"task {task.function.name}")
                    yield SentTask(node.at, show(node.function), (hop,))
                    break

    def _task(self, node: s.Attribute, frame: Frame) -> FunctionValue | None:
        """The task of the application that a method is called on."""
        for option in options(self.evaluator.evaluate(node.value, frame)):
            if isinstance(option, FunctionValue) and isinstance(option.function, s.Function):
                for decorator in option.function.decorators:
                    name = show(decorator.function if isinstance(decorator, s.Call) else decorator)
                    if not option.module.is_test and name.rpartition(".")[2] in _TASKS:
                        return option
        return None

    @cached_property
    def _runs_in_place(self) -> bool:
        """Whether any file of the project has tasks run in place, or sent to a broker in memory."""
        if any(_says_so(f"{key}={value}") for key, value in self.config.environment.items()):
            return True
        documents = self.configuration.of("pyproject", "tox", "github", "gitlab", "makefile", "compose")
        if any(_says_so(text) for document in documents for text in document.root.texts()):
            return True
        modules = (self.project.module(path) for path in sorted(self.project.files))
        return any(module is not None and _mentions(module) for module in modules)


def _mentions(module: Module) -> bool:
    bodies = [module.facts.body, *(f.body for f in module.functions), *(c.body for c in module.classes)]
    for body in bodies:
        for node in statements(body):
            if isinstance(node, s.Assign) and not _is_false(node.value) and _sets_it(node):
                return True
        for expression in every_expression(body):
            match expression:
                case s.Mapping(items=items) if any(
                    key is not None and _says_so(show(key)) and not _is_false(value) for key, value in items
                ):
                    return True
                case s.Call(keywords=keywords) if any(
                    _says_so(name) and not _is_false(value) for name, value in keywords
                ):
                    return True
                case s.Constant(value=str(text)) if "memory" in text and _says_so(text):
                    return True
    return False


def _sets_it(node: s.Assign) -> bool:
    return any(_says_so(show(target)) for target in node.targets)


def _says_so(text: str) -> bool:
    return any(word in text.lower() for word in _AT_ONCE)


def _is_false(node: s.Expression | None) -> bool:
    return isinstance(node, s.Constant) and not node.value
