"""An override of a dependency, beside those that there are: what it hands out, where it is put in and taken out."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile
from isolint.edits.places import Spot, position
from isolint.facts.meaning.values import Made, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.suite.fixtures import Fixture
from isolint.facts.web.overrides import ATTRIBUTE
from isolint.late import dataclass
from isolint.remedies.existing import Own
from isolint.remedies.functions import Copied
from isolint.remedies.homes import home_of
from isolint.remedies.isolation import Isolation
from isolint.remedies.restoring import yielded
from isolint.source import Position

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_SET_UP = frozenset({"setUp", "asyncSetUp"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A client that needs an override: where it is made, the dependency, and the way to the application's store."""

    at: Position
    dependency: str
    trail: Trail


def overridden(isolation: Isolation, module: Module, wanted: Wanted) -> Edits | None:
    """The edits that put an override in place of a dependency before a client is made, and take it out again."""
    product = _home_of_dependency(isolation, wanted)
    file = isolation.python(module.path)
    spot = file.statement(wanted.at)
    home = home_of(isolation.know, module.path, isolation.python)
    if product is None or spot is None or _is_bound_otherwise(isolation, module, product, wanted.dependency):
        return None
    new = f"override_{wanted.dependency.lstrip('_')}"
    copies: Edits | None = ()
    if new not in home.names:
        copies = isolation.with_copies(wanted.trail, module.path, (Copied(product, wanted.dependency, new),))
    taken = isolation.taken(file, Own(new, home), new)
    key = file.add_import(f"from {product.dotted} import {wanted.dependency}", first_party=True)
    put = _put(isolation, module, file, spot, wanted, new)
    if copies is None or taken is None or key is None or put is None:
        return None
    return (*copies, *taken, *key, *put)


def _home_of_dependency(isolation: Isolation, wanted: Wanted) -> Module | None:
    """The product's module that defines a dependency."""
    for hop in wanted.trail:
        module = isolation.know.project.module(hop.path)
        found = () if module is None else module.names.bindings.get(wanted.dependency, ())
        if module is None or module.is_test or len(found) != 1:
            continue
        if found[0].kind == "function":
            return module
        if found[0].kind == "import":
            source = isolation.know.project.import_target(module, found[0]).module
            defined = () if source is None else source.names.bindings.get(wanted.dependency, ())
            if len(defined) == 1 and defined[0].kind == "function":
                return source
    return None


def _is_bound_otherwise(isolation: Isolation, module: Module, product: Module, name: str) -> bool:
    """Whether a test module means something else by the dependency's name."""
    for binding in module.names.bindings.get(name, ()):
        if binding.kind != "import":
            return True
        bound = isolation.know.project.import_target(module, binding)
        if bound.module is None:
            return True
    return False


def _put(
    isolation: Isolation, module: Module, file: PythonFile, spot: Spot, wanted: Wanted, new: str
) -> Edits | None:
    function = file.function(wanted.at)
    app = _application(file, function or file.tree, wanted.at)
    if app is None or not _takes_overrides(isolation, module, app):
        return None
    registry = f"{app}.{ATTRIBUTE}"
    line = f"{registry}[{wanted.dependency}] = {new}"
    if function is None:
        return None
    others = _overrides(function)
    where = others[-1] if others else None
    put = (
        file.insert_after(position(where), line)
        if where is not None
        else file.insert_before(position(spot.statement), line)
    )
    if others and any(_clears(node) for node in ast.walk(function)):
        return put
    pop = f"{registry}.pop({wanted.dependency}, None)"
    if function.name in _SET_UP:
        clean = f"self.addCleanup({registry}.pop, {wanted.dependency}, None)"
        return file.insert_before(position(spot.statement), f"{line}\n{clean}") if not others else None
    if others or any(isinstance(node, ast.Yield) for node in ast.walk(function)):
        ended = yielded(file, function, pop)
        return None if put is None or ended is None else (*put, *ended)
    return _patched(isolation, module, file, spot, function, f"{registry}, {wanted.dependency}, {new}")


def _takes_overrides(isolation: Isolation, module: Module, app: str) -> bool:
    """Whether an application's dependencies may be replaced: not if it is handed its routes as it is made."""
    evaluator = isolation.know.evaluator
    value = evaluator.evaluate(s.Name(app, (1, 0, 1, 0)), evaluator.module_frame(module))
    makers = [made.made_by for made in options(value) if isinstance(made, Made)]
    entries = [entry for name in makers for entry in evaluator.vocabulary.web.get(name, ())]
    return not any(entry.role == "application" and entry.routes for entry in entries)


def _patched(
    isolation: Isolation, module: Module, file: PythonFile, spot: Spot, function: AnyFunction, arguments: str
) -> Edits | None:
    """The override by `monkeypatch`, which takes it out itself."""
    if not _may_ask(isolation, module, function):
        return None
    parameter = file.add_parameter(position(function), "monkeypatch")
    statement = position(spot.statement)
    put = file.insert_before(statement, f"monkeypatch.setitem({arguments})")
    return None if put is None or parameter is None else (*parameter, *put)


def _may_ask(isolation: Isolation, module: Module, function: AnyFunction) -> bool:
    fixture = fixture_at(isolation, module, function)
    if fixture is not None:
        return fixture.scope == "function"
    if not function.name.startswith("test"):
        return False
    own = next(
        (f for f in module.functions if f.at[0] == function.lineno or f.name_at[0] == function.lineno), None
    )
    owner = None if own is None else module.methods.get(id(own))
    return owner is None or not isolation.know.fixtures.is_test_case(module, owner)


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


def _overrides(function: AnyFunction) -> list[ast.stmt]:
    """The statements of a function's own block that put overrides in."""
    return [
        node
        for node in function.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and isinstance(node.targets[0].value, ast.Attribute)
        and node.targets[0].value.attr == ATTRIBUTE
    ]


def _clears(node: ast.AST) -> bool:
    """Whether a node takes every override out: `app.dependency_overrides.clear()`, or another table for it."""
    match node:
        case ast.Call(func=ast.Attribute(attr="clear", value=ast.Attribute(attr=attribute))):
            return attribute == ATTRIBUTE
        case ast.Assign(targets=[ast.Attribute(attr=attribute)]):
            return attribute == ATTRIBUTE
    return False
