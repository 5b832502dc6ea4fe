"""Settings made for the tests that have no effect: the runner reads another file, or nothing reads them at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from isolint.documents import Node, Position
from isolint.facts.configuration.commands import is_store_variable
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.configuration.jobs import test_jobs
from isolint.facts.meaning.values import Hop
from isolint.facts.suite.config import PytestConfig, assignment
from isolint.facts.suite.homes import Home
from isolint.facts.targets.lattice import is_test_name
from isolint.late import dataclass

_SETTINGS = "DJANGO_SETTINGS_MODULE"
_SWITCHES = frozenset(
    {"FLASK_ENV", "APP_ENV", "ENVIRONMENT", "DJANGO_ENV", "QUART_ENV", "FASTAPI_ENV", "ENV"}
)
# Keys of pytest's configuration that a plugin reads, and its distribution.
_PLUGINS = {"env": "pytest-env", "env_files": "pytest-dotenv", _SETTINGS: "pytest-django"}


@dataclass(frozen=True, slots=True)
class Inert:
    """A setting without effect: its place, how it is called, and why nobody reads it."""

    at: Position
    name: str
    reason: str


class InertSettings:
    """Finds settings that would keep the tests on stores of their own, if they were read."""

    def __init__(self, configuration: Configuration, config: PytestConfig) -> None:
        self.configuration = configuration
        self.config = config

    def of(self, document: Document) -> Iterator[Inert]:
        """The settings of a file for pytest that have no effect."""
        for home in self.config.ignored:
            if home.path == document.path:
                yield from self._in_loser(home, document.root)
        section = self.config.section(document.path, document.root)
        for entry in section.entries if section is not None else ():
            plugin = _PLUGINS.get(entry.key)
            missing = plugin is not None and self._lists_pytest and not self._lists(plugin)
            if missing and any(_matters(entry.key, part.text) for part in entry.value.scalars()):
                yield Inert(entry.at, entry.key, f"`{plugin}`, which reads it, is not among the requirements")

    def _in_loser(self, home: Home, root: Node) -> Iterator[Inert]:
        section = home.section(root)
        reason = f"pytest reads {self.config.path} and not {home.title} of this file"
        for entry in section.entries if section is not None else ():
            for part in entry.value.scalars():
                for name in self._lost(entry.key, part.text):
                    yield Inert(part.at, name, reason)

    def _lost(self, key: str, value: str) -> Iterator[str]:
        """What a line of a file that is not read would have set for tests, and the file that is read does not."""
        if key == _SETTINGS and is_test_name(value) and value != self._settings_module:
            yield key
        elif key == "env" and _matters(key, value):
            _, variable, given = assignment(value)
            if self.config.environment.get(variable) != given:
                yield variable
        elif key == "env_files" and _matters(key, value) and not self.config.words(key):
            yield key
        elif key == "addopts":
            modules = (word.removeprefix("--ds=") for word in value.split() if word.startswith("--ds="))
            yield from ("--ds" for name in modules if is_test_name(name) and name != self._settings_module)

    @property
    def _settings_module(self) -> str:
        options = [w.removeprefix("--ds=") for w in self.config.words("addopts") if w.startswith("--ds=")]
        given = self.config.environment.get(_SETTINGS) or self.config.values.get(_SETTINGS)
        return options[-1] if options else given if isinstance(given, str) else ""

    def overruled(self, document: Document) -> Iterator[tuple[Position, str, Hop]]:
        """A settings module that pytest is told and that a pipeline replaces: the place, the other one, and where.

        The environment goes before pytest's configuration; only `--ds` goes before the environment.
        """
        section = self.config.section(document.path, document.root)
        given = section.get(_SETTINGS) if section is not None else None
        if given is None or any(word.startswith("--ds") for word in self.config.words("addopts")):
            return
        for pipeline in self.configuration.of("github", "gitlab", "circleci", "azure"):
            for job in test_jobs(pipeline):
                for entry in job.test_variables:
                    value = entry.value.text
                    if entry.key == _SETTINGS and value not in ("", given.text) and "$" not in value:
                        yield given.at, value, Hop(pipeline.path, entry.value.at, f"{_SETTINGS}: {value}")

    # -- what is installed

    @cached_property
    def _requirements(self) -> tuple[str, ...]:
        documents = self.configuration.of("pyproject", "requirements", "tox", "setup", "makefile", "github")
        texts = [text for d in documents for text in d.root.texts()]
        return (*texts, *(e.key for d in documents for node in d.root.below() for e in node.entries))

    @cached_property
    def _lists_pytest(self) -> bool:
        """Whether the project's pyproject.toml says what the tests need: pytest stands there."""
        documents = self.configuration.of("pyproject")
        words = [text for d in documents for text in d.root.texts()]
        words += [e.key for d in documents for node in d.root.below() for e in node.entries if e.value.text]
        return any(re.match(r"pytest(?:$|[\s<>=~!^\[;(])", word) is not None for word in words)

    def _lists(self, distribution: str) -> bool:
        name = re.compile(re.escape(distribution).replace(r"\-", "[-_.]"), re.I)
        return any(name.search(text) is not None for text in self._requirements)


def _matters(key: str, value: str) -> bool:
    """Whether a line of pytest's configuration says which stores or settings the tests have."""
    if key == "env":
        flags, variable, given = assignment(value)
        switch = variable in _SWITCHES and is_test_name(given)
        return "D" not in flags and (is_store_variable(variable) or switch)
    if key == "env_files":
        return any(is_test_name(word.lstrip(".")) for word in value.split())
    return key == _SETTINGS and is_test_name(value)
