"""One run: discover, read, link, show every site to the rules that listen, suppress, sort."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from isolint import discovery, source, suppress
from isolint.facts import syntax as s
from isolint.facts.config import PytestConfig, pytest_config
from isolint.facts.knowledge import Knowledge
from isolint.facts.module import ModuleFacts, read_module
from isolint.facts.project import Module, Project
from isolint.finding import Confidence, Edit, Finding, Fix, Location, Severity, Span
from isolint.finding import Applicability
from isolint.rule import Context, Rule
from isolint.selection import ignored_for, selected
from isolint.settings import Settings, rule_options
from isolint.vocabulary import load as load_vocabulary

UNREADABLE = "ISO000"
UNUSED = "ISO001"


@dataclass(frozen=True, slots=True)
class Standard:
    """The text of a file that comes from standard input, under the name it is to be linted as."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found. `files` are the files whose tests were looked at; `errors` what kept it from its job."""

    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    files: tuple[str, ...]
    suppressed: int


def check(
    settings: Settings,
    paths: Sequence[Path],
    rules: Sequence[Rule],
    *,
    force_exclude: bool = False,
    standard: Standard | None = None,
) -> Result:
    """Lint what `paths` name (none: the test paths of pytest's configuration, else the project).

    Raises SettingsError or VocabularyError for a configuration that cannot be used.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return _Run(settings, paths, rules, force_exclude, standard).result()
    finally:
        if was_enabled:
            gc.enable()


class _Run:
    """The state of one run: sources read, facts lowered, findings so far."""

    def __init__(
        self,
        settings: Settings,
        paths: Sequence[Path],
        rules: Sequence[Rule],
        force_exclude: bool,
        standard: Standard | None,
    ) -> None:
        self.settings = settings
        self.config = pytest_config(settings.root)
        self.rules = rules
        self.names = [(rule.code, rule.name, rule.enabled) for rule in rules]
        self.codes = selected(self.names, settings)
        self.standard = standard
        self.files = discovery.discover(
            settings.root,
            paths or self._default_paths(self.config),
            exclude=(*settings.exclude, *settings.extend_exclude),
            force_exclude=force_exclude,
        )
        self.sources: dict[str, source.Source | None] = {}
        self.unreadable: dict[str, Finding] = {}
        self.errors: list[str] = []
        self.suppressed = 0

    def _default_paths(self, config: PytestConfig) -> list[Path]:
        folders = [self.settings.root / word for word in config.words("testpaths")]
        return [folder for folder in folders if folder.exists()] or [self.settings.root]

    def result(self) -> Result:
        self.errors += [f"{path}: no such file or folder" for path in self.files.missing]
        self.errors += [f"{path} lies outside the project {self.settings.root}" for path in self.files.outside]
        modules = list(self._modules())
        findings = [finding for module in modules for finding in self._checked(module)]
        findings += [f for path, f in self.unreadable.items() if self.files.covers(path)]
        findings += [self._closed(u.path, u.reason) for u in self.files.unreadable if self.files.covers(u.path)]
        return Result(
            tuple(sorted((f for f in findings if self._shown(f)), key=lambda f: f.sort_key)),
            tuple(self.errors),
            tuple(module.path for module in modules),
            self.suppressed,
        )

    # -- reading

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        return self.config.words("python_files")

    def is_test(self, path: str) -> bool:
        return discovery.is_test_context(path, self.python_files, self.settings.test_paths)

    @cached_property
    def knowledge(self) -> Knowledge:
        files = frozenset(self.files.python) | ({self.standard.path} if self.standard else frozenset())
        vocabulary = load_vocabulary(self.settings.vocabulary)
        roots = tuple(word.strip("./") for word in self.config.words("pythonpath"))
        project = Project(files, self.read, self.is_test, vocabulary, roots)
        collected = frozenset(path for path in files if self._is_collected(path))
        return Knowledge(project, self.config, collected, self.span)

    def _is_collected(self, path: str) -> bool:
        named = discovery.is_test_file(path, self.python_files, self.settings.test_paths)
        return named and not path.endswith("conftest.py")

    def _modules(self) -> Iterator[Module]:
        """The modules to look at: test context among the reported files, and self-tests in product code."""
        reported = {self.standard.path} if self.standard else self.files.reported
        for path in sorted(reported):
            if self.is_test(path) or self._tests_itself(path):
                module = self.knowledge.project.module(path)
                if module is not None:
                    yield module

    def _tests_itself(self, path: str) -> bool:
        found = self.source(path)
        return found is not None and "__main__" in found.text

    def source(self, path: str) -> source.Source | None:
        """The text of a file of the project, None (and a finding) when it cannot be read."""
        if path not in self.sources:
            self.sources[path] = None
            try:
                if self.standard is not None and path == self.standard.path:
                    self.sources[path] = source.Source(path, self.standard.text)
                else:
                    self.sources[path] = source.read(self.settings.root / path, path)
            except source.UnreadableError as error:
                self._note_unreadable(path, error)
        return self.sources[path]

    def read(self, path: str) -> ModuleFacts | None:
        """The facts of a file, None (and a finding) when it cannot be read or parsed."""
        text = self.source(path)
        if text is None:
            return None
        try:
            tree = source.parse(text)
            return source.run_deep(lambda: read_module(path, tree))
        except source.UnreadableError as error:
            self._note_unreadable(path, error)
        except RecursionError:
            self._note_unreadable(path, source.UnreadableError("the code is nested too deeply", 1))
        return None

    def _note_unreadable(self, path: str, error: source.UnreadableError) -> None:
        self.unreadable[path] = self._closed(path, str(error), error.line)

    def _closed(self, path: str, message: str, line: int = 1) -> Finding:
        line = max(line, 1)
        return Finding(
            UNREADABLE,
            "unreadable-file",
            message,
            Severity.ERROR,
            Confidence.HIGH,
            Location(path, Span(line, 1, line, 1)),
            lines=(line, line),
        )

    def span(self, path: str, at: s.Position) -> Span:
        """A position of a file in characters."""
        text = self.source(path)
        if text is None:
            return Span(at[0], at[1] + 1, at[2], at[3] + 1)
        return source.columns(text, at)

    # -- checking

    def _checked(self, module: Module) -> list[Finding]:
        found: list[Finding] = []
        for rule in self.rules:
            if rule.code in self.codes:
                found += self._findings(rule, module)
        ignored = ignored_for(module.path, self.names, self.settings)
        return self._unsuppressed(module, [f for f in found if f.code not in ignored])

    def _findings(self, rule: Rule, module: Module) -> Iterator[Finding]:
        options = rule_options(self.settings, rule.name, rule.options) if rule.options is not None else None
        context = Context(rule, self.knowledge, module, options)
        for kind, checks in rule.listeners.items():
            for site in self.knowledge.sites(module).of(kind):
                for listener in checks:
                    yield from self._heard(rule, lambda s=site, c=listener: c(s, context), module, site.at)

    def _heard(
        self, rule: Rule, listen: Callable[[], object], module: Module, at: s.Position
    ) -> list[Finding]:
        try:
            return list(listen())  # type: ignore[call-overload, no-any-return]
        except Exception as error:
            self.errors.append(
                f"{module.path}:{at[0]}: {rule.code} {rule.name} crashed: {type(error).__name__}: {error}"
            )
            return []

    def _unsuppressed(self, module: Module, findings: list[Finding]) -> list[Finding]:
        text = self.source(module.path)
        if text is None or ("isolint" not in text.text and "noqa" not in text.text.lower()):
            return findings
        known = {rule.code: rule.name for rule in self.rules}
        comments = suppress.parse(source.comments(text), text.lines)
        outcome = suppress.apply(findings, comments, known, self.codes)
        self.suppressed += len(outcome.suppressed)
        kept = list(outcome.kept)
        if UNUSED in self.codes:
            kept += [self._unused(module.path, unused) for unused in outcome.unused]
        return kept

    def _unused(self, path: str, unused: suppress.Unused) -> Finding:
        fix = None
        if unused.edit is not None:
            span, content = unused.edit
            fix = Fix("Remove the suppression", Applicability.SAFE, (Edit(path, span, content),))
        line = unused.span.line
        return Finding(
            UNUSED,
            "unused-suppression",
            unused.message,
            Severity.WARNING,
            Confidence.HIGH,
            Location(path, unused.span),
            lines=(line, line),
            fix=fix,
        )

    def _shown(self, finding: Finding) -> bool:
        settings = self.settings
        if finding.code in (UNREADABLE, UNUSED):
            return finding.code in self.codes
        if settings.pedantic:
            return True
        return finding.confidence >= settings.min_confidence and finding.severity >= max(
            settings.min_severity, Severity.WARNING
        )
