"""The vocabulary: its files are well formed and true of the libraries; a project may add its own words."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import fields
from fnmatch import fnmatchcase
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from command import write

import isolint.vocabulary
from isolint.vocabulary import VocabularyError, load
from isolint.vocabulary.entries import Condition, Type
from isolint.vocabulary.reading import ENTRIES, check_types, read
from isolint.vocabulary.tables import builtin_tables, keep_parsed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILES = sorted(Path(isolint.vocabulary.__file__).parent.glob("*.toml"))
OPERATIONS = ("()", "[]", "*", "for", "with")
INSTALLED = (
    "aiosqlite",
    "alembic",
    "asyncpg",
    "django",
    "fakeredis",
    "flask_migrate",
    "flask_sqlalchemy",
    "mongomock",
    "psycopg",
    "pymongo",
    "pytest",
    "redis",
    "sqlalchemy",
    "sqlalchemy_utils",
    "sqlmodel",
    "tortoise",
)

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def entries_of(path: Path) -> Iterator[tuple[str, Any]]:
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    tables.pop("unchecked", None)
    for kind, members in read(tables, path.name).items():
        for entry in members:
            yield kind, entry


def unchecked(path: Path) -> dict[str, str]:
    return dict(tomllib.loads(path.read_text(encoding="utf-8")).get("unchecked", {}))


# -- the files


@each_file
def test_entries_name_known_types(path: Path) -> None:
    found: dict[str, list[Any]] = {kind: [] for kind in ENTRIES}
    for kind, entry in entries_of(path):
        found[kind].append(entry)
    check_types(found, load().types, path.name)


def test_no_type_is_declared_twice() -> None:
    names = [
        name
        for path in FILES
        for kind, entry in entries_of(path)
        if kind == "types"
        for name in (entry.name, *entry.aliases)
    ]
    assert sorted(names) == sorted(set(names))


@each_file
def test_entries_say_something(path: Path) -> None:
    for kind, entry in entries_of(path):
        if kind == "handle":
            tells = (entry.target, entry.parts, entry.bind, entry.settings, entry.level, entry.default)
            assert any(tells), f"{entry.call} leads nowhere"
        elif kind == "types":
            assert set(entry.selects) <= set(entry.gives), f"{entry.name} selects what it does not give"
        else:
            names = [
                getattr(entry, name, ())
                for name in ("call", "name", "fixtures", "bases", "marks", "modules", "variables", "asks")
            ]
            assert any(names), f"{kind} of nothing: {entry}"
            assert getattr(entry, "when", None) is None or entry.when.argument


@each_file
def test_only_methods_of_known_types_reach_a_store_through_self(path: Path) -> None:
    for kind, entry in entries_of(path):
        if kind != "handle" and "self" in getattr(entry, "handle", ()):
            for call in entry.call:
                assert call.rpartition(".")[0] in load().types, f"{call} has no receiver of a known type"


# -- the files against the libraries


class NotInstalledError(Exception):
    pass


def resolve(name: str) -> Any:
    """The object a fully qualified name stands for. Raises LookupError, or NotInstalledError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = module(name.partition(".")[0], name)
        for path in list(accumulate(name.split("."), "{}.{}".format))[1:]:
            try:
                found = getattr(found, path.rpartition(".")[2])
            except (AttributeError, ImportError):
                found = module(path, name)
    return found


def module(path: str, name: str) -> Any:
    try:
        return import_module(path)
    except ImportError as error:
        top = name.partition(".")[0]
        if error.name and error.name.startswith(f"{top}."):
            raise LookupError(name) from error
        raise NotInstalledError(error.name or path) from error


def has(type_name: str, attribute: str) -> bool:
    """Whether a class has an attribute, or its module speaks of it: attributes are set on instances, too."""
    found = resolve(type_name)
    if hasattr(found, attribute):
        return True
    word = re.compile(rf"\b{attribute}\b")
    return any(word.search(inspect.getsource(sys.modules[base.__module__])) for base in found.__mro__[:-1])


def names_of(kind: str, entry: Any) -> Iterator[str]:
    yield from getattr(entry, "call", ())
    yield from getattr(entry, "aliases", ())
    yield from getattr(entry, "bases", ())
    yield from (entry.name,) if kind == "types" else entry.name if kind == "instance" else ()
    yield from (name for name in getattr(entry, "undo", ()) if not name.startswith("."))
    yield from (entry.by,) if kind == "fakes" else ()


