"""The hosts of servers that the tests name: where one is a service of a compose file, the tests run beside it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import every_expression
from isolint.facts.suite.config import PytestConfig
from isolint.late import regex

_ADDRESS = regex(
    r"^(?:postgres|mysql|mariadb|redis|valkey|mongo|rediss|asyncpg|amqp)[\w+]*://(?:[^@/]*@)?(?P<host>[a-z][\w-]*)(?!\w|:0\b)"
)
_NEAR = frozenset({"localhost", "host"})


class Hosts:
    """Reads the addresses in conftests, and in the variables that pytest's configuration sets."""

    def __init__(self, config: PytestConfig, project: Project) -> None:
        self.config = config
        self.project = project

    @cached_property
    def names(self) -> frozenset[str]:
        """The hosts, as they are written; those of the machine itself and of the internet are none."""
        conftests = (path for path in sorted(self.project.files) if path.rpartition("/")[2] == "conftest.py")
        modules = (self.project.module(path) for path in conftests)
        texts = [text for module in modules if module is not None for text in _texts(module)]
        found = (_ADDRESS.match(text) for text in (*texts, *self.config.environment.values()))
        return frozenset(match["host"] for match in found if match is not None) - _NEAR


def _texts(module: Module) -> Iterator[str]:
    for node in every_expression(module.facts.body):
        if isinstance(node, s.Constant) and isinstance(node.value, str):
            yield node.value
