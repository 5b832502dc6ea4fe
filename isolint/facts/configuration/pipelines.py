"""What runs tests: jobs of continuous integration, with their services and variables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

from isolint.documents import Entry, Node
from isolint.facts.configuration import containers
from isolint.facts.configuration.commands import (
    is_for_integration,
    is_store_variable,
    migrates,
    runs_tests,
    runs_workers,
    waits,
)
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.configuration.health import Unchecked
from isolint.facts.configuration.hosts import Hosts
from isolint.facts.configuration.jobs import test_jobs
from isolint.facts.configuration.substitutions import Substitution, substitutions
from isolint.facts.meaning.values import Hop
from isolint.facts.suite.config import PytestConfig
from isolint.facts.targets.lattice import is_test_name, tokens
from isolint.late import regex

# How a pipeline names a variable that is kept outside of its file.
_SECRETS = {
    "github": regex(r"\$\{\{\s*(?:secrets|vars)\.(?P<name>\w+)\s*\}\}\Z"),
    "gitlab": regex(r"\$\{?(?P<name>PROD\w*|LIVE\w*|PRODUCTION\w*|\w+_(?:PROD|LIVE|PRODUCTION))\}?\Z"),
    "azure": regex(r"\$\((?P<name>\w+)\)\Z"),
}
_DATABASES = frozenset({"postgres", "postgis", "pgvector", "timescaledb", "mysql", "mariadb", "mongo"})
_PRISMA = regex(r"(?:@prisma/client|prisma)(?:$|[\s<>=~!^\[])")
_SERVER_URL = regex(r"(?:postgres(?:ql)?|mysql|sqlserver)://")
_OTHER_STAGES = frozenset({"staging", "stage", "dev", "development", "preview", "local"})


class Pipelines:
    """Reads the files that start tests and the servers beside them."""

    def __init__(self, configuration: Configuration, config: PytestConfig, hosts: Hosts) -> None:
        self.configuration = configuration
        self.config = config
        self.hosts = hosts

    def unchecked_services(self, document: Document) -> Iterator[tuple[Unchecked, str]]:
        """The services of test jobs that nothing waits for, and why."""
        for job in test_jobs(document):
            if not any(waits(step.command) for step in job.steps):
                for service in job.services:
                    if not service.is_checked:
                        has_checks = document.kind != "circleci"
                        reason = (
                            f"the {service.server} has no health check"
                            if has_checks
                            else "no step waits for it"
                        )
                        yield Unchecked(service.entry, service.server, document.kind), reason

    def late_migrations(self, document: Document) -> Iterator[Node]:
        """The migrations of jobs with a database that come after the tests, while none comes before them."""
        for job in test_jobs(document):
            lines = [line for step in job.steps for line in step.node.lines()]
            first = next((i for i, line in enumerate(lines) if runs_tests(line.text)), len(lines))
            late = [i for i, line in enumerate(lines) if migrates(line.text)]
            if late and late[0] > first and any(s.server in _DATABASES for s in job.services):
                yield lines[late[0]]

    def crowded(self, document: Document) -> Iterator[tuple[Node, str]]:
        """Where the integration tests of a job start several workers on one database: the command, the database.

        Silent is a job whose addresses bound the connections themselves.
        """
        for job in test_jobs(document):
            database = next((s.entry.key for s in job.services if s.server in _DATABASES), None)
            if database is None or any("connection_limit" in e.value.text for e in job.test_variables):
                continue
            about = is_for_integration(job.entry.key)
            for step in job.steps:
                for line in step.node.lines():
                    if runs_workers(line.text) and (about or is_for_integration(line.text)):
                        yield line, database

    @cached_property
    def _has_prisma(self) -> bool:
        documents = self.configuration.of("package", "pyproject", "requirements")
        words = [*(e.key for d in documents for node in d.root.below() for e in node.entries)]
        words += [text for d in documents for text in d.root.texts()]
        return any(_PRISMA.match(word) is not None for word in words)

    def unlimited(self, document: Document) -> Iterator[Entry]:
        """The addresses that a file gives the tests of a project with Prisma and that bound no pool."""
        if not self._has_prisma:
            return
        variables = [e for job in test_jobs(document) for e in job.test_variables]
        if document.kind == "dotenv":
            of_tests = is_test_name(document.path.rpartition("/")[2].lstrip("."))
            variables += [e for e in document.root.entries if of_tests or is_test_name(e.key)]
        for entry in variables:
            if _SERVER_URL.match(entry.value.text) and "connection_limit" not in entry.value.text:
                yield entry

    def unawaited(self, document: Document) -> Iterator[tuple[Unchecked, str]]:
        """The servers of tests' compose files that a service builds on without waiting, and this service.

        A compose file is the tests' where it is there for them, and else as far as they name its servers.
        """
        if document.kind != "compose":
            return
        is_for_tests = containers.is_for_tests(document)
        for entry, server, name in containers.unawaited(document, self._beside(document)):
            if is_for_tests or containers.is_named(entry, self.hosts.names):
                services = document.root.get("services")
                others = services.entries if services is not None else ()
                is_old = document.root.get("version") is not None
                yield Unchecked(entry, server, document.kind, others, is_old), name

    def shared_volumes(self, document: Document) -> Iterator[tuple[Node, str, Hop]]:
        """The volumes that a compose file for tests shares with the application's: place, volume, and where else."""
        if document.kind == "compose":
            yield from containers.shared_volumes(document, self._beside(document))

    def _beside(self, document: Document) -> list[Document]:
        folder = document.path.rpartition("/")[0]
        compose = self.configuration.of("compose")
        return [each for each in compose if each is not document and each.path.rpartition("/")[0] == folder]

    def secret_stores(self, document: Document) -> Iterator[tuple[Entry, str]]:
        """The variables of test jobs that get a store's address from a secret: the entry, and the secret."""
        for job in test_jobs(document):
            if job.services:
                continue
            own = {entry.key for entry in job.variables}
            for entry in job.test_variables:
                secret = _secret(entry.value.text, document.kind, own)
                if secret and is_store_variable(entry.key) and not _is_of_tests(secret):
                    yield entry, secret

    def substitutions(self, document: Document) -> Iterator[Substitution]:
        """Where a test variable that is not set gives way to the application's."""
        return substitutions(document)

    def pytest_options(self, document: Document) -> Iterator[Entry]:
        """The `addopts` of the configuration file that pytest reads, as far as they are written in it."""
        section = self.config.section(document.path, document.root)
        given = section.entry("addopts") if section is not None else None
        if given is not None:
            yield given


def _secret(value: str, kind: str, own: Collection[str]) -> str:
    """The variable from outside of the pipeline that a value is, "" if it is another one."""
    pattern = _SECRETS.get(kind)
    found = pattern.search(value) if pattern is not None else None
    return "" if found is None or (kind == "azure" and found["name"] in own) else found["name"]


def _is_of_tests(secret: str) -> bool:
    """Whether a secret is, by its name, for tests or for another stage than production."""
    return is_test_name(secret) or bool(tokens(secret.lower()) & _OTHER_STAGES)
