"""Fakes that a project has for clients of servers: of libraries that it asks for, or that its tests import."""

from __future__ import annotations

import re

from isolint.facts.program.project import Project
from isolint.facts.suite.config import PytestConfig
from isolint.vocabulary.entries import Fake


class StandIns:
    """Tells what stands in for a client."""

    def __init__(self, project: Project, config: PytestConfig) -> None:
        self.project = project
        self.config = config

    def of(self, maker: str) -> Fake | None:
        """The fake for what a library's function or class makes; None where the project has none."""
        entries = self.project.vocabulary.fakes.get(maker, ())
        return next((entry for entry in entries if self._is_there(entry)), None)

    def _is_there(self, entry: Fake) -> bool:
        if self.config.requirements.names(entry.distribution):
            return True
        tests = (path for path in self.project.files if self.project.is_test(path))
        imported = re.compile(rf"^\s*(?:import|from)\s+{re.escape(entry.by.partition('.')[0])}\b", re.M)
        return any(imported.search(self.project.text(path) or "") for path in tests)
