"""What runs tests: jobs of continuous integration, with their services and variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isolint.documents import Entry, Node
from isolint.facts import containers
from isolint.facts.commands import runs_tests, server_of, waits
from isolint.facts.configuration import Configuration, Document


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


def test_jobs(document: Document) -> Iterator[Job]:
    """The jobs of a workflow of GitHub Actions that run tests."""
    if document.kind != "github":
        return
    jobs = document.root.get("jobs")
    for entry in jobs.entries if jobs is not None else ():
        steps = tuple(_steps(entry.value))
        matrix = entry.value.get("strategy", "matrix")
        commands = [*(step.command for step in steps), *(_texts(matrix) if matrix is not None else ())]
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


def _texts(node: Node, depth: int = 0) -> Iterator[str]:
    """The scalars of a node, as far down as a matrix goes."""
    if node.kind == "scalar":
        yield node.text
    if depth < 4:
        for child in (*node.items, *(entry.value for entry in node.entries)):
            yield from _texts(child, depth + 1)
