"""What the commands share: where the configuration comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

import click

from isolint.console import Failure

if TYPE_CHECKING:
    from isolint.rule import Rule
    from isolint.settings import Settings

CACHE = ".isolint_cache"
Command = TypeVar("Command", bound=Callable[..., Any])


def configured(command: Command) -> Command:
    """Give a command the options that say where its configuration comes from."""
    config = click.option(
        "--config",
        type=click.Path(readable=False, path_type=Path),
        metavar="FILE",
        help="Use this configuration file.",
    )
    isolated = click.option("--isolated", is_flag=True, help="Use no configuration file.")
    return config(isolated(command))


def cached(command: Command) -> Command:
    """Give a command `cache`, which gives the folder for the answers of earlier runs on the project at a root."""
    folder = click.option(
        "--cache-dir",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="ISOLINT_CACHE_DIR",
        metavar="FOLDER",
        help="Keep answers there instead of in the project's .isolint_cache.  [env: ISOLINT_CACHE_DIR]",
    )
    none = click.option("--no-cache", is_flag=True, help="Neither use nor keep answers of earlier runs.")

    @folder
    @none
    @wraps(command)
    def with_cache(*arguments: Any, cache_dir: Path | None, no_cache: bool, **options: Any) -> Any:
        def cache(root: Path) -> Path | None:
            return None if no_cache else cache_dir or root / CACHE

        return command(*arguments, cache=cache, **options)

    return cast(Command, with_cache)


def prepared(
    start: Path, config: Path | None, isolated: bool, overrides: Mapping[str, object]
) -> tuple[Settings, Sequence[Rule]]:
    """The settings in force for what lies at `start`, and the rules there are, which are loaded when looked at."""
    from isolint.settings import SettingsError, load

    given = {key: value for key, value in overrides.items() if value not in (None, (), False)}
    try:
        settings = load(start, config=config, isolated=isolated, overrides=given)
    except SettingsError as error:
        raise Failure(str(error)) from error
    if settings.root == Path(settings.root.anchor):
        raise Failure("the paths have no project in common; run isolint on one project at a time")
    return settings, _Rules(settings.plugins)


class _Rules(Sequence["Rule"]):
    """All rules. Importing them takes most of the time that starting takes, and not every run needs them."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = folders

    @cached_property
    def loaded(self) -> tuple[Rule, ...]:
        """The rules; raises Failure where one does not load."""
        from isolint.rule import PluginError, load_rules

        try:
            return load_rules(self.folders)
        except PluginError as error:
            raise Failure(str(error)) from error

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...
    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        return self.loaded[index]

    def __len__(self) -> int:
        return len(self.loaded)
