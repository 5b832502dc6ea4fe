"""Where an override is put in and taken out again: in a fixture, a test, a set-up, or for a whole module."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile, both
from isolint.edits.places import first_line, last_line, position
from isolint.facts.program.project import Module
from isolint.facts.suite.fixtures import Fixture
from isolint.facts.web.overrides import ATTRIBUTE
from isolint.late import dataclass
from isolint.remedies.isolation import Isolation
from isolint.remedies.restoring import AnyFunction, yielded
from isolint.source import Position

_FIXTURE = "testing_dependencies"
_CLEAN_UPS = {
    "setUp": "self.addCleanup",
    "asyncSetUp": "self.addCleanup",
    "setUpClass": "cls.addClassCleanup",
}
_TEAR_DOWNS = {
    "setUp": "tearDown",
    "asyncSetUp": "asyncTearDown",
    "setUpClass": "tearDownClass",
    "setup_method": "teardown_method",
    "setup_class": "teardown_class",
}


@dataclass(frozen=True, slots=True)
class Placing:
    """An override of the dependency `key` by `new`, for the client that is made at a place of a test module."""

    isolation: Isolation
    module: Module
    file: PythonFile
    at: Position
    key: str
    new: str

    def edits(self) -> Edits | None:
        """The edits that put it in before the client is used, and take it out; None where that cannot be told."""
        function = self.file.function(self.at)
        app = _application(self.file, function or self.file.tree, self.at)
        if app is None:
            return None
        registry = f"{app}.{ATTRIBUTE}"
        if function is None:
            return self._for_module(registry)
        if function.name in _TEAR_DOWNS:
            return self._in_set_up(function, registry)
        return self._in_function(function, registry)

    # -- where the client is made in a function

    def _in_function(self, function: AnyFunction, registry: str) -> Edits | None:
        others = overrides(function)
        if others and any(clears(node) for node in ast.walk(function)):
            return self._put(function, registry)
        fixture = fixture_at(self.isolation, self.module, function)
        is_shared = fixture is not None and fixture.scope != "function"
        is_yielding = any(isinstance(node, ast.Yield) for node in ast.walk(function))
        if fixture is not None and (others or is_shared or is_yielding):
            return both(self._put(function, registry), yielded(self.file, function, self._pop(registry)))
        return self._patched(function, registry)

    def _put(self, function: AnyFunction, registry: str) -> Edits | None:
        """The line that puts it in: below the others of a function, else above the client."""
        return self._inserted(function, self._line(registry))

    def _inserted(self, function: AnyFunction, lines: str) -> Edits | None:
        others = overrides(function)
        if others:
            last = _with_clean_ups(function, others[-1])
            return self.file.insert_after(position(last), lines)
        spot = self.file.statement(self.at)
        return None if spot is None else self.file.insert_before(position(spot.statement), lines)

    def _patched(self, function: AnyFunction, registry: str) -> Edits | None:
        """The override by `monkeypatch`, which takes it out itself."""
        if not may_ask(self.isolation, self.module, function):
            return None
        parameter = self.file.add_parameter(position(function), "monkeypatch")
        return both(parameter, self._inserted(function, self._set_item(registry)))

    def _in_set_up(self, function: AnyFunction, registry: str) -> Edits | None:
        """In the set-up of a class: what its tear-down does not clear, a clean-up or the tear-down removes."""
        undoing = self._method(function, _TEAR_DOWNS[function.name])
        if undoing is not None and any(clears(node) for node in undoing.body):
            return self._put(function, registry)
        if function.name in _CLEAN_UPS and _is_of_test_case(self.isolation, self.module, function):
            clean = f"{_CLEAN_UPS[function.name]}({registry}.pop, {self.key}, None)"
            return self._inserted(function, f"{self._line(registry)}\n{clean}")
        removed = self._torn_down(function, undoing, self._pop(registry))
        return both(self._put(function, registry), removed)

    def _torn_down(self, function: AnyFunction, undoing: AnyFunction | None, pop: str) -> Edits | None:
        """The removal at the start of a tear-down, which is written where there is none."""
        if undoing is not None:
            first = undoing.body[0]
            is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            beside = self.file.insert_after if is_text else self.file.insert_before
            return beside(position(first), pop)
        if function.name != "setup_method":
            return None
        return self.file.insert_after(
            position(function), f"\ndef {_TEAR_DOWNS[function.name]}(self):\n    {pop}"
        )

    def _method(self, function: AnyFunction, name: str) -> AnyFunction | None:
        """Another method of the class that a method belongs to."""
        spot = self.file.statement(position(function))
        block = spot.block if spot is not None else []
        return next((node for node in block if isinstance(node, AnyFunction) and node.name == name), None)

    # -- where it is made at the top of a module

    def _for_module(self, registry: str) -> Edits | None:
        """In an autouse fixture of a module: one that puts others in, or a new one."""
        spot = self.file.statement(self.at)
        if spot is None or spot.around or not isinstance(spot.statement, ast.Assign):
            return None
        if not self._is_seen_by_all(spot.statement):
            return None
        for node in self.file.tree.body:
            if isinstance(node, AnyFunction) and self._is_around_tests(node):
                if patches := _patches(node):
                    return self.file.insert_after(position(patches[-1]), self._set_item(registry))
                if overrides(node):
                    return self._beside(node, registry)
        if self.file.binds(_FIXTURE):
            return None
        annotated = any(isinstance(node, AnyFunction) and node.returns for node in self.file.tree.body)
        parameter = "(monkeypatch: pytest.MonkeyPatch) -> None" if annotated else "(monkeypatch)"
        head = f"@pytest.fixture(autouse=True)\ndef {_FIXTURE}{parameter}:\n"
        code = self.file.stepped(f"{head}    {self._set_item(registry)}")
        return both(self.file.add_import("import pytest"), self._below(spot.block, spot.statement, code))

    def _beside(self, function: AnyFunction, registry: str) -> Edits | None:
        put = self.file.insert_after(position(overrides(function)[-1]), self._line(registry))
        if any(clears(node) for node in ast.walk(function)):
            return put
        return both(put, yielded(self.file, function, self._pop(registry)))

    def _is_around_tests(self, function: AnyFunction) -> bool:
        fixture = fixture_at(self.isolation, self.module, function)
        return fixture is not None and fixture.autouse

    def _is_seen_by_all(self, statement: ast.Assign) -> bool:
        """Whether a fixture of the module is around all tests that have its client."""
        if self.module.path.rpartition("/")[2] == "conftest.py":
            return True
        names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        return len(names) == 1 and not self.isolation.is_shared(self.module.path, names[0])

    def _below(self, block: list[ast.stmt], statement: ast.stmt, code: str) -> Edits:
        """The edits that insert a function before the first that follows a statement."""
        following = block[block.index(statement) + 1 :]
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        index = next((i for i, node in enumerate(following) if isinstance(node, kinds)), len(following))
        last = following[index - 1] if index else statement
        if index < len(following):
            line = self.file.text.commented(first_line(following[index]))
            return (self.file.text.lines_before(line, code, "", 2),)
        return (self.file.text.lines_after(last_line(last), f"\n\n{code}", ""),)

    # -- what is written

    def _line(self, registry: str) -> str:
        return f"{registry}[{self.key}] = {self.new}"

    def _pop(self, registry: str) -> str:
        return f"{registry}.pop({self.key}, None)"

    def _set_item(self, registry: str) -> str:
        return f"monkeypatch.setitem({registry}, {self.key}, {self.new})"


def may_ask(isolation: Isolation, module: Module, function: AnyFunction) -> bool:
    """Whether a function may ask for a fixture that lasts for one test."""
    fixture = fixture_at(isolation, module, function)
    if fixture is not None:
        return fixture.scope == "function"
    return function.name.startswith("test") and not _is_of_test_case(isolation, module, function)


def _is_of_test_case(isolation: Isolation, module: Module, function: AnyFunction) -> bool:
    own = next((f for f in module.functions if f.name_at[0] == function.lineno), None)
    owner = None if own is None else module.methods.get(id(own))
    return owner is not None and isolation.know.fixtures.is_test_case(module, owner)


def fixture_at(isolation: Isolation, module: Module, function: AnyFunction) -> Fixture | None:
    """The fixture that a function is."""
    for known in module.functions:
        if known.name == function.name and known.name_at[0] == function.lineno:
            return isolation.know.fixtures.fixture(module, known, module.methods.get(id(known)))
    return None


def _application(file: PythonFile, scope: ast.AST, at: Position) -> str | None:
    """The application of a client as it is written: the argument `app`, or the only one of its transport."""
    registries = {
        file.code(node.value)
        for node in ast.walk(scope)
        if isinstance(node, ast.Attribute) and node.attr == ATTRIBUTE
    }
    if len(registries) == 1:
        return registries.pop()
    node = file.node(at)
    calls = [node] if isinstance(node, ast.Call) else []
    calls += [each for each in ast.walk(scope) if isinstance(each, ast.Call)]
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = next((keyword.value for keyword in call.keywords if keyword.arg == "app"), None)
        if given is None and name in ("TestClient", "ASGITransport") and call.args:
            given = call.args[0]
        if isinstance(given, ast.Name):
            return given.id
    return None


def overrides(function: AnyFunction) -> list[ast.stmt]:
    """The statements of a function's own block that put overrides in."""
    return [
        node
        for node in function.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and isinstance(node.targets[0].value, ast.Attribute)
        and node.targets[0].value.attr == ATTRIBUTE
    ]


def _patches(function: AnyFunction) -> list[ast.stmt]:
    """The statements of a function's own block that put overrides in by `monkeypatch`."""
    found: list[ast.stmt] = []
    for node in function.body:
        match node:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="monkeypatch"), attr="setitem"),
                    args=[ast.Attribute(attr=attribute), *_],
                )
            ) if attribute == ATTRIBUTE:
                found.append(node)
    return found


def _with_clean_ups(function: AnyFunction, put: ast.stmt) -> ast.stmt:
    """The last of the clean-ups right below a statement, or the statement."""
    last = put
    for node in function.body[function.body.index(put) + 1 :]:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="addCleanup" | "addClassCleanup"))):
                last = node
            case _:
                break
    return last


def clears(node: ast.AST) -> bool:
    """Whether a node takes every override out: `app.dependency_overrides.clear()`, or another table for it."""
    match node:
        case ast.Expr(value=value):
            return clears(value)
        case ast.Call(func=ast.Attribute(attr="clear", value=ast.Attribute(attr=attribute))):
            return attribute == ATTRIBUTE
        case ast.Assign(targets=[ast.Attribute(attr=attribute)]):
            return attribute == ATTRIBUTE
    return False
