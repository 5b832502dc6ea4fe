"""A run, or the answer to an earlier one that nothing has changed for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isolint import inputs
from isolint.installed import has_plugins
from isolint.result import Earlier, Result

if TYPE_CHECKING:
    from isolint.settings import Settings

_PLACES = frozenset({"root", "config", "extend", "plugins", "origins", "selections"})


def recalled(
    settings: Settings,
    paths: Sequence[Path],
    folder: Path | None,
    run: Callable[[Earlier | None], Result],
    *asked: object,
    in_parts: bool,
) -> Result:
    """What `run` finds in `paths`: kept in the folder of the cache, None for none.

    `asked` is whatever else decides what is found. A run that is good `in_parts` is given the earlier one, if there is
    one that some Python files have changed since: what they do not concern need not be judged again.
    """
    if folder is None or has_plugins():
        return run(None)
    from isolint.cache import Cache

    cache = Cache(settings.root, folder)
    key = _key(cache.own_sources(), settings, paths, asked)
    known = cache.find(key)
    if isinstance(known, Result):
        return known
    earlier = known if in_parts and not settings.plugins else None
    result = run(earlier)
    cache.keep(key, result, inputs.noted(), earlier)
    return result


def _key(own: str, settings: Settings, paths: Sequence[Path], asked: tuple[object, ...]) -> str:
    from isolint.cache import folder_digests, key_of

    root = os.path.abspath(settings.root)
    said = {name: _plain(getattr(settings, name)) for name in settings.__slots__ if name not in _PLACES}
    selections = [[s.select, s.extend_select, s.ignore, s.extend_ignore] for s in settings.selections]
    named = [os.path.relpath(os.path.realpath(path), os.path.realpath(root)) for path in paths]
    spelled = [os.path.relpath(path, root) for path in paths]
    plugins = folder_digests(settings.plugins)
    return key_of(own, said, selections, plugins, spelled, named, _depth(root), repr(asked))


def _depth(root: str) -> int:
    """How far above the root the repository begins whose ignores are in force; -1 for none."""
    depth = 0
    while not os.path.exists(os.path.join(root, ".git")):
        root, name = os.path.split(root)
        if not name:
            return -1
        depth += 1
    return depth


def _plain(value: object) -> Any:
    return json.loads(json.dumps(value, default=str, sort_keys=True))
