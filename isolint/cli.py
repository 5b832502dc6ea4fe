"""The command line: parse, call, print, exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isolint import __version__
from isolint.adopting import add_ignores, adopted, baseline, changed
from isolint.console import FAILED, Failure, say, say_lines, write, write_bytes
from isolint.invocation import Wish, common, configured, fixes, linted, named, prepared
from isolint.options import adopting, reporting
from isolint.reporting import report
from isolint.tracing import trace
from isolint.working import Means, working

if TYPE_CHECKING:
    from isolint.reader import Standard
    from isolint.result import Result
    from isolint.rule import Rule
    from isolint.settings import Settings

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
            if not hint and os.path.exists(args[0]):
                hint = f", did you mean 'isolint check {args[0]}'?"
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
@fixes
@reporting
@click.option("--min-severity", metavar="LEVEL", help="Report nothing below info, warning or error.")
@click.option("--min-confidence", metavar="LEVEL", help="Report nothing below low, medium or high.")
@click.option("--pedantic", is_flag=True, help="Report smells, too.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--force-exclude", is_flag=True, help="Leave out excluded files even if they are named.")
@click.option("--show-files", is_flag=True, help="List the files that are checked instead of findings.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--stdin-filename", metavar="FILE", help="With `-`: lint standard input as this file.")
@working
@click.option("-q", "--quiet", is_flag=True, help="Print the report alone, no closing line.")
@adopting
@configured
def check(
    paths: Sequence[Path],
    wish: Wish,
    output_format: Sequence[str],
    since: str | None,
    add_ignore: bool,
    reason: str | None,
    exit_zero: bool,
    force_exclude: bool,
    show_files: bool,
    statistics: bool,
    stdin_filename: str | None,
    quiet: bool,
    means: Means,
    config: Path | None,
    isolated: bool,
    **overrides: object,
) -> int:
    """Lint test files and what they reach. Without PATHS: the test paths of pytest's configuration."""
    from isolint.outputs import deliver, outputs

    wanted = outputs(output_format)
    name = _standard_name(paths, stdin_filename)
    if reason is not None and not add_ignore:
        raise Failure("--reason is for --add-ignore")
    if name is not None and add_ignore:
        raise Failure("--add-ignore changes files, not standard input")
    settings, rules = prepared(common(paths if name is None else [name]), config, isolated, overrides)
    changes = changed(settings, since)
    standard = None if name is None else _standard_input(settings, name)

    def lint(*, with_fixes: bool, edited: Mapping[str, bytes] | None = None) -> Result:
        chosen = named(settings, paths)
        found = linted(
            settings,
            chosen,
            rules,
            force_exclude,
            standard,
            means,
            quiet,
            with_fixes=with_fixes,
            edited=edited,
        )
        return adopted(found, settings, changes, standard, edited)

    from isolint import presentation
    from isolint.terminal import visible

    if wish.changes:
        if show_files or add_ignore:
            raise Failure("--show-files and --add-ignore fix nothing; leave out --fix and --diff")
        if changes is not None:  # a fix moves lines, and the next pass would take others for changed
            raise Failure("--fix and --diff do not go with --since; name the files to fix")
        from isolint.mending import mend

        mended = mend(lint, settings.root, wish, standard)
        result, standard = mended.result, mended.standard
    else:
        mended = None
        shown = any(presentation.shows_fixes(each) for each in wanted) and not (show_files or statistics)
        result = lint(with_fixes=shown or wish.show or wish.unsafe)
    if add_ignore:
        return add_ignores(result, settings, rules, reason)
    code = CLEAN
    if show_files:
        write("".join(f"{visible(path)}\n" for path in result.files))
    elif mended is not None and wish.diff:
        write(mended.difference)
    else:
        show = write
        if mended is not None and standard is not None:
            write_bytes(standard.data)
            show = say_lines
        if statistics:
            show(presentation.counted(result))
        else:
            code = deliver(wanted, presentation.renderer(result, settings, rules, standard), show)
    for told in (*result.errors, *(mended.refused if mended is not None else ())):
        say(f"isolint: {told}")
    only_configuration = bool(result.judged and paths) and all(map(os.path.isfile, paths))
    if not (result.files or result.unread or only_configuration or means.shard):
        return _nothing_checked(result, settings, by_a_tool=force_exclude or standard is not None)
    for line in presentation.fixes_of(wish, result, None if mended is None else mended.applied):
        say(line)
    if not (quiet or show_files):
        fixed = None if mended is None else len(mended.applied)
        say(presentation.summary(result, since, fixed, wish.diff))
    if result.errors or code:
        return FAILED
    if exit_zero or show_files:
        return CLEAN
    if mended is not None and (wish.diff or (wish.exit_non_zero and mended.applied)):
        return FINDINGS if mended.applied else CLEAN
    return FINDINGS if result.findings else CLEAN


def _standard_name(paths: Sequence[Path], name: str | None) -> Path | None:
    """The file that standard input stands for, None when it is not to be read."""
    wanted = Path("-") in paths
    if wanted and (len(paths) > 1 or not name):
        raise Failure("`-` reads one file from standard input, and needs --stdin-filename and no other path")
    if name is not None and not wanted:
        raise Failure("--stdin-filename is for standard input; give `-` as the only path")
    return Path(name) if name else None


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
@click.option("--schema", is_flag=True, help="Show the JSON schema of the configuration instead.")
@configured
def show_config(path: Path, schema: bool, config: Path | None, isolated: bool) -> None:
    """Show every setting in force and where it comes from."""
    from isolint import presentation
    from isolint.facts.suite.config import pytest_config

    settings, known = prepared(path, config, isolated, {})
    if schema:
        write(presentation.schema_of_configuration(known))
        return
    pytest = pytest_config(settings.root)
    unread = [f"{home.title} in {home.path}" for home in pytest.ignored]
    write(presentation.settings_in_force(settings, pytest.path, unread))


cli.add_command(trace)
cli.add_command(report)
cli.add_command(baseline)


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
