"""One run: discover, read, link, show every site to the rules that listen, suppress, sort."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from isolint import discovery, documents, inputs, sharing, source, suppress
from isolint.crash import described
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.knowledge import Knowledge
from isolint.facts.program.project import Module, Project
from isolint.facts.sites import ConfigFile, SettingsModule, Site
from isolint.facts.suite.config import PytestConfig, pytest_config
from isolint.finding import Finding, Fix, Severity, Silenced
from isolint.reader import UNREADABLE, Reader, Standard, unreadable
from isolint.result import NOTHING, Earlier, Result, merged
from isolint.rule import Check, Context, Rule
from isolint.selection import idle_ignores, ignored_for, selected
from isolint.settings import Settings, SettingsError, own_config, place_of_ignore, rule_options
from isolint.shard import WHOLE, Shard
from isolint.suppress import UNREASONED, UNUSED
from isolint.vocabulary import VocabularyError
from isolint.vocabulary import load as load_vocabulary

T = TypeVar("T")
Place = Module | Document
Watch = Callable[[Sequence[Place]], Iterator[Place]]

_LATEST: list[Run] = []
"""The latest run, kept: the process that ends with it need not take apart all that it knows."""


def check(
    settings: Settings,
    paths: Sequence[Path],
    rules: Sequence[Rule],
    *,
    force_exclude: bool = False,
    standard: Standard | None = None,
    with_fixes: bool = False,
    edited: Mapping[str, bytes] = NOTHING,
    watch: Watch = iter,
    jobs: int | None = 1,
    shard: Shard | None = None,
    earlier: Earlier | None = None,
) -> Result:
    """Lint what `paths` name (none: the test paths of pytest's configuration, else the project).

    The findings have their fixes if these are asked for. `edited` holds by path what is to be read in the place
    of what files hold, and files that are not there yet. The files are looked at as `watch` hands them on, which
    may so tell how far the run is. `jobs` is the number of processes, None for as many as are worth it; of several
    shards each covers a part of the files. With an `earlier` run of the same, only what may have changed since is
    looked at again. Raises SettingsError or VocabularyError for a configuration that cannot
    be used.
    """

    def work() -> Result:
        run = Run(settings, paths, rules, force_exclude, standard, with_fixes, edited)
        _LATEST[:] = [run]
        return run.result(watch, jobs, shard or WHOLE, earlier)

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
        self.silenced: list[Silenced] = []
        self.ignored: set[tuple[str, str]] = set()
        self.woken: frozenset[str] | None = None

    def _default_paths(self, config: PytestConfig) -> list[Path]:
        folders = [self.settings.root / word for word in config.words("testpaths")]
        for folder in folders:
            inputs.note_folder(folder)
        return [folder for folder in folders if folder.exists()] or [self.settings.root]

    def result(
        self,
        watch: Watch = iter,
        jobs: int | None = 1,
        shard: Shard = WHOLE,
        earlier: Earlier | None = None,
    ) -> Result:
        woken = None if earlier is None else self._woken_since(earlier)
        if earlier is None or woken is None:
            return self._looked_for(watch, jobs, shard)
        self.woken = woken
        self.ignored |= {each for each in earlier.result.ignored if each[0] not in woken}
        return merged(earlier.result, self._looked_for(watch, jobs, shard), woken)

    def _woken_since(self, earlier: Earlier) -> frozenset[str] | None:
        """The files to look at again, None for all."""
        from isolint.changes import Waking

        if not earlier.held.keys() - earlier.moved <= set(self.files.python):
            return None
        tests = filter(self.is_test, self.files.python)
        waking = Waking(self.knowledge.project, tests, earlier, self.config.words("usefixtures"))
        settings = (module.path for module in self.knowledge.django.settings_modules)
        return waking.woken((*self._configuration_files, *settings, own_config(self.settings) or ""))

    def _looked_for(self, watch: Watch, jobs: int | None, shard: Shard) -> Result:
        self.errors += [f"{path}: no such file or folder" for path in self.files.missing]
        root = self.settings.root
        self.errors += [f"{path} lies outside the project {root}" for path in self.files.outside]
        modules = [module for module in self._modules() if shard.holds(self._content(module.path))]
        configuration = [each for each in self._documents() if shard.holds(self._content(each.path))]
        settings = [m for m in self._settings_modules(modules) if shard.holds(self._content(m.path))]
        places: list[Place] = [*modules, *settings, *configuration]
        named = [each.path for each in configuration if each.path in self.files.reported]
        findings = sharing.checked(self, places, jobs, watch)
        closed = [unreadable(each.path, each.reason.lower()) for each in self.files.unreadable]
        told = {finding.path: finding for finding in (*self.reader.unreadable.values(), *closed)}
        unread = [f for path, f in told.items() if self._covers(path) and self._is_told_here(path, shard)]
        findings += [finding for each in unread for finding in self._without_ignored(each.path, [each])]
        findings += self._idle_ignores() if shard.number == 1 else ()
        findings.sort(key=lambda f: f.sort_key)
        return Result(
            tuple(f for f in findings if self._shown(f)),
            tuple(dict.fromkeys(self.errors)),
            (*(module.path for module in modules), *named),
            tuple(finding.path for finding in unread),
            tuple(each for each in self.silenced if self._shown(each.finding)),
            tuple(f for f in findings if not self._shown(f)),
            frozenset(each.path for each in (*places, *unread)),
            self.codes,
            frozenset(self.ignored),
        )

    def _idle_ignores(self) -> Iterator[Finding]:
        """What the configuration ignores in vain, if all the files that it speaks of were looked at."""
        if UNUSED not in self.codes or self.standard is not None:
            return
        rest = [path for path in (*self.files.python, *self.files.configuration) if not self._covers(path)]
        for glob, word in idle_ignores(self.names, self.settings, self.codes, rest, self.ignored):
            if (found := place_of_ignore(self.settings, glob, word)) is not None:
                yield suppress.unused(*found, f"`{word}` ignores nothing in `{glob}`")

    def _covers(self, path: str) -> bool:
        if self.standard:
            return path == self.standard.path
        return self.files.governs(path) if documents.kind_of(path) else self.files.covers(path)

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
        project = Project(files, reader.read, reader.text, reader.content, self.is_test, vocabulary, roots)
        collected = frozenset(path for path in files if self._is_collected(path))
        configuration = Configuration(self._configuration_files, reader.read_document)
        return Knowledge(project, self.config, collected, reader.span, reader.holes, configuration)

    def _is_collected(self, path: str) -> bool:
        named = discovery.is_test_file(path, self.python_files, self.settings.test_paths)
        return named and not path.endswith("conftest.py")

    def _modules(self) -> Iterator[Module]:
        """The modules to look at: test context among the reported files, and self-tests in product code."""
        for path in sorted(filter(self._is_awake, self._reported())):
            if self.is_test(path) or (not discovery.is_set_aside(path) and self._tests_itself(path)):
                module = self.knowledge.project.module(path)
                if module is not None:
                    yield module

    def _settings_modules(self, modules: Sequence[Module]) -> Iterator[Module]:
        """Django's settings modules, if they were asked for and any rule wants to look at them."""
        if self._is_listened_to(SettingsModule):
            for module in self.knowledge.django.settings_modules:
                if self._covers(module.path) and module not in modules and self._is_awake(module.path):
                    yield module

    def _is_awake(self, path: str) -> bool:
        return self.woken is None or path in self.woken

    def _is_listened_to(self, kind: type) -> bool:
        return any(kind in rule.listeners for rule in self.rules if rule.code in self.codes)

    def _documents(self) -> Iterator[Document]:
        """The configuration files to look at, if any rule wants to."""
        if not self._is_listened_to(ConfigFile):
            return
        for path in filter(self._is_awake, self._configuration_files):
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

    def checked(self, module: Module | Document) -> list[Finding]:
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
        kept = self._unsuppressed(module, self._without_ignored(module.path, found))
        return [self._settled(finding, module) for finding in self._without_ignored(module.path, kept)]

    def _without_ignored(self, path: str, findings: list[Finding]) -> list[Finding]:
        """The findings in a file that the configuration does not ignore there; the others are noted."""
        codes = ignored_for(path, self.names, self.settings)
        self.ignored |= {(path, finding.code) for finding in findings if finding.code in codes}
        return [finding for finding in findings if finding.code not in codes]

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
        self.silenced += [
            Silenced(
                each.finding, "noqa" if each.by.reach is suppress.Reach.NOQA else "comment", each.by.reason
            )
            for each in outcome.suppressed
        ]
        kept = list(outcome.kept)
        if UNUSED in self.codes:
            kept += [self._unused(module.path, unused) for unused in outcome.unused]
        if UNREASONED in self.codes:
            kept += [
                suppress.unreasoned_at(module.path, each.span)
                for each in suppress.unreasoned(comments, known)
            ]
        return kept

    def _unused(self, path: str, unused: suppress.Unused) -> Finding:
        return replace(suppress.unused(path, unused.span, unused.message), subject=unused.edit)

    @cached_property
    def _accepts_unreadable(self) -> bool:
        """Whether unreadable files are ignored by name: selecting other rules does not make them checked."""
        words = [w for s in self.settings.selections for w in (*s.ignore, *s.extend_ignore)]
        return UNREADABLE in words or "unreadable-file" in words

    def _shown(self, finding: Finding) -> bool:
        settings = self.settings
        if finding.code == UNREADABLE:
            return not self._accepts_unreadable
        if finding.code in (UNUSED, UNREASONED):
            return finding.code in self.codes
        least = Severity.INFO if settings.pedantic else Severity.WARNING
        is_grave = finding.severity >= max(settings.min_severity, least)
        return is_grave and finding.confidence >= settings.min_confidence

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
