"""How to ask a server in a container whether it answers, with what its official image brings along."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.documents import Entry, Node
from isolint.late import dataclass

_POSTGRES = ("pg_isready",)
_COMMANDS = {
    "postgres": _POSTGRES,
    "postgis": _POSTGRES,
    "pgvector": _POSTGRES,
    "timescaledb": _POSTGRES,
    "mysql": ("mysqladmin", "ping", "-h", "127.0.0.1"),
    "mariadb": ("healthcheck.sh", "--connect", "--innodb_initialized"),
    "redis": ("redis-cli", "ping"),
    "valkey": ("valkey-cli", "ping"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Unchecked:
    """A service without a health check: its entry, its server, and the document's other services with theirs.

    `kind` is the kind of the file; `is_old` tells that a compose file names the version of its format, and may so be
    read by a program that knows no conditions.
    """

    entry: Entry
    server: str
    kind: str
    services: tuple[Entry, ...] = ()
    is_old: bool = False

    @property
    def command(self) -> tuple[str, ...]:
        """The words of the command that asks, none where it is not known which the image has."""
        image = self.entry.value.get("image")
        is_chosen = image is None or image.text.lstrip().startswith(("$", "cimg/", "circleci/"))
        known = () if is_chosen else _COMMANDS.get(self.server, ())
        # While it sets its data up, the image of PostgreSQL runs a server that has no port yet.
        return (*known, "-h", "localhost") if known == _POSTGRES and self.kind == "compose" else known

    @property
    def waiting(self) -> Iterator[Node]:
        """What the file's other services say of those that they depend on, this one among them."""
        for entry in self.services:
            depends = entry.value.get("depends_on")
            if depends is None or entry.key == self.entry.key:
                continue
            if depends.get(self.entry.key) or any(item.text == self.entry.key for item in depends.items):
                yield depends
