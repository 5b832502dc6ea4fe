"""What isolint knows of libraries: one TOML file per library in this folder, and the project's own words.

The entries of a kind are read when they are first asked for: to read and index them all takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any

from isolint.vocabulary.entries import (
    Callback,
    Commit,
    Creator,
    Destroyer,
    Executor,
    Fake,
    Handle,
    Initializer,
    Instance,
    Isolation,
    Override,
    Pool,
    Quoter,
    Reader,
    Replacement,
    Sender,
    Statement,
    Telling,
    Type,
    Unique,
    Writer,
)
from isolint.vocabulary.reading import Entries, VocabularyError, check_types, read
from isolint.vocabulary.surroundings import Change, FileWriter, Listener, Web
from isolint.vocabulary.tables import builtin_tables

__all__ = ["Vocabulary", "VocabularyError", "load"]


def _index(make: Callable[[_Indexer], Any]) -> Any:
    """An attribute of the vocabulary, made when it is first asked for."""
    return cached_property(lambda vocabulary: make(vocabulary.by))


class Vocabulary:
    """The entries by name, in every public spelling: calls in full, `..._by_name` by their last name alone.

    Where several entries describe one call, the project's own come first. `known` holds every fully qualified
    name, `libraries` their first components and `words` their last, for a screen over source text.
    """

    def __init__(self, by: _Indexer) -> None:
        self.by = by

    types: dict[str, Type] = _index(lambda by: by.types)
    handles: dict[str, tuple[Handle, ...]] = _index(lambda by: by.call("handle"))
    instances: dict[str, tuple[Instance, ...]] = _index(lambda by: by.all("instance", "name"))
    instance_fixtures: dict[str, Instance] = _index(lambda by: by.only("instance", "fixtures"))
    destroyers: dict[str, tuple[Destroyer, ...]] = _index(lambda by: by.call("destroys"))
    destroyers_by_name: dict[str, tuple[Destroyer, ...]] = _index(lambda by: by.last_name("destroys"))
    creators: dict[str, tuple[Creator, ...]] = _index(lambda by: by.call("creates"))
    creators_by_name: dict[str, tuple[Creator, ...]] = _index(lambda by: by.last_name("creates"))
    pools: dict[str, tuple[Pool, ...]] = _index(lambda by: by.call("pools"))
    commits: dict[str, tuple[Commit, ...]] = _index(lambda by: by.call("commits"))
    writers: dict[str, tuple[Writer, ...]] = _index(lambda by: by.call("writes"))
    senders: dict[str, tuple[Sender, ...]] = _index(lambda by: by.call("sends"))
    isolations: dict[str, tuple[Isolation, ...]] = _index(lambda by: by.call("isolates"))
    isolating_fixtures: dict[str, Isolation] = _index(lambda by: by.only("isolates", "fixtures"))
    isolating_bases: dict[str, Isolation] = _index(lambda by: by.only("isolates", "bases"))
    isolating_marks: dict[str, Isolation] = _index(lambda by: by.only("isolates", "marks"))
    quoters: dict[str, tuple[Quoter, ...]] = _index(lambda by: by.call("quotes"))
    quoters_by_name: dict[str, tuple[Quoter, ...]] = _index(lambda by: by.last_name("quotes"))
    executors: dict[str, tuple[Executor, ...]] = _index(lambda by: by.call("executes"))
    executors_by_name: dict[str, tuple[Executor, ...]] = _index(lambda by: by.last_name("executes"))
    statements: dict[str, tuple[Statement, ...]] = _index(lambda by: by.call("statement"))
    callbacks: dict[str, tuple[Callback, ...]] = _index(lambda by: by.call("callback"))
    callbacks_by_name: dict[str, tuple[Callback, ...]] = _index(lambda by: by.last_name("callback"))
    readers: dict[str, tuple[Reader, ...]] = _index(lambda by: by.call("reads"))
    initializers: dict[str, tuple[Initializer, ...]] = _index(lambda by: by.call("initializes"))
    overrides: dict[str, tuple[Override, ...]] = _index(lambda by: by.call("overrides"))
    unique: dict[str, tuple[Unique, ...]] = _index(lambda by: by.call("unique"))
    unique_fixtures: dict[str, Unique] = _index(lambda by: by.only("unique", "fixtures"))
    unique_variables: dict[str, Unique] = _index(lambda by: by.only("unique", "variables"))
    fakes: dict[str, tuple[Fake, ...]] = _index(lambda by: by.call("fakes"))
    replacements: tuple[Replacement, ...] = _index(lambda by: tuple(by.entries("replace")))
    tellings: dict[str, Telling] = _index(
        lambda by: {by.types[entry.type].name: entry for entry in reversed(by.entries("tells"))}
    )
    telling_words: frozenset[str] = _index(
        lambda by: frozenset(entry.word for entry in by.entries("tells") if entry.word)
    )
    changes: dict[str, tuple[Change, ...]] = _index(lambda by: by.call("changes"))
    restoring_fixtures: dict[str, tuple[Change, ...]] = _index(lambda by: by.all("changes", "fixtures"))
    runners: frozenset[str] = _index(lambda by: frozenset(by.only("changes", "modules")))
    harmless_variables: frozenset[str] = _index(lambda by: frozenset(by.only("changes", "variables")))
    contextual: frozenset[str] = _index(
        lambda by: frozenset((*by.all("contextual", "name"), *by.call("contextual")))
    )
    listeners: dict[str, tuple[Listener, ...]] = _index(lambda by: by.call("listens"))
    file_writers: dict[str, tuple[FileWriter, ...]] = _index(lambda by: by.call("writes-file"))
    settings_bases: frozenset[str] = _index(lambda by: frozenset(by.only("reads", "bases")))
    ambient_variables: frozenset[str] = _index(lambda by: frozenset(by.only("reads", "variables")))
    web: dict[str, tuple[Web, ...]] = _index(lambda by: by.call("web"))
    known: frozenset[str] = _index(lambda by: by.known)
    libraries: frozenset[str] = _index(lambda by: by.libraries)
    words: frozenset[str] = _index(lambda by: frozenset(_word(name) for name in by.known))
    lineages: dict[str, tuple[str, ...]] = _index(
        lambda by: {name: _lineage(name, by.types) for name in by.types}
    )

    def knows(self, name: str) -> bool:
        """Whether it is a fully qualified name of the vocabulary."""
        return name.partition(".")[0] in self.libraries and name in self.known

    def canonical(self, name: str) -> str:
        """Return the name under which the entries know the type `name`, itself if they do not."""
        found = self.types.get(name)
        return found.name if found else name

    def lineage(self, name: str) -> tuple[str, ...]:
        """Return the type `name` and the types whose methods it shares, nearest first."""
        return self.lineages.get(self.canonical(name)) or (name,)


def load(extra: Mapping[str, object] | None = None, source: str = "[tool.isolint.vocabulary]") -> Vocabulary:
    """Return the built-in vocabulary, joined by the project's own words: `extra`, of the same shape.

    Raises VocabularyError, whose message begins with `source`, if `extra` cannot be understood.
    """
    if not extra:
        return _builtin()
    own = read(extra, source)
    by = _Indexer(extra, own)
    check_types(own, by.types, source)
    return Vocabulary(by)


@cache
def _builtin() -> Vocabulary:
    return Vocabulary(_Indexer({}, {}))


_tables = cache(builtin_tables)


@cache
def _entries(kind: str) -> list[Any]:
    """The entries of a kind in every file."""
    tables = ((name, found) for name, found in _tables().items() if kind in found)
    return [entry for name, found in tables for entry in read({kind: found[kind]}, name)[kind]]


# Where the entries of a kind hold names that are no calls.
_NAMES = {"instance": "name", "types": "aliases"}


class _Indexer:
    """Turns the list of entries of one kind, the project's own and those of the files, into a dictionary."""

    def __init__(self, tables: Mapping[str, object], own: Entries) -> None:
        self.tables = tables
        self.own = own

    def entries(self, kind: str) -> list[Any]:
        return self.own.get(kind, []) + _entries(kind)

    @cached_property
    def types(self) -> dict[str, Type]:
        """The types by name and alias; of two with one name the first."""
        found: dict[str, Type] = {}
        for type_ in self.entries("types"):
            for name in (type_.name, *type_.aliases):
                found.setdefault(name, type_)
        return found

    @cached_property
    def known(self) -> frozenset[str]:
        """Every fully qualified name of the vocabulary, in every spelling."""
        calls, names = self._named
        return frozenset(names.union(self.types, _spellings(calls, self.types)))

    @property
    def libraries(self) -> frozenset[str]:
        """The first components of these names, told without reading a single entry."""
        return frozenset(name.partition(".")[0] for names in self._named for name in names)

    @cached_property
    def _named(self) -> tuple[set[str], set[str]]:
        """The calls and the other names as the tables say them."""
        calls, names = set[str](), set[str]()
        for tables in (self.tables, *_tables().values()):
            for kind, members in tables.items():
                if isinstance(members, dict):
                    names.update(members if kind == "types" else ())
                    members = members.values() if kind == "types" else ()
                for table in members:
                    calls.update(_texts(table.get("call", ())))
                    names.update(_texts(table.get(_NAMES.get(kind, "bases"), ())))
        return calls, names

    def call(self, kind: str) -> dict[str, tuple[Any, ...]]:
        return _group(self.entries(kind), lambda entry: _spellings(entry.call, self.types))

    def last_name(self, kind: str) -> dict[str, tuple[Any, ...]]:
        named = [entry for entry in self.entries(kind) if entry.by_name]
        return _group(named, lambda entry: {_word(call) for call in entry.call})

    def all(self, kind: str, attribute: str) -> dict[str, tuple[Any, ...]]:
        return _group(self.entries(kind), lambda entry: getattr(entry, attribute))

    def only(self, kind: str, attribute: str) -> dict[str, Any]:
        return {name: group[0] for name, group in self.all(kind, attribute).items()}


