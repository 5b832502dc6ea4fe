"""The command `isolint trace`: parse, ask, print."""

from __future__ import annotations

from pathlib import Path

import click

from isolint.console import FAILED, Failure, say, write
from isolint.invocation import configured, prepared


@click.command()
@click.argument("place")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@configured
def trace(place: str, output_format: str, config: Path | None, isolated: bool) -> int:
    """Show where a handle points, hop by hop, or what a test and its fixtures do.

    PLACE is a line, or the name of a test, a fixture or any other function, in any Python file of the project.

    \b
    Examples:
      isolint trace tests/test_orders.py:7           every handle of the line, and where it leads
      isolint trace app/db.py:13                     the same, in product code
      isolint trace tests/conftest.py::clean_tables  a fixture: whom it reaches, what it does
      isolint trace tests/test_orders.py::test_paid  a test: its fixtures, in the order of set-up

    It tells what a rule goes by: each hop to the place that decides, pins, replacements and guards on the way,
    and what is reported there, or why nothing is.
    """
    from isolint.settings import SettingsError
    from isolint.trace import PlaceError, parse
    from isolint.trace import trace as traced
    from isolint.vocabulary import VocabularyError

    try:
        wanted = parse(place)
        settings, rules = prepared(wanted.path, config, isolated, {})
        answer, errors = traced(settings, rules, wanted)
    except (PlaceError, SettingsError, VocabularyError) as error:
        raise Failure(str(error)) from error
    if output_format == "json":
        from isolint.trace import document

        write(document.render(answer))
    else:
        from isolint.presentation import wants_color
        from isolint.trace import text

        write(text.render(answer, color=wants_color()))
    for crash in errors:
        say(f"isolint: {crash}")
    return FAILED if errors else 0
