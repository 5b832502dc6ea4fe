"""A factory of applications that tests call as it is: they hand it a database of their own, with its tables."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from isolint.edits import Edits, PythonFile, both
from isolint.edits.places import AnyFunction, Spot, position
from isolint.facts.meaning.values import FunctionValue, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.running.relevance import calls_in
from isolint.facts.web.clients import OpenClient
from isolint.late import dataclass
from isolint.remedies.definitions import Definition, callee, definitions, import_of
from isolint.remedies.isolation import Isolation
from isolint.remedies.placing import may_ask
from isolint.remedies.tables import makes_tables

_EXTENSION = "flask_sqlalchemy.SQLAlchemy"
_URL = "SQLALCHEMY_DATABASE_URI"
_MEMORY = "sqlite://"
_TAKING = frozenset({"update", "from_mapping"})
_READING = frozenset({"from_object", "from_pyfile", "from_envvar", "from_prefixed_env", "from_file"})


@dataclass(frozen=True, slots=True)
class Way:
    """How a factory is told its database: by a parameter that takes settings or a URL, or by a variable it reads."""

    parameter: str = ""
    takes_settings: bool = False
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """Where tests call a factory: its name, their file, and the call with the statement it stands in."""

    module: Module
    file: PythonFile
    call: ast.Call
    spot: Spot


@dataclass(frozen=True, slots=True)
class Told:
    """The call of a factory as it is to be, lines that must run before it, and the edits that these need."""

    code: str
    lines: tuple[str, ...] = ()
    edits: Edits = ()


def handed(isolation: Isolation, module: Module, leak: OpenClient) -> Edits | None:
    """The edits that let a factory make its application on a database in memory, and make the tables there."""
    app, chain = leak.app, definitions(isolation.know, leak.trail)
    if app is None or not isinstance(app.frame.function, s.Function) or app.frame.module.is_test or not chain:
        return None
    extension, factory = chain[-1], app.frame.function
    if callee(isolation.know, extension.module, extension.call) != _EXTENSION:
        return None
    way = _way(isolation.python(app.frame.module.path), factory)
    called = _called(isolation, module, leak, factory)
    if way is None or called is None or _speaks_a_dialect(isolation):
        return None
    first = factory.parameters[0].name if factory.parameters else ""
    told = _told(isolation, called, way, is_first=way.parameter == first)
    if told is None:
        return None
    if not makes_tables(isolation.know, module.path):
        return _with_tables(isolation, called, told, extension) if _has_models(isolation, extension) else None
    replaced = (called.file.replace(position(called.call), told.code),)
    return both(told.edits, both(_before(called, told.lines), replaced))


# -- the factory


def _way(file: PythonFile, factory: s.Function) -> Way | None:
    """How a factory is told its database before anything is bound to its application, and for good."""
    node = file.function(factory.name_at)
    if node is None:
        return None
    names = {argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    bound = next((i for i, each in enumerate(node.body) if _binds(each)), len(node.body))
    before = node.body[:bound]
    found: Way | None = None
    for each in before:
        found = _told_by(each, names) or (None if _sets(each) else found)
    return found if not any(_sets(each) for each in node.body[bound:]) else None


def _told_by(statement: ast.stmt, names: set[str]) -> Way | None:
    for node in ast.walk(statement):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="config"), attr=method), args=[given, *_]
            ) if method in _TAKING and _first(given) in names:
                return Way(parameter=_first(given), takes_settings=True)
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Attribute(attr="config"), slice=ast.Constant(value=key))],
                value=value,
            ) if key == _URL:
                if _first(value) in names:
                    return Way(parameter=_first(value))
                variable = _variable(value)
                return Way(variable=variable) if variable and isinstance(statement, ast.Assign) else None
    return None


def _first(node: ast.expr) -> str:
    """The name that an expression is, or begins with: `settings or {}`."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        node = node.values[0]
    return node.id if isinstance(node, ast.Name) else ""


def _variable(node: ast.expr) -> str:
    """The variable of the environment that an expression is, with or without a default."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(
            func=ast.Attribute(attr="get", value=ast.Attribute(attr="environ")),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return name
        case ast.Call(
            func=ast.Attribute(attr="getenv", value=ast.Name()), args=[ast.Constant(value=str(name)), *_]
        ):
            return name
    return ""


def _binds(statement: ast.stmt) -> bool:
    """Whether a statement hands the application on, so that others may read its settings."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr == "init_app":
                return True
            if any(isinstance(given, ast.Name) and "app" in given.id for given in node.args):
                return True
    return False