def _group(entries: Iterable[Any], names: Callable[[Any], Iterable[str]]) -> dict[str, tuple[Any, ...]]:
    groups: dict[str, tuple[Any, ...]] = {}
    for entry in entries:
        for name in names(entry):
            groups[name] = (*groups.get(name, ()), entry)
    return groups


def _spellings(calls: Iterable[str], types: Mapping[str, Type]) -> Iterable[str]:
    """The calls; those of a type and its methods, if under its main name, under its aliases too."""
    for call in calls:
        yield call
        owner, dot, method = (call, "", "") if call in types else call.rpartition(".")
        if owner in types and types[owner].name == owner:
            yield from (f"{alias}{dot}{method}" for alias in types[owner].aliases)


def _texts(value: str | Iterable[str]) -> Iterable[str]:
    """The strings of an array, which may be written as the only one."""
    return (value,) if isinstance(value, str) else value


def _word(call: str) -> str:
    """The last name as it stands in source: `environ` for `os.environ.[]`, `Env` for `Env.__call__`."""
    return call.removesuffix(".[]").removesuffix(".__call__").rpartition(".")[2]


def _lineage(name: str, types: Mapping[str, Type]) -> tuple[str, ...]:
    """The canonical names of a type and its bases, breadth first."""
    found = [types[name].name]
    for ancestor in found:
        bases = (types[base].name for base in types[ancestor].bases if base in types)
        found += [base for base in bases if base not in found]
    return tuple(found)
