"""How the outcome of a run is told: the report, the counts, the closing line, the settings, the rules."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from isolint import __version__, report, source
from isolint.finding import Applicability, Finding
from isolint.result import Result
from isolint.settings import Settings, listing

if TYPE_CHECKING:
    from isolint.invocation import Wish
    from isolint.reader import Standard
    from isolint.rule import Rule

DOCUMENTATION = "https://github.com/isolint/isolint/blob/main/docs/rules"


def rendered(
    result: Result,
    settings: Settings,
    rules: Sequence[Rule],
    output_format: str,
    standard: Standard | None = None,
) -> str:
    """The findings in `output_format`."""

    @cache
    def lines(path: str) -> Sequence[str]:
        try:
            return text_of(path).lines
        except source.UnreadableError:
            return ()

    def text_of(path: str) -> source.Source:
        if standard is not None and path == standard.path:
            return source.from_bytes(standard.data, path)
        return source.read(settings.root / path, path)

    pages = _Late(lambda: _pages(rules))
    render = report.load(output_format)
    return render(report.Report(result.findings, settings.root, lines, pages, __version__, wants_color()))


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


def format_of(name: str | None) -> str:
    """The output format: without a name, `full` on a terminal and `concise` elsewhere."""
    return name or ("full" if sys.stdout.isatty() else "concise")


def wants_color() -> bool:
    """NO_COLOR forbids colours, FORCE_COLOR demands them; else a terminal gets them, and nothing else."""
    if os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0") or sys.stdout.isatty()


def counted(result: Result) -> str:
    """The number of findings of each rule, the highest first."""
    counts = Counter((finding.code, finding.name) for finding in result.findings)
    return "".join(f"{number}\t{code}\t{name}\n" for (code, name), number in counts.most_common())


def summary(result: Result, fixed: int | None = None, only_shown: bool = False) -> str:
    """The closing line: how much was fixed and found, in how many files; what could be fixed, if that is known."""
    found = _number(len(result.findings), "finding") if result.findings else "No findings"
    if fixed is not None:
        done = "would be fixed" if only_shown else "fixed"
        found = f"{_number(fixed, 'finding')} {done}, {len(result.findings) or 'none'} left"
    looked = f"{_number(len(result.files), 'file')} checked"
    unread = f", {len(result.unread)} could not be read" if result.unread else ""
    hidden = f", {result.suppressed} suppressed" if result.suppressed else ""
    return f"{found}; {looked}{unread}{hidden}.{_fixable(result)}"


def _fixable(result: Result) -> str:
    fixes = [finding.fix.applicability for finding in result.findings if finding.fix is not None]
    safe, unsafe = fixes.count(Applicability.SAFE), fixes.count(Applicability.UNSAFE)
    if not safe:
        return f" {unsafe} fixable with --fix --unsafe-fixes." if unsafe else ""
    return f" {safe} fixable with --fix" + (f" ({unsafe} more with --unsafe-fixes)." if unsafe else ".")


def fixes_of(wish: Wish, result: Result, applied: Sequence[Finding] | None) -> list[str]:
    """What was or would be fixed, or could be: lines that tell how often each rule in each file."""
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


def settings_in_force(settings: Settings, pytest_file: str) -> str:
    """Every setting with its value, as TOML writes it, and where it comes from; then the pytest file."""
    rows = [f"project root: {settings.root}", f"pytest's configuration: {pytest_file or 'none'}"]
    for key, value, origin in listing(settings):
        written = "not set" if value is None else json.dumps(value, ensure_ascii=False)
        rows.append(f"{key} = {written}  # {origin}")
    return "\n".join(rows) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
