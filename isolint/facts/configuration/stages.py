"""Which stage's settings the tests run with: production's, development's, or those made for tests."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.documents import Node, Position
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.configuration.jobs import test_jobs
from isolint.facts.meaning.values import Hop, Literal
from isolint.facts.program.project import Project
from isolint.facts.suite.config import PytestConfig
from isolint.facts.targets.lattice import Level, is_test_name, place, tokens, without_credentials

_LIVE = frozenset({"production", "prod", "live", "staging"})
_OTHERS = frozenset({"development", "dev", "local", "base", "common", "settings"})
_SWITCHES = frozenset({"FLASK_ENV", "APP_ENV", "ENVIRONMENT", "DJANGO_ENV", "QUART_ENV", "FASTAPI_ENV"})


class Stages:
    """Reads where the tests' settings are chosen."""

    def __init__(self, configuration: Configuration, config: PytestConfig, project: Project) -> None:
        self.configuration = configuration
        self.config = config
        self.project = project

    def of_tests(self, document: Document) -> Iterator[tuple[Position, str, str]]:
        """Where a file chooses another stage's settings for tests: the place, their name, better ones or "".

        Better ones are told for settings that are not those of production.
        """
        for at, name in self._modules(document):
            word = name.rpartition(".")[2].lower()
            if is_test_name(name):
                continue
            if not tokens(word).isdisjoint(_LIVE):
                yield at, name, ""
            elif not tokens(word).isdisjoint(_OTHERS) and (better := self._for_tests(name)):
                yield at, name, better
        for at, name in self._switches(document):
            if name.lower() in _LIVE:
                yield at, name, ""

    def _modules(self, document: Document) -> Iterator[tuple[Position, str]]:
        section = self.config.section(document.path, document.root)
        given = section.get("DJANGO_SETTINGS_MODULE") if section is not None else None
        if given is not None and given.text:
            yield given.at, given.text
        options = section.get("addopts") if section is not None else None
        for part in options.scalars() if options is not None else ():
            for word in part.text.split():
                if word.startswith("--ds="):
                    yield part.at, word.removeprefix("--ds=")
        yield from self._variables(document, frozenset({"DJANGO_SETTINGS_MODULE"}))

    def _switches(self, document: Document) -> Iterator[tuple[Position, str]]:
        yield from self._variables(document, _SWITCHES)

    def _variables(self, document: Document, names: frozenset[str]) -> Iterator[tuple[Position, str]]:
        for job in test_jobs(document):
            for entry in job.test_variables:
                if entry.key in names and entry.value.text and "$" not in entry.value.text:
                    yield entry.value.at, entry.value.text

    def shared_addresses(self, document: Document) -> Iterator[tuple[str, str, Position, Hop]]:
        """The addresses in a configuration file for tests that the application's has under the same key.

        Gives the address without credentials, its key, its place, and the place in the application's file.
        """
        if not document.kind.startswith(("settings", "dotenv")) or not _is_for_tests(document):
            return
        others = [d for d in self.configuration.of(document.kind) if not _is_for_tests(d)]
        for keys, node in _addresses(document.root):
            same = ((other, other.root.get(*keys)) for other in others)
            found = next(((o, n) for o, n in same if n is not None and n.text == node.text), None)
            if found is not None:
                key, address = ".".join(keys), without_credentials(node.text)
                yield address, key, node.at, Hop(found[0].path, found[1].at, f"{key} = {address}")

    def _for_tests(self, name: str) -> str:
        """The settings module for tests that lies beside another one, "" if there is none."""
        package = name.rpartition(".")[0].replace(".", "/")
        homes = {package, f"{package}/settings"} if name.endswith(".settings") else {package}
        for path in sorted(self.project.files):
            home, _, file = path.rpartition("/")
            stem = file.removesuffix(".py")
            known = "settings" in stem or home.endswith(("settings", "config"))
            if known and is_test_name(stem) and any(home.endswith(each) for each in homes) and home:
                return f"{home.replace('/', '.')}.{stem}"
        return ""


def _is_for_tests(document: Document) -> bool:
    name = document.path.rpartition("/")[2]
    return is_test_name(name.lstrip(".") if document.kind == "dotenv" else name.rpartition(".")[0])


def _addresses(node: Node, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """The addresses of stores and near servers in a mapping, each with the keys that lead to it."""
    for entry in node.entries if len(keys) < 6 else ():
        below = (*keys, entry.key)
        if entry.value.kind == "mapping":
            yield from _addresses(entry.value, below)
        elif _is_address(entry.value.text):
            yield below, entry.value


def _is_address(value: str) -> bool:
    scheme, separator, rest = value.partition("://")
    if not separator or place(Literal(value), {}, product=True).level < Level.PRODUCTION:
        return False
    host = rest.partition("/")[0].rpartition("@")[2].partition(":")[0]
    return scheme not in ("http", "https", "ws", "wss") or not ("." in host or host in ("localhost", ""))