def names_in(path: Path) -> set[str]:
    return {name for kind, entry in entries_of(path) for name in names_of(kind, entry)}


def checked(path: Path, names: Iterable[str]) -> Iterator[str]:
    """The names that are not excepted by the file; skips the test if the library is not there at all."""
    exempt = unchecked(path)
    absent, found = set(), False
    for name in sorted(names):
        if not any(fnmatchcase(name, pattern) for pattern in exempt):
            try:
                resolve(name)
            except NotInstalledError as error:
                absent.add(str(error))
                continue
            except LookupError:
                pass
            found = True
            yield name
    if absent and not found:
        pytest.skip(f"not installed: {', '.join(sorted(absent))}")


def resolves(name: str) -> bool:
    try:
        resolve(name)
    except (LookupError, NotInstalledError):
        return False
    return True


@each_file
def test_names_are_those_of_the_library(path: Path) -> None:
    assert [name for name in checked(path, names_in(path)) if not resolves(name)] == []


@each_file
def test_types_have_what_they_give(path: Path) -> None:
    types = {entry.name: entry for kind, entry in entries_of(path) if kind == "types"}
    exempt = unchecked(path)
    given = [
        (name, key) for name in checked(path, types) for key in types[name].gives if key not in OPERATIONS
    ]
    missing = [f"{name}.{key}" for name, key in given if not has(name, key)]
    assert [name for name in missing if name not in exempt] == []


@each_file
def test_what_is_not_checked_could_not_be(path: Path) -> None:
    given = {
        f"{entry.name}.{key}" for kind, entry in entries_of(path) if kind == "types" for key in entry.gives
    }
    for pattern, reason in unchecked(path).items():
        assert reason
        assert any(fnmatchcase(name, pattern) for name in names_in(path) | given), f"{pattern} is in no entry"
        assert "*" in pattern or not resolves(pattern), f"{pattern} is there"


def arguments_of(entry: Any) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    for field in fields(entry):
        value = getattr(entry, field.name)
        if field.type == "Argument" and value != ("self",):
            yield field.name, value
        elif field.type == "dict[str, Argument]":
            yield from ((f"{field.name}.{key}", ways) for key, ways in value.items())
        elif isinstance(value, Condition):
            yield "when", value.argument


def calls_of(entry: Any) -> Iterator[tuple[str, str, tuple[int | str, ...]]]:
    """Each call of an entry with each of the arguments it is said to take."""
    if isinstance(entry, Type):
        for method, ways in entry.selects.items():
            if method not in OPERATIONS:
                yield f"{entry.name}.{method}", "selects", ways
        return
    for call in getattr(entry, "call", ()):
        for label, ways in arguments_of(entry):
            yield call, label, ways


def parameters(name: str) -> list[inspect.Parameter] | None:
    """The parameters of a call, without its receiver; None if they cannot be told."""
    found = resolve(name)
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return None
    listed = list(signature.parameters.values())
    owner = resolve(name.rpartition(".")[0]) if "." in name else None
    bound = inspect.isclass(owner) and inspect.isfunction(
        inspect.getattr_static(owner, name.rpartition(".")[2])
    )
    return listed[1:] if bound else listed


def accepts(listed: list[inspect.Parameter], ways: tuple[int | str, ...]) -> bool:
    """Whether a call with these parameters takes one argument in all these ways."""
    kinds = {parameter.kind for parameter in listed}
    places = [p.name for p in listed if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = [
        p.name for p in listed if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY)
    ]
    names = [way for way in ways if isinstance(way, str)]
    if inspect.Parameter.VAR_KEYWORD not in kinds and not set(names) <= set(keywords):
        return False
    for way in ways:
        if isinstance(way, int):
            if way >= len(places):
                if inspect.Parameter.VAR_POSITIONAL not in kinds:
                    return False
            elif names and places[way] not in names:
                return False
    return True


@each_file
def test_arguments_are_those_of_the_signature(path: Path) -> None:
    calls = [call for _, entry in entries_of(path) for call in calls_of(entry)]
    there = set(checked(path, {name for name, _, _ in calls}))
    wrong = []
    for name, label, ways in calls:
        listed = parameters(name) if name in there else None
        if listed is not None and not accepts(listed, ways):
            wrong.append(f"{name}: {label} = {ways}, takes {[p.name for p in listed]}")
    assert wrong == []


