"""Functions of the product that open its store by its own names, copied for the tests onto theirs."""

from __future__ import annotations

import ast
from collections.abc import Callable

from isolint.edits import Edits, PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.remedies.definitions import free_names, functions_of, import_of, renamed
from isolint.remedies.homes import Home
from isolint.remedies.tables import names_tables


class Copies:
    """Gathers copies for a conftest. `names` leads from the product's names to the tests' own."""

    def __init__(
        self, know: Knowledge, python: Callable[[str], PythonFile], home: Home, names: dict[str, str]
    ) -> None:
        self.know = know
        self.python = python
        self.home = home
        self.names = dict(names)
        self.imports: list[str] = []
        self.code: list[str] = []

    def add(self, module: Module, name: str, new: str) -> bool:
        """Copy a function of a module under a new name, with those of the module it calls that open the store."""
        if self.names.get(name) is not None:
            return self.names[name] == new
        file = self.python(module.path)
        node = next((each for each in functions_of(file) if each.name == name), None)
        if node is None or len(module.names.bindings.get(name, ())) != 1:
            return False
        self.names[name] = new
        free = free_names(node)
        for other in sorted(free - self.names.keys()):
            if self._opens(module, other) and not self.add(module, other, f"testing_{other}"):
                return False
        if any(isinstance(inner, ast.Global | ast.Nonlocal) for inner in ast.walk(node)):
            return False
        for other in sorted(free - self.names.keys()):
            wanted = import_of(self.know, module, other)
            if wanted is None:
                return False
            self.imports.append(wanted)
        code = renamed(file, node, {k: v for k, v in self.names.items() if k in free})
        if code is None:
            return False
        self.code.append(code.replace(f"def {name}(", f"def {new}(", 1))
        return True

    def _opens(self, module: Module, name: str) -> bool:
        """Whether a name is a function of the module that looks up what is replaced."""
        node = next((each for each in functions_of(self.python(module.path)) if each.name == name), None)
        return node is not None and bool(free_names(node) & self.names.keys())

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

    def unbound(self, module: Module, name: str) -> Edits | None:
        """The edits that take an import of a name out of a test module."""
        bindings = module.names.bindings.get(name, ())
        if len(bindings) != 1 or bindings[0].imported is None or bindings[0].imported.alias:
            return None
        file = self.python(module.path)
        at = bindings[0].imported.at
        spot = file.statement(at)
        if spot is None or spot.around or not isinstance(spot.statement, ast.ImportFrom):
            return None
        if len(spot.statement.names) > 1:
            return file.remove_import(at)
        return file.remove(at)

