"""Values of unique columns that are the same in every run, in rows that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from isolint.facts.program import syntax as s
from isolint.facts.program.scopes import statements
from isolint.facts.rows.landings import Landing, Landings
from isolint.facts.rows.libraries import Libraries
from isolint.facts.rows.outcomes import is_refused
from isolint.facts.rows.payloads import Field, Payloads, spelled_in
from isolint.facts.rows.sameness import FIXED
from isolint.facts.running.relevance import last_name
from isolint.facts.suite.fixtures import MODULE_SET_UP, SET_UP, Fixtures
from isolint.facts.targets.lattice import Level, Target
from isolint.late import dataclass

if TYPE_CHECKING:
    from isolint.facts.meaning.values import Hop, Trail
    from isolint.facts.program.project import Module
    from isolint.facts.rows.columns import UniqueColumns
    from isolint.facts.rows.driven import Drive
    from isolint.facts.rows.network import Network
    from isolint.facts.rows.sameness import Sameness
    from isolint.facts.rows.written import Row, Written
    from isolint.facts.suite.mentions import Mentions
    from isolint.facts.suite.reach import Reach
    from isolint.facts.suite.reached import Reached

_EXPECTS_FAILURE = frozenset({"raises", "assertRaises", "assertRaisesRegex"})


@dataclass(frozen=True, slots=True, eq=False)
class Collision:
    """A unique column's value that every run, or with `counted` every process, writes again: `where` it stays."""

    at: s.Position
    column: str
    value: str
    counted: bool
    where: str
    trail: Trail


