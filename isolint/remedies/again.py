"""Applications that take their routes and dependencies when they are made: made again for tests, with others."""

from __future__ import annotations

import ast

from isolint.edits import Edits, PythonFile, both
from isolint.edits.places import position
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.web.clients import OpenClient
from isolint.late import dataclass
from isolint.remedies.existing import Own
from isolint.remedies.functions import Copied
from isolint.remedies.homes import Home
from isolint.remedies.isolation import Isolation
from isolint.source import Position

# What an application is given that starts nothing by itself.
_HARMLESS = frozenset(
    {"route_handlers", "dependencies", "debug", "path", "exception_handlers", "guards", "tags"}
)


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """An application of the product that a test hands to its client under the name at `used`.

    `imported` is where the test's module imports it.
    """

    isolation: Isolation
    leak: OpenClient
    product: Module
    name: str
    used: ast.Name
    imported: Position

    def edits(self, file: PythonFile, home: Home, dependency: Copied) -> Edits | None:
        """The edits that make it with a copy of a dependency and hand that to the client."""
        new = f"testing_{self.name}"
        copies: Edits | None = ()
        if new not in home.names:
            application = Copied(self.product, self.name, new)
            copies = self.isolation.with_copies(self.leak.trail, file.path, (dependency, application))
        taken = self.isolation.taken(file, Own(new, home), new)
        uses = [
            node for node in ast.walk(file.tree) if isinstance(node, ast.Name) and node.id == self.used.id
        ]
        gone = file.remove_import(self.imported) if len(uses) == 1 else ()
        replaced = (file.replace(position(self.used), new),)
        return both(both(copies, taken), both(gone, replaced))


def made_again(isolation: Isolation, module: Module, leak: OpenClient) -> MadeAgain | None:
    """The application of a client, if the call that makes it names the dependency and starts nothing else."""
    app = leak.app
    if app is None or isinstance(app.frame.function, s.Function) or app.frame.module.is_test:
        return None
    file, product = isolation.python(module.path), app.frame.module
    spot = isolation.python(product.path).statement(app.call.at)
    match spot.statement if spot is not None else None:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[], keywords=given)):
            if not _names(given, leak.dependency) or {word.arg for word in given} - _HARMLESS:
                return None
        case _:
            return None
    client = file.node(leak.at)
    handed = [*client.args, *(word.value for word in client.keywords)] if isinstance(client, ast.Call) else []
    for node in (each for each in handed if isinstance(each, ast.Name)):
        for binding in module.names.bindings.get(node.id, ()):
            if binding.kind != "import" or binding.imported is None or binding.imported.name != name:
                continue
            if isolation.know.project.import_target(module, binding).module is product:
                return MadeAgain(isolation, leak, product, name, node, binding.imported.at)
    return None


def _names(given: list[ast.keyword], dependency: str) -> bool:
    """Whether keywords hand a dependency by its name in a dictionary: `dependencies={"db": Provide(get_db)}`."""
    tables = [word.value for word in given if word.arg == "dependencies" and isinstance(word.value, ast.Dict)]
    return any(
        isinstance(node, ast.Name) and node.id == dependency for table in tables for node in ast.walk(table)
    )
