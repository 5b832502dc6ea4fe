"""Options of `isolint check`, in groups: each a decorator for a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]


def _group(*options: Decorator[Any]) -> Decorator[Command]:
    """A decorator that gives a command these options, in this order."""

    def give(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return give


# -- what is reported, and where to

adopting: Decorator[Any] = _group(
    click.option(
        "--baseline",
        type=click.Path(readable=False, path_type=Path),
        metavar="FILE",
        help="Do not report the findings in this file.",
    ),
    click.option("--since", metavar="REF", help="Report what is on lines changed since HEAD and REF parted."),
    click.option("--add-ignore", is_flag=True, help="Put a suppression comment to each finding."),
    click.option("--reason", metavar="TEXT", help="With --add-ignore: why, to be written there."),
)

reporting: Decorator[Any] = _group(
    click.option(
        "--output-format",
        multiple=True,
        metavar="FORMAT[:FILE]",
        help="full, concise, grouped, json, json-lines, sarif, github, gitlab, junit, rdjson, html; repeatable.",
    ),
)
