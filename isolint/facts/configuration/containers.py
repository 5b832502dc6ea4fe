"""Services of compose files: what they run, and who waits for whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from isolint.documents import Entry, Node
from isolint.facts.configuration.commands import runs_tests, server_of, waits
from isolint.facts.configuration.files import Document
from isolint.facts.meaning.values import Hop
from isolint.facts.targets.lattice import is_test_name

_SERVICES = frozenset(
    {"db", "database", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "redis"}
)


def unawaited(document: Document, others: Iterable[Document]) -> Iterator[tuple[Entry, str, str]]:
    """The servers that other services of a compose file build on without waiting until they answer.

    Gives the entry of the server's service, its server, and the service that does not wait. `others` are
    the compose files beside it: a service is what all of them together say of it.
    """
    services = document.root.get("services")
    if services is None or services.kind != "mapping":
        return
    whole = {entry.key: _everywhere(entry.key, (document, *others)) for entry in services.entries}
    for entry in services.entries:
        image = entry.value.get("image")
        server = "" if image is None else server_of(image.text)
        said = whole[entry.key]
        if not server or any(
            node.get(word) is not None for node in said for word in ("healthcheck", "extends")
        ):
            continue
        for name, nodes in whole.items():
            if name != entry.key and any(_hurries(node, entry.key) for node in nodes) and not _waits(nodes):
                yield entry, server, name
                break


def is_for_tests(document: Document) -> bool:
    """Whether a compose file is there for tests: by its name, or because a service of it runs them."""
    if is_test_name(document.path.rpartition("/")[2]):
        return True
    services = document.root.get("services")
    for entry in services.entries if services is not None else ():
        for key in ("command", "entrypoint"):
            given = entry.value.get(key)
            if given is not None and runs_tests(" ".join(part.text for part in given.scalars())):
                return True
    return False


def shared_volumes(document: Document, others: Iterable[Document]) -> Iterator[tuple[Node, str, Hop]]:
    """The volumes of servers in a compose file for tests that servers of another file keep their data in, too.

    Gives the place, the volume, and where the other file has it. Docker calls volumes after the folder, or the name
    in the file, not after the file. Silent is a server whose database is named for tests.
    """
    if not is_test_name(document.path.rpartition("/")[2]):
        return
    known: dict[str, Hop] = {}
    for other in others:
        if not is_test_name(other.path.rpartition("/")[2]) and _project(other) == _project(document):
            for _, name, node in _data(other):
                known.setdefault(name, Hop(other.path, node.at, node.text))
    for service, name, node in _data(document):
        given = service.get("environment")
        named = any(
            is_test_name(text.rpartition("=")[2]) for text in (given.texts() if given is not None else ())
        )
        if name in known and not named and document.root.get("volumes", name, "name") is None:
            yield node, name, known[name]


def _project(document: Document) -> str:
    """The name that a compose file gives all that it starts, "" where it is that of the folder."""
    name = document.root.get("name")
    return "" if name is None else name.text


def _data(document: Document) -> Iterator[tuple[Node, str, Node]]:
    """The named volumes of the servers in a compose file: the service, the volume, and its place."""
    services = document.root.get("services")
    for entry in services.entries if services is not None else ():
        image, volumes = entry.value.get("image"), entry.value.get("volumes")
        if volumes is None or not (server_of(image.text) if image is not None else entry.key in _SERVICES):
            continue
        for node in volumes.scalars():
            name, separator, inside = node.text.partition(":")
            if separator and name and name[0] not in "./~$" and inside.startswith("/"):
                yield entry.value, name, node


def is_named(entry: Entry, hosts: Collection[str]) -> bool:
    """Whether one of these hosts is a service of a compose file, by one of the names it has in its network."""
    given = (entry.value.get("container_name"), entry.value.get("hostname"))
    return any(name in hosts for name in (entry.key, *(node.text for node in given if node is not None)))


def _everywhere(name: str, documents: Iterable[Document]) -> list[Node]:
    found = (document.root.get("services", name) for document in documents)
    return [node for node in found if node is not None]


def _hurries(node: Node, name: str) -> bool:
    """Whether a service depends on another one being started, not on its being healthy."""
    depends = node.get("depends_on")
    if depends is None:
        return False
    if any(item.text == name for item in depends.items):
        return True
    condition = depends.get(name, "condition")
    return depends.get(name) is not None and (condition is None or condition.text == "service_started")


def _waits(nodes: Iterable[Node]) -> bool:
    """Whether a service's own command waits for what it needs."""
    for node in nodes:
        for key in ("command", "entrypoint"):
            given = node.get(key)
            if given is not None and any(waits(part.text) for part in given.scalars()):
                return True
    return False
