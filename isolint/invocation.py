"""What the commands share: where the configuration comes from, which files are meant, the run itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from isolint.console import Failure

if TYPE_CHECKING:
    from isolint.engine import Result
    from isolint.reader import Standard
    from isolint.rule import Rule
    from isolint.settings import Settings

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


def prepared(
    start: Path, config: Path | None, isolated: bool, overrides: Mapping[str, object]
) -> tuple[Settings, tuple[Rule, ...]]:
    """The settings in force for what lies at `start`, and the rules there are."""
    from isolint.rule import PluginError, load_rules
    from isolint.settings import SettingsError, load

    given = {key: value for key, value in overrides.items() if value not in (None, (), False)}
    try:
        settings = load(start, config=config, isolated=isolated, overrides=given)
        if settings.root == Path(settings.root.anchor):
            raise Failure("the paths have no project in common; run isolint on one project at a time")
        return settings, load_rules(settings.plugins)
    except (SettingsError, PluginError) as error:
        raise Failure(str(error)) from error


def common(paths: Sequence[Path]) -> Path:
    """The file or folder that all paths lie in: where the configuration is looked for."""
    existing = [os.path.abspath(path) for path in paths if os.path.exists(path) or len(paths) == 1]
    return Path(os.path.commonpath(existing)) if existing else Path.cwd()


def named(settings: Settings, paths: Sequence[Path]) -> Sequence[Path]:
    """What to lint. As with pytest, the test paths are for the root; elsewhere it is the current folder."""
    below_root = Path.cwd() != settings.root and Path.cwd().is_relative_to(settings.root)
    return paths or ([Path.cwd()] if below_root else [])


def linted(
    settings: Settings,
    paths: Sequence[Path],
    rules: Sequence[Rule],
    force_exclude: bool = False,
    standard: Standard | None = None,
) -> Result:
    """What a run finds, which tells on a terminal how far it is. Raises Failure."""
    from isolint import engine
    from isolint.progress import watched
    from isolint.settings import SettingsError
    from isolint.vocabulary import VocabularyError

    started = time.monotonic()
    try:
        return engine.check(
            settings,
            paths,
            rules,
            force_exclude=force_exclude,
            standard=standard,
            watch=lambda places: watched(places, started),
        )
    except (SettingsError, VocabularyError) as error:
        raise Failure(str(error)) from error
