"""The flake8 plugin: `flake8 --select ISO` tells the findings in Python files, with flake8's own suppressions.

flake8 asks for one file after another, each with nothing but its lines. What isolint finds in a file depends on
the whole project, so a project is linted once in a process and flake8 then told what lies in each file.
"""

from __future__ import annotations

import argparse
import ast
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from flake8.exceptions import ExecutionError

from isolint import __version__
from isolint.adopting import adopted
from isolint.console import Failure
from isolint.finding import Finding
from isolint.invocation import linted, prepared
from isolint.reader import Standard
from isolint.result import Result
from isolint.rule import Rule
from isolint.settings import Settings

_Answer = tuple[int, int, str, type]


class Plugin:
    """What flake8 makes for each file, and runs."""

    name = "isolint"
    version = __version__
    options: ClassVar[argparse.Namespace] = argparse.Namespace()

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        self.filename = filename
        self.lines = lines

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Take flake8's options. The projects of the paths it is given are linted now, for all its processes."""
        cls.options = options
        if _is_wanted(options):
            for path in map(Path, options.filenames or ["."]):
                if path.exists():
                    _linted(_home(path))

    def run(self) -> Iterator[_Answer]:
        """The findings in the file, as flake8 takes them: line, column from 0, text, and the class."""
        if not _is_wanted(self.options):
            return
        for finding in self._findings():
            span = finding.location.span
            yield span.line, span.column - 1, f"{finding.code} {finding.message}", type(self)

    def _findings(self) -> Iterator[Finding]:
        path = Path(self.filename)
        is_standard = "-" in self.options.filenames and self.filename == self.options.stdin_display_name
        settings, rules = _prepared(_home(path))
        name = Path(os.path.relpath(os.path.abspath(path), settings.root)).as_posix()
        if is_standard:
            standard = Standard(name, "".join(self.lines).encode("utf-8", "surrogateescape"))
            result = _run(settings, [], rules, standard)
        else:
            result = _linted(settings.root)
        for finding in self._told(result):
            if finding.path == name:
                yield finding

    def _told(self, result: Result) -> Iterator[Finding]:
        """The findings; with --disable-noqa, those too that a `# noqa` silences."""
        yield from result.findings
        if getattr(self.options, "disable_noqa", False):
            yield from (each.finding for each in result.silenced if each.by == "noqa")


def _is_wanted(options: argparse.Namespace) -> bool:
    """Whether flake8 will show anything of isolint's: codes are chosen by their first characters."""
    chosen: Any = getattr(options, "select", None)
    return not chosen or any("ISO".startswith(code[:3]) for code in chosen)


def _home(path: Path) -> Path:
    """The folder itself, or the nearest one above a file that is there."""
    absolute = Path(os.path.abspath(path))
    return next(folder for folder in (absolute, *absolute.parents) if folder.is_dir())


@cache
def _prepared(folder: Path) -> tuple[Settings, Sequence[Rule]]:
    try:
        return prepared(folder, None, False, {})
    except Failure as error:
        raise ExecutionError(f"isolint: {error.message}") from error


@cache
def _linted(folder: Path) -> Result:
    """What is found in the project that the folder lies in."""
    settings, rules = _prepared(folder)
    return _run(settings, [settings.root], rules) if folder == settings.root else _linted(settings.root)


def _run(
    settings: Settings, paths: Sequence[Path], rules: Sequence[Rule], standard: Standard | None = None
) -> Result:
    try:
        result = adopted(
            linted(settings, paths, rules, standard=standard, quiet=True), settings, None, standard
        )
    except Failure as error:
        raise ExecutionError(f"isolint: {error.message}") from error
    if result.errors:
        raise ExecutionError(f"isolint: {result.errors[0]}")
    return result