def _sets(statement: ast.stmt) -> bool:
    """Whether a statement sets the URL, or settings that cannot be told."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Attribute) and owner.attr == "config":
                if node.func.attr in _READING or (node.func.attr in _TAKING and node.args):
                    return True
                if any(keyword.arg in (_URL, None) for keyword in node.keywords):
                    return True
        match node:
            case ast.Subscript(ctx=ast.Store(), slice=ast.Constant(value=key)) if key == _URL:
                return True
    return False


# -- its tests


def _called(isolation: Isolation, module: Module, leak: OpenClient, factory: s.Function) -> Called | None:
    """The one call of a factory, without arguments, by the function that makes a client or a fixture it asks for."""
    for where, body in _bodies(isolation, module, leak):
        calls = [call for call in calls_in(body) if _is_of(isolation, where, call, factory)]
        if not calls:
            continue
        file = isolation.python(where.path)
        node, spot = file.node(calls[0].at), file.statement(calls[0].at)
        if len(calls) > 1 or spot is None or not isinstance(node, ast.Call) or node.args or node.keywords:
            return None
        return Called(where, file, node, spot)
    return None


def _bodies(isolation: Isolation, module: Module, leak: OpenClient) -> Iterator[tuple[Module, s.Block]]:
    """The code around a client: its function's, that of the fixtures it asks for, that of the module."""
    own = isolation.python(module.path).function(leak.at)
    function = next((f for f in module.functions if own is not None and f.name_at[0] == own.lineno), None)
    if function is not None:
        yield module, function.body
        for fixture in isolation.know.fixtures.closure(module, function, module.methods.get(id(function))):
            yield fixture.module, fixture.function.body
    yield module, module.facts.body


def _is_of(isolation: Isolation, module: Module, call: s.Call, factory: s.Function) -> bool:
    if not isinstance(call.function, s.Name) or call.function.id != factory.name:
        return False
    frame = isolation.know.evaluator.module_frame(module)
    found = options(isolation.know.evaluator.evaluate(call.function, frame))
    return any(isinstance(value, FunctionValue) and value.function is factory for value in found)


def _told(isolation: Isolation, called: Called, way: Way, *, is_first: bool) -> Told | None:
    """How the call makes the application on a database in memory."""
    file, name = called.file, called.file.code(called.call.func)
    url = file.string(_MEMORY)
    if way.parameter:
        given = f"{{{file.string(_URL)}: {url}}}" if way.takes_settings else url
        return Told(f"{name}({given if is_first else f'{way.parameter}={given}'})")
    function = file.function(position(called.call))
    if function is None or not may_ask(isolation, called.module, function):
        return None
    parameter = file.add_parameter(position(function), "monkeypatch")
    line = f"monkeypatch.setenv({file.string(way.variable)}, {url})"
    return None if parameter is None else Told(f"{name}()", (line,), parameter)


def _before(called: Called, lines: tuple[str, ...]) -> Edits | None:
    """The edits that insert lines before the statement of the call."""
    return called.file.insert_before(position(called.spot.statement), "\n".join(lines)) if lines else ()


# -- its tables


def _speaks_a_dialect(isolation: Isolation) -> bool:
    """Whether the product has types of one database: SQLite would not know them."""
    project = isolation.know.project
    for path in project.files:
        module = None if project.is_test(path) else project.module(path)
        for node in () if module is None else module.facts.body:
            if isinstance(node, s.Import) and node.module.startswith("sqlalchemy.dialects"):
                return True
    return False


def _has_models(isolation: Isolation, extension: Definition) -> bool:
    project = isolation.know.project
    for path in project.files:
        module = None if project.is_test(path) else project.module(path)
        for node in () if module is None else module.classes:
            for base in node.bases:
                match base:
                    case s.Attribute(value=s.Name(id=name), name="Model") if name == extension.name:
                        return True
    return False


def _with_tables(isolation: Isolation, called: Called, told: Told, extension: Definition) -> Edits | None:
    """The call and, right behind it, the making of the tables."""
    file, statement, name = called.file, called.spot.statement, extension.name
    wanted = import_of(isolation.know, extension.module, name)
    imported = None if wanted is None else file.add_import(wanted, first_party=True)
    if imported is None or _means_another(isolation, called, extension):
        return None
    made = f"with {{}}.app_context():\n    {name}.create_all()"
    if isinstance(statement, ast.Assign) and statement.value is called.call and len(statement.targets) == 1:
        tables = made.format(file.code(statement.targets[0]))
        placed = file.insert_after(position(statement), tables)
        told_first = both(_before(called, told.lines), (file.replace(position(called.call), told.code),))
        return both((*imported, *told.edits), both(told_first, placed))
    function = file.function(position(called.call))
    if function is None or _has_name(function, "app"):
        return None
    placed = _before(called, (*told.lines, f"app = {told.code}", made.format("app")))
    replaced = file.replace(position(called.call), "app")
    return both((*imported, *told.edits, replaced), placed)


def _means_another(isolation: Isolation, called: Called, extension: Definition) -> bool:
    """Whether a test module means something else by the extension's name."""
    frame = isolation.know.evaluator.module_frame(called.module)
    for binding in called.module.names.bindings.get(extension.name, ()):
        trail = isolation.know.evaluator.binding(binding, frame).trail
        if not trail or (trail[-1].path, trail[-1].at) != (extension.module.path, extension.call.at):
            return True
    return False


def _has_name(function: AnyFunction, name: str) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.arg) and node.arg == name)
        for node in ast.walk(function)
    )
