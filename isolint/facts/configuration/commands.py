"""Shell commands, as far as they start tests or wait for servers, and the variables that lead to servers."""

from __future__ import annotations

import re

from isolint.late import regex

_TEST_COMMAND = regex(
    r"(?:^|[\s;&|(/'\"])(?:pytest|py\.test|tox|nox|unittest|nosetests|trial|bin/tests?|runtests\.py|runtests)"
    r"(?=$|[\s;&|)'\"])"
    r"|manage\.py test\b|\b(?:make|just|task|hatch|poe|pdm run|invoke|inv|uv run|poetry run|npm(?: run)?)"
    r" (?:run )?[\w:-]*tests?\b|\b(?:setup\.py|flask) test\b"
)
_WAITING = regex(
    r"pg_isready|wait[-_]for|wait4|dockerize|mysqladmin ping|redis-cli ping|\bnc -\w*z|\buntil\b|\bwhile !|"
    r"/dev/tcp/|curl .*--retry|--wait\b|wait-on"
)
# Official images of servers that tests open connections to at once. They bring no health check of their own.
_SERVERS = regex(
    r"(?:^|['\"\s]|docker\.io/|library/|postgis/|pgvector/|timescale/|cimg/|circleci/)"
    r"(postgres|postgis|pgvector|timescaledb|mysql|mariadb|redis|valkey|mongo)(?:db-ha)?(?=$|[:@'\"\s])"
)

# More than one worker of pytest-xdist, or of Django's own runner; a number that is filled in elsewhere counts.
_WORKERS = regex(
    r"(?:^|[\s'\":{])(?:(?:-n|--numprocesses)[ =]?['\"]?(?:[2-9]|1\d|auto\b|logical\b|[${])"
    r"|--parallel(?:[ =](?:[2-9]|1\d|auto\b)|\s|$))"
)
_XDIST_WORKERS = regex(_WORKERS.pattern.partition("|--parallel")[0] + ")")

_MIGRATION = regex(
    r"\balembic\b.*\bupgrade\b|\bflask\b.* db upgrade\b|\baerich upgrade\b|"
    r"\bprisma (?:migrate deploy|db push)\b|\byoyo apply\b|\bdbmate\b.*\b(?:up|migrate)\b"
)
_INTEGRATION = regex(r"(?:^|[\W_])(?:integration|e2e|end.to.end|acceptance|functional)(?:$|[\W_])", re.I)
_ASKS = regex(r"\s--(?:collect-only|co|version|help|markers|fixtures)\b")
_FILLED_IN = regex(r"\$\{\{.*?\}\}")
_BETWEEN = regex(r"[;|&]+|\$\(|(?:^|\s)\[\[?\s")
_OPTIONS_VARIABLE = regex(r"\w*(?:PYTEST|WORKERS|XDIST)\w*\Z")

_STORE_VARIABLE = regex(
    r"(?:^|_)(?:DATABASE|DB|POSTGRES(?:QL)?|PG|MYSQL|MONGO(?:DB)?|REDIS|SQLALCHEMY|NEO4J|ELASTIC(?:SEARCH)?|BROKER)"
    r"(?:_\w+)?_(?:URL|URI|DSN|NAME|HOST)$|^DATABASE$|^(?:DSN|DB_NAME|DB_HOST)$",
    re.I,
)


def runs_tests(command: str) -> bool:
    """Whether a shell command starts a test suite, by the name of a runner or of a target for tests."""
    return any(
        _TEST_COMMAND.search(line) is not None for line in command.splitlines() if not _is_no_run(line)
    )


def _is_no_run(line: str) -> bool:
    """Whether a line names a runner without running it: it installs it, or asks what it would do."""
    return _ASKS.search(line) is not None or (
        re.search(r"\b(?:pip|pipx|uv pip|poetry|conda|apt-get|npm)\b.* (?:install|add)\b", line) is not None
    )


def runs_workers(command: str) -> bool:
    """Whether a shell command starts tests in several processes at once."""
    for line in command.splitlines():
        for part in _parts(line):
            started = _TEST_COMMAND.search(part)
            if started is not None and not _is_no_run(line):
                workers = _WORKERS if "manage.py" in started[0] else _XDIST_WORKERS
                if workers.search(part, started.end()):
                    return True
    return False


def _parts(line: str) -> list[str]:
    """The commands that a line of the shell is made of; what a pipeline fills in is no part of its syntax."""
    plain = _FILLED_IN.sub(lambda found: re.sub(r"[&|;]", " ", found[0]), line)
    return _BETWEEN.split(plain)


def is_for_options(variable: str) -> bool:
    """Whether a variable is, by its name, for options of pytest: PYTEST_ADDOPTS, PYTEST_ARGS, WORKERS."""
    return _OPTIONS_VARIABLE.match(variable) is not None


def asks_for_workers(options: str) -> bool:
    """Whether options of pytest ask for several workers of pytest-xdist."""
    return _XDIST_WORKERS.search(options) is not None


def migrates(command: str) -> bool:
    """Whether a shell command brings the schema of a database up to date; Django's runner does that by itself."""
    return _MIGRATION.search(command) is not None


def is_for_integration(command: str) -> bool:
    """Whether the words of a command or job are about tests that need their servers."""
    return _INTEGRATION.search(command) is not None


def waits(command: str) -> bool:
    """Whether a shell command waits for a server to answer."""
    return _WAITING.search(command) is not None


def server_of(image: str) -> str:
    """The server that an official container image holds ("postgres"), "" for any other image."""
    found = _SERVERS.search(image.lower())
    return "" if found is None else found[1]


def is_store_variable(name: str) -> bool:
    """Whether a variable is, by its name, where an application finds its database, cache or queue."""
    return _STORE_VARIABLE.search(name) is not None
