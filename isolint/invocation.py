"""What the commands share: where the configuration comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from isolint.console import Failure

if TYPE_CHECKING:
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
