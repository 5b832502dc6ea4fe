"""The two streams of a run: the report goes to stdout, all else to stderr."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

import click

FAILED = 2


class Failure(click.ClickException):
    """What keeps isolint from doing its job: a message for stderr, and exit code 2."""

    exit_code = FAILED

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message under isolint's name."""
        say(f"isolint: {self.message}")


def write(text: str) -> None:
    """Write `text` to stdout, as UTF-8 and with a newline at its end.

    A reader that has gone away is no failure. Raises Failure where nothing can be written (a full disk).
    """
    whole = text if not text or text.endswith("\n") else f"{text}\n"
    write_bytes(whole.encode("utf-8", errors="backslashreplace"))


def write_bytes(data: bytes) -> None:
    """Write `data` to stdout as it is; fails as `write` does."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            raise Failure(f"the report could not be written: {error.strerror or error}") from error


def say(message: str) -> None:
    """Write a line to stderr, if anybody is there to read it."""
    from isolint.terminal import visible

    try:
        click.echo(visible(message), err=True)
    except OSError:
        _discard(sys.stderr)


def say_lines(text: str) -> None:
    """Write lines to stderr."""
    for line in text.splitlines():
        say(line)


def _discard(stream: IO[str]) -> None:
    """Let the rest of `stream` go nowhere, so that closing it cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
