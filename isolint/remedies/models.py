"""Models that tests point to the application's store: pointed to memory, by the call or a copy of its function."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile
from isolint.edits.places import position
from isolint.facts.meaning.handles import passed
from isolint.facts.meaning.values import Table
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding
from isolint.facts.targets.openings import Opening
from isolint.facts.targets.pointings import Pointing
from isolint.remedies.definitions import free_names, functions_of, import_of
from isolint.remedies.existing import Own
from isolint.remedies.homes import Home, call_code, home_of
from isolint.remedies.isolation import Isolation
from isolint.source import Position

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_MEMORY = "sqlite://:memory:"
_TABLES = "generate_schemas"
# What SQLite does not know, or what makes the database itself.
_DISTURBING = ("tortoise.contrib.postgres", "tortoise.contrib.mysql", "_create_db")


def pointed_to_memory(isolation: Isolation, opening: Opening) -> Edits | None:
    """The edits that let a call in a test module, which points models to a store, point them to memory.

    None where the models need a server, or what the call is given cannot be read.
    """
    project, pointing = isolation.know.project, opening.pointing
    module = project.module(opening.path)
    if pointing is None or module is None:
        return None
    product = [path for path in project.files if not project.is_test(path)]
    if any(word in (project.text(path) or "") for path in product for word in _DISTURBING):
        return None
    if pointing.frame.module is module:
        return _in_the_test(isolation, module, opening.at, pointing)
    return _by_a_copy(isolation, module, opening.at, pointing)


def _in_the_test(isolation: Isolation, module: Module, at: Position, pointing: Pointing) -> Edits | None:
    file = isolation.python(module.path)
    call, function, spot = file.node(at), file.function(at), file.statement(at)
    if not isinstance(call, ast.Call) or function is None or spot is None:
        return None
    code = _rewritten(isolation, file, call, pointing)
    if code is None or not _is_awaited(spot.statement, call):
        return None
    lines = code.replace("\n", f"\n{file.text.indentation(spot.first_line)}")
    edits: Edits = (file.replace(at, lines), *_unused(file, module, call))
    if _names(function, _TABLES):
        return edits
    made = file.insert_after(position(spot.statement), f"await {_receiver(file, call)}.{_TABLES}()")
    return None if made is None else (*edits, *made)


def _unused(file: PythonFile, module: Module, call: ast.Call) -> Edits:
    """The edits that take out the imports of what the call alone was given as an address."""
    edits: Edits = ()
    for value in (keyword.value for keyword in call.keywords if keyword.arg == "db_url"):
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        for name in sorted(names):
            bindings = module.names.bindings.get(name, ())
            entry = bindings[0].imported if len(bindings) == 1 else None
            uses = [node for node in ast.walk(file.tree) if isinstance(node, ast.Name) and node.id == name]
            if entry is not None and all(_is_in(node, value) for node in uses):
                edits += file.remove_import(entry.at) or ()
    return edits


def _rewritten(isolation: Isolation, file: PythonFile, call: ast.Call, pointing: Pointing) -> str | None:
    """The call with memory in the place of the store; in a table of options, of its only connection."""
    memory = file.string(_MEMORY)
    arguments = []
    for keyword in call.keywords:
        if keyword.arg is None:
            return None
        value: str | None = file.code(keyword.value)
        if keyword.arg == "db_url":
            value = memory
        elif keyword.arg == "config":
            value = _configuration(isolation, file, keyword.value, pointing, memory)
        if value is None:
            return None
        arguments.append(f"{keyword.arg}={value}")
    if call.args:
        given = _configuration(isolation, file, call.args[0], pointing, memory)
        if given is None or len(call.args) > 1:
            return None
        arguments.insert(0, given)
    return call_code(file.code(call.func), arguments)


def _configuration(
    isolation: Isolation, file: PythonFile, node: ast.expr, pointing: Pointing, memory: str
) -> str | None:
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    given = passed(pointing.call, (0, "config"))
    table = None if given is None else isolation.know.evaluator.evaluate(given, pointing.frame)
    connections = dict(table.entries).get("connections") if isinstance(table, Table) else None
    if not isinstance(connections, Table) or len(connections.entries) != 1:
        return None
    name = file.string(connections.entries[0][0])
    return f"{{**{file.code(node)}, {file.string('connections')}: {{{name}: {memory}}}}}"


def _by_a_copy(isolation: Isolation, module: Module, at: Position, pointing: Pointing) -> Edits | None:
    """The product's function that is called, copied to the conftest with memory in it."""
    file, product = isolation.python(module.path), pointing.frame.module
    call = file.node(at)
    name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
    bindings = module.names.bindings.get(name, ())
    if not isinstance(call, ast.Call) or call.args or call.keywords or len(bindings) != 1:
        return None
    if not _is_taken_from(isolation, module, bindings[0], product, name):
        return None
    entry = bindings[0].imported
    home = home_of(isolation.know, module.path, isolation.python)
    copied = _copy(isolation, product, name, pointing)
    if copied is None or entry is None or home.dotted is None:
        return None
    code, imports = copied
    if home.path == module.path:
        return home.add(imports, code, drops=[entry.at])
    taken = isolation.in_place(file, entry.at, name, Own(name, home))
    added = () if _has(home, name) else home.add(imports, code) if name not in home.names else None
    return None if taken is None or added is None else (*added, *taken)


