"""Clients of the application, and what it takes from them, as fakes that a conftest puts in their place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from isolint.edits import Edits, PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning import handles
from isolint.facts.meaning.values import Handle, Trail
from isolint.facts.program.project import Module
from isolint.remedies.definitions import Definition, callee, definitions, renamed
from isolint.remedies.early import put_early
from isolint.remedies.homes import home_of

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def faked(know: Knowledge, python: Callable[[str], PythonFile], trail: Trail, path: str) -> Edits | None:
    """The edits of the conftest above a file that put fakes in the place of what a trail leads to, in its module.

    None where the project does not ask for the library of fakes, and where something keeps the real client before the
    conftest can replace it: a module that is loaded with its own, or code that runs there as it is loaded.
    """
    chain = definitions(know, trail)
    client = chain[-1] if chain else None
    entry = None if client is None else know.stand_ins.of(callee(know, client.module, client.call))
    if client is None or entry is None:
        return None
    home, file = home_of(know, path, python), python(client.module.path)
    names = _of_the_client(know, client)
    package, _, module = client.module.dotted.rpartition(".")
    made = _made(file, client, entry.by, entry.keeps)
    if made is None or module in home.names or _is_kept(file.tree, names):
        return None
    if _is_loaded_with(know, client.module, names):
        return None
    lines = [f"{module}.{client.name} = {made}"]
    places = {name: f"{module}.{name}" for name in names}
    for name in names[1:]:
        node = _value(file.tree, name)
        code = None if node is None else renamed(file, node, places)
        if code is None or "\n" in code or "get_default_database" in code:
            return None
        lines.append(f"{module}.{name} = {code}")
    loading = f"from {package} import {module}" if package else f"import {module}"
    code = "\n".join((loading, "", *lines))
    return put_early(home, (f"import {entry.by.partition('.')[0]}",), code)


def _made(file: PythonFile, client: Definition, by: str, keeps: tuple[str, ...]) -> str | None:
    """The call that makes the fake; what it need not know of the server is left out."""
    node = file.node(client.call.at)
    if not isinstance(node, ast.Call) or any(word.arg is None for word in node.keywords):
        return None
    if any(word.arg == "connection_pool" for word in node.keywords):
        return None
    kept = [word for word in node.keywords if word.arg in keeps]
    if any(isinstance(inner, ast.Name) for word in kept for inner in ast.walk(word.value)):
        return None
    arguments = ", ".join(f"{word.arg}={file.code(word.value)}" for word in kept)
    return f"{by}({arguments})"


def _of_the_client(know: Knowledge, client: Definition) -> list[str]:
    """The names at the top of the client's module that stand for it, or for what is taken from it; its own first."""
    frame = know.evaluator.module_frame(client.module)
    found: list[tuple[int, str]] = []
    for name, bindings in client.module.names.bindings.items():
        if name == client.name or len(bindings) != 1 or bindings[0].kind != "assign":
            continue
        value = handles.read(know.evaluator, know.evaluator.binding(bindings[0], frame))
        if isinstance(value, Handle) and any(hop.at == client.call.at for hop in value.trail):
            found.append((bindings[0].line, name))
    return [client.name, *(name for _, name in sorted(found))]


def _value(tree: ast.Module, name: str) -> ast.expr | None:
    """What an assignment at the top of a module binds a name to."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            return node.value
    return None


def _is_loaded_with(know: Knowledge, module: Module, names: list[str]) -> bool:
    """Whether a product module that is loaded together with the client's takes one of its names, or it whole."""
    taken = {(), *((name,) for name in names)}
    seen: set[str] = {module.path}
    waiting = [module, *_parents(know, module)]
    while waiting:
        each = waiting.pop()
        seen.add(each.path)
        for target, rest in _imported(know, each):
            if target is module and each is not module and rest[:1] in taken:
                return True
            waiting += [one for one in (target, *_parents(know, target)) if one.path not in seen]
    return False


def _imported(know: Knowledge, module: Module) -> Iterator[tuple[Module, tuple[str, ...]]]:
    """The project's modules that a module imports at its top, and what it takes from them."""
    for bindings in module.names.bindings.values():
        for binding in bindings:
            if binding.kind == "import" and not binding.type_checking:
                target = know.project.import_target(module, binding)
                if target.module is not None:
                    yield target.module, target.rest


def _parents(know: Knowledge, module: Module) -> Iterator[Module]:
    """The packages that a module lies in, whose code runs before its own."""
    folder = module.path.rpartition("/")[0]
    while folder:
        package = know.project.module(f"{folder}/__init__.py")
        if package is not None and package is not module:
            yield package
        folder = folder.rpartition("/")[0]


def _is_kept(tree: ast.Module, names: list[str]) -> bool:
    """Whether code of a module that runs as it is loaded uses these names, besides what binds them."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names:
            continue
        if any(isinstance(inner, ast.Name) and inner.id in names for inner in _run(node)):
            return True
    return False


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a statement does: not the bodies of the functions in it."""
    yield node
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, AnyFunction):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _run(child)
