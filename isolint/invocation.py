"""What the commands share: the configuration, which files are meant, what is wanted of the fixes, the run itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, overload

import click

from isolint.console import Failure
from isolint.working import ONCE, Means

if TYPE_CHECKING:
    from isolint.reader import Standard
    from isolint.result import Earlier, Result
    from isolint.rule import Rule
    from isolint.settings import Settings

_FIXES = {
    "--fix": "Fix what can be fixed safely, and report what is left.",
    "--unsafe-fixes": "Fix what a person should look at afterwards, too.",
    "--diff": "Show what --fix would change, and change nothing.",
    "--show-fixes": "List the findings that are fixed, or could be.",
    "--exit-non-zero-on-fix": "Exit with 1 if anything was fixed, too.",
}

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


class Wish(NamedTuple):
    """What is wanted of the fixes: apply them, unsafe ones too, show what that would change, list them."""

    fix: bool
    unsafe: bool
    diff: bool
    show: bool
    exit_non_zero: bool

    @property
    def changes(self) -> bool:
        """Whether fixes are to be applied, if only to show what they change."""
        return self.fix or self.diff


def fixes(command: Command) -> Command:
    """Give a command the options about fixes, and their values as one `wish`."""

    @wraps(command)
    def wishing(
        *arguments: Any,
        fix: bool,
        unsafe_fixes: bool,
        diff: bool,
        show_fixes: bool,
        exit_non_zero_on_fix: bool,
        **options: Any,
    ) -> Any:
        wish = Wish(fix, unsafe_fixes, diff, show_fixes, exit_non_zero_on_fix)
        return command(*arguments, wish=wish, **options)

    found: Any = wishing
    for name, text in reversed(_FIXES.items()):
        found = click.option(name, is_flag=True, help=text)(found)
    return cast(Command, found)


def prepared(
    start: Path, config: Path | None, isolated: bool, overrides: Mapping[str, object]
) -> tuple[Settings, Sequence[Rule]]:
    """The settings in force for what lies at `start`, and the rules there are, which are loaded when looked at."""
    from isolint.settings import SettingsError, load

    given = {key: value for key, value in overrides.items() if value not in (None, (), False)}
    try:
        settings = load(start, config=config, isolated=isolated, overrides=given)
    except SettingsError as error:
        raise Failure(str(error)) from error
    if settings.root == Path(settings.root.anchor):
        raise Failure("the paths have no project in common; run isolint on one project at a time")
    return settings, _Rules(settings.plugins)


class _Rules(Sequence["Rule"]):
    """All rules. Importing them takes most of the time that starting takes, and not every run needs them."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = folders

    @cached_property
    def loaded(self) -> tuple[Rule, ...]:
        """The rules; raises Failure where one does not load."""
        from isolint.rule import PluginError, load_rules

        try:
            return load_rules(self.folders)
        except PluginError as error:
            raise Failure(str(error)) from error

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...
    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        return self.loaded[index]

    def __len__(self) -> int:
        return len(self.loaded)


def common(paths: Sequence[Path]) -> Path:
    """The file or folder that all paths lie in: where the configuration is looked for."""
    existing = [os.path.abspath(path) for path in paths if os.path.exists(path) or len(paths) == 1]
    return Path(os.path.commonpath(existing)) if existing else Path.cwd()


def named(settings: Settings, paths: Sequence[Path]) -> Sequence[Path]:
    """What to lint. As with pytest, the test paths are for the root; elsewhere it is the current folder."""
    below_root = Path.cwd() != settings.root and Path.cwd().is_relative_to(settings.root)
    return paths or ([Path.cwd()] if below_root else [])


def linted(
    settings: Settings,
    paths: Sequence[Path],
    rules: Sequence[Rule],
    force_exclude: bool = False,
    standard: Standard | None = None,
    means: Means = ONCE,
    quiet: bool = False,
    *,
    with_fixes: bool = False,
    edited: Mapping[str, bytes] | None = None,
) -> Result:
    """What a run finds; unless it is `quiet`, it tells on a terminal how far it is. Raises Failure.

    With fixes if these are asked for; `edited` holds by path what is to be read in the place of what files hold.
    """
    from isolint.recall import recalled
    from isolint.settings import SettingsError

    started = time.monotonic()

    def run(earlier: Earlier | None) -> Result:
        from isolint import engine
        from isolint.progress import watched
        from isolint.vocabulary import VocabularyError

        try:
            return engine.check(
                settings,
                paths,
                rules,
                force_exclude=force_exclude,
                standard=standard,
                with_fixes=with_fixes,
                edited=edited or {},
                watch=iter if quiet else lambda places: watched(places, started),
                jobs=means.jobs,
                shard=means.shard,
                earlier=earlier,
            )
        except (SettingsError, VocabularyError) as error:
            raise Failure(str(error)) from error

    folder = None if standard is not None or edited else means.cache(settings.root)
    in_parts = means.shard is None and not with_fixes
    return recalled(settings, paths, folder, run, force_exclude, means.shard, with_fixes, in_parts=in_parts)
