"""Jobs of continuous integration that run tests: their commands, their variables, the servers beside them.

Read are the jobs of GitHub Actions, GitLab CI, CircleCI and Azure Pipelines.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolint.documents import Entry, Node
from isolint.facts.configuration.commands import runs_tests, server_of
from isolint.facts.configuration.files import Document
from isolint.late import dataclass

_EMPTY = Node("mapping", (1, 0, 1, 0))
_AZURE_COMMANDS = ("script", "bash", "pwsh", "powershell")


@dataclass(frozen=True, slots=True)
class Service:
    """A server that is started beside a job: its key, the name of the server, whether the job waits for it."""

    entry: Entry
    server: str
    is_checked: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a job, and the variables set for it alone."""

    node: Node
    variables: tuple[Entry, ...] = ()

    @property
    def command(self) -> str:
        """The command as the shell gets it."""
        return "\n".join(part.text for part in self.node.scalars())

    @property
    def runs_tests(self) -> bool:
        """Whether the command starts tests."""
        return runs_tests(self.command)


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its name, its servers, its commands, and the variables set for all of them, the nearest last.

    `chosen` are further commands that a matrix fills in.
    """

    entry: Entry
    services: tuple[Service, ...]
    steps: tuple[Step, ...]
    variables: tuple[Entry, ...]
    chosen: tuple[str, ...] = ()

    @property
    def runs_tests(self) -> bool:
        """Whether one of the commands starts tests."""
        return any(step.runs_tests for step in self.steps) or any(map(runs_tests, self.chosen))

    @property
    def test_variables(self) -> tuple[Entry, ...]:
        """The variables that are set for the job, or for a step of it that runs tests."""
        return (*self.variables, *(e for step in self.steps if step.runs_tests for e in step.variables))


def test_jobs(document: Document) -> tuple[Job, ...]:
    """The jobs of a pipeline that run tests; none in files that are no pipelines."""
    reader = _READERS.get(document.kind)
    return () if reader is None else tuple(job for job in reader(document.root) if job.runs_tests)


# -- GitHub Actions


def _github(root: Node) -> Iterator[Job]:
    for entry in _entries(root.get("jobs")):
        job = entry.value
        matrix = job.get("strategy", "matrix")
        commands = ((step.get("run"), step) for step in _items(job.get("steps")))
        steps = tuple(Step(run, _entries(step.get("env"))) for run, step in commands if run is not None)
        services = tuple(_services(job.get("services")))
        variables = (*_entries(root.get("env")), *_entries(job.get("env")))
        yield Job(entry, services, steps, variables, tuple(matrix.texts()) if matrix is not None else ())


def _services(services: Node | None) -> Iterator[Service]:
    """Servers as GitHub starts them: it waits for those that have a health check."""
    for entry in _entries(services):
        image = entry.value.get("image")
        options = entry.value.get("options")
        server = server_of(image.text if image is not None else entry.value.text)
        if server:
            yield Service(entry, server, options is not None and "--health-cmd" in options.text)


# -- GitLab CI


def _gitlab(root: Node) -> Iterator[Job]:
    for entry in root.entries:
        if entry.key == "default" or entry.key.startswith("."):
            continue
        homes = [root.get("default") or _EMPTY, *_extended(entry.value, root)]
        script = _last(homes, "script")
        if script is None:
            continue
        scripts = [_last([root, *homes], "before_script"), script]
        steps = tuple(Step(node) for node in scripts if node is not None)
        variables = [e for home in (root, *homes) for e in _entries(home.get("variables"))]
        services = _last([root, *homes], "services")
        yield Job(entry, tuple(_named(services)), steps, tuple(variables))


def _extended(job: Node, root: Node, depth: int = 0) -> list[Node]:
    """A job behind those that it extends, the nearest last."""
    extends = job.get("extends")
    names = [part.text for part in extends.scalars()] if extends is not None and depth < 8 else []
    templates = [found for name in names if (found := root.get(name)) is not None]
    return [*(home for each in templates for home in _extended(each, root, depth + 1)), job]


def _named(services: Node | None) -> Iterator[Service]:
    """Servers as GitLab starts them: it waits for their ports by itself."""
    for item in _items(services):
        image = item if item.kind == "scalar" else item.get("name")
        server = server_of(image.text) if image is not None else ""
        if image is not None and server:
            yield Service(Entry(image.text, image.at, item), server, is_checked=True)


# -- CircleCI


def _circleci(root: Node) -> Iterator[Job]:
    for entry in _entries(root.get("jobs")):
        job = entry.value
        executor = job.get("executor")
        name = (executor.get("name") or executor) if executor is not None else None
        shared = root.get("executors", name.text) if name is not None else None
        homes = [home for home in (shared, job) if home is not None]
        containers = [item for home in homes for item in _items(home.get("docker"))]
        environments = [home.get("environment") for home in (*containers[:1], *homes)]
        variables = tuple(e for given in environments for e in _assigned(given))
        steps = tuple(_circleci_steps(job.get("steps"), root))
        yield Job(entry, tuple(_further(containers[1:])), steps, variables)


def _circleci_steps(steps: Node | None, root: Node, depth: int = 0) -> Iterator[Step]:
    """The commands of steps, those below `when` and of the commands that the file defines included."""
    for item in _items(steps) if depth < 4 else ():
        if item.kind == "scalar":
            yield from _circleci_steps(root.get("commands", item.text, "steps"), root, depth + 1)
        for entry in item.entries:
            if entry.key == "run":
                command = entry.value if entry.value.kind == "scalar" else entry.value.get("command")
                if command is not None:
                    yield Step(command, tuple(_assigned(entry.value.get("environment"))))
            elif entry.key in ("when", "unless"):
                yield from _circleci_steps(entry.value.get("steps"), root, depth + 1)
            else:
                yield from _circleci_steps(root.get("commands", entry.key, "steps"), root, depth + 1)


def _further(containers: list[Node]) -> Iterator[Service]:
    """The containers beside the first one: CircleCI waits for none of them."""
    for item in containers:
        image = item.entry("image")
        server = server_of(image.value.text) if image is not None else ""
        if image is not None and server:
            yield Service(Entry(_plain_name(image.value.text), image.at, item), server, is_checked=False)


def _plain_name(image: str) -> str:
    return image.rpartition("/")[2].partition(":")[0]


# -- Azure Pipelines


def _azure(root: Node) -> Iterator[Job]:
    containers = {
        c.text: item for item in _items(root.get("resources", "containers")) if (c := item.get("container"))
    }
    for homes in _azure_homes(root):
        found = list(_azure_steps(homes[-1]))
        if found:
            job = homes[-1]
            name = job.entry("job") or job.entry("deployment") or job.entry("steps")
            variables = tuple(e for home in homes for e in _assigned(home.get("variables")))
            services = tuple(_azure_services(job.get("services"), containers))
            matrix = job.get("strategy", "matrix")
            chosen = tuple(matrix.texts()) if matrix is not None else ()
            yield Job(name or Entry("", job.at, job), services, tuple(found), variables, chosen)


def _azure_homes(root: Node) -> Iterator[tuple[Node, ...]]:
    """Each job with the stage and the file that it stands in, the nearest last."""
    yield (root,)
    for job in _items(root.get("jobs")):
        yield (root, job)
    for stage in _items(root.get("stages")):
        yield from ((root, stage, job) for job in _items(stage.get("jobs")))


def _azure_steps(job: Node) -> Iterator[Step]:
    for item in _items(job.get("steps")):
        given = next((found for word in _AZURE_COMMANDS if (found := item.get(word)) is not None), None)
        if given is not None:
            yield Step(given, _entries(item.get("env")))


def _azure_services(services: Node | None, containers: dict[str, Node]) -> Iterator[Service]:
    """Servers as Azure starts them: it waits for those that have a health check."""
    for entry in _entries(services):
        container = containers.get(entry.value.text, entry.value)
        image, options = container.get("image"), container.get("options")
        server = server_of(image.text) if image is not None else ""
        if server:
            yield Service(entry, server, options is not None and "--health-cmd" in options.text)


_READERS = {"github": _github, "gitlab": _gitlab, "circleci": _circleci, "azure": _azure}


def _entries(node: Node | None) -> tuple[Entry, ...]:
    return () if node is None else node.entries


def _items(node: Node | None) -> tuple[Node, ...]:
    return () if node is None else node.items


def _last(homes: list[Node], key: str) -> Node | None:
    found = [node for home in homes if (node := home.get(key)) is not None]
    return found[-1] if found else None


def _assigned(node: Node | None) -> Iterator[Entry]:
    """Variables of a mapping, of `- NAME: value`, or of `- name: NAME` with `value: value`."""
    yield from _entries(node)
    for item in _items(node):
        name, value = item.get("name"), item.get("value")
        if name is not None and value is not None:
            yield Entry(name.text, name.at, value)
        elif item.kind == "scalar" and "=" in item.text:
            key, _, text = item.text.partition("=")
            yield Entry(key.strip(), item.at, Node("scalar", item.at, text))
        else:
            yield from item.entries
