"""How a run goes about its work: with which processes, on which part of the files, with which cache."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from isolint.console import Failure

if TYPE_CHECKING:
    from isolint.shard import Shard

CACHE = ".isolint_cache"

Command = TypeVar("Command", bound=Callable[..., Any])


class Means(NamedTuple):
    """The number of processes (None: as many as are worth it), the shard, where answers are kept."""

    jobs: int | None = 1
    shard: Shard | None = None
    folder: Path | None = None
    keeps: bool = False

    def cache(self, root: Path) -> Path | None:
        """The folder of the cache for the project at `root`, None for none."""
        return (self.folder or root / CACHE) if self.keeps else None


ONCE = Means()
"""One process, everything, and nothing kept."""


def working(command: Command) -> Command:
    """Give a command the options about its work, and their values as `means`."""
    options = (
        click.option("--no-cache", is_flag=True, help="Neither use nor keep answers of earlier runs."),
        click.option(
            "--cache-dir",
            type=click.Path(file_okay=False, path_type=Path),
            envvar="ISOLINT_CACHE_DIR",
            metavar="FOLDER",
            help=f"Keep answers there instead of in the project's {CACHE}.  [env: ISOLINT_CACHE_DIR]",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, 64),
            metavar="N",
            help="Use so many processes, not as many as pay.",
        ),
        click.option("--shard", metavar="I/N", help="Lint the I-th of N parts of the files, for N machines."),
    )

    @wraps(command)
    def with_means(
        *arguments: Any,
        no_cache: bool,
        cache_dir: Path | None,
        jobs: int | None,
        shard: str | None,
        **rest: Any,
    ) -> Any:
        return command(*arguments, means=Means(jobs, _shard(shard), cache_dir, not no_cache), **rest)

    found: Any = with_means
    for option in reversed(options):
        found = option(found)
    return cast(Command, found)


def _shard(text: str | None) -> Shard | None:
    from isolint.shard import parse

    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise Failure(f"--shard: {error}") from error
