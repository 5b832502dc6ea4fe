"""How the outcome of a run is told: the report, the counts, the closing line, the settings, the rules."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING

from isolint import __version__, report
from isolint.finding import Applicability, Finding
from isolint.result import NOTHING, Result
from isolint.settings import Settings, listing, schema

if TYPE_CHECKING:
    from isolint.closure import Closure
    from isolint.engine import Run
    from isolint.invocation import Wish
    from isolint.outputs import Output
    from isolint.reader import Standard
    from isolint.rule import Rule

DOCUMENTATION = "https://github.com/isolint/isolint/blob/main/docs/rules"


def renderer(
    result: Result, settings: Settings, rules: Sequence[Rule], standard: Standard | None = None
) -> Callable[[Output], str]:
    """What gives the text of an output; one without a format is `full` on a terminal, `concise` elsewhere."""
    lines = lines_of(settings, standard)
    pages = _Late(lambda: _pages(rules))
    summaries = _Late(lambda: {rule.code: rule.summary for rule in rules})
    closures = partial(closures_of, settings, rules)

    def render(output: Output) -> str:
        name = format_of(output)
        color = output.file is None and wants_color()
        told = (
            result.findings,
            settings.root,
            lines,
            pages,
            __version__,
            color,
            result.silenced,
            summaries,
            closures,
        )
        return report.load(name)(report.Report(*told))

    return render


def lines_of(
    settings: Settings, standard: Standard | None = None, edited: Mapping[str, bytes] = NOTHING
) -> Callable[[str], Sequence[str]]:
    """What gives the lines of a file of the project, none if it cannot be read; `edited` as for a run."""

    @cache
    def lines(path: str) -> Sequence[str]:
        from isolint import source

        try:
            if path in edited:
                return source.from_bytes(edited[path], path).lines
            if standard is not None and path == standard.path:
                return source.from_bytes(standard.data, path).lines
            return source.read(settings.root / path, path).lines
        except source.UnreadableError:
            return ()

    return lines


class _Late(Mapping[str, str]):
    """A mapping that is made when it is looked at: most formats need nothing of the rules, which take long to load."""

    def __init__(self, make: Callable[[], Mapping[str, str]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, str]:
        return self._make()

    def __getitem__(self, key: str) -> str:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def _pages(rules: Sequence[Rule]) -> dict[str, str]:
    """The address of the page of each rule that is isolint's own."""
    own = [rule for rule in rules if rule.module.startswith("isolint.rules.")]
    return {rule.code: f"{DOCUMENTATION}/{rule.name}.md" for rule in own}


def closures_of(settings: Settings, rules: Sequence[Rule], paths: Sequence[str]) -> tuple[Closure, ...]:
    """What runs for the tests of these files; those that are no Python of the project are left out.

    The folders around them are named too: a file may lie in one that is excluded.
    """
    named = [settings.root / path for path in paths]
    around = {folder for path in named for folder in path.parents if settings.root in folder.parents}

    from isolint.engine import look

    def tell(run: Run) -> tuple[Closure, ...]:
        modules = map(run.knowledge.project.module, paths)
        return tuple(run.knowledge.closures.of(module) for module in modules if module is not None)

    return look(settings, [*named, *sorted(around)], rules, tell)


def format_of(output: Output) -> str:
    """The format of an output: without a name, `full` on a terminal and `concise` elsewhere."""
    return output.format or ("full" if sys.stdout.isatty() else "concise")


def shows_fixes(output: Output) -> bool:
    """Whether the format of an output shows how findings are fixed."""
    return report.shows_fixes(format_of(output))


def wants_color() -> bool:
    """NO_COLOR forbids colours, FORCE_COLOR demands them; else a terminal gets them, and nothing else."""
    if os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0") or sys.stdout.isatty()


def counted(result: Result) -> str:
    """The number of findings of each rule, the highest first."""
    counts = Counter((finding.code, finding.name) for finding in result.findings)
    return "".join(f"{number}\t{code}\t{name}\n" for (code, name), number in counts.most_common())


