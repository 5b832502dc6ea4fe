"""The settings of a run: what the configuration files say, and the command line above them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from isolint.configfile import Source, find_config, find_root, position, read_config
from isolint.defaults import DEFAULT_EXCLUDE
from isolint.finding import Confidence, Severity, Span
from isolint.late import dataclass
from isolint.shapes import (
    SettingsError,
    convert_keys,
    documented,
    key_of,
    make,
    plain,
    schema_of_table,
    settable,
)

__all__ = [
    "Selection",
    "Settings",
    "SettingsError",
    "find_config",
    "find_root",
    "listing",
    "load",
    "place_of_ignore",
    "rule_options",
    "schema",
]

Options = TypeVar("Options")
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What one file, or the command line, says about which rules run; `places` names each key's place."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting in force. Globs are gitignore-style and relative to `root`, wherever they were written.

    `origins` tells where a value comes from: "default", or the file, table and key, or "command line: KEY".
    Its keys are those of the configuration (`min-severity`), dotted in tables (`rules.NAME.OPTION`).
    """

    root: Path
    config: Path | None = None
    extend: Annotated[Path | None, "Another configuration file, whose settings hold unless set here."] = None
    select: Annotated[Words | None, "The rules that run: codes, prefixes of codes, names or ALL."] = None
    extend_select: Annotated[Words, "Rules that run besides the selected ones."] = ()
    ignore: Annotated[Words, "Rules that do not run."] = ()
    extend_ignore: Annotated[Words, "Rules that do not run, besides the ignored ones."] = ()
    per_file_ignores: Annotated[Mapping[str, Words], "Rules to ignore in some files, by glob."] = field(
        default_factory=dict
    )
    exclude: Annotated[Words, "Globs of what is left out, instead of the defaults."] = DEFAULT_EXCLUDE
    extend_exclude: Annotated[Words, "Globs of what is left out besides."] = ()
    test_paths: Annotated[Words, "Globs of files and folders that hold tests, besides the usual."] = ()
    plugins: Annotated[tuple[Path, ...], "Folders with rules of the project's own."] = ()
    min_severity: Annotated[Severity, "The least severity that is reported."] = Severity.INFO
    min_confidence: Annotated[Confidence, "The least confidence that is reported."] = Confidence.MEDIUM
    pedantic: Annotated[bool, "Whether smells are reported, too."] = False
    baseline: Annotated[Path | None, "The file of accepted findings, which are not reported."] = None
    rules: Annotated[Mapping[str, Mapping[str, object]], "Options of rules, by the rule's name."] = field(
        default_factory=dict
    )
    vocabulary: Annotated[Mapping[str, object], "What isolint should know of the project's own calls."] = (
        field(default_factory=dict)
    )
    selections: tuple[Selection, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


_KEYS = documented(Settings)
_GLOBS = ("exclude", "extend_exclude", "test_paths", "per_file_ignores")


@dataclass(frozen=True, slots=True)
class _Layer:
    """The settings of one source, by field name."""

    source: Source
    values: Mapping[str, Any]


def load(
    start: Path,
    *,
    config: Path | None = None,
    isolated: bool = False,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Give the settings for a run on `start`, a file or folder.

    They come from `config`, else from the file that `find_config` finds (from none, if `isolated`), and above
    it from `overrides`: settings by key or field name, where None and () stand for not given, the words of
    lists may be joined by commas, and `per-file-ignores` may be words like `tests/*.py:ISO101`.
    Tables are merged entry by entry, anything else is replaced. Raises SettingsError.
    """
    if isolated:
        config = None
    elif config is None:
        config = find_config(start)
    layers = [*_chain(config), _command_line(overrides or {})]
    return _merged(find_root(start, config), config, layers)


def rule_options(settings: Settings, rule: str, options: type[Options]) -> Options:
    """Give the options of the rule named `rule`, as an instance of its dataclass. Raises SettingsError."""
    arguments: dict[str, Any] = {}
    table = f"rules.{rule}"
    for key, value in settings.rules.get(rule, {}).items():
        place = settings.origins[f"{table}.{key}"].removesuffix(f" {key}")
        arguments |= convert_keys({key: value}, options, place, settings.root, settable(options))
    return make(options, arguments, settings.origins.get(table, f"[tool.isolint.{table}]"))


def schema(rules: Mapping[str, type] | None = None) -> dict[str, Any]:
    """Give the JSON schema (draft 2020-12) of isolint.toml; `rules` are options dataclasses by rule name."""
    document = schema_of_table(Settings, _KEYS)
    if rules is not None:
        options = {name: schema_of_table(shape) for name, shape in rules.items()}
        document["properties"]["rules"] |= {"properties": options, "additionalProperties": False}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "isolint", **document}


def own_config(settings: Settings) -> str | None:
    """Give the path of the configuration file relative to the root; None if there is none below it."""
    if settings.config is None or not settings.config.absolute().is_relative_to(settings.root):
        return None
    return Path(os.path.relpath(settings.config, settings.root)).as_posix()


def place_of_ignore(settings: Settings, glob: str, word: str) -> tuple[str, Span] | None:
    """Give the path, relative to the root, and the span at which `per-file-ignores` names `word` for `glob`.

    None if that is not in the configuration file itself, but in one that it extends or on the command line.
    """
    path = own_config(settings)
    span = None if path is None else position(settings.root / path, ("per-file-ignores", glob), word)
    return None if path is None or span is None else (path, span)


def listing(settings: Settings) -> Iterator[tuple[str, object, str]]:
    """Yield key, value (as JSON and TOML hold it) and origin of every setting; of tables, of every entry."""
    for key, each in _KEYS.items():
        for path, value in _leaves((key,), plain(getattr(settings, each.name))):
            yield ".".join(path), value, settings.origins[".".join(path)]


def _chain(config: Path | None) -> list[_Layer]:
    """Read `config` and what it extends, the outermost last."""
    layers: list[_Layer] = []
    seen: list[Path] = []
    while config is not None:
        if config.resolve() in seen:
            circle = " -> ".join(path.name for path in (*seen, config))
            raise SettingsError(f"{layers[0].source.place()} extend: {circle} is a circle")
        if layers and not config.is_file():
            raise SettingsError(f"{layers[0].source.place()} extend: there is no file {config}")
        seen.append(config.resolve())
        source, table = read_config(config)
        layers.insert(0, _layer(source, table, config.absolute().parent))
        config = layers[0].values.get("extend")
    return layers


def _command_line(overrides: Mapping[str, object]) -> _Layer:
    given = {
        key.replace("_", "-"): value for key, value in overrides.items() if value is not None and value != ()
    }
    words = {
        key: _split(value) if isinstance(value, (list, tuple)) else value for key, value in given.items()
    }
    ignores = words.get("per-file-ignores")
    if isinstance(ignores, list):
        words["per-file-ignores"] = _ignores_by_glob(ignores)
    return _layer(Source("command line"), words, Path.cwd())


def _split(words: Sequence[object]) -> list[object]:
    parts: list[object] = []
    for word in words:
        parts += [part.strip() for part in word.split(",")] if isinstance(word, str) else [word]
    return parts


def _ignores_by_glob(words: Sequence[object]) -> dict[str, list[str]]:
    """Read `GLOB:CODE` words; a word without a colon is another code for the glob before it."""
    ignores: dict[str, list[str]] = {}
    glob = ""
    for word in map(str, words):
        before, colon, code = word.rpartition(":")
        glob = before if colon else glob
        if not glob:
            raise SettingsError(f"command line: per-file-ignores: expected GLOB:CODE, got '{word}'")
        ignores.setdefault(glob, []).append(code)
    return ignores


def _layer(source: Source, table: Mapping[str, object], folder: Path) -> _Layer:
    values = convert_keys(table, Settings, source.place(), folder, _KEYS)
    globs = [(name, glob) for name in _GLOBS for glob in values.get(name, ())]
    if globs:
        from isolint.patterns import is_pattern

        for name, glob in globs:
            if not is_pattern(glob):
                raise SettingsError(f"{source.place()} {key_of(name)}: '{glob}' is not a glob")
    return _Layer(source, values)


def _merged(root: Path, config: Path | None, layers: Sequence[_Layer]) -> Settings:
    values: dict[str, Any] = {}
    origins = dict.fromkeys(_KEYS, "default")
    for layer in layers:
        values = _joined(values, layer.values)
        for name, value in layer.values.items():
            origins |= _origins(layer.source, (key_of(name),), value)
    selections = tuple(map(_selection, layers))
    return Settings(root=root, config=config, selections=selections, origins=origins, **values)


def _joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Put `new` over `old`: tables entry by entry, all else as a whole."""
    joined = dict(old)
    for key, value in new.items():
        before = joined.get(key)
        is_entrywise = isinstance(value, Mapping) and isinstance(before, Mapping)
        joined[key] = _joined(before or {}, value) if is_entrywise else value
    return joined


def _origins(source: Source, path: tuple[str, ...], value: object) -> Iterator[tuple[str, str]]:
    """Yield the dotted path and the place of the key at `path`, and of the keys in its table if it is one."""
    yield ".".join(path), f"{source.place(*path[:-1])} {path[-1]}"
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _origins(source, (*path, key), entry)


def _leaves(path: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], object]]:
    if not isinstance(value, Mapping) or not value:
        yield path, value
        return
    for key, entry in value.items():
        yield from _leaves((*path, key), entry)


def _selection(layer: _Layer) -> Selection:
    names = ("select", "extend_select", "ignore", "extend_ignore")
    given = {name: layer.values[name] for name in names if name in layer.values}
    places = {name: f"{layer.source.place()} {key_of(name)}" for name in given}
    return Selection(**given, places=places)
