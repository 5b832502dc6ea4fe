"""The command line: parse, call, print, exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from isolint import __version__
from isolint.console import FAILED, Failure, say, write
from isolint.invocation import cached, configured, prepared
from isolint.reporting import report
from isolint.tracing import trace

if TYPE_CHECKING:
    from isolint.reader import Standard
    from isolint.result import Result
    from isolint.rule import Rule
    from isolint.settings import Settings
    from isolint.shard import Shard

ISSUES = "https://github.com/isolint/isolint/issues"
CLEAN, FINDINGS, INTERRUPTED = 0, 1, 130


class _Group(click.Group):
    """Commands with did-you-mean."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from isolint.spelling import did_you_mean

            hint = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"there is no command '{args[0]}'{hint}", ctx) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="isolint")
def cli() -> None:
    """Find the tests that reach, or leave behind, something that is not their own."""


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False, path_type=Path))
@click.option("--select", multiple=True, metavar="RULES", help="Run these: codes, prefixes, names or ALL.")
@click.option("--extend-select", multiple=True, metavar="RULES", help="Run these rules as well.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not run these rules.")
@click.option("--per-file-ignores", multiple=True, metavar="GLOB:RULES", help="Ignore rules in some files.")
@click.option("--output-format", metavar="FORMAT", help="concise, full or json.")
@click.option("--min-severity", metavar="LEVEL", help="Report nothing below info, warning or error.")
@click.option("--min-confidence", metavar="LEVEL", help="Report nothing below low, medium or high.")
@click.option("--pedantic", is_flag=True, help="Report smells, too.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--force-exclude", is_flag=True, help="Leave out excluded files even if they are named.")
@click.option("--show-files", is_flag=True, help="List the files that are checked instead of findings.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--stdin-filename", metavar="FILE", help="With `-`: lint standard input as this file.")
@cached
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N", help="Use so many processes; else as many as pay."
)
@click.option("--shard", metavar="I/N", help="Lint the I-th of N parts of the files, for N machines.")
@click.option("-q", "--quiet", is_flag=True, help="Print the report alone, no closing line.")
@configured
def check(
    paths: Sequence[Path],
    output_format: str | None,
    exit_zero: bool,
    force_exclude: bool,
    show_files: bool,
    statistics: bool,
    stdin_filename: str | None,
    quiet: bool,
    cache: Callable[[Path], Path | None],
    jobs: int | None,
    shard: str | None,
    config: Path | None,
    isolated: bool,
    **overrides: object,
) -> int:
    """Lint test files and what they reach. Without PATHS: the test paths of pytest's configuration."""
    _check_format(output_format)
    name = _standard_name(paths, stdin_filename)
    settings, rules = prepared(_common(paths if name is None else [name]), config, isolated, overrides)
    standard = None if name is None else _standard_input(settings, name)
    run = Mode(force_exclude, standard, jobs, _shard(shard), cache(settings.root))
    result = _run(settings, _named(settings, paths), rules, run)
    from isolint import presentation

    if show_files:
        write("".join(f"{path}\n" for path in result.files))
    elif statistics:
        write(presentation.counted(result))
    else:
        write(presentation.rendered(result, settings, rules, output_format, standard))
    for error in result.errors:
        say(f"isolint: {error}")
    if not result.files and not result.unread and shard is None:
        return _nothing_checked(result, settings, by_a_tool=force_exclude or standard is not None)
    if not (quiet or show_files):
        say(presentation.summary(result))
    if result.errors:
        return FAILED
    return FINDINGS if result.findings and not (exit_zero or show_files) else CLEAN


def _check_format(name: str | None) -> None:
    from isolint import report as reports

    if name is not None and name not in reports.formats():
        from isolint.spelling import did_you_mean

        known = ", ".join(reports.formats())
        hint = did_you_mean(name, reports.formats()) or f"; there are {known}"
        raise Failure(f"there is no output format '{name}'{hint}")


def _standard_name(paths: Sequence[Path], name: str | None) -> Path | None:
    """The file that standard input stands for, None when it is not to be read."""
    wanted = Path("-") in paths
    if wanted and (len(paths) > 1 or not name):
        raise Failure("`-` reads one file from standard input, and needs --stdin-filename and no other path")
    if name is not None and not wanted:
        raise Failure("--stdin-filename is for standard input; give `-` as the only path")
    return Path(name) if name else None


def _common(paths: Sequence[Path]) -> Path:
    """The file or folder that all paths lie in: where the configuration is looked for."""
    existing = [os.path.abspath(path) for path in paths if os.path.exists(path) or len(paths) == 1]
    return Path(os.path.commonpath(existing)) if existing else Path.cwd()


