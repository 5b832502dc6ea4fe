"""Functions of the product that open its store by its own names, copied for the tests onto theirs."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Sequence

from isolint.edits import PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.late import dataclass
from isolint.remedies.definitions import AnyFunction, free_names, import_of, renamed
from isolint.remedies.homes import Home
from isolint.remedies.tables import names_tables
from isolint.source import Position

Renaming = Callable[[Module, str], "str | None"]


@dataclass(frozen=True, slots=True)
class Copied:
    """A function, class or call of a product's module that is to be there under a name of the tests'."""

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
        """Copy a function of a module under a new name, with those of the module it calls that open the store.

        Of a class there will be a subclass, with copies of those of its methods that open the store. A call is made
        again, with the copies in the place of what they are copies of.
        """
        if (module.path, name) in self.made:
            return self.made[module.path, name] == new
        node = self._definition(module, name)
        if node is None or any(isinstance(inner, ast.Global | ast.Nonlocal) for inner in ast.walk(node)):
            return False
        self.made[module.path, name] = new
        if isinstance(node, ast.ClassDef):
            return self._subclass(module, node, new)
        if isinstance(node, ast.Call):
            code = self._on_own_store(module, node)
            self.code += [f"{new} = {textwrap.dedent(code)}"] if code is not None else []
            return code is not None
        code = self._on_own_store(module, node)
        if code is None:
            return False
        self.code.append(code.replace(f"def {name}(", f"def {new}(", 1))
        return True

    def _subclass(self, module: Module, node: ast.ClassDef, new: str) -> bool:
        methods: list[str] = []
        for part in node.body:
            if not any(self._own_name(module, name) for name in free_names(part)):
                continue
            code = self._on_own_store(module, part) if isinstance(part, AnyFunction) else None
            if code is None or _knows_its_class(part):
                return False
            methods.append(textwrap.indent(textwrap.dedent(code), "    "))
        wanted = import_of(self.know, module, node.name)
        if not methods or wanted is None:
            return False
        self.imports.append(wanted)
        self.code.append(f"class {new}({node.name}):\n" + "\n\n".join(methods))
        return True

    def _on_own_store(self, module: Module, node: AnyFunction | ast.Call) -> str | None:
        """The code of a function or call of the product with the tests' names in it; what else it uses is imported."""
        names: dict[str, str] = {}
        for other in sorted(free_names(node)):
            own = self._own_name(module, other)
            if own is not None:
                names[other] = own
                continue
            wanted = import_of(self.know, module, other)
            if wanted is None:
                return None
            self.imports.append(wanted)
        return renamed(self.python(module.path), node, names) if names else None

    def _own_name(self, module: Module, name: str) -> str | None:
        """What the tests call what a function of the product looks up, if it is another thing there."""
        own = self.renaming(module, name) or self._copy_of(module, name)
        if own is None and self._opens(module, name):
            new = self.made.get((module.path, name), f"testing_{name}")
            return new if self.add(module, name, new) else None
        return own

    def _copy_of(self, module: Module, name: str) -> str | None:
        """The copy of what a module imports under a name."""
        for binding in module.names.bindings.get(name, ()):
            if binding.kind != "import" or binding.imported is None:
                continue
            source = self.know.project.import_target(module, binding).module
            if source is not None:
                return self.made.get((source.path, binding.imported.name))
        return None

    def _definition(self, module: Module, name: str) -> AnyFunction | ast.ClassDef | ast.Call | None:
        """The function or class of a name at the top of a module, or the call whose value it is."""
        if len(module.names.bindings.get(name, ())) != 1:
            return None
        for node in self.python(module.path).tree.body:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.name == name:
                    return node
                case ast.Assign(targets=[ast.Name(id=target)], value=ast.Call() as call) if target == name:
                    return call
        return None

    def _opens(self, module: Module, name: str) -> bool:
        """Whether a name is a function of the module that looks up what the tests have of their own."""
        node = self._definition(module, name)
        return isinstance(node, AnyFunction) and any(
            self.renaming(module, other) for other in free_names(node)
        )

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


def _knows_its_class(method: ast.stmt) -> bool:
    """Whether a method would mean another thing in a subclass: by `super()`, `__class__` or a private name."""
    for node in ast.walk(method):
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
        if name in ("super", "__class__") or (name.startswith("__") and not name.endswith("__")):
            return True
    return False
