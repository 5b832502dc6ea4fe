"""Which rules run, and which are ignored in a file: selectors resolved as ruff resolves them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from isolint.patterns import matches
from isolint.settings import Selection, Settings, SettingsError
from isolint.spelling import did_you_mean

Rules = Sequence[tuple[str, str, bool]]
"""The rules there are: code, name, and whether it is on by default."""


class _Selector(NamedTuple):
    """The codes that a selector stands for; of two that disagree, the more specific one wins."""

    specificity: int
    codes: frozenset[str]


_EXACT = 1000


def selected(rules: Rules, settings: Settings) -> frozenset[str]:
    """Give the codes of the `rules` that run.

    Each source of settings, from the outermost file in to the command line, changes what the one before it
    left: `select` starts afresh, `extend-select` adds and `ignore` takes away; within a source a code or name
    beats a prefix, a longer prefix a shorter one, any prefix ALL, and `ignore` beats `select`.
    Raises SettingsError for any selector, here or in per-file-ignores, and for any table of options, that no
    rule answers to.
    """
    _check_tables(rules, settings)
    for glob in settings.per_file_ignores:
        _ignored_by(glob, rules, settings)
    chosen = frozenset(code for code, _, is_on in rules if is_on)
    for selection in settings.selections:
        chosen = _changed(chosen, selection, rules)
    return chosen


def ignored_for(path: str, rules: Rules, settings: Settings) -> frozenset[str]:
    """Give the codes that `per-file-ignores` ignores in the file `path`; `!GLOB` speaks of all other files.

    Raises SettingsError for a selector that no rule answers to.
    """
    globs = [glob for glob in settings.per_file_ignores if _speaks_of(glob, path)]
    return frozenset[str]().union(*(_ignored_by(glob, rules, settings) for glob in globs))


def idle_ignores(
    rules: Rules,
    settings: Settings,
    codes: Collection[str],
    rest: Collection[str],
    ignored: Collection[tuple[str, str]],
) -> Iterator[tuple[str, str]]:
    """Give the globs and words of `per-file-ignores` that ignored nothing.

    `codes` are the rules that ran, `rest` the files that were not looked at, `ignored` the path and code of
    each finding that was ignored. Nothing is said of a glob for any of the `rest`, nor of a word that stands
    for rules that were turned off.
    """
    on = {code for code, _, is_on in rules if is_on}
    for glob, words in settings.per_file_ignores.items():
        if any(_speaks_of(glob, path) for path in rest):
            continue
        used = {code for path, code in ignored if _speaks_of(glob, path)}
        for word in words:
            meant = _selector(word, "", rules).codes
            if meant & set(codes) and not meant & used and not (meant & on) - set(codes):
                yield glob, word


def _changed(chosen: frozenset[str], selection: Selection, rules: Rules) -> frozenset[str]:
    if selection.select is not None:
        chosen = frozenset()
    wanted = [
        *_resolved("select", selection.select or (), selection.places, rules),
        *_resolved("extend_select", selection.extend_select, selection.places, rules),
    ]
    unwanted = [
        *_resolved("ignore", selection.ignore, selection.places, rules),
        *_resolved("extend_ignore", selection.extend_ignore, selection.places, rules),
    ]
    for level in sorted({selector.specificity for selector in (*wanted, *unwanted)}):
        chosen = chosen.union(*(selector.codes for selector in wanted if selector.specificity == level))
        chosen = chosen.difference(
            *(selector.codes for selector in unwanted if selector.specificity == level)
        )
    return chosen


def _resolved(key: str, words: Iterable[str], places: Mapping[str, str], rules: Rules) -> list[_Selector]:
    return [_selector(word, places[key], rules) for word in words]


def _selector(word: str, place: str, rules: Rules) -> _Selector:
    if word == "ALL":
        return _Selector(0, frozenset(code for code, _, _ in rules))
    exact = frozenset(code for code, name, _ in rules if word in (code, name))
    if exact:
        return _Selector(_EXACT, exact)
    codes = frozenset(code for code, _, _ in rules if _is_prefix(word, code))
    if codes:
        return _Selector(len(word), codes)
    known = [word for code, name, _ in rules for word in (code, name)]
    raise SettingsError(f"{place}: there is no rule '{word}'{did_you_mean(word, ['ALL', *known])}")


def _is_prefix(word: str, code: str) -> bool:
    """Tell whether `word` is the letters of `code` and some of its digits: ISO, ISO1 and ISO10 of ISO101."""
    letters = re.match(r"[A-Z]+", code)
    return code.startswith(word) and letters is not None and len(word) >= letters.end()


def _ignored_by(glob: str, rules: Rules, settings: Settings) -> frozenset[str]:
    place = settings.origins[f"per-file-ignores.{glob}"]
    selectors = (_selector(word, place, rules) for word in settings.per_file_ignores[glob])
    return frozenset[str]().union(*(selector.codes for selector in selectors))


def _speaks_of(glob: str, path: str) -> bool:
    if glob.startswith("!"):
        return not matches((glob[1:],), path)
    return matches((glob,), path)


def _check_tables(rules: Rules, settings: Settings) -> None:
    names = {name for _, name, _ in rules}
    for table in settings.rules:
        if table not in names:
            by_code = [name for code, name, _ in rules if code == table]
            hint = f", did you mean '{by_code[0]}'?" if by_code else did_you_mean(table, names)
            place = settings.origins[f"rules.{table}"].removesuffix(f" {table}")
            raise SettingsError(f"{place} there is no rule '{table}'{hint}")