def _named(settings: Settings, paths: Sequence[Path]) -> Sequence[Path]:
    """What to lint. As with pytest, the test paths are for the root; elsewhere it is the current folder."""
    below_root = Path.cwd() != settings.root and Path.cwd().is_relative_to(settings.root)
    return paths or ([Path.cwd()] if below_root else [])


class Mode(NamedTuple):
    """How a run goes about it."""

    force_exclude: bool
    standard: Standard | None
    jobs: int | None
    shard: Shard | None
    cache: Path | None


def _run(settings: Settings, paths: Sequence[Path], rules: Sequence[Rule], mode: Mode) -> Result:
    from isolint.recall import recalled
    from isolint.settings import SettingsError

    force_exclude, standard, jobs, shard, cache = mode

    def run() -> Result:
        from isolint import engine
        from isolint.vocabulary import VocabularyError

        try:
            return engine.check(
                settings, paths, rules, force_exclude=force_exclude, standard=standard, jobs=jobs, shard=shard
            )
        except (SettingsError, VocabularyError) as error:
            raise Failure(str(error)) from error

    return recalled(settings, paths, None if standard else cache, run, force_exclude, shard)


def _shard(text: str | None) -> Shard | None:
    from isolint.shard import parse

    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise Failure(f"--shard: {error}") from error


def _standard_input(settings: Settings, name: Path) -> Standard:
    from isolint.reader import Standard

    path = os.path.relpath(os.path.abspath(name), settings.root)
    return Standard(Path(path).as_posix(), sys.stdin.buffer.read())


def _nothing_checked(result: Result, settings: Settings, *, by_a_tool: bool) -> int:
    """Say that and why nothing was checked. It is no failure where a tool chose the files."""
    if result.errors:
        say("Nothing was checked.")
        return FAILED
    if by_a_tool:
        say("Nothing was checked: there is no test file among those given.")
        return CLEAN
    raise Failure(
        f"nothing was checked: no test file was found there (the project is {settings.root}). "
        "Name files or folders that hold tests, or say with `test-paths` in the configuration where they are."
    )


@cli.command()
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="The pages of all rules.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@configured
def rule(name: str | None, everything: bool, output_format: str, config: Path | None, isolated: bool) -> None:
    """Explain a rule, by its code or NAME."""
    from isolint import docs

    _, known = prepared(Path.cwd(), config, isolated, {})
    chosen = known if everything else [_rule_named(name, known)]
    if output_format == "text":
        write("\n".join(docs.explain(each) for each in chosen))
        return
    import json

    documents = [docs.rule_json(each) for each in chosen]
    write(json.dumps(documents if everything else documents[0], indent=2))


def _rule_named(name: str | None, known: Sequence[Rule]) -> Rule:
    if name is None:
        raise Failure("name a rule, or use --all; `isolint rules` lists them")
    for each in known:
        if name in (each.code, each.name):
            return each
    from isolint.spelling import did_you_mean

    words = [word for each in known for word in (each.code, each.name)]
    raise Failure(f"there is no rule '{name}'{did_you_mean(name, words) or '; `isolint rules` lists them'}")


@cli.command()
@configured
def rules(config: Path | None, isolated: bool) -> None:
    """List the rules: code, name, severity, fix, on or off."""
    from isolint import presentation
    from isolint.selection import selected
    from isolint.settings import SettingsError

    settings, known = prepared(Path.cwd(), config, isolated, {})
    try:
        codes = selected([(each.code, each.name, each.enabled) for each in known], settings)
    except SettingsError as error:
        raise Failure(str(error)) from error
    write(presentation.table_of(known, codes))


@cli.command("config")
@click.argument("path", type=click.Path(exists=True, readable=False, path_type=Path), default=Path())
@configured
def show_config(path: Path, config: Path | None, isolated: bool) -> None:
    """Show every setting in force and where it comes from."""
    from isolint import presentation
    from isolint.facts.suite.config import pytest_config

    settings, _ = prepared(path, config, isolated, {})
    write(presentation.settings_in_force(settings, pytest_config(settings.root).path))


cli.add_command(trace)
cli.add_command(report)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code. Whatever happens, no traceback is shown."""
    try:
        code = cli.main(arguments, prog_name="isolint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return FAILED
    except click.Abort:
        say("isolint: interrupted")
        return INTERRUPTED
    except Exception as error:
        from isolint.crash import described

        say(f"isolint: a fault of isolint's own kept it from its job: {described(error)}")
        say(f"Please report it, with the file that it was at if you can: {ISSUES}")
        return FAILED
    return code if isinstance(code, int) else CLEAN
