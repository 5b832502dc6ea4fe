"""The command line: parse, call, print, exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from isolint import __version__

if TYPE_CHECKING:
    from isolint.engine import Result, Standard
    from isolint.rule import Rule
    from isolint.settings import Settings

DOCUMENTATION = "https://github.com/isolint/isolint/blob/main/docs/rules"


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
            raise click.UsageError(f"No such command '{args[0]}'{hint}", ctx) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="isolint")
def cli() -> None:
    """Find the tests that reach, or leave behind, something that is not their own."""


_configuration = [
    click.option("--config", type=click.Path(path_type=Path), help="Use this configuration file."),
    click.option("--isolated", is_flag=True, help="Use no configuration file."),
]


def _configured(command: click.Command) -> click.Command:
    for option in reversed(_configuration):
        command = option(command)
    return command


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--select", multiple=True, metavar="RULES", help="Run these rules: codes, prefixes, names or ALL.")
@click.option("--extend-select", multiple=True, metavar="RULES", help="Run these rules as well.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not run these rules.")
@click.option("--per-file-ignores", multiple=True, metavar="GLOB:RULES", help="Ignore rules in some files.")
@click.option("--output-format", metavar="FORMAT", help="concise, full or json.")
@click.option("--min-severity", metavar="LEVEL", help="Report nothing below info, warning or error.")
@click.option("--min-confidence", metavar="LEVEL", help="Report nothing below low, medium or high.")
@click.option("--pedantic", is_flag=True, help="Report smells, too.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--force-exclude", is_flag=True, help="Leave out excluded files even if they are named.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--stdin-filename", metavar="PATH", help="With `-`: lint standard input as this file.")
@click.option("-q", "--quiet", is_flag=True, help="Print the report alone, no summary.")
@_configured
def check(
    paths: Sequence[Path],
    output_format: str | None,
    exit_zero: bool,
    force_exclude: bool,
    show_files: bool,
    statistics: bool,
    stdin_filename: str | None,
    quiet: bool,
    config: Path | None,
    isolated: bool,
    **overrides: object,
) -> None:
    """Lint test files and what they reach. Without PATHS: the test paths of pytest's configuration."""
    from isolint import report

    standard = str(paths[0]) == "-" if paths else False
    if standard and (len(paths) > 1 or stdin_filename is None):
        _fail("`-` reads one file from standard input and needs --stdin-filename")
    if output_format is not None and output_format not in report.formats():
        from isolint.spelling import did_you_mean

        _fail(f"unknown output format '{output_format}'{did_you_mean(output_format, report.formats())}")
    start = Path(stdin_filename or ".") if standard else _common(paths)
    settings, rules = _prepared(start, config, isolated, overrides)
    result = _run(settings, paths, rules, force_exclude, _standard_input(settings, stdin_filename, standard))
    if show_files:
        _print("".join(f"{path}\n" for path in result.files))
    elif statistics:
        _print(_counts(result))
    else:
        _print(_report(result, settings, rules, output_format))
    sys.exit(_verdict(result, quiet=quiet or show_files, exit_zero=exit_zero))


def _common(paths: Sequence[Path]) -> Path:
    """The folder that all paths lie in: where the configuration is looked for."""
    existing = [os.path.abspath(path) for path in paths if path.exists()]
    return Path(os.path.commonpath(existing)) if existing else Path.cwd()


def _prepared(
    start: Path, config: Path | None, isolated: bool, overrides: dict[str, object]
) -> tuple[Settings, tuple[Rule, ...]]:
    from isolint.rule import PluginError, load_rules
    from isolint.settings import SettingsError, load

    given = {key: value for key, value in overrides.items() if value not in (None, (), False)}
    try:
        settings = load(start, config=config, isolated=isolated, overrides=given)
        return settings, load_rules(settings.plugins)
    except (SettingsError, PluginError) as error:
        _fail(str(error))


def _run(
    settings: Settings,
    paths: Sequence[Path],
    rules: Sequence[Rule],
    force_exclude: bool,
    standard: Standard | None,
) -> Result:
    from isolint import engine
    from isolint.settings import SettingsError
    from isolint.vocabulary import VocabularyError

    named = [Path(standard.path)] if standard is not None else paths
    try:
        return engine.check(settings, named, rules, force_exclude=force_exclude, standard=standard)
    except (SettingsError, VocabularyError) as error:
        _fail(str(error))