def summary(
    result: Result, since: str | None = None, fixed: int | None = None, only_shown: bool = False
) -> str:
    """The closing line: what was fixed and found, in how many files, what is not shown and what can be fixed."""
    found = _number(len(result.findings), "finding") if result.findings else "No findings"
    if fixed is not None:
        done = "would be fixed" if only_shown else "fixed"
        found = f"{_number(fixed, 'finding')} {done}, {len(result.findings) or 'none'} left"
    where = f" on lines changed since {since}" if since else ""
    configuration = () if result.files else result.judged.difference(result.unread)
    noun = "configuration file" if configuration else "file"
    looked = f"{_number(len(configuration or result.files), noun)} checked"
    unread = f", {len(result.unread)} could not be read" if result.unread else ""
    silenced = f", {result.suppressed} suppressed" if result.suppressed else ""
    kept = len(result.silenced) - result.suppressed
    accepted = f", {kept} in the baseline" if kept else ""
    unsure = len(result.hidden)
    hidden = f", {unsure} hidden as unsure or slight (see --min-confidence, --pedantic)" if unsure else ""
    return f"{found}{where}; {looked}{unread}{silenced}{accepted}{hidden}.{_fixable(result)}"


def _fixable(result: Result) -> str:
    fixes = [finding.fix.applicability for finding in result.findings if finding.fix is not None]
    safe, unsafe = fixes.count(Applicability.SAFE), fixes.count(Applicability.UNSAFE)
    if not safe:
        return f" {unsafe} fixable with --fix --unsafe-fixes." if unsafe else ""
    return f" {safe} fixable with --fix" + (f" ({unsafe} more with --unsafe-fixes)." if unsafe else ".")


def fixes_of(wish: Wish, result: Result, applied: Sequence[Finding] | None) -> list[str]:
    """What was or would be fixed, or could be: lines that tell how often each rule in each file, if asked for."""
    if not wish.show:
        return []
    least = Applicability.UNSAFE if wish.unsafe else Applicability.SAFE
    could = [finding for finding in result.findings if finding.fix and finding.fix.applicability >= least]
    fixed = could if applied is None else applied
    what = "Fixable" if applied is None else "Would fix" if wish.diff else "Fixed"
    return [f"{what}: {_number(len(fixed), 'finding') if fixed else 'nothing'}", *_by_file(fixed)]


def _by_file(findings: Sequence[Finding]) -> Iterator[str]:
    """How often each rule is among the findings of each file."""
    ordered = sorted(findings, key=lambda finding: finding.path)
    for path, found in groupby(ordered, key=lambda finding: finding.path):
        yield f"- {path}:"
        counts = Counter((finding.code, finding.name) for finding in found)
        yield from (f"    {number} x {code} ({name})" for (code, name), number in counts.most_common())


def table_of(rules: Sequence[Rule], selected: Collection[str]) -> str:
    """The rules, one a line: code, name, severity, fix, on or off."""
    width = max(len(rule.name) for rule in rules)
    rows = [
        f"{rule.code}  {rule.name:<{width}}  {rule.severity!s:<7}  fix: {rule.fixable or 'none'!s:<6}  "
        f"{'on' if rule.code in selected else 'off'}\n"
        for rule in rules
    ]
    return "".join(rows)


def settings_in_force(settings: Settings, pytest_file: str, unread: Sequence[str]) -> str:
    """The files in force, of isolint and of pytest; then every setting, as TOML writes it, and where it comes from."""
    rows = [f"project root: {settings.root}", f"pytest's configuration: {pytest_file or 'none'}"]
    rows += [f"not read by pytest: {place}" for place in unread]
    for key, value, origin in listing(settings):
        written = "not set" if value is None else json.dumps(value, ensure_ascii=False)
        rows.append(f"{key} = {written}  # {origin}")
    return "\n".join(rows) + "\n"


def schema_of_configuration(rules: Sequence[Rule]) -> str:
    """The JSON schema of isolint.toml and [tool.isolint], with the options of these rules."""
    options = {rule.name: rule.options for rule in rules if rule.options is not None}
    return json.dumps(schema(options), indent=2) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