def _is_taken_from(
    isolation: Isolation, module: Module, binding: Binding, product: Module, name: str
) -> bool:
    if binding.kind != "import" or binding.imported is None or binding.imported.alias:
        return False
    target = isolation.know.project.import_target(module, binding)
    return target.module is product and target.rest == (name,)


def _copy(
    isolation: Isolation, product: Module, name: str, pointing: Pointing
) -> tuple[str, list[str]] | None:
    file = isolation.python(product.path)
    function = next((each for each in functions_of(file) if each.name == name), None)
    call = file.node(pointing.call.at)
    if function is None or not isinstance(call, ast.Call) or function is not file.function(pointing.call.at):
        return None
    new = _rewritten(isolation, file, call, pointing)
    code, old = file.code(position(function)), file.code(call)
    if new is None or code.count(old) != 1 or function.decorator_list or ast.unparse(function.args):
        return None
    if not any(_is_awaited(node, call) for node in function.body):
        return None
    imports = [import_of(isolation.know, product, each) for each in sorted(_used(function, call))]
    found = [each for each in imports if each is not None]
    if len(found) != len(imports):
        return None
    inner = " " * function.body[-1].col_offset
    code = code.replace(old, new.replace("\n", f"\n{inner}"))
    if not _names(function, _TABLES):
        code += f"\n{inner}await {_receiver(file, call)}.{_TABLES}()"
    return code, found


def _used(function: AnyFunction, call: ast.Call) -> set[str]:
    """The names that a copy of a function looks up: the address in the call is not needed."""
    gone = [keyword.value for keyword in call.keywords if keyword.arg == "db_url"]
    kept = [node for node in ast.walk(function) if not any(_is_in(node, value) for value in gone)]
    return free_names(function) & {node.id for node in kept if isinstance(node, ast.Name)}


def _is_in(node: ast.AST, outer: ast.AST) -> bool:
    return any(each is node for each in ast.walk(outer))


def _has(home: Home, name: str) -> bool:
    """Whether a conftest has a copy of a function already."""
    return home.exists and any(each.name == name for each in functions_of(home.file))


def _is_awaited(statement: ast.stmt, call: ast.Call) -> bool:
    match statement:
        case ast.Expr(value=ast.Await(value=awaited)):
            return awaited is call
    return False


def _names(function: AnyFunction, attribute: str) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == attribute for node in ast.walk(function))


def _receiver(file: PythonFile, call: ast.Call) -> str:
    return file.code(call.func.value) if isinstance(call.func, ast.Attribute) else ""
