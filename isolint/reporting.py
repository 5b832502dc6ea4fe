"""The command `isolint report`: what several runs have found, as one report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from isolint.console import Failure, say, write


@click.group()
def report() -> None:
    """Work with reports."""


@report.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path))
def merge(files: Sequence[Path]) -> int:
    """Join the JSON reports of several shards to one, sorted, each finding once.

    \b
    isolint check --shard 1/2 --output-format json > 1.json
    isolint check --shard 2/2 --output-format json > 2.json
    isolint report merge 1.json 2.json

    Like `check` it exits with 1 if there are findings.
    """
    import json

    from isolint.merging import MergeError, merged

    try:
        found = merged(files)
    except MergeError as error:
        raise Failure(str(error)) from error
    write(json.dumps(found, indent=2))
    say(f"{len(found)} finding{'' if len(found) == 1 else 's'} in {len(files)} reports.")
    return 1 if found else 0
