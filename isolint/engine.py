"""One run: discover, read, link, show every site to the rules that listen, suppress, sort."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from isolint import discovery, documents, inputs, source, suppress, workers
from isolint.crash import described
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.knowledge import Knowledge
from isolint.facts.program.project import Module, Project
from isolint.facts.sites import ConfigFile, SettingsModule, Site
from isolint.facts.suite.config import PytestConfig, pytest_config
from isolint.finding import Confidence, Finding, Fix, Location, Severity
from isolint.reader import UNREADABLE, Reader, Standard, unreadable
from isolint.records import from_record, to_record
from isolint.result import Result
from isolint.rule import Check, Context, Rule
from isolint.selection import ignored_for, selected
from isolint.settings import Settings, SettingsError, rule_options
from isolint.shard import Shard
from isolint.vocabulary import VocabularyError
from isolint.vocabulary import load as load_vocabulary

UNUSED = "ISO001"
NOTHING: Mapping[str, bytes] = MappingProxyType({})

T = TypeVar("T")


def check(
    settings: Settings,
    paths: Sequence[Path],
    rules: Sequence[Rule],
    *,
    force_exclude: bool = False,
    standard: Standard | None = None,
    with_fixes: bool = False,
    edited: Mapping[str, bytes] = NOTHING,
    jobs: int | None = 1,
    shard: Shard | None = None,
) -> Result:
    """Lint what `paths` name (none: the test paths of pytest's configuration, else the project).

    The findings have their fixes if these are asked for. `edited` holds by path what is to be read in the place
    of what files hold, and files that are not there yet. `jobs` is the number of processes, None for as many as are
    worth it; of several shards each covers a part of the files. Raises SettingsError or VocabularyError for a
    configuration that cannot be used.
    """

    def work() -> Result:
        return Run(settings, paths, rules, force_exclude, standard, with_fixes, edited).result(jobs, shard)

    return _undisturbed(work)


def look(settings: Settings, paths: Sequence[Path], rules: Sequence[Rule], tell: Callable[[Run], T]) -> T:
    """What `tell` makes of a project that is opened on these paths; nothing is linted unless it asks for it.

    Raises SettingsError or VocabularyError for a configuration that cannot be used.
    """
    return _undisturbed(lambda: tell(Run(settings, paths, rules, False, None)))


def _undisturbed(work: Callable[[], T]) -> T:
    """The result of work that recurses deeply and leaves no garbage worth collecting."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return source.run_deep(work)
    finally:
        if was_enabled:
            gc.enable()


class Run:
    """The state of one run: sources read, facts lowered, findings so far."""

    def __init__(
        self,
        settings: Settings,
        paths: Sequence[Path],
        rules: Sequence[Rule],
        force_exclude: bool,
        standard: Standard | None,
        with_fixes: bool = False,
        edited: Mapping[str, bytes] = NOTHING,
    ) -> None:
        self.settings = settings
        self.config = pytest_config(settings.root)
        self.rules = rules
        self.names = [(rule.code, rule.name, rule.enabled) for rule in rules]
        self.codes = selected(self.names, settings)
        self.standard = standard
        self.force_exclude = force_exclude
        self.files = discovery.discover(
            settings.root,
            paths if standard is None and paths else self._default_paths(self.config),
            exclude=(*settings.exclude, *settings.extend_exclude),
            force_exclude=force_exclude,
        )
        self.with_fixes = with_fixes
        self.added = frozenset(edited) - {*self.files.python, *self.files.configuration}
        self.reader = Reader(settings.root, standard, edited)
        self.errors = self.reader.errors
        self.suppressed = 0

    def _default_paths(self, config: PytestConfig) -> list[Path]:
        folders = [self.settings.root / word for word in config.words("testpaths")]
        for folder in folders:
            inputs.note_folder(folder)
        return [folder for folder in folders if folder.exists()] or [self.settings.root]

    def result(self, jobs: int | None = 1, shard: Shard | None = None) -> Result:
        self.errors += [f"{path}: no such file or folder" for path in self.files.missing]
        self.errors += [
            f"{path} lies outside the project {self.settings.root}" for path in self.files.outside
        ]
        everything = shard or Shard(1, 1)
        modules = [module for module in self._modules() if everything.holds(self._content(module.path))]
        others: list[Module | Document] = [*self._settings_modules(modules), *self._documents()]
        places = [*modules, *(place for place in others if everything.holds(self._content(place.path)))]
        findings = self._all_checked(places, jobs)
        closed = [unreadable(each.path, each.reason.lower()) for each in self.files.unreadable]
        told = {finding.path: finding for finding in (*self.reader.unreadable.values(), *closed)}
        unread = [
            f for path, f in told.items() if self._covers(path) and self._is_told_here(path, everything)
        ]
        findings += unread
        return Result(
            tuple(sorted((f for f in findings if self._shown(f)), key=lambda f: f.sort_key)),
            tuple(dict.fromkeys(self.errors)),
            tuple(module.path for module in modules),
            tuple(finding.path for finding in unread),
            self.suppressed,
        )

    def _covers(self, path: str) -> bool:
        if self.standard:
            return path == self.standard.path
        return self.files.governs(path) if documents.kind_of(path) else self.files.covers(path)

    # -- reading

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        return self.config.words("python_files")

    def is_test(self, path: str) -> bool:
        return discovery.is_test_context(path, self.python_files, self.settings.test_paths)

    @cached_property
    def knowledge(self) -> Knowledge:
        files = self.added.union(self.files.python, {self.standard.path} if self.standard else ())
        files = frozenset(path for path in files if not documents.kind_of(path))
        vocabulary = load_vocabulary(self.settings.vocabulary)
        roots = tuple(word.strip("./") for word in self.config.words("pythonpath"))
        reader = self.reader
        project = Project(files, reader.read, reader.text, self.is_test, vocabulary, roots)
        collected = frozenset(path for path in files if self._is_collected(path))
        configuration = Configuration(self._configuration_files, reader.read_document)
        return Knowledge(project, self.config, collected, reader.span, reader.holes, configuration)

    def _is_collected(self, path: str) -> bool:
        named = discovery.is_test_file(path, self.python_files, self.settings.test_paths)
        return named and not path.endswith("conftest.py")

    def _modules(self) -> Iterator[Module]:
        """The modules to look at: test context among the reported files, and self-tests in product code."""
        for path in sorted(self._reported()):
            if self.is_test(path) or (not discovery.is_set_aside(path) and self._tests_itself(path)):
                module = self.knowledge.project.module(path)
                if module is not None:
                    yield module

    def _settings_modules(self, modules: Sequence[Module]) -> Iterator[Module]:
        """Django's settings modules, if they were asked for and any rule wants to look at them."""
        if self._is_listened_to(SettingsModule):
            for module in self.knowledge.django.settings_modules:
                if self._covers(module.path) and module not in modules:
                    yield module

    def _is_listened_to(self, kind: type) -> bool:
        return any(kind in rule.listeners for rule in self.rules if rule.code in self.codes)

    def _documents(self) -> Iterator[Document]:
        """The configuration files to look at, if any rule wants to."""
        if not self._is_listened_to(ConfigFile):
            return
        for path in self._configuration_files:
            if self._covers(path) and (found := self.knowledge.configuration.document(path)) is not None:
                yield found

    @cached_property
    def _configuration_files(self) -> tuple[str, ...]:
        return (*self.files.configuration, *sorted(path for path in self.added if documents.kind_of(path)))

    def _reported(self) -> frozenset[str]:
        """The files that were asked about, and those that a fix has added."""
        if self.standard is None:
            return self.files.reported.union(path for path in self.added if path.endswith(".py"))
        path = self.standard.path
        left_out = (
            self.force_exclude and path not in self.files.python and (self.settings.root / path).exists()
        )
        return frozenset() if left_out else frozenset({path})

    def _tests_itself(self, path: str) -> bool:
        found = self.reader.source(path)
        return found is not None and "__main__" in found.text

    def _is_told_here(self, path: str, shard: Shard) -> bool:
        """Whether a file that cannot be read is told of in a shard: of the tests every one knows them all."""
        return not self.is_test(path) or shard.holds(path.encode())

    def _content(self, path: str) -> bytes:
        return (self.reader.text(path) or path).encode()

    # -- checking

    def _all_checked(self, places: Sequence[Module | Document], jobs: int | None) -> list[Finding]:
        """The findings in all places, looked for by several processes if it is worth it."""
        sizes = [len(self.reader.text(place.path) or "") for place in places]
        number = min(workers.processes(jobs, sum(sizes)), len(places))
        # Judging the conftests brings to light what concerns the whole suite, and every process inherits that.
        first = [index for index, place in enumerate(places) if place.path.endswith("conftest.py")]
        records = [self._part(places, first if number > 1 else range(len(places)))]
        if number > 1:
            rest = sorted({*range(len(places))}.difference(first))
            groups = [[rest[i] for i in group] for group in workers.parts([sizes[i] for i in rest], number)]
            records += workers.spread(groups, lambda group: self._part(places, group))
        by_index: dict[int, tuple[list[Finding], list[str]]] = {}
        for checked, suppressed, unread, seen in records:
            by_index |= {int(i): (list(from_record(f)), errors) for i, f, errors in checked}
            self.suppressed += suppressed
            for finding in from_record(unread):
                self.reader.unreadable.setdefault(finding.path, finding)
            inputs.add(seen)
        self.errors += [error for _, (_, errors) in sorted(by_index.items()) for error in errors]
        return [finding for _, (found, _) in sorted(by_index.items()) for finding in found]

    def _part(self, places: Sequence[Module | Document], group: Sequence[int]) -> list[Any]:
        """What is found in some of the places, as JSON can hold it, and what was come across on the way."""
        checked = []
        known, before = len(self.errors), self.suppressed
        for index in group:
            found = self._checked(places[index])
            checked.append([index, to_record(found), self.errors[known:]])
            del self.errors[known:]
        suppressed, self.suppressed = self.suppressed - before, before
        return [checked, suppressed, to_record(list(self.reader.unreadable.values())), inputs.noted()]

    def _checked(self, module: Module | Document) -> list[Finding]:
        """The findings in a module; if isolint itself crashes over it, that is told, and the others go on."""
        try:
            return self._judged(module)
        except (SettingsError, VocabularyError):
            raise
        except Exception as error:
            self.reader.note_crash(module.path, error)
            return []

    def _judged(self, module: Module | Document) -> list[Finding]:
        found: list[Finding] = []
        for rule in self.rules:
            if rule.code in self.codes:
                found += self._findings(rule, module)
        ignored = ignored_for(module.path, self.names, self.settings)
        kept = self._unsuppressed(module, [f for f in found if f.code not in ignored])
        return [self._settled(finding, module) for finding in kept]

    def _settled(self, finding: Finding, module: Module | Document) -> Finding:
        """The finding as it is reported: with its fix if that is asked for, without its subject."""
        if finding.subject is None:
            return finding
        wanted = self.with_fixes and self._shown(finding)
        return replace(finding, fix=self._fix(finding, module) if wanted else finding.fix, subject=None)

    def _fix(self, finding: Finding, module: Module | Document) -> Fix | None:
        """The first fix that the finding's rule offers; if the rule crashes over it, that is told."""
        rule = next(rule for rule in self.rules if rule.code == finding.code)
        context = self._context(rule, module)
        for applicability, mend in rule.fixes:
            try:
                fix = mend(finding.subject, context)
                if fix is not None:
                    return replace(fix, applicability=min(fix.applicability, applicability))
            except Exception as error:
                place = f"{module.path}:{finding.location.span.line}"
                told = f"the fix of the rule {rule.code} {rule.name} crashed"
                self.errors.append(f"{place}: {told}: {described(error)}")
        return None

    def _context(self, rule: Rule, module: Module | Document) -> Context:
        options = rule_options(self.settings, rule.name, rule.options) if rule.options is not None else None
        return Context(rule, self.knowledge, module, options, self.reader.source)

    def _findings(self, rule: Rule, module: Module | Document) -> Iterator[Finding]:
        context = self._context(rule, module)
        for kind, checks in rule.listeners.items():
            for site in self.knowledge.sites(module).of(kind):
                for listen in checks:
                    yield from self._heard(listen, site, context)

    def _heard(self, listen: Check, site: Site, context: Context) -> Iterator[Finding]:
        """What a rule says of a site; if it crashes, that is told, and the others go on."""
        rule = context.rule
        try:
            for finding in listen(site, context):
                if not isinstance(finding, Finding):
                    raise TypeError(f"a rule yields findings, this one yielded {finding!r}")
                yield finding
        except Exception as error:
            place = f"{context.module.path}:{site.at[0]}"
            self.errors.append(f"{place}: the rule {rule.code} {rule.name} crashed: {described(error)}")

    def _unsuppressed(self, module: Module | Document, findings: list[Finding]) -> list[Finding]:
        text = self.reader.source(module.path)
        if text is None or ("isolint" not in text.text and "noqa" not in text.text.lower()):
            return findings
        known = {rule.code: rule.name for rule in self.rules}
        found = documents.comments(text) if isinstance(module, Document) else source.comments(text)
        comments = suppress.parse(found, text.lines)
        outcome = suppress.apply(findings, comments, known, self.codes)
        self.suppressed += len(outcome.suppressed)
        kept = list(outcome.kept)
        if UNUSED in self.codes:
            kept += [self._unused(module.path, unused) for unused in outcome.unused]
        return kept

    def _unused(self, path: str, unused: suppress.Unused) -> Finding:
        line = unused.span.line
        return Finding(
            UNUSED,
            "unused-suppression",
            unused.message,
            Severity.WARNING,
            Confidence.HIGH,
            Location(path, unused.span),
            lines=(line, line),
            subject=unused.edit,
        )

    @cached_property
    def _accepts_unreadable(self) -> bool:
        """Whether unreadable files are ignored by name: selecting other rules does not make them checked."""
        words = [w for s in self.settings.selections for w in (*s.ignore, *s.extend_ignore)]
        return UNREADABLE in words or "unreadable-file" in words

    def _shown(self, finding: Finding) -> bool:
        settings = self.settings
        if finding.code == UNREADABLE:
            return not self._accepts_unreadable
        if finding.code == UNUSED:
            return finding.code in self.codes
        if settings.pedantic:
            return True
        return finding.confidence >= settings.min_confidence and finding.severity >= max(
            settings.min_severity, Severity.WARNING
        )

    def verdicts(self, module: Module) -> list[tuple[Finding, str]]:
        """Each finding in a module, and what keeps it out of the report: "" where nothing does.

        Else it is "ignored" by the configuration, "suppressed" by a comment, or "hidden" for not being sure or
        grave enough.
        """
        raised = [f for rule in self.rules if rule.code in self.codes for f in self._findings(rule, module)]
        ignored = ignored_for(module.path, self.names, self.settings)
        kept = self._unsuppressed(module, [f for f in raised if f.code not in ignored])

        def fate(finding: Finding) -> str:
            if finding.code in ignored:
                return "ignored"
            return "suppressed" if finding not in kept else "" if self._shown(finding) else "hidden"

        return [(finding, fate(finding)) for finding in sorted({*raised, *kept}, key=lambda f: f.sort_key)]
