"""How the product makes what tests need one of their own of: the definitions that a trail leads through."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

from isolint.edits import PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning.values import Reference, Trail, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_ENGINES = frozenset({"create_engine", "create_async_engine"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A name at the top of a module that is bound to what a call gives."""

    module: Module
    name: str
    call: s.Call
    is_engine: bool
    is_async: bool


def definitions(know: Knowledge, trail: Trail) -> list[Definition]:
    """The definitions that a trail leads through, from the place of use on."""
    found = []
    for hop in trail:
        module = know.project.module(hop.path)
        if module is None or module.is_test:
            continue
        for name, bindings in module.names.bindings.items():
            value = bindings[0].value
            if len(bindings) == 1 and isinstance(value, s.Call) and value.at == hop.at:
                made_by = callee(know, module, value)
                last = made_by.rpartition(".")[2]
                found.append(Definition(module, name, value, last in _ENGINES, "async" in made_by))
    return list(dict.fromkeys(found))


def callee(know: Knowledge, module: Module, call: s.Call) -> str:
    """The library's name of what a call at the top of a module calls."""
    found = options(know.evaluator.evaluate(call.function, know.evaluator.module_frame(module)))
    return next((value.name for value in found if isinstance(value, Reference)), "")


def import_of(know: Knowledge, module: Module, name: str) -> str | None:
    """The import that brings a module's name elsewhere: that of its own import, or one from the module.

    None where the name is bound in several ways, or not at all.
    """
    bindings = module.names.bindings.get(name, ())
    if len(bindings) != 1:
        return None
    binding = bindings[0]
    if binding.kind != "import":
        return f"from {module.dotted} import {name}"
    return _imported(know, module, binding)


def _imported(know: Knowledge, module: Module, binding: Binding) -> str | None:
    node, entry = binding.node, binding.imported
    if not isinstance(node, s.Import) or entry is None or binding.type_checking:
        return None
    alias = f" as {entry.alias}" if entry.alias else ""
    if node.level:
        target = know.project.source_module(module, node)
        if target.module is None or target.rest:
            return None
        return f"from {target.module.dotted} import {entry.name}{alias}"
    if node.module:
        return f"from {node.module} import {entry.name}{alias}"
    return f"import {entry.name}{alias}"


def free_names(node: ast.AST) -> set[str]:
    """The names that code looks up around itself, builtins left out."""
    bound = {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
    }
    for inner in ast.walk(node):
        if isinstance(inner, ast.arg):
            bound.add(inner.arg)
        elif isinstance(inner, AnyFunction | ast.ClassDef | ast.ExceptHandler):
            bound.update([inner.name] if inner.name else [])
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            bound.update(alias.asname or alias.name.partition(".")[0] for alias in inner.names)
    used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return {name for name in used - bound if not hasattr(builtins, name)}


def renamed(file: PythonFile, node: ast.expr | AnyFunction, names: dict[str, str]) -> str | None:
    """The code of an expression or function with other names in it; None where it speaks of one in a string."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    lines = [line.encode() for line in file.text.lines]
    places: list[tuple[int, int, int, str]] = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in names:
            end = inner.end_col_offset or 0
            if lines[inner.lineno - 1][inner.col_offset : end].decode(errors="replace") != inner.id:
                return None
            places.append((inner.lineno, inner.col_offset, end, names[inner.id]))
    last = node.end_lineno or node.lineno
    if isinstance(node, ast.expr):
        lines[last - 1] = lines[last - 1][: node.end_col_offset]
    for line, start, end, new in sorted(places, reverse=True):
        lines[line - 1] = lines[line - 1][:start] + new.encode() + lines[line - 1][end:]
    if isinstance(node, ast.expr):
        lines[first - 1] = lines[first - 1][node.col_offset :]
    code = "".join(line.decode() for line in lines[first - 1 : last])
    return code.replace("\r\n", "\n").rstrip("\n")
