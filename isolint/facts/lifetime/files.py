"""Files and folders that test code makes at one path: in the working directory, or in the machine's /tmp."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from isolint.facts.configuration.parallel import Parallel
from isolint.facts.meaning import handles
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    Frame,
    FunctionValue,
    Handle,
    Literal,
    Method,
    Reference,
    Text,
    Thing,
    Value,
    options,
    text,
)
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import every_expression, statements, walk
from isolint.facts.running.failures import fails_on_purpose
from isolint.facts.running.relevance import called_in, calls_in, last_name
from isolint.facts.suite.callers import Callers, Place
from isolint.facts.suite.fixtures import BY_NAME, Fixtures
from isolint.late import dataclass, regex
from isolint.vocabulary.surroundings import FileWriter

_SQLITE = regex(r"^sqlite(?:\+\w+)?:///")
_SHARED = ("/tmp/", "/var/tmp/")
_WRITES = frozenset("wax+")
_REMOVES = frozenset({"remove", "unlink", "rmtree", "rmdir", "removedirs"})
_REGISTERS = frozenset({"addCleanup", "callback", "register", "addClassCleanup", "addModuleCleanup"})
_OTHER_FOLDERS = frozenset({"testdir", "pytester", "cd", "isolated_filesystem"})
_MADE_UP = frozenset({"fs", "fs_module", "fs_session"})
_FAKES = frozenset(
    {"open", "mkdir", "makedirs", "copy", "copyfile", "copytree", "move", "connect", "write_text"}
)


@dataclass(frozen=True, slots=True)
class Written:
    """The file or folder `path` is made `at` a place; not `sure` where hardly anybody will meet it."""

    at: s.Position
    path: str
    sure: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Writing:
    """A call that writes, and the tests, fixtures and set-ups that come to it; none for one at the top level."""

    module: Module
    at: s.Position
    path: str
    places: tuple[Place, ...]


class FixedFiles:
    """Reads the writing calls of all test code. `modules` gives it."""

    def __init__(
        self,
        evaluator: Evaluator,
        fixtures: Fixtures,
        parallel: Parallel,
        callers: Callable[[], Callers],
        modules: Callable[[], tuple[Module, ...]],
    ) -> None:
        self.evaluator = evaluator
        self.vocabulary = evaluator.vocabulary
        self.fixtures = fixtures
        self.parallel = parallel
        self._callers = callers
        self._modules = modules
        self._known: dict[str, tuple[_Writing, ...]] = {}
        self._words = {call.rpartition(".")[2] for call in self.vocabulary.file_writers}

    def of(self, module: Module) -> Iterator[Written]:
        """The paths that the tests, fixtures and set-ups of a module write, each told once."""
        seen: set[str] = set()
        for writing in self._of_module(module) if module.is_test else ():
            if writing.path not in seen:
                seen.add(writing.path)
                yield Written(writing.at, writing.path, self._is_met(writing))

    def _is_met(self, writing: _Writing) -> bool:
        """Whether others meet what is written: other tests and workers that write it, or the next run.

        What a module writes as it is imported, a database to be made anew, is another's with workers alone.
        """
        if self.parallel.workers(writing.module.path) is not None:
            stays = not self.parallel.speaks_of_workers(writing.module)
        else:
            stays = bool(writing.places) and not self._is_removed(writing)
        if not stays or not writing.places:
            return stays
        return any(self._is_broad(function) for _, function in writing.places) or self._has_others(writing)

    def _has_others(self, writing: _Writing) -> bool:
        """Whether more than one test comes to the path: those of the same module are looked at first."""
        writers = {
            id(function)
            for each in self._of_module(writing.module)
            if each.path == writing.path
            for _, function in each.places
        }
        if len(writers) < 2:
            writers |= {
                id(function) for each in self._by_path.get(writing.path, ()) for _, function in each.places
            }
        return len(writers) > 1

    def _is_broad(self, function: s.Function) -> bool:
        """Whether a function that writes is a fixture or set-up, not a single test."""
        return not function.name.startswith("test")

    @cached_property
    def _by_path(self) -> dict[str, list[_Writing]]:
        found: dict[str, list[_Writing]] = {}
        for module in self._modules():
            for writing in self._of_module(module) if module.is_test else ():
                found.setdefault(writing.path, []).append(writing)
        return found

    def _of_module(self, module: Module) -> tuple[_Writing, ...]:
        if module.path not in self._known:
            self._known[module.path] = tuple(self._in(module))
        return self._known[module.path]

    def _in(self, module: Module) -> Iterator[_Writing]:
        frame = self.evaluator.module_frame(module)
        for node in statements(module.facts.body):
            if isinstance(node, s.Assign) and isinstance(node.value, s.Call) and self._may_write(node.value):
                path = self._written(node.value, frame)
                if path is not None:
                    yield _Writing(module, node.value.at, path, ())
        for function in module.functions:
            if called_in(function.body).isdisjoint(self._words):
                continue
            frame = self.evaluator.function_frame(module, function)
            for call in calls_in(function.body):
                if last_name(call) in self._words:
                    path = self._written(call, frame)
                    if path is not None and not fails_on_purpose(function.body, call.at[0]):
                        places = tuple(self._callers().of(module, function))
                        if places and not any(self._is_elsewhere(path, m, f) for m, f in places):
                            yield _Writing(module, call.at, path, places)

    def _may_write(self, call: s.Call) -> bool:
        return last_name(call) in self._words or isinstance(call.function, s.Name)

    # -- which path

    def _written(self, call: s.Call, frame: Frame) -> str | None:
        """The fixed path that a call writes; None for any other call."""
        for callee in options(self.evaluator.evaluate(call.function, frame)):
            receiver: Value | None = None
            name = callee.name if isinstance(callee, Reference) else ""
            if isinstance(callee, Method) and not isinstance(callee.receiver, Handle | Thing):
                receiver, name = callee.receiver, f"pathlib.Path.{callee.name}"
            for entry in self.vocabulary.file_writers.get(name, ()):
                if self._writes(entry, call, frame):
                    node = handles.passed(call, entry.path)
                    value = self.evaluator.evaluate(node, frame) if node is not None else receiver
                    return None if value is None else _fixed(value)
        return None

    def _writes(self, entry: FileWriter, call: s.Call, frame: Frame) -> bool:
        if entry.mode:
            node = handles.passed(call, entry.mode)
            mode = None if node is None else text(self.evaluator.evaluate(node, frame))
            return mode is not None and not _WRITES.isdisjoint(mode)
        tolerated = handles.passed(call, entry.tolerates)
        return tolerated is None or self.evaluator.evaluate(tolerated, frame) != Literal(True)

    # -- where it lies

    def _is_elsewhere(self, path: str, module: Module, function: s.Function) -> bool:
        """Whether tests leave the working directory first, or put something in the place of the file system."""
        owner = module.methods.get(id(function))
        closure = self.fixtures.closure(module, function, owner)
        names = {fixture.name for fixture in closure} | {p.name for p in function.parameters}
        bodies = [function.body, *(fixture.function.body for fixture in closure)]
        bodies += [
            body for m, set_up in self.fixtures.set_ups(module, owner) for body in self._run(m, set_up)
        ]
        decorators = [*function.decorators, *(owner.decorators if owner is not None else ())]
        called = {name for body in bodies for name in called_in(body)}
        if not path.startswith("/") and (
            any(map(_leads_away, called | names)) or BY_NAME in called or self.fixtures.has_own_folder(module)
        ):
            return True
        spelled = [e for body in bodies for e in every_expression(body)]
        spelled += [inner for decorator in decorators for inner in walk(decorator)]
        return not names.isdisjoint(_MADE_UP) or any(map(_is_fake, spelled))

    def _is_removed(self, writing: _Writing) -> bool:
        """Whether anything in the module removes what is written, or what it lies in."""
        removed = (
            path
            for function in writing.module.functions
            for call in map(_registered, calls_in(function.body))
            if last_name(call) in _REMOVES
            for path in self._removed(call, self.evaluator.function_frame(writing.module, function))
        )
        return any(writing.path == path or writing.path.startswith(f"{path}/") for path in removed)

    def _removed(self, call: s.Call, frame: Frame) -> Iterator[str]:
        """The fixed paths that a call removes: its first argument, or what it is a method of."""
        given = list(call.arguments[:1])
        if isinstance(call.function, s.Attribute):
            given.append(call.function.value)
        for node in given:
            path = _fixed(self.evaluator.evaluate(node, frame))
            if path is not None:
                yield path

    def _run(self, module: Module, set_up: s.Function) -> Iterator[s.Block]:
        """The body of a set-up, and those of the functions that it calls by a bare name."""
        yield set_up.body
        frame = self.evaluator.function_frame(module, set_up)
        for call in calls_in(set_up.body):
            if isinstance(call.function, s.Name):
                for option in options(self.evaluator.evaluate(call.function, frame)):
                    if isinstance(option, FunctionValue) and isinstance(option.function, s.Function):
                        yield option.function.body


def _registered(call: s.Call) -> s.Call:
    """What a call registers to be called in the end, `addCleanup(os.remove, path)`; else the call."""
    if last_name(call) not in _REGISTERS or len(call.arguments) < 2:
        return call
    return s.Call(call.arguments[0], call.arguments[1:], (), call.at)


def _leads_away(name: str) -> bool:
    """Whether a function or fixture changes to another working directory, by its name."""
    return "chdir" in name or "cwd" in name or name in _OTHER_FOLDERS


def _is_fake(node: s.Expression) -> bool:
    """Whether a text names a function of the file system that is patched, or a mock of `open` is made."""
    match node:
        case s.Constant(value=str(name)):
            return "." in name and name.rpartition(".")[2] in _FAKES
        case s.Name(id=name) | s.Attribute(name=name):
            return name in ("mock_open", "Patcher", "patchfs")
    return False


def _fixed(value: Value) -> str | None:
    """The path, if it is one and the same in each run: relative, or in the machine's folder for temporary files."""
    parts = value.parts if isinstance(value, Text) else (value,)
    first = parts[0]
    if isinstance(first, Thing) and first.made_by == "tempfile.gettempdir" and len(parts) > 1:
        rest = [text(part) for part in parts[1:]]
        return None if None in rest else "/tmp" + "".join(part or "" for part in rest)
    path = text(value)
    if path is None or (isinstance(value, Literal) and not isinstance(value.value, str)):
        return None
    path = _SQLITE.sub("", path)
    if path.startswith(_SHARED):
        return path
    outside = path.startswith(("/", "~", "\\", "$", ":", "<")) or path[1:2] == ":" or "://" in path
    plain = path.removeprefix("./").strip()
    return None if outside or not plain or "mode=memory" in plain or ":memory:" in plain else plain
