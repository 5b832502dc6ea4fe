"""Functions of the product that open its store by its own names, copied for the tests onto theirs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from isolint.edits import PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.late import dataclass
from isolint.remedies.definitions import free_names, functions_of, import_of, renamed
from isolint.remedies.homes import Home
from isolint.remedies.tables import names_tables
from isolint.source import Position

Renaming = Callable[[Module, str], "str | None"]


@dataclass(frozen=True, slots=True)
class Copied:
    """A function of a product's module that is to be there under a name of the tests'."""

    module: Module
    name: str
    new: str


class Copies:
    """Gathers copies for a conftest. `renaming` tells what the tests call a handle of the product's."""

    def __init__(
        self, know: Knowledge, python: Callable[[str], PythonFile], home: Home, renaming: Renaming
    ) -> None:
        self.know = know
        self.python = python
        self.home = home
        self.renaming = renaming
        self.made: dict[tuple[str, str], str] = {}
        self.imports: list[str] = []
        self.code: list[str] = []

    def add(self, module: Module, name: str, new: str) -> bool:
        """Copy a function of a module under a new name, with those of the module it calls that open the store."""
        if (module.path, name) in self.made:
            return self.made[module.path, name] == new
        node = self._function(module, name)
        if node is None or any(isinstance(inner, ast.Global | ast.Nonlocal) for inner in ast.walk(node)):
            return False
        self.made[module.path, name] = new
        names: dict[str, str] = {}
        for other in sorted(free_names(node)):
            own = self._own_name(module, other)
            if own is not None:
                names[other] = own
                continue
            wanted = import_of(self.know, module, other)
            if wanted is None:
                return False
            self.imports.append(wanted)
        code = renamed(self.python(module.path), node, names) if names else None
        if code is None:
            return False
        self.code.append(code.replace(f"def {name}(", f"def {new}(", 1))
        return True

    def _own_name(self, module: Module, name: str) -> str | None:
        """What the tests call what a function of the product looks up, if it is another thing there."""
        own = self.renaming(module, name)
        if own is None and self._opens(module, name):
            new = self.made.get((module.path, name), f"testing_{name}")
            return new if self.add(module, name, new) else None
        return own

    def _function(self, module: Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        if len(module.names.bindings.get(name, ())) != 1:
            return None
        return next((each for each in functions_of(self.python(module.path)) if each.name == name), None)

    def _opens(self, module: Module, name: str) -> bool:
        """Whether a name is a function of the module that looks up what the tests have of their own."""
        node = self._function(module, name)
        return node is not None and any(self.renaming(module, other) for other in free_names(node))

    def making_tables(self, module: Module, product: Module) -> list[str]:
        """The functions of a product's module that a test module imports to make the tables of its store."""
        found = []
        for function in product.facts.body:
            if isinstance(function, s.Function) and names_tables(function.body):
                bindings = module.names.bindings.get(function.name, ())
                if bindings and all(binding.kind == "import" for binding in bindings):
                    target = self.know.project.import_target(module, bindings[0])
                    if target.module is not None and self._opens(product, function.name):
                        found.append(function.name)
        return found

    def unbound(
        self, module: Module, names: Sequence[str], besides: Position | None
    ) -> list[Position] | None:
        """Where a test module imports these names, and one that is given; None for names it has in another way."""
        places = [] if besides is None else [besides]
        for name in names:
            bindings = module.names.bindings.get(name, ())
            if len(bindings) != 1 or bindings[0].imported is None or bindings[0].imported.alias:
                return None
            places.append(bindings[0].imported.at)
        return places
