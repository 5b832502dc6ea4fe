"""Functions of the product that a test module calls to destroy: copied onto the tests' own store."""

from __future__ import annotations

from isolint.edits import Edits
from isolint.facts.meaning.values import Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.finding import Edit
from isolint.remedies.definitions import definitions
from isolint.remedies.existing import Own
from isolint.remedies.functions import Copied
from isolint.remedies.homes import Home, home_of
from isolint.remedies.isolation import Isolation

_LATER = frozenset({"addfinalizer", "addCleanup", "add_async_cleanup", "callback", "partial", "run_sync"})


def redirected(isolation: Isolation, module: Module, trail: Trail) -> Edits | None:
    """The edits that let a test module call copies of the product's functions that open what a trail leads to."""
    chain = definitions(isolation.know, trail)
    if not chain:
        return None
    product = chain[-1].module
    called = _called(module)
    wanted = [
        function.name
        for function in product.facts.body
        if isinstance(function, s.Function) and function.name in called
        if _is_taken_from(isolation, module, product, function.name)
        if _mentions(function, {definition.name for definition in chain})
    ]
    if not wanted:
        return None
    copied = tuple(Copied(product, name, name) for name in wanted)
    home = home_of(isolation.know, module.path, isolation.python)
    if home.path == module.path:
        return isolation.with_copies(trail, module.path, copied)
    return _elsewhere(isolation, module, trail, home, copied)


def _elsewhere(
    isolation: Isolation, module: Module, trail: Trail, home: Home, copied: tuple[Copied, ...]
) -> Edits | None:
    """The same for a module that is not the conftest: it imports the copies from there."""
    if len(copied) > 1 or copied[0].name in home.names:
        return None
    made = isolation.with_copies(trail, module.path, copied)
    file = isolation.python(module.path)
    edits: list[Edit] = list(made or ())
    for one in copied:
        entry = module.names.bindings[one.name][0].imported
        taken = None if entry is None else isolation.in_place(file, entry.at, one.name, Own(one.name, home))
        if made is None or taken is None:
            return None
        edits += taken
    return tuple(edits)


def _is_taken_from(isolation: Isolation, module: Module, product: Module, name: str) -> bool:
    bindings = module.names.bindings.get(name, ())
    if len(bindings) != 1 or bindings[0].kind != "import" or bindings[0].imported is None:
        return False
    return isolation.know.project.import_target(module, bindings[0]).module is product


def _called(module: Module) -> set[str]:
    """The names that a module calls, or hands to what calls them later."""
    found: set[str] = set()
    for body in (module.facts.body, *(function.body for function in module.functions)):
        for node in statements(body):
            for expression in expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Call):
                        found.update(_names_of(inner))
    return found


def _names_of(call: s.Call) -> list[str]:
    names = [call.function.id] if isinstance(call.function, s.Name) else []
    if isinstance(call.function, s.Attribute) and call.function.name in _LATER:
        names += [argument.id for argument in call.arguments if isinstance(argument, s.Name)]
    return names


def _mentions(function: s.Function, names: set[str]) -> bool:
    return any(
        isinstance(inner, s.Name) and inner.id in names
        for node in statements(function.body)
        for expression in expressions(node)
        for inner in walk(expression)
    )
