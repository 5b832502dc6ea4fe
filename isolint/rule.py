"""What a rule is: a value with metadata, and functions from a site and its context to findings.

A rule module holds `rule = Rule(...)` and functions decorated with `@rule.on(Site)`; its docstring is the
rule's page. Rules are found by existence in `isolint.rules`, by the entry-point group `isolint.rules` and in
the folders that the configuration names.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isolint.documents import Entry, Node
from isolint.facts.configuration.files import Document
from isolint.facts.knowledge import CLIENT_KINDS, Knowledge
from isolint.facts.meaning.values import Handle, Hop, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import always_true
from isolint.facts.program.show import show
from isolint.facts.sites import (
    ConfigFile,
    File,
    FixtureSite,
    Function,
    Import,
    SelfTest,
    SettingsModule,
    SetUp,
    Sites,
    Test,
)
from isolint.facts.targets.lattice import Level, Target, is_test_name, last_hops
from isolint.finding import Applicability, Confidence, Edit, Finding, Fix, Location, Severity, Span
from isolint.installed import PluginError, rule_modules
from isolint.late import dataclass, regex
from isolint.source import Position, Source

if TYPE_CHECKING:
    from isolint import remedies
    from isolint.edits import (
        Concrete,
        ConfigurationFile,
        Edits,
        Filled,
        PythonFile,
        begin_earlier,
        guard,
    )
    from isolint.ends import End
    from isolint.facts.found import (
        Bare,
        Blind,
        Collision,
        Creation,
        Destruction,
        DjangoDatabase,
        Fallback,
        LateSetting,
        Leak,
        Misordered,
        OpenClient,
        Opening,
        Override,
        Reached,
        Splice,
        Split,
        Stale,
        Start,
        Substitution,
        Unchecked,
        Unguaranteed,
        Unnamed,
    )
    from isolint.remedies import (
        Isolation,
        Own,
        configured,
        guarded,
        handed,
        overridden,
        pointed_to_memory,
        redirected,
        removed,
    )
else:

    def __getattr__(name: str) -> Any:
        """What analyses find and fixes are made with, imported when a rule asks for it."""
        if name == "remedies":
            return importlib.import_module("isolint.remedies")
        for package in _LATE if name in __all__ else ():
            home = importlib.import_module(package)
            if name in home.__all__:
                return getattr(home, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "CLIENT_KINDS",
    "Applicability",
    "Bare",
    "Blind",
    "Collision",
    "Concrete",
    "Confidence",
    "ConfigFile",
    "ConfigurationFile",
    "Context",
    "Creation",
    "Destruction",
    "DjangoDatabase",
    "Document",
    "Edit",
    "Edits",
    "End",
    "Entry",
    "Fallback",
    "File",
    "Filled",
    "Finding",
    "Fix",
    "FixtureSite",
    "Function",
    "Handle",
    "Hop",
    "Import",
    "LateSetting",
    "Leak",
    "Level",
    "Misordered",
    "Node",
    "OpenClient",
    "Opening",
    "Override",
    "Own",
    "PluginError",
    "Position",
    "PythonFile",
    "Reached",
    "Rule",
    "SelfTest",
    "SetUp",
    "SettingsModule",
    "Severity",
    "Span",
    "Splice",
    "Split",
    "Stale",
    "Start",
    "Substitution",
    "Target",
    "Test",
    "Trail",
    "Unchecked",
    "Unguaranteed",
    "Unnamed",
    "always_true",
    "begin_earlier",
    "configured",
    "guard",
    "guarded",
    "handed",
    "is_test_name",
    "load_rules",
    "overridden",
    "pointed_to_memory",
    "redirected",
    "remedies",
    "removed",
    "show",
]

_LATE = ("isolint.facts.found", "isolint.edits", "isolint.ends", "isolint.remedies")
_CODE = regex(r"[A-Z]{2,8}[0-9]{3,4}\Z")
_NAME = regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")

Check = Callable[[Any, "Context"], Iterable[Finding]]
Mend = Callable[[Any, "Context"], "Fix | None"]


@dataclass(eq=False)
class Rule:
    """A rule: `code` (letters and digits), `name` (words with dashes), how bad its faults are.

    `options` is a frozen dataclass whose fields all have defaults, filled from
    `[tool.isolint.rules.<name>]`. A rule that is not `enabled` runs only when it is selected.
    Raises ValueError for a code or name of another form.
    """

    code: str
    name: str
    severity: Severity
    since: str
    options: type | None = None
    enabled: bool = True
    module: str = ""
    docstring: str = ""
    listeners: dict[type, list[Check]] = field(default_factory=dict)
    fixes: list[tuple[Applicability, Mend]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not _CODE.match(self.code) or not _NAME.match(self.name):
            raise ValueError(f"not a rule's code and name: {self.code!r}, {self.name!r}")
        caller = sys._getframe(2).f_globals
        self.module = self.module or str(caller.get("__name__", ""))
        self.docstring = self.docstring or str(caller.get("__doc__") or "")

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.docstring.strip().partition("\n")[0].strip()

    def on(self, *kinds: type) -> Callable[[Check], Check]:
        """Call the decorated function, a generator of findings, for each site of these kinds."""

        def register(check: Check) -> Check:
            for kind in kinds:
                self.listeners.setdefault(kind, []).append(check)
            return check

        return register

    def fix(self, applicability: Applicability) -> Callable[[Mend], Mend]:
        """Ask the decorated function for a `Fix` where a finding has a subject, and fixes are asked for.

        It is called with the subject and a context, and gives None where it cannot prove a repair. Of several
        functions the first that gives a fix counts; a fix is never safer than it is declared here.
        """

        def register(mend: Mend) -> Mend:
            self.fixes.append((applicability, mend))
            return mend

        return register

    @property
    def fixable(self) -> Applicability | None:
        """The best that its fixes are declared to be, None where there are none."""
        return max((applicability for applicability, _ in self.fixes), default=None)


class Context:
    """What a rule may ask while it looks at one file."""

    def __init__(
        self,
        rule: Rule,
        know: Knowledge,
        module: Module | Document,
        options: Any,
        source: Callable[[str], Source | None],
    ) -> None:
        self.rule = rule
        self.know = know
        self.module = module
        self.options = options
        self._source = source

    def finding(
        self,
        at: s.Position,
        message: str,
        *,
        trail: Trail = (),
        confidence: Confidence = Confidence.HIGH,
        severity: Severity | None = None,
        module: Module | Document | None = None,
        subject: object = None,
    ) -> Finding:
        """A finding of this rule at a position of the file (or of `module`), with the hops that prove it.

        `subject` is what the rule's fixes are called with; without one there is no fix.
        """
        where = module or self.module
        span = self.span(where.path, at)
        related = tuple(
            Location(hop.path, self.span(hop.path, hop.at), hop.text)
            for hop in last_hops(trail)
            if (hop.path, hop.at[0]) != (where.path, at[0])
        )
        return Finding(
            self.rule.code,
            self.rule.name,
            message,
            severity or self.rule.severity,
            confidence,
            Location(where.path, span),
            related,
            where.statement_lines(at[0]),
            subject=subject,
        )

    def leaks(self, kind: str) -> Iterator[Leak]:
        """What the file's tests, fixtures and set-ups leave changed in the process; `kind` says of what sort."""
        sites = self.know.sites(self.module)
        return self.know.leaks.of(sites, kind) if isinstance(sites, Sites) else iter(())

    def hole_position(self, splice: Splice) -> s.Position:
        """Where the spliced expression stands."""
        if splice.inside is None:
            return splice.at
        template, index = splice.inside
        places = self.know.holes(splice.frame.module.path, template.at)
        return places[index] if index < len(places) else splice.at

    def is_said_elsewhere(self, words: str, besides: Container[str] = ()) -> bool:
        """Whether another Python file of the project holds these words; some may be left out `besides`."""
        others = (p for p in self.know.project.files if p != self.module.path and p not in besides)
        sources = (self._source(path) for path in others)
        return any(words in line for text in sources if text is not None for line in text.lines)

    def filled(self, template: s.Expression) -> Filled | None:
        """The text that an expression of the file puts together, as a pattern and the places of what fills it."""
        inside: tuple[s.Position, ...] = ()
        if isinstance(template, s.Template):
            known = tuple(part.at for part in template.parts if not isinstance(part, str))
            inside = self.know.holes(self.module.path, template.at) or known
            if len(inside) != len(known):
                return None
        from isolint.edits import filled

        return filled(self.python(), template.at, inside)

    def span(self, path: str, at: s.Position) -> Span:
        """A position of a file as a span in characters."""
        return self.know.span(path, at)

    def fix(
        self,
        title: str,
        *edits: Edit | Iterable[Edit] | None,
        applicability: Applicability = Applicability.SAFE,
    ) -> Fix | None:
        """A fix of these edits; None where one of them is None, or there is none at all."""
        found: list[Edit] = []
        for each in edits:
            if each is None:
                return None
            found += [each] if isinstance(each, Edit) else each
        return Fix(title, applicability, tuple(dict.fromkeys(found))) if found else None

    def python(self, path: str = "") -> PythonFile:
        """The editor of a Python file of the project, by default of the file that is looked at.

        Raises LookupError for one that cannot be read.
        """
        from isolint.edits import PythonFile

        return PythonFile(self._text(path))

    def configuration(self, path: str = "") -> ConfigurationFile:
        """The editor of a configuration file, as `python` gives that of a Python file."""
        from isolint.edits import ConfigurationFile

        return ConfigurationFile(self._text(path))

    @property
    def isolation(self) -> Isolation:
        """What finds or makes a store of the tests' own in the place of the application's."""
        from isolint.remedies import Isolation

        return Isolation(self.know, self.python)

    def cst(self, at: s.Position, path: str = "") -> Concrete:
        """The innermost statement at a position, or the function whose position it is, as libcst reads it.

        Raises as `isolint.source.excerpt` does.
        """
        from isolint.edits import Concrete

        return Concrete(self._text(path), at)

    def _text(self, path: str) -> Source:
        found = self._source(path or self.module.path)
        if found is None:
            raise LookupError(f"{path or self.module.path} cannot be read")
        return found


def load_rules(folders: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """All rules, sorted by code: isolint's own, those of installed plugins and of the given folders.

    Raises PluginError naming the plugin that does not load, holds no rule, or takes a code or name twice.
    """
    found: dict[str, Rule] = {}
    for origin, module in rule_modules(folders):
        rule = getattr(module, "rule", None)
        if not isinstance(rule, Rule):
            raise PluginError(f"{origin}: the module holds no `rule = Rule(...)`")
        for other_origin, other in found.items():
            if rule.code == other.code or rule.name == other.name:
                raise PluginError(f"{origin}: {rule.code} {rule.name} is taken by {other_origin}")
        found[origin] = rule
    return tuple(sorted(found.values(), key=lambda rule: rule.code))
