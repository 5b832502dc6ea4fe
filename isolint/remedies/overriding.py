"""An override of a dependency, beside those that there are: what it hands out, where it is put in and taken out."""

from __future__ import annotations

from isolint.edits import Edits
from isolint.facts.program.project import Module
from isolint.facts.web.clients import OpenClient
from isolint.remedies.again import made_again
from isolint.remedies.existing import Own
from isolint.remedies.functions import Copied
from isolint.remedies.homes import home_of
from isolint.remedies.isolation import Isolation
from isolint.remedies.placing import Placing

_KINDS = frozenset({"function", "class"})


def overridden(isolation: Isolation, module: Module, leak: OpenClient) -> Edits | None:
    """The edits that put an override in place of a dependency before a client is made, and take it out again."""
    product = _home_of_dependency(isolation, leak)
    file = isolation.python(module.path)
    home = home_of(isolation.know, module.path, isolation.python)
    if product is None or _is_bound_otherwise(isolation, module, product, leak.dependency):
        return None
    plain = leak.dependency.lstrip("_")
    new = f"Override{plain}" if plain[:1].isupper() else f"override_{plain}"
    if leak.app is not None and isolation.know.clients.applications.entry(leak.app).routes:
        again = made_again(isolation, module, leak)
        return None if again is None else again.edits(file, home, Copied(product, leak.dependency, new))
    copies: Edits | None = ()
    if new not in home.names:
        copies = isolation.with_copies(leak.trail, module.path, (Copied(product, leak.dependency, new),))
    taken = isolation.taken(file, Own(new, home), new)
    key = file.add_import(f"from {product.dotted} import {leak.dependency}", first_party=True)
    put = Placing(isolation, module, file, leak.at, leak.dependency, new).edits()
    if copies is None or taken is None or key is None or put is None:
        return None
    return (*copies, *taken, *key, *put)


def _home_of_dependency(isolation: Isolation, leak: OpenClient) -> Module | None:
    """The product's module that defines a dependency."""
    for hop in leak.trail:
        module = isolation.know.project.module(hop.path)
        found = () if module is None else module.names.bindings.get(leak.dependency, ())
        if module is None or module.is_test or len(found) != 1:
            continue
        if found[0].kind in _KINDS:
            return module
        if found[0].kind == "import":
            source = isolation.know.project.import_target(module, found[0]).module
            defined = () if source is None else source.names.bindings.get(leak.dependency, ())
            if len(defined) == 1 and defined[0].kind in _KINDS:
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
