"""What the statements of Django's settings make of DATABASES, followed in their order and without running them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Frame, ModuleValue
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import blocks
from isolint.late import dataclass

Path = tuple[str, ...]

DATABASES = "DATABASES"
_COPIES = frozenset({"dict", "copy", "deepcopy"})


@dataclass(frozen=True, slots=True)
class Written:
    """A setting's expression, where it is evaluated, and the place that puts it into the settings.

    `part` are the keys of a dict that the expression makes: of `env.db()` the NAME.
    """

    node: s.Expression
    frame: Frame
    at: s.Position
    module: Module
    part: Path = ()

    def is_same(self, other: Written) -> bool:
        """Whether both are one and the same expression."""
        return self.node is other.node and self.frame.module is other.frame.module and self.part == other.part


class Settings(dict[str, "Written | Settings"]):
    """A dict of settings as it is written: keys to expressions, or to dicts inside it.

    `base` is an expression whose keys count where there are no others.
    """

    base: Written | None = None

    def look(self, path: Path) -> Written | Settings | None:
        """What a path of keys leads to."""
        found: Written | Settings | None = self
        for index, key in enumerate(path):
            if isinstance(found, Settings):
                inner = found.get(key)
                base = found.base
                found = inner if inner is not None or base is None else replace(base, part=(*base.part, key))
            elif isinstance(found, Written):
                return replace(found, part=(*found.part, *path[index:]))
            else:
                return None
        return found

    def put(self, path: Path, value: Written | Settings) -> None:
        """Set what a path of keys leads to."""
        inner: Settings = self
        for key in path[:-1]:
            below = inner.get(key)
            if not isinstance(below, Settings):
                made = Settings()
                made.base = below if isinstance(below, Written) else None
                inner[key] = below = made
            inner = below
        inner[path[-1]] = value

    def duplicate(self) -> Settings:
        """A copy that shares no dict with the original."""
        made = copy(self)
        for key, value in self.items():
            made[key] = value.duplicate() if isinstance(value, Settings) else value
        return made


class Reading:
    """The settings of one module or function, as far as its statements have been followed."""

    def __init__(self, evaluator: Evaluator, frame: Frame, seen: frozenset[str] = frozenset()) -> None:
        self.evaluator = evaluator
        self.frame = frame
        self.seen = seen | {frame.module.path}
        self.settings = Settings()
        self.names: dict[str, Path] = {DATABASES: (DATABASES,)}

    def follow(self, body: s.Block) -> None:
        """Take in the statements of a body, those of its blocks included."""
        for node in body:
            match node:
                case s.Import():
                    self._import(node)
                case s.Assign(value=value) if value is not None:
                    self._assign(node, value)
                case s.Evaluate(value=s.Call() as call):
                    self._call(call)
                case s.If():
                    for block in self._taken(node):
                        self.follow(block)
                case _:
                    for block, _, _ in blocks(node):
                        self.follow(block)

    def _taken(self, node: s.If) -> tuple[s.Block, ...]:
        """The blocks of an `if` that count: `if "TEST" in DATABASES["default"]` is decided, others are not."""
        match node.test:
            case s.Compare(
                left=s.Constant(value=str(key)),
                operators=("in" | "not in" as operator,),
                comparators=(where,),
            ):
                path = self._path(where)
                if path is not None and isinstance(self.settings.look(path), Settings):
                    has = self.settings.look((*path, key)) is not None
                    return (node.body,) if has == (operator == "in") else (node.orelse,)
        return (node.body, node.orelse)

    def _import(self, node: s.Import) -> None:
        project = self.evaluator.project
        for entry in node.names:
            if not (node.module or node.level) or (entry.name != "*" and not entry.name.isupper()):
                continue
            source = project.source_module(self.frame.module, node).module
            inner = self._of_module(source) if source is not None else None
            if inner is None:
                continue
            if entry.name == "*":
                self.settings.update(inner.settings.duplicate())
                self.names.update(inner.names)
            elif entry.name in inner.names and (found := inner.settings.look(inner.names[entry.name])):
                name = entry.alias or entry.name
                self.names[name] = (name,)
                self.settings[name] = found

    def _of_module(self, module: Module) -> Reading | None:
        if module.path in self.seen:
            return None
        inner = Reading(self.evaluator, self.evaluator.module_frame(module), self.seen)
        inner.follow(module.facts.body)
        return inner

    def _assign(self, node: s.Assign, value: s.Expression) -> None:
        for target in node.targets:
            path = self._path(target)
            if node.operator == "|=" and path is not None:
                self._update(path, (value,), ())
            elif node.operator != "=":
                continue
            elif isinstance(target, s.Name) and target.id != DATABASES:
                self._name(target.id, value)
            elif path is not None:
                self.settings.put(path, self._read(value))

    def _name(self, name: str, value: s.Expression) -> None:
        """A name is another one for a part of the settings, or stands for what it is given."""
        source = self._path(value)
        self.names[name] = source or (name,)
        if source is None:
            self.settings[name] = self._read(value)

    def _call(self, call: s.Call) -> None:
        match call.function:
            case s.Attribute(value=owner, name="update") if (path := self._path(owner)) is not None:
                self._update(path, call.arguments, call.keywords)
            case s.Attribute(name="setdefault"):
                self._path(call)

    def _update(
        self, path: Path, given: tuple[s.Expression, ...], keywords: tuple[tuple[str, s.Expression], ...]
    ) -> None:
        for node in given:
            found = self._read(node)
            for key, value in found.items() if isinstance(found, Settings) else ():
                self.settings.put((*path, key), value)
        for key, expression in keywords:
            if key:
                self.settings.put((*path, key), self._read(expression))

    def _path(self, node: s.Expression) -> Path | None:
        """The keys that `DATABASES["default"]["TEST"]`, or a name for a part of it, leads through."""
        match node:
            case s.Name(id=name):
                return self.names.get(name)
            case s.Attribute(name="DATABASES", value=owner) if self._module(owner) is None:
                return (DATABASES,)
            case s.Subscript(value=value, index=s.Constant(value=str(key))):
                return self._below(value, key)
            case s.Call(
                function=s.Attribute(value=value, name="get"), arguments=(s.Constant(value=str(key)), *_)
            ):
                return self._below(value, key)
            case s.Call(
                function=s.Attribute(value=value, name="setdefault"),
                arguments=(s.Constant(value=str(key)), default),
            ):
                path = self._below(value, key)
                if path is not None and self.settings.look(path) is None:
                    self.settings.put(path, self._read(default))
                return path
        return None

    def _below(self, node: s.Expression, key: str) -> Path | None:
        path = self._path(node)
        return None if path is None else (*path, key)

    def _module(self, node: s.Expression) -> Module | None:
        """The settings module that an expression names, None for Django's own `settings`."""
        value = self.evaluator.evaluate(node, self.frame)
        return value.module if isinstance(value, ModuleValue) else None

    def _read(self, node: s.Expression) -> Written | Settings:
        match node:
            case s.Mapping():
                return self._mapping(node)
            case s.Binary(operator="|", left=left, right=right):
                return self._joined((left, right), node)
            case s.Attribute(name="DATABASES", value=owner) if (module := self._module(owner)) is not None:
                inner = self._of_module(module)
                found = inner.settings.look((DATABASES,)) if inner is not None else None
                return found if found is not None else self._written(node)
            case s.Call(function=s.Name(id=name) | s.Attribute(name=name)) if name in _COPIES:
                source = node.function.value if isinstance(node.function, s.Attribute) else None
                given = node.arguments or ((source,) if name == "copy" and source is not None else ())
                made = self._joined(given, node)
                for key, value in node.keywords if isinstance(made, Settings) else ():
                    if key and isinstance(made, Settings):
                        made[key] = self._read(value)
                return made
        path = self._path(node)
        found = self.settings.look(path) if path is not None else None
        if isinstance(found, Settings):
            return found.duplicate()
        return self._written(node) if found is None else replace(found, at=node.at, module=self.frame.module)

    def _mapping(self, node: s.Mapping) -> Settings:
        made = Settings()
        for key, value in node.items:
            if key is None:
                self._join(made, value)
            elif isinstance(key, s.Constant) and isinstance(key.value, str):
                made[key.value] = self._read(value)
        return made

    def _joined(self, parts: tuple[s.Expression, ...], node: s.Expression) -> Settings | Written:
        """Several dicts put together, the last one's keys first."""
        made = Settings()
        for part in parts:
            self._join(made, part)
        keywords = isinstance(node, s.Call) and bool(node.keywords)
        return made if made or made.base or keywords else self._written(node)

    def _join(self, made: Settings, part: s.Expression) -> None:
        found = self._read(part)
        if isinstance(found, Settings):
            made.update(found)
            made.base = found.base or made.base
        else:
            made.base = found

    def _written(self, node: s.Expression) -> Written:
        return Written(node, self.frame, node.at, self.frame.module)


def databases(settings: Settings) -> Iterator[tuple[str, Written | Settings]]:
    """The databases of the settings: alias, and what is said of each."""
    found = settings.look((DATABASES,))
    yield from found.items() if isinstance(found, Settings) else ()