def _standard_input(settings: Settings, name: str | None, wanted: bool) -> Standard | None:
    if not wanted or name is None:
        return None
    from isolint.engine import Standard

    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="surrogateescape")
    path = os.path.relpath(os.path.abspath(name), settings.root)
    return Standard(Path(path).as_posix(), text)


def _report(result: Result, settings: Settings, rules: Sequence[Rule], output_format: str | None) -> str:
    from isolint import report, source

    color = _wants_color()
    name = output_format or ("full" if sys.stdout.isatty() else "concise")

    def lines(path: str) -> Sequence[str]:
        try:
            return source.read(settings.root / path, path).lines
        except source.UnreadableError:
            return ()

    pages = {rule.code: f"{DOCUMENTATION}/{rule.name}.md" for rule in rules}
    return report.load(name)(report.Report(result.findings, settings.root, lines, pages, __version__, color))


def _wants_color() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _counts(result: Result) -> str:
    from collections import Counter

    counts = Counter((finding.code, finding.name) for finding in result.findings)
    return "".join(f"{number}\t{code}\t{name}\n" for (code, name), number in counts.most_common())


def _verdict(result: Result, *, quiet: bool, exit_zero: bool) -> int:
    """Say on stderr what went wrong and how much was found; give the exit code."""
    for error in result.errors:
        click.echo(f"isolint: {error}", err=True)
    if not result.files and not result.findings:
        _fail("no test files were found, so nothing was checked; name them, or set `test-paths`")
    if not quiet:
        click.echo(_summary(result), err=True)
    if result.errors:
        return 2
    return 1 if result.findings and not exit_zero else 0


def _summary(result: Result) -> str:
    found, files = len(result.findings), len(result.files)
    looked = f"{files} file{'s' if files != 1 else ''} checked"
    hidden = f", {result.suppressed} suppressed" if result.suppressed else ""
    if not found:
        return f"No findings; {looked}{hidden}."
    return f"{found} finding{'s' if found != 1 else ''}; {looked}{hidden}."


def _print(text: str) -> None:
    if text:
        data = text if text.endswith("\n") else f"{text}\n"
        sys.stdout.buffer.write(data.encode("utf-8", errors="backslashreplace"))
        sys.stdout.flush()


def _fail(message: str) -> NoReturn:
    click.echo(f"isolint: {message}", err=True)
    sys.exit(2)


@cli.command()
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="The pages of all rules.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_configured
def rule(
    name: str | None, everything: bool, output_format: str, config: Path | None, isolated: bool
) -> None:
    """Explain a rule, by its code or name."""
    from isolint import docs

    _, rules = _prepared(Path.cwd(), config, isolated, {})
    chosen = list(rules) if everything else [r for r in rules if name in (r.code, r.name)]
    if not chosen:
        from isolint.spelling import did_you_mean

        if name is None:
            _fail("name a rule, or use --all; `isolint rules` lists them")
        _fail(f"no rule is called '{name}'{did_you_mean(name, [w for r in rules for w in (r.code, r.name)])}")
    if output_format == "json":
        import json

        documents = [docs.rule_json(each) for each in chosen]
        _print(json.dumps(documents if everything else documents[0], indent=2))
    else:
        _print("\n".join(docs.explain(each) for each in chosen))


@cli.command()
@_configured
def rules(config: Path | None, isolated: bool) -> None:
    """List the rules: code, name, severity, fix, on or off."""
    from isolint.selection import selected
    from isolint.settings import SettingsError

    settings, known = _prepared(Path.cwd(), config, isolated, {})
    try:
        codes = selected([(r.code, r.name, r.enabled) for r in known], settings)
    except SettingsError as error:
        _fail(str(error))
    width = max(len(each.name) for each in known)
    for each in known:
        state = "on" if each.code in codes else "off"
        fix = str(each.fixable or "none")
        _print(f"{each.code}  {each.name:<{width}}  {each.severity!s:<7}  fix: {fix:<6}  {state}")


@cli.command("config")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@_configured
def show_config(path: Path, config: Path | None, isolated: bool) -> None:
    """Show every setting in force and where its value comes from."""
    from isolint.facts.config import pytest_config
    from isolint.settings import listing

    settings, _ = _prepared(path, config, isolated, {})
    _print(f"root = {settings.root}")
    for key, value, origin in listing(settings):
        _print(f"{key} = {value}  # {origin}")
    _print(f"pytest's configuration = {pytest_config(settings.root).path or 'none'}")


def main() -> None:
    """Run the command line. A closed pipe ends quietly; an interrupt exits with 130."""
    try:
        cli(standalone_mode=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