@pytest.mark.parametrize("library", INSTALLED)
def test_the_libraries_that_matter_most_are_checked(library: str) -> None:
    import_module(library)


# -- looking things up


@pytest.mark.parametrize(
    "call",
    [
        "sqlalchemy.orm.Session.commit",
        "sqlalchemy.orm.session.Session.commit",
        "redis.client.StrictRedis.from_url",
    ],
)
def test_a_method_is_found_under_every_name_of_its_type(call: str) -> None:
    assert {**load().commits, **load().handles}[call]


def test_what_holds_for_one_alias_does_not_hold_for_the_others() -> None:
    targets = [
        load().handles[f"peewee.{name}"][0].target for name in ("SqliteDatabase", "PostgresqlDatabase")
    ]
    assert targets == [(0, "database"), ()]


def test_aliases_lead_to_the_name_the_entries_use() -> None:
    assert load().canonical("sqlalchemy.Engine") == "sqlalchemy.engine.Engine"
    assert load().canonical("shop.db.Engine") == "shop.db.Engine"


def test_the_lineage_of_a_type_is_transitive_and_nearest_first() -> None:
    assert load().lineage("redis.asyncio.StrictRedis") == ("redis.asyncio.Redis", "redis.Redis")
    assert load().lineage("shop.db.Engine") == ("shop.db.Engine",)


def test_bare_names_are_for_entries_that_ask_for_it() -> None:
    handles = {entry.handle for entry in load().destroyers_by_name["drop_all"]}
    assert handles == {(0, "bind"), ("self",)}
    assert "drop" not in load().destroyers_by_name


def test_words_are_what_stands_in_source() -> None:
    words = load().words
    assert {"drop_all", "environ", "Env", "Redis", "BaseSettings", "connections"} <= words
    assert not any("[" in word or word.startswith("__") for word in words)


def test_libraries_are_the_packages_the_vocabulary_speaks_of() -> None:
    assert {"sqlalchemy", "django", "os", "pydantic_settings"} <= load().libraries
    assert "sqlalchemy.create_engine" in load().known


def test_the_built_in_vocabulary_is_read_once() -> None:
    assert load() is load({})


# -- the project's own words


def test_own_words_join_the_built_in_ones() -> None:
    vocabulary = load(
        {
            "types": {
                "shop.db.Store": {"kind": "client", "aliases": ["shop.Store"], "bases": ["redis.Redis"]}
            },
            "handle": [{"call": "shop.db.open_store", "type": "shop.db.Store", "target": [0, "url"]}],
            "destroys": [
                {
                    "call": ["shop.db.Store.wipe"],
                    "resource": "everything",
                    "by-name": True,
                    "when": {"argument": "force", "equals": True},
                }
            ],
        }
    )
    (destroyer,) = vocabulary.destroyers["shop.Store.wipe"]
    assert destroyer.handle == ("self",)
    assert destroyer.when == Condition(("force",), True)
    assert vocabulary.destroyers_by_name["wipe"] == (destroyer,)
    assert vocabulary.handles["shop.db.open_store"][0].type == "shop.db.Store"
    assert vocabulary.lineage("shop.Store") == ("shop.db.Store", "redis.Redis")
    assert "sqlalchemy.create_engine" in vocabulary.handles
    assert "wipe" not in load().destroyers_by_name


def test_own_words_come_before_the_built_in_ones() -> None:
    vocabulary = load({"creates": [{"call": "tempfile.mkdtemp", "resource": "folder", "undo": "shop.clean"}]})
    assert [entry.resource for entry in vocabulary.creators["tempfile.mkdtemp"]] == [
        "folder",
        "temporary directory",
    ]


def test_an_own_type_takes_the_place_of_the_built_in_one() -> None:
    vocabulary = load({"types": {"redis.Redis": {"kind": "client", "gives": {"json": "redis.Redis"}}}})
    assert vocabulary.types["redis.Redis"].gives == {"json": "redis.Redis"}


