"""What runs tests: jobs of continuous integration, with their services and variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from isolint.documents import Entry, Node
from isolint.facts.configuration import containers
from isolint.facts.configuration.commands import is_store_variable, runs_tests, server_of, waits
from isolint.facts.configuration.files import Configuration, Document
from isolint.facts.suite.config import PYTEST_TABLES
from isolint.facts.targets.lattice import is_test_name, tokens

_SECRET = re.compile(r"\$\{\{\s*(?:secrets|vars)\.(?P<name>\w+)\s*\}\}\Z")
_GITLAB_VARIABLE = re.compile(
    r"\$\{?(?P<name>PROD\w*|LIVE\w*|PRODUCTION\w*|\w+_(?:PROD|LIVE|PRODUCTION))\}?\Z"
)
_OTHER_STAGES = frozenset({"staging", "stage", "dev", "development", "preview", "local"})


@dataclass(frozen=True, slots=True)
class Service:
    """A server that is started beside a job: its key, the name of the server, what is said of it."""

    entry: Entry
    server: str
    is_checked: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a job, and the variables set for it alone."""

    command: str
    variables: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A job that runs tests: its services, its commands, and the variables set for all of them."""

    services: tuple[Service, ...]
    steps: tuple[Step, ...]
    variables: tuple[Entry, ...]


class Pipelines:
    """Reads the files that start tests and the servers beside them."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def unchecked_services(self, document: Document) -> Iterator[tuple[Entry, str]]:
        """The services of test jobs that nothing waits for: the entry, and the server it runs."""
        for job in test_jobs(document):
            if not any(waits(step.command) for step in job.steps):
                yield from ((s.entry, s.server) for s in job.services if not s.is_checked)

    def unawaited(self, document: Document) -> Iterator[tuple[Entry, str, str]]:
        """The servers of tests' compose files that a service builds on without waiting: entry, server, service."""
        if document.kind == "compose" and containers.is_for_tests(document):
            folder = document.path.rpartition("/")[0]
            compose = self.configuration.of("compose")
            beside = [
                each for each in compose if each is not document and each.path.rpartition("/")[0] == folder
            ]
            yield from containers.unawaited(document, beside)

    def secret_stores(self, document: Document) -> Iterator[tuple[Entry, str]]:
        """The variables of test jobs that get a store's address from a secret: the entry, and the secret."""
        for variables, servers in (*_github_variables(document), *_gitlab_variables(document)):
            for entry in variables:
                found = _SECRET.search(entry.value.text) or _GITLAB_VARIABLE.match(entry.value.text)
                if found is None or not is_store_variable(entry.key) or servers:
                    continue
                secret = found["name"]
                if not (is_test_name(secret) or tokens(secret.lower()) & _OTHER_STAGES):
                    yield entry, secret

    def pytest_options(self, document: Document, winner: str) -> Iterator[Node]:
        """The `addopts` of the configuration file that pytest reads, as far as they are written in it."""
        keys = PYTEST_TABLES.get(document.kind)
        section = document.root.get(*keys) if keys is not None and document.path == winner else None
        given = section.get("addopts") if section is not None else None
        if given is None and document.kind == "pyproject" and document.path == winner:
            given = document.root.get("tool", "pytest", "addopts")
        if given is not None and given.kind == "scalar":
            yield given
        elif given is not None:
            text = " ".join(part.text for part in given.scalars())
            yield Node("scalar", given.at, text)


def _github_variables(document: Document) -> Iterator[tuple[tuple[Entry, ...], bool]]:
    """The variables of jobs that run tests, and of their steps that do; whether the job has servers of its own."""
    for job in test_jobs(document):
        steps = [entry for step in job.steps if runs_tests(step.command) for entry in step.variables]
        yield (*job.variables, *steps), bool(job.services)


def _gitlab_variables(document: Document) -> Iterator[tuple[tuple[Entry, ...], bool]]:
    if document.kind != "gitlab":
        return
    shared = document.root.get("variables")
    for entry in document.root.entries:
        script = entry.value.get("script")
        if script is None or not any(runs_tests(part.text) for part in script.scalars()):
            continue
        own = entry.value.get("variables")
        variables = [e for node in (shared, own) if node is not None for e in node.entries]
        yield tuple(variables), entry.value.get("services") is not None


def test_jobs(document: Document) -> Iterator[Job]:
    """The jobs of a workflow of GitHub Actions that run tests."""
    if document.kind != "github":
        return
    jobs = document.root.get("jobs")
    for entry in jobs.entries if jobs is not None else ():
        steps = tuple(_steps(entry.value))
        matrix = entry.value.get("strategy", "matrix")
        commands = [*(step.command for step in steps), *(matrix.texts() if matrix is not None else ())]
        if any(runs_tests(command) for command in commands):
            variables = (*_variables(document.root), *_variables(entry.value))
            yield Job(tuple(_services(entry.value)), steps, variables)


def _steps(job: Node) -> Iterator[Step]:
    steps = job.get("steps")
    for step in steps.items if steps is not None else ():
        run = step.get("run")
        if run is not None:
            yield Step(run.text, _variables(step))


def _variables(node: Node) -> tuple[Entry, ...]:
    found = node.get("env")
    return () if found is None else found.entries


def _services(job: Node) -> Iterator[Service]:
    services = job.get("services")
    for entry in services.entries if services is not None else ():
        image = entry.value.get("image")
        options = entry.value.get("options")
        server = server_of(image.text if image is not None else entry.value.text)
        if server:
            yield Service(entry, server, options is not None and "--health-cmd" in options.text)
