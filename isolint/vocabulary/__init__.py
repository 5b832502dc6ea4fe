"""What isolint knows of libraries: one TOML file per library in this folder, and the project's own words.

Reading them all takes a few milliseconds and happens once, at the first `load`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from isolint.late import dataclass
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
from isolint.vocabulary.reading import ENTRIES, Entries, VocabularyError, check_types, read
from isolint.vocabulary.surroundings import Change, FileWriter, Listener, Web
from isolint.vocabulary.tables import builtin_tables

__all__ = ["Vocabulary", "VocabularyError", "load"]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The entries by name, in every public spelling: calls in full, `..._by_name` by their last name alone.

    Where several entries describe one call, the project's own come first. `known` holds every fully qualified
    name, `libraries` their first components and `words` their last, for a screen over source text.
    """

    types: dict[str, Type]
    handles: dict[str, tuple[Handle, ...]]
    instances: dict[str, tuple[Instance, ...]]
    instance_fixtures: dict[str, Instance]
    destroyers: dict[str, tuple[Destroyer, ...]]
    destroyers_by_name: dict[str, tuple[Destroyer, ...]]
    creators: dict[str, tuple[Creator, ...]]
    creators_by_name: dict[str, tuple[Creator, ...]]
    pools: dict[str, tuple[Pool, ...]]
    commits: dict[str, tuple[Commit, ...]]
    writers: dict[str, tuple[Writer, ...]]
    senders: dict[str, tuple[Sender, ...]]
    isolations: dict[str, tuple[Isolation, ...]]
    isolating_fixtures: dict[str, Isolation]
    isolating_bases: dict[str, Isolation]
    isolating_marks: dict[str, Isolation]
    quoters: dict[str, tuple[Quoter, ...]]
    quoters_by_name: dict[str, tuple[Quoter, ...]]
    executors: dict[str, tuple[Executor, ...]]
    executors_by_name: dict[str, tuple[Executor, ...]]
    statements: dict[str, tuple[Statement, ...]]
    callbacks: dict[str, tuple[Callback, ...]]
    callbacks_by_name: dict[str, tuple[Callback, ...]]
    readers: dict[str, tuple[Reader, ...]]
    initializers: dict[str, tuple[Initializer, ...]]
    overrides: dict[str, tuple[Override, ...]]
    unique: dict[str, tuple[Unique, ...]]
    unique_fixtures: dict[str, Unique]
    unique_variables: dict[str, Unique]
    fakes: dict[str, tuple[Fake, ...]]
    replacements: tuple[Replacement, ...]
    tellings: dict[str, Telling]
    telling_words: frozenset[str]
    changes: dict[str, tuple[Change, ...]]
    restoring_fixtures: dict[str, tuple[Change, ...]]
    harmless_variables: frozenset[str]
    contextual: frozenset[str]
    listeners: dict[str, tuple[Listener, ...]]
    file_writers: dict[str, tuple[FileWriter, ...]]
    settings_bases: frozenset[str]
    ambient_variables: frozenset[str]
    web: dict[str, tuple[Web, ...]]
    known: frozenset[str]
    libraries: frozenset[str]
    words: frozenset[str]
    lineages: dict[str, tuple[str, ...]]

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
    merged = {kind: own.get(kind, []) + members for kind, members in _files().items()}
    types = _types(merged["types"])
    check_types(own, types, source)
    return _index(merged, types)


@cache
def _builtin() -> Vocabulary:
    return _index(_files(), _types(_files()["types"]))


@cache
def _files() -> Entries:
    """The entries of every file."""
    found: Entries = {kind: [] for kind in ENTRIES}
    for name, tables in builtin_tables().items():
        for kind, members in read(tables, name).items():
            found[kind] += members
    return found


def _types(types: Iterable[Type]) -> dict[str, Type]:
    """The types by name and alias; of two with one name the first."""
    found: dict[str, Type] = {}
    for type_ in types:
        for name in (type_.name, *type_.aliases):
            found.setdefault(name, type_)
    return found


def _index(entries: Entries, types: dict[str, Type]) -> Vocabulary:
    by = _Indexer(entries, types)
    known = frozenset(_known(entries, types))
    return Vocabulary(
        types=types,
        handles=by.call("handle"),
        instances=by.all("instance", "name"),
        instance_fixtures=by.only("instance", "fixtures"),
        destroyers=by.call("destroys"),
        destroyers_by_name=by.last_name("destroys"),
        creators=by.call("creates"),
        creators_by_name=by.last_name("creates"),
        pools=by.call("pools"),
        commits=by.call("commits"),
        writers=by.call("writes"),
        senders=by.call("sends"),
        isolations=by.call("isolates"),
        isolating_fixtures=by.only("isolates", "fixtures"),
        isolating_bases=by.only("isolates", "bases"),
        isolating_marks=by.only("isolates", "marks"),
        quoters=by.call("quotes"),
        quoters_by_name=by.last_name("quotes"),
        executors=by.call("executes"),
        executors_by_name=by.last_name("executes"),
        statements=by.call("statement"),
        callbacks=by.call("callback"),
        callbacks_by_name=by.last_name("callback"),
        readers=by.call("reads"),
        initializers=by.call("initializes"),
        overrides=by.call("overrides"),
        unique=by.call("unique"),
        unique_fixtures=by.only("unique", "fixtures"),
        unique_variables=by.only("unique", "variables"),
        fakes=by.call("fakes"),
        replacements=tuple(entries["replace"]),
        tellings={types[entry.type].name: entry for entry in reversed(entries["tells"])},
        telling_words=frozenset(entry.word for entry in entries["tells"] if entry.word),
        changes=by.call("changes"),
        restoring_fixtures=by.all("changes", "fixtures"),
        contextual=frozenset((*by.all("contextual", "name"), *by.call("contextual"))),
        listeners=by.call("listens"),
        file_writers=by.call("writes-file"),
        harmless_variables=frozenset(by.only("changes", "variables")),
        settings_bases=frozenset(by.only("reads", "bases")),
        ambient_variables=frozenset(by.only("reads", "variables")),
        web=by.call("web"),
        known=known,
        libraries=frozenset(name.partition(".")[0] for name in known),
        words=frozenset(_word(name) for name in known),
        lineages={name: _lineage(name, types) for name in types},
    )


class _Indexer(NamedTuple):
    """Turns the list of entries of one kind into a dictionary."""

    entries: Entries
    types: dict[str, Type]

    def call(self, kind: str) -> dict[str, tuple[Any, ...]]:
        return _group(self.entries[kind], lambda entry: _spellings(entry.call, self.types))

    def last_name(self, kind: str) -> dict[str, tuple[Any, ...]]:
        named = [entry for entry in self.entries[kind] if entry.by_name]
        return _group(named, lambda entry: {_word(call) for call in entry.call})

    def all(self, kind: str, attribute: str) -> dict[str, tuple[Any, ...]]:
        return _group(self.entries[kind], lambda entry: getattr(entry, attribute))

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


def _known(entries: Entries, types: Mapping[str, Type]) -> Iterable[str]:
    """Every fully qualified name of the vocabulary, in every spelling."""
    yield from types
    for kind, members in entries.items():
        for entry in members:
            if kind == "instance":
                yield from entry.name
            elif kind != "types":
                yield from _spellings(getattr(entry, "call", ()), types)
                yield from getattr(entry, "bases", ())


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
