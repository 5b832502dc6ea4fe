"""From `PATH::name` or `PATH:LINE` to the answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from isolint import engine
from isolint.engine import Run
from isolint.facts.meaning import instances
from isolint.facts.meaning.values import ClassValue
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.sites import HOOKS
from isolint.facts.suite.fixtures import MODULE_SET_UP, MODULE_TEAR_DOWN, SET_UP, TEAR_DOWN
from isolint.late import dataclass, regex
from isolint.rule import Rule
from isolint.settings import Settings
from isolint.spelling import did_you_mean
from isolint.trace.answer import Answer, Effect, Piece
from isolint.trace.lines import Lines
from isolint.trace.pieces import Pieces
from isolint.trace.rulings import Range, Rulings, reason, sentence
from isolint.trace.spots import Spot, spot
from isolint.trace.steps import Steps
from isolint.trace.trails import Trails

_LINE = regex(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?:?\Z")


class PlaceError(Exception):
    """A place that cannot be looked at; the message says why, and what may have been meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and a line or the names that lead to a test, fixture or function in it."""

    path: Path
    line: int = 0
    names: tuple[str, ...] = ()


def parse(words: str) -> Place:
    """Read `PATH::name`, `PATH::Class::test[parameter]` or `PATH:LINE`, a column after it being ignored.

    Raises PlaceError for anything else, and where there is no such file.
    """
    path, colons, names = words.partition("::")
    found = None if colons else _LINE.match(words)
    if found:
        return Place(_file(found["path"]), line=int(found["line"]))
    name = names.partition("[")[0]
    if not path or not all(name.split("::")):
        raise PlaceError(f"'{words}' names no place; write PATH:LINE, PATH::name or PATH::Class::test")
    return Place(_file(path), names=tuple(name.split("::")))


def _file(words: str) -> Path:
    path = Path(words)
    if path.is_dir():
        raise PlaceError(f"{words} is a folder; name a Python file in it")
    if not path.exists():
        around = path.parent
        names = [each.name for each in around.iterdir() if each.suffix == ".py"] if around.is_dir() else []
        raise PlaceError(f"{words}: no such file{did_you_mean(path.name, names)}")
    return path


def trace(settings: Settings, rules: Sequence[Rule], place: Place) -> tuple[Answer, tuple[str, ...]]:
    """What there is to tell of a place, and the crashes of rules on the way.

    Raises PlaceError, and whatever `engine.look` raises.
    """

    def tell(run: Run) -> tuple[Answer, tuple[str, ...]]:
        answer = _Asked(run, _module(run, place)).answer(place)
        return answer, tuple(run.errors)

    return engine.look(settings, _paths(settings, place), rules, tell)


def _paths(settings: Settings, place: Place) -> list[Path]:
    """The file and the folders around it: a file that is named is looked at with them, even if they are excluded."""
    path = Path(os.path.abspath(place.path))
    around = [folder for folder in path.parents if settings.root in folder.parents]
    return [place.path, *reversed(around)]


def _module(run: Run, place: Place) -> Module:
    top = os.path.abspath(run.settings.root)
    ways = ((os.path.abspath, top), (os.path.realpath, os.path.realpath(top)))
    names = [os.path.relpath(way(place.path), start).replace(os.sep, "/") for way, start in ways]
    path = next((name for name in names if name in run.files.reported), None)
    if path is None:
        raise PlaceError(f"{place.path} is no file of the project {run.settings.root}")
    module = run.knowledge.project.module(path)
    if module is None:
        unread = run.reader.unreadable.get(path)
        raise PlaceError(
            f"{path} cannot be read: {unread.message}" if unread else f"{path} is no Python file"
        )
    return module


class _Asked:
    """One question about a module."""

    def __init__(self, run: Run, module: Module) -> None:
        self.run = run
        self.know = run.knowledge
        self.module = module
        self.steps = Steps(run)
        self.trails = Trails(run, self.steps, module)
        self.lines = Lines(run, self.steps, self.trails)
        self.pieces = Pieces(run, self.steps, self.trails, self.lines)
        self.rulings = Rulings(run, self.steps)

    def answer(self, place: Place) -> Answer:
        return self.of_name(place.names) if place.names else self.of_line(place.line)

    # -- a line

    def of_line(self, line: int) -> Answer:
        text = self.run.reader.source(self.module.path)
        last = 0 if text is None else len(text.lines)
        if line < 1:
            raise PlaceError("lines count from 1")
        if line > last:
            raise PlaceError(f"{self.module.path} has {last} lines, there is no line {line}")
        found = spot(self.module, line)
        if found is not None and isinstance(found.statement, s.Function | s.Class):
            first, end = found.lines
            found = found if first <= line <= end else None
        if found is not None and isinstance(found.statement, s.Function):
            owner = found.holder if isinstance(found.holder, s.Class) else None
            return self.of_function(self.module, found.statement, owner)
        subjects = () if found is None else self.lines.subjects(found, line)
        effects = () if found is None else self._done_by(found)
        first, end = (line, line) if found is None else found.lines
        asked = (self.module.path, min(first, line), max(end, line))
        if found is not None and isinstance(found.statement, s.Import) and line > first:
            asked = (self.module.path, line, line)
        trails = [*(subject.steps for subject in subjects), *(effect.steps for effect in effects)]
        holder = None if found is None else found.holder
        around = [] if holder is None else [(self.module.path, *holder.header)]
        rulings = tuple(self.rulings.on(asked, around, trails))
        verdict = sentence(rulings)
        if not verdict:
            verdict = self._quiet(reason(subjects, effects, ()), "nothing on this line stands for a handle")
        source = "" if found is None else self.steps.text(found, found.statement.at)
        return Answer(f"{self.module.path}:{line}", "line", source, subjects, effects, (), rulings, verdict)

    def _done_by(self, found: Spot) -> tuple[Effect, ...]:
        """What the calls of a statement create and destroy."""
        holder, know = found.holder, self.know
        if isinstance(holder, s.Class) or isinstance(found.statement, s.Import | s.Class):
            return ()
        if holder is None:
            run = know.effects.of_block(self.module, self.module.facts.body)
        else:
            run = know.effects.of(self.module, holder)
        first, last = found.lines
        return tuple(
            effect
            for effect in self.pieces.effects(run)
            if effect.steps[0].path == self.module.path and first <= effect.steps[0].line <= last
        )

    def _quiet(self, because: str, nothing: str) -> str:
        """The last word where no rule says anything."""
        if not because:
            return nothing
        if not self.rulings.is_judged(self.module):
            return f"rules judge the tests that reach this, not product code{because.replace(':', ';', 1)}"
        return f"no rule reports this{because}"

    # -- a name

    def of_name(self, names: tuple[str, ...]) -> Answer:
        wanted, module = ".".join(names), self.module
        for function in module.functions:
            if function.qualname == wanted:
                return self.of_function(module, function, module.methods.get(id(function)))
        if len(names) > 1:
            inherited = self._inherited(names)
            if inherited is not None:
                return self.of_function(*inherited)
        elif module.is_test and names[0] in (fixtures := self.know.fixtures.defined(module)):
            fixture = fixtures[names[0]]
            return self.of_function(fixture.module, fixture.function, fixture.owner)
        bindings = [b for b in module.names.bindings.get(wanted, ()) if b.kind != "class"]
        if bindings:
            return self.of_line(bindings[-1].line)
        raise PlaceError(self._unknown(names))

    def _inherited(self, names: tuple[str, ...]) -> tuple[Module, s.Function, s.Class] | None:
        """A test that a class has from one it inherits from."""
        frame = self.know.evaluator.module_frame(self.module)
        for cls in self.module.classes:
            if cls.qualname == ".".join(names[:-1]):
                for above in instances.lineage(self.know.evaluator, ClassValue(self.module, cls, frame))[0]:
                    for node in above.node.body:
                        if isinstance(node, s.Function) and node.name == names[-1]:
                            return above.module, node, cls
        return None

    def _unknown(self, names: tuple[str, ...]) -> str:
        module, wanted = self.module, "::".join(names)
        tests = [f.qualname for f in module.functions if f.qualname.startswith(".".join(names) + ".")]
        if tests and any(cls.qualname == ".".join(names) for cls in module.classes):
            example = tests[0].replace(".", "::")
            return f"{wanted} is a class; name one of its methods, such as {module.path}::{example}"
        known = [function.qualname.replace(".", "::") for function in module.functions]
        known += [*(self.know.fixtures.defined(module) if module.is_test else ()), *module.names.bindings]
        kinds = "test, fixture or function" if module.is_test else "function"
        return f"there is no {kinds} '{wanted}' in {module.path}{did_you_mean(wanted, known)}"

    def of_function(self, module: Module, function: s.Function, owner: s.Class | None) -> Answer:
        """What a test, fixture or other function does, and the fixtures around it."""
        fixture = self.know.fixtures.fixture(module, function, owner) if module.is_test else None
        kind = "fixture" if fixture is not None else self._kind(module, function)
        around: tuple[Piece, ...] = ()
        if fixture is not None:
            own = self.pieces.fixture(fixture)
            around = self.pieces.requested_by(fixture)
        else:
            own = self.pieces.function(module, function, owner, kind)
            if kind == "test":
                around = self.pieces.around(self.module if owner is not None else module, function, owner)
        pieces = (own, *around)
        asked = (module.path, function.header[0], function.at[2])
        trails = [effect.steps for piece in pieces for effect in piece.effects]
        trails += [handle.steps for piece in pieces for handle in piece.handles]
        rulings = tuple(self.rulings.on(asked, self._ranges(around), trails))
        verdict = sentence(rulings) or self._quiet(
            reason((), (), pieces), "it reaches no store, as far as can be told"
        )
        place = f"{module.path}::{function.qualname.replace('.', '::')}"
        source = self.steps.line(module.path, function.name_at[0])
        return Answer(place, kind, source, (), (), pieces, rulings, verdict)

    def _ranges(self, around: Sequence[Piece]) -> list[Range]:
        """The lines of the fixtures around a test."""
        found = []
        for piece in around:
            module = self.know.project.module(piece.path)
            for function in () if module is None else module.functions:
                if function.name_at[0] == piece.line:
                    found.append((piece.path, function.header[0], function.at[2]))
        return found

    def _kind(self, module: Module, function: s.Function) -> str:
        if module.is_test and function.name.startswith("test"):
            return "test"
        if module.is_test and function.name in HOOKS:
            return "hook"
        if module.is_test and function.name in (*SET_UP, *MODULE_SET_UP):
            return "set-up"
        if module.is_test and function.name in (*TEAR_DOWN, *MODULE_TEAR_DOWN):
            return "tear-down"
        return "function"