class Collisions:
    """Finds them for the whole project: what helpers write is judged by the tests that call them."""

    def __init__(
        self,
        written: Written,
        columns: Callable[[], UniqueColumns],
        payloads: Payloads,
        landings: Landings,
        network: Network,
        fixtures: Fixtures,
        reach: Reach,
        mentions: Mentions,
        reached: Reached,
    ) -> None:
        self.written = written
        self._columns = columns
        self.payloads = payloads
        self.landings = landings
        self.network = network
        self.fixtures = fixtures
        self.reach = reach
        extensions = fixtures.evaluator.vocabulary.initializers  # their sessions are another library's
        self.libraries = Libraries(fixtures, (*written.stores, *extensions))
        self.mentions = mentions
        self.reached = reached
        self._found: dict[str, dict[str, list[Collision]]] = {}
        self._running: dict[str, bool] = {}

    @cached_property
    def columns(self) -> UniqueColumns:
        return self._columns()

    @cached_property
    def sameness(self) -> Sameness:
        from isolint.facts.rows.sameness import Sameness

        return Sameness(self.fixtures.evaluator)

    def of(self, module: Module) -> tuple[Collision, ...]:
        """The collisions that are written in a module, in source order."""
        if not module.is_test:
            return ()
        found: dict[s.Position, Collision] = {}
        for seen in self._leading_to(module):
            for collision in self._from(seen).get(module.path, ()):
                found.setdefault(collision.at, collision)
        return tuple(found[at] for at in sorted(found))

    def _leading_to(self, module: Module) -> tuple[Module, ...]:
        """The test modules that may come to what a module spells out, and to what it does itself."""
        users = self.mentions.users(module)
        if users is None:
            return self.reach.tests
        paths = {path for path in (module.path, *users) if self._is_run(path)}
        return self.reached.among(paths) if paths else ()

    def _is_run(self, path: str) -> bool:
        """Whether pytest or unittest runs anything of a file."""
        if path not in self._running:
            module = self.fixtures.evaluator.project.module(path)
            self._running[path] = module is not None and any(True for _ in self.roots(module))
        return self._running[path]

    def _from(self, module: Module) -> dict[str, list[Collision]]:
        """The collisions that what runs in a module leads to, by the module that they are written in."""
        if module.path not in self._found:
            found: dict[str, list[Collision]] = {}
            for function in self.roots(module):
                for path, collision in self._in(module, function):
                    found.setdefault(path, []).append(collision)
            self._found[module.path] = found
        return self._found[module.path]

    def roots(self, module: Module) -> Iterator[s.Function]:
        """The tests, fixtures and set-ups of a module."""
        tests = {id(function) for function, _ in self.fixtures.tests(module)}
        for function in module.functions:
            owner = module.methods.get(id(function))
            set_up = function.name in (SET_UP if owner is not None else MODULE_SET_UP)
            if id(function) in module.enclosing:
                continue
            if id(function) in tests or set_up or self.fixtures.fixture(module, function, owner) is not None:
                yield function

    def _in(self, module: Module, function: s.Function) -> Iterator[tuple[str, Collision]]:
        writes = self.libraries.may_be_used(module)
        if writes and self._may_write(module, function) and self.landings.is_left_alone(module, function):
            yield from self._by_rows(module, function)
        yield from self._by_requests(module, function)
        yield from self._on_servers(module, function)

    # -- rows that the tests write themselves

    def _may_write(self, module: Module, function: s.Function) -> bool:
        """Whether test code writes the same values in every run, as far as that can be told quickly."""
        if self.landings.is_tidied_around(module, function):
            return False
        for row in self.written.by_tests(module, function):
            if row.fields and (row.model is None or any(self._same(row.fields, self._unique(row)))):
                return True
        return False

    def _by_rows(self, module: Module, function: s.Function) -> Iterator[tuple[str, Collision]]:
        run = self.written.run(module, function)
        for row in self.written.rows(run):
            fields = list(self._same(row.fields, self._unique(row)))
            if not fields or not row.event.frame.module.is_test:
                continue
            landing = self.landings.kept(row.store, module.path)
            if landing is None or not self.written.commits(run, row) or is_expected_to_fail(function, row):
                continue
            if not self.stays(module, function):
                return
            if self.landings.is_diverted(module, function, row, landing):
                continue
            for field, value, counted, hop in fields[:1]:
                yield from self._told(
                    field, value, counted, (*row.trail, hop, *landing.trail), landing, module
                )

    def _unique(self, row: Row) -> dict[str, Hop]:
        return self.columns.of_table(row.table) if row.model is None else self.columns.of(row.model)

    def _same(
        self, fields: tuple[Field, ...], unique: dict[str, Hop]
    ) -> Iterator[tuple[Field, str, bool, Hop]]:
        for field in fields:
            if field.name in unique:
                kind, value = self.sameness.of(field.value, field.frame)
                if kind:
                    yield field, value, kind != FIXED, unique[field.name]

    def stays(self, module: Module, function: s.Function) -> bool:
        """Whether rows of a test, fixture or set-up outlive the tests that they are written for."""
        owner = module.methods.get(id(function))
        fixture = self.fixtures.fixture(module, function, owner)
        if fixture is None:
            return True
        users = [
            (seen, test)
            for seen in self.reach.tests
            for test, cls in self.fixtures.tests(seen)
            if any(f.function is function for f in self.fixtures.closure(seen, test, cls))
        ]
        return any(self.landings.is_left_alone(seen, test) for seen, test in users)

    def _told(
        self, field: Field, value: str, counted: bool, trail: Trail, landing: Landing, module: Module
    ) -> Iterator[tuple[str, Collision]]:
        node, frame = spelled_in(field)
        path, at = frame.module.path, node.at
        if not frame.module.is_test:
            hops = [hop for hop in trail if hop.path == module.path]
            if not hops:
                return
            path, at = hops[0].path, hops[0].at
        known = self.fixtures.evaluator.evaluate(node, frame).trail
        yield path, Collision(at, field.name, value, counted, landing.target.why, (*known, *trail))

    # -- rows that an application writes for them

    def _by_requests(self, module: Module, function: s.Function) -> Iterator[tuple[str, Collision]]:
        for drive in self.landings.driven.by(module, function):
            content = _content(drive.request.call)
            if content is None or is_refused(function, drive.request.call):
                continue
            row = self.written_by(drive)
            if row is None or row.model is None:
                continue
            frame = self.fixtures.evaluator.function_frame(module, function)
            unique = {n: h for n, h in self.columns.of(row.model).items() if n not in ("id", "pk")}
            same = list(self._same(self.payloads.fields(content, frame), unique))
            if not same or not self.landings.is_left_alone(module, function):
                continue
            landing = self.landings.of_drive(drive, row)
            if landing is None or not self.stays(module, function):
                continue
            for field, value, counted, hop in same[:1]:
                trail = (drive.hop, drive.route.hop, *row.trail, hop, *landing.trail)
                yield from self._told(field, value, counted, trail, landing, module)

    def _on_servers(self, module: Module, function: s.Function) -> Iterator[tuple[str, Collision]]:
        """What is sent to a running server: a model of the project says which of its fields is unique."""
        sends = self.network.may_be_made(module, function)
        if not sends or not self.landings.is_left_alone(module, function):
            return
        for sent in self.network.made(module, function):
            named = {f.name: hop for f in sent.fields if (hop := self.columns.named(f.name)) is not None}
            same = list(self._same(sent.fields, named))
            if not same or not self.stays(module, function):
                continue
            landing = Landing(Target(Level.UNKNOWN, sent.address), ())
            for field, value, counted, hop in same[:1]:
                yield from self._told(field, value, counted, (*sent.trail, hop), landing, module)

    def written_by(self, drive: Drive) -> Row | None:
        """The first row that answering a request writes."""
        route = drive.route.function
        if not isinstance(route.function, s.Function):
            return None
        return next(self.written.rows(self.written.run(route.module, route.function)), None)


def _content(call: s.Call) -> s.Expression | None:
    """What a request carries."""
    given = dict(call.keywords)
    return next((given[name] for name in ("json", "data", "params") if name in given), None)


def is_expected_to_fail(function: s.Function, row: Row) -> bool:
    """Whether a row is written where the test expects an exception."""
    line = next((hop.at[0] for hop in row.trail if function.at[0] <= hop.at[0] <= function.at[2]), 0)
    return any(
        node.at[0] <= line <= node.at[2]
        for node in statements(function.body)
        if isinstance(node, s.With)
        for context, _ in node.items
        if isinstance(context, s.Call) and last_name(context) in _EXPECTS_FAILURE
    )
