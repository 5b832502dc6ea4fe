"""From an expression to the shared thing it stands for: through names, aliases, imports, attributes and fixtures."""

from __future__ import annotations

from isolint.facts.meaning import instances
from isolint.facts.meaning.contents import inside, is_container
from isolint.facts.meaning.values import (
    ClassValue,
    Deferred,
    Frame,
    FunctionValue,
    Hop,
    Instance,
    ModuleValue,
    Parameter,
    Unknown,
    Value,
    options,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import Binding, reaching, statements
from isolint.facts.program.show import dotted, show
from isolint.facts.state.places import FIXTURE, LIBRARY, STATE, Place, Shared
from isolint.facts.suite.fixtures import Fixture, Fixtures, is_parametrized

DEEPEST = 12
CLASS_SET_UP = ("setUpClass", "setup_class", "asyncSetUpClass")
CLASS_LEVEL = (*CLASS_SET_UP, "tearDownClass", "teardown_class")
PER_TEST_DATA = "setUpTestData"
_CACHES = frozenset({"lru_cache", "cache", "cached", "alru_cache"})
_LOOK_UPS = frozenset({"get", "values", "items"})


class Origins:
    """Follows expressions back to what is shared. None stands for what a test has of its own, or cannot be told."""

    def __init__(self, fixtures: Fixtures) -> None:
        self.fixtures = fixtures
        self.evaluator = fixtures.evaluator
        self.project = fixtures.project
        self._depth = 0
        self._selves: dict[int, str] = {}  # methods, by identity: what they call their object

    def of(self, node: s.Expression, frame: Frame) -> Shared | None:
        """The shared thing an expression stands for in a frame."""
        if self._depth >= DEEPEST:
            return None
        self._depth += 1
        try:
            match node:
                case s.Name():
                    return self._name(node, frame)
                case s.Attribute():
                    return self._attribute(node, frame)
                case s.Subscript():
                    return self._item(node, frame)
                case s.Call():
                    return self._called(node, frame)
        finally:
            self._depth -= 1
        return None

    # -- names

    def _name(self, node: s.Name, frame: Frame) -> Shared | None:
        current: Frame | None = frame
        line: int | None = node.at[0]
        while current is not None:
            if current.function is None and current.owner is None:
                return self.global_(current.module, node.id)
            if current.function is not None or current is frame:
                names = self.evaluator.names(current)
                if node.id in names.globals:
                    return self.global_(current.module, node.id)
                bindings = names.bindings.get(node.id, ())
                parameters = current.function.parameters if current.function is not None else ()
                before = [b for b in bindings if line is None or b.line < line]
                if bindings and (before or all(p.name != node.id for p in parameters)):
                    return self._local(reaching(bindings, line), current)
                if any(p.name == node.id for p in parameters):
                    return self._parameter(node.id, current)
            current, line = current.parent, None
        return None

    def _local(self, bindings: tuple[Binding, ...], frame: Frame) -> Shared | None:
        """What a local name stands for: an alias, if all that it may be bound to is the same thing."""
        if len(bindings) != 1 or bindings[0].unpack:
            return None
        binding = bindings[0]
        if binding.kind == "import":
            return self.imported(frame.module, binding)
        if binding.value is None or binding.kind not in ("assign", "for"):
            return None
        found = self.of(binding.value, frame)
        return found if found is None or binding.kind == "assign" else inside(found, None)

    def _parameter(self, name: str, frame: Frame) -> Shared | None:
        given = frame.arguments.get(name)
        if isinstance(given, Deferred):
            return self.of(given.expression, given.frame)
        function = frame.function
        if given is not None or not isinstance(function, s.Function):
            return None
        if frame.owner is not None and function.parameters[0].name == name and not _is_static(function):
            return self._class_of_self(frame) if is_class_level(function) else None
        return self._injected(name, frame.module, function, frame.owner)

    def _injected(
        self, name: str, module: Module, function: s.Function, owner: s.Class | None
    ) -> Shared | None:
        """What pytest passes for a parameter of a test or fixture."""
        own = self.fixtures.fixture(module, function, owner)
        if (own is None and not function.name.startswith("test")) or is_parametrized(function, name):
            return None
        found = self.fixtures.find(name, module, owner, besides=own)
        return None if found is None else self.given_by(found)

    def given_by(self, fixture: Fixture) -> Shared | None:
        """What a fixture hands out: a global, if it returns one; its own value, if it outlives a test."""
        frame = self.evaluator.function_frame(fixture.module, fixture.function)
        returned = self.evaluator.outcomes.expressions(fixture.function)
        value = returned[0] if len(returned) == 1 else None
        alias = None if value is None else self.of(value, frame)
        if alias is not None:
            return alias
        if fixture.scope == "function" or value is None:
            return None
        hop = Hop(
            fixture.module.path, fixture.function.name_at, f"{fixture.scope}-scoped fixture {fixture.name}"
        )
        place = Place(FIXTURE, (fixture.module.path, str(fixture.function.name_at[0])))
        made = self._made(value, frame)
        return Shared(place, "fixture", fixture.module, made[0], made[1], scope=fixture.scope, trail=(hop,))

    def _made(self, value: s.Expression, frame: Frame) -> tuple[s.Expression, Frame]:
        """The expression that makes what a local name stands for."""
        if isinstance(value, s.Name):
            bindings = self.evaluator.names(frame).bindings.get(value.id, ())
            reached = reaching(bindings, value.at[0]) if bindings else ()
            if len(reached) == 1 and reached[0].value is not None and reached[0].kind == "assign":
                return reached[0].value, frame
        return value, frame

    # -- modules

    def global_(self, module: Module, name: str) -> Shared | None:
        """What a module's name stands for, followed through imports and plain aliases."""
        if self._depth >= DEEPEST:
            return None
        self._depth += 1
        try:
            return self._global(module, name)
        finally:
            self._depth -= 1

    def _global(self, module: Module, name: str) -> Shared | None:
        bindings = module.names.bindings.get(name)
        if not bindings:
            return self._unbound(module, name)
        binding = reaching(bindings, None)[-1] if reaching(bindings, None) else bindings[-1]
        if binding.kind == "import":
            return self.imported(module, binding)
        place = Place(STATE, (module.path, name))
        frame = self.evaluator.module_frame(module)
        hop = (Hop(module.path, binding.node.at, f"{name} = {show(binding.value)}"),)
        if isinstance(binding.node, s.Class):
            hop = (Hop(module.path, binding.node.name_at, f"class {name}"),)
            return Shared(place, "class", module, cls=ClassValue(module, binding.node, frame), trail=hop)
        if isinstance(binding.node, s.Function):
            return Shared(place, "function", module)
        if (
            binding.kind == "assign"
            and isinstance(binding.value, s.Name | s.Attribute)
            and not binding.unpack
        ):
            alias = self.of(binding.value, frame)
            if alias is not None:
                return alias
        value = binding.value if binding.kind == "assign" and not binding.unpack else None
        if isinstance(value, s.Constant) and value.value is None:
            value, frame = self._made_later(module, name) or (value, frame)
        return Shared(place, "object", module, value, frame, trail=hop)

    def _made_later(self, module: Module, name: str) -> tuple[s.Expression, Frame] | None:
        """What a function makes and keeps in a global that starts as None: one thing, or none that can be told."""
        if name not in module.facts.globals:
            return None
        found = [
            (node.value, self.evaluator.function_frame(module, function))
            for function in module.functions
            for node in statements(function.body)
            if isinstance(node, s.Assign) and isinstance(node.value, s.Call)
            if any(isinstance(target, s.Name) and target.id == name for target in node.targets)
            if name in self.evaluator.names(self.evaluator.function_frame(module, function)).globals
        ]
        return found[0] if len(found) == 1 else None

    def imported(self, module: Module, binding: Binding) -> Shared | None:
        """What an import binds."""
        if binding.imported is not None and binding.imported.name == "*":
            return None
        resolved = self.project.import_target(module, binding)
        if resolved.module is None:
            return Shared(Place(LIBRARY).part_of(resolved.external), "module")
        found: Shared | None = Shared(Place(STATE, (resolved.module.path,)), "module", resolved.module)
        for name in resolved.rest:
            found = None if found is None else self.member(found, name)
        return found

    def _unbound(self, module: Module, name: str) -> Shared | None:
        for binding in module.names.bindings.get("*", ()):
            if isinstance(binding.node, s.Import):
                source = self.project.source_module(module, binding.node).module
                if source is not None and source is not module and name in source.names.bindings:
                    return self.global_(source, name)
        return None

    # -- attributes, items, calls

    def _attribute(self, node: s.Attribute, frame: Frame) -> Shared | None:
        if node.name == "__class__" and isinstance(node.value, s.Name):
            return self._class_of(node.value, frame)
        if isinstance(node.value, s.Name) and self.is_self(node.value, frame):
            return self._own_attribute(node.name, frame)
        owner = self.of(node.value, frame)
        return None if owner is None else self.member(owner, node.name)

    def member(self, owner: Shared, name: str) -> Shared | None:
        """An attribute of a shared thing."""
        if owner.sort == "module" and owner.module is not None:
            if name in owner.module.names.bindings:
                return self.global_(owner.module, name)
            inner = self.project.submodule(owner.module, name)
            if inner is not None:
                return Shared(Place(STATE, (inner.path,)), "module", inner)
            return self._unbound(owner.module, name)
        if owner.cls is not None:
            return self.class_attribute(owner.cls, name)
        made = self._made_of(owner)
        if any(
            isinstance(v, Instance) and instances.method(self.evaluator, v, name) is not None for v in made
        ):
            return None  # a method or property: what that gives cannot be told
        unclear = owner.place.kind == LIBRARY or any(isinstance(v, Unknown | Parameter) for v in made)
        place, steps = owner.place.part(name), owner.steps + unclear
        sort = "part" if owner.sort in ("entry", "part") else "object"
        return Shared(place, sort, owner.module, scope=owner.scope, steps=steps, trail=owner.trail)

    def _made_of(self, owner: Shared) -> tuple[Value, ...]:
        """What the expression that makes a shared thing may stand for."""
        if owner.value is None or owner.frame is None or is_container(owner):
            return ()
        return options(self.evaluator.evaluate(owner.value, owner.frame))

    def class_attribute(self, cls: ClassValue, name: str) -> Shared | None:
        """An attribute of a class, as it stands in its body or as its class set-up assigns it."""
        for ancestor in instances.lineage(self.evaluator, cls)[0]:
            place = Place(STATE, (ancestor.module.path, ancestor.node.qualname, name))
            frame = instances.body_frame(ancestor)
            for binding in self.evaluator.names(frame).bindings.get(name, ())[-1:]:
                if binding.value is None or self._is_filled(ancestor, name, binding.value):
                    break
                hop = Hop(ancestor.module.path, binding.node.at, f"{name} = {show(binding.value)}")
                return self.of(binding.value, frame) or Shared(
                    place, "object", ancestor.module, binding.value, frame, trail=(hop,)
                )
            for function, node in self.evaluator.assignments(ancestor.node).get(name, ()):
                later = isinstance(node.value, s.Call) and self._is_filled(ancestor, name, None)
                if (function.name in CLASS_SET_UP or later) and node.value is not None:
                    inside = self.evaluator.function_frame(ancestor.module, function)
                    hop = Hop(ancestor.module.path, node.at, f"{name} = {show(node.value)}")
                    return self.of(node.value, inside) or Shared(
                        place, "object", ancestor.module, node.value, inside, trail=(hop,)
                    )
        place = Place(STATE, (cls.module.path, cls.node.qualname, name))
        return Shared(place, "object", cls.module)

    def _is_filled(self, cls: ClassValue, name: str, value: s.Expression | None) -> bool:
        """Whether a class attribute starts as None and a class method of the product makes what it holds."""
        starts = value is None or (isinstance(value, s.Constant) and value.value is None)
        if cls.module.is_test or not starts:
            return False
        made = self.evaluator.assignments(cls.node).get(name, ())
        return any(is_class_level(f) and isinstance(node.value, s.Call) for f, node in made)

    def is_self(self, node: s.Name, frame: Frame) -> bool:
        """Whether a name is the object a method runs for."""
        function = frame.function
        if frame.owner is None or not isinstance(function, s.Function):
            return False
        key = id(function)
        if key not in self._selves:
            method = function.parameters and not is_class_level(function) and not _is_static(function)
            self._selves[key] = function.parameters[0].name if method else ""
        return self._selves[key] == node.id

    def _own_attribute(self, name: str, frame: Frame) -> Shared | None:
        """`self.name`: shared only if the class holds it, or if it is an alias for something shared."""
        cls = self_class(frame)
        if cls is None:
            return None
        shared = False
        for ancestor in instances.lineage(self.evaluator, cls)[0]:
            assigned = self.evaluator.assignments(ancestor.node).get(name, ())
            for function, node in assigned:
                if function.name == PER_TEST_DATA:
                    return None
                if node.operator != "=":
                    continue
                if is_class_level(function):
                    shared = True
                elif isinstance(node.value, s.Name | s.Attribute):
                    inside = self.evaluator.function_frame(ancestor.module, function)
                    return self.of(node.value, inside)
                else:
                    return None
            bindings = self.evaluator.names(instances.body_frame(ancestor)).bindings.get(name, ())
            shared = shared or any(b.value is not None for b in bindings)
        return self.class_attribute(cls, name) if shared else None

    def _class_of_self(self, frame: Frame) -> Shared | None:
        cls = self_class(frame)
        if cls is None:
            return None
        place = Place(STATE, (cls.module.path, cls.node.qualname))
        return Shared(place, "class", cls.module, cls=cls)

    def _class_of(self, node: s.Expression, frame: Frame) -> Shared | None:
        if isinstance(node, s.Name) and self.is_self(node, frame):
            return self._class_of_self(frame)
        return None

    def _item(self, node: s.Subscript, frame: Frame) -> Shared | None:
        owner = None if isinstance(node.index, s.Opaque) else self.of(node.value, frame)  # a slice is a copy
        return None if owner is None else inside(owner, node.index)

    def _called(self, node: s.Call, frame: Frame) -> Shared | None:
        name = dotted(node.function) or ""
        if name == "type" and len(node.arguments) == 1:
            return self._class_of(node.arguments[0], frame)
        if isinstance(node.function, s.Attribute) and node.function.name in _LOOK_UPS:
            owner = self.of(node.function.value, frame)
            if owner is not None and owner.sort in ("object", "fixture") and is_container(owner):
                index = node.arguments[0] if node.arguments and node.function.name == "get" else None
                return inside(owner, index)
        value = self.evaluator.evaluate(node.function, frame)
        if isinstance(value, FunctionValue) and isinstance(value.function, s.Function):
            return self._returned(value.module, value.function, node)
        if name.rpartition(".")[2] == "import_module":
            module = self.evaluator.evaluate(node, frame)
            if isinstance(module, ModuleValue):
                return Shared(Place(STATE, (module.module.path,)), "module", module.module)
        shared = self.of(node.function, frame)
        if shared is not None and shared.place == Place(LIBRARY, ("logging", "getLogger")):
            name_of = node.arguments[0] if node.arguments else s.Constant("", node.at)
            if isinstance(name_of, s.Constant):
                return Shared(shared.place.part(str(name_of.value)), "object")
        return None

    def _returned(self, module: Module, function: s.Function, node: s.Call) -> Shared | None:
        """What a first-party function returns, if it is always the same thing."""
        returned = self.evaluator.outcomes.expressions(function)
        if len(returned) != 1 or function.is_generator:
            return None
        frame = self.evaluator.function_frame(module, function)
        found = self.of(returned[0], frame) if isinstance(returned[0], s.Name | s.Attribute) else None
        if found is not None:
            return found
        names = {(dotted(d.function if isinstance(d, s.Call) else d) or "") for d in function.decorators}
        if node.arguments or node.keywords or _CACHES.isdisjoint(name.rpartition(".")[2] for name in names):
            return None
        place = Place(STATE, (module.path, function.qualname, "()"))
        return Shared(place, "object", module, returned[0], frame)


def self_class(frame: Frame) -> ClassValue | None:
    """The class of the object a method runs for."""
    return (
        frame.receiver.of
        if isinstance(frame.receiver, Instance)
        else (frame.receiver if isinstance(frame.receiver, ClassValue) else None)
    )


def is_class_level(function: s.Function) -> bool:
    """Whether a method's first parameter is the class."""
    return function.name in CLASS_LEVEL or any(
        isinstance(d, s.Name) and d.id == "classmethod" for d in function.decorators
    )


def _is_static(function: s.Function) -> bool:
    return any(isinstance(d, s.Name) and d.id == "staticmethod" for d in function.decorators)