DESTROYER = {"call": "shop.wipe", "resource": "everything"}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"destroy": []}, "destroy: unknown key, did you mean 'destroys'?"),
        ({"destroys": [DESTROYER, {"calls": "x"}]}, "destroys[1].calls: unknown key, did you mean 'call'?"),
        (
            {"destroys": [{**DESTROYER, "by_name": True}]},
            "destroys[0].by_name: unknown key, did you mean 'by-name'?",
        ),
        ({"destroys": [{"call": "shop.wipe"}]}, "destroys[0]: 'resource' is missing"),
        ({"destroys": [{"call": [], "resource": "all"}]}, "destroys[0]: 'call' is missing"),
        ({"destroys": DESTROYER}, "destroys: expected an array of tables, not a table"),
        ({"destroys": ["shop.wipe"]}, "destroys[0]: expected a table, not a string"),
        (
            {"destroys": [{**DESTROYER, "call": 1}]},
            "destroys[0].call: expected an array of strings, not an integer",
        ),
        (
            {"destroys": [{**DESTROYER, "resource": []}]},
            "destroys[0].resource: expected a string, not an array",
        ),
        (
            {"destroys": [{**DESTROYER, "by-name": 1}]},
            "destroys[0].by-name: expected true or false, not an integer",
        ),
        (
            {"destroys": [{**DESTROYER, "name": [-1]}]},
            "destroys[0].name: expected positions from 0 and keyword names, not an array",
        ),
        (
            {"destroys": [{**DESTROYER, "when": {"argument": 0, "equal": 1}}]},
            "destroys[0].when.equal: unknown key, did you mean 'equals'?",
        ),
        (
            {"unique": [{"scope": "workers"}]},
            "unique[0].scope: unknown value 'workers', did you mean 'worker'?",
        ),
        (
            {"handle": [{"call": "shop.open", "type": "redis.Redi"}]},
            "handle[0].type: unknown type 'redis.Redi', did you mean 'redis.Redis'?",
        ),
        ({"types": {"shop.Store": {"kind": "shop"}}}, "types.\"shop.Store\".kind: unknown value 'shop'"),
        (
            {"types": {"shop.Store": {"kind": "client", "gives": {"db": "zzz"}}}},
            "types.\"shop.Store\".gives: unknown type 'zzz'",
        ),
        (
            {"types": {"shop.Store": {"kind": "client", "gives": {"db": 1}}}},
            'types."shop.Store".gives.db: expected a string, not an integer',
        ),
        (
            {"replace": {"shop.db.Session": 1}},
            'replace."shop.db.Session": expected a string, not an integer',
        ),
        (
            {"replace": {"shop.db.Session": "TestSession"}},
            "replace.\"shop.db.Session\": 'TestSession' is no full name, like 'shop.db.Session'",
        ),
    ],
    ids=lambda value: None if isinstance(value, dict) else value.partition(":")[0],
)
def test_what_cannot_be_understood_is_named_with_its_place(extra: dict[str, object], message: str) -> None:
    with pytest.raises(VocabularyError) as error:
        load(extra)
    assert str(error.value) == f"[tool.isolint.vocabulary]: {message}"


def test_the_place_begins_with_the_source() -> None:
    with pytest.raises(VocabularyError, match=r"^isolint\.toml: vocabulary: destroy: unknown key"):
        load({"destroy": []}, "isolint.toml: vocabulary")


def test_what_was_parsed_is_what_the_files_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomllib.loads" if sys.version_info >= (3, 11) else "tomli.loads", None)
    builtin_tables()  # parses nothing; if it does, `python -m isolint.vocabulary` has not been run


def test_what_was_parsed_of_other_files_says_nothing(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"one.toml": "listens = [{call = 'socket.bind'}]\n", "two.toml": "commits = [{call = 'a.b'}]\n"},
    )
    fresh = builtin_tables(tmp_path)
    keep_parsed(tmp_path)
    assert builtin_tables(tmp_path) == fresh
    write(tmp_path, {"two.toml": "commits = [{call = 'a.c'}]\n"})
    assert builtin_tables(tmp_path)["two.toml"] == {"commits": [{"call": "a.c"}]}
    assert builtin_tables(tmp_path, may_be_edited=False) == fresh
    write(tmp_path, {"two.toml": "commits = [{call = 'a.b'}]\n"})
    (tmp_path / "one.toml").rename(tmp_path / "uno.toml")
    assert list(builtin_tables(tmp_path)) == ["two.toml", "uno.toml"]
    write(tmp_path, {"parsed.json": "{"})
    assert builtin_tables(tmp_path)["uno.toml"] == fresh["one.toml"]
