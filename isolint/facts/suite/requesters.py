"""Which code of a suite may ask pytest for a fixture that lives as long as one test."""

from __future__ import annotations

from isolint.facts.sites import FixtureSite, SetUp, Test
from isolint.facts.suite.fixtures import Fixtures


class Requesters:
    """Knows which tests and fixtures are pytest's."""

    def __init__(self, fixtures: Fixtures) -> None:
        self.fixtures = fixtures

    def may_ask(self, site: Test | FixtureSite | SetUp) -> bool:
        """Whether a test, fixture or set-up is given what it asks for, such as `monkeypatch`, test by test."""
        if isinstance(site, FixtureSite):
            return site.fixture.scope == "function"
        if isinstance(site, SetUp):
            return False
        return site.owner is None or not self.fixtures.is_test_case(site.module, site.owner)

    def test_case(self, site: Test | FixtureSite | SetUp) -> str:
        """What a test of a unittest.TestCase, or its set-up before each test, calls itself; "" for any other one."""
        function = site.function
        if isinstance(site, FixtureSite) or site.owner is None or not function.parameters:
            return ""
        if isinstance(site, SetUp) and function.name not in ("setUp", "asyncSetUp"):
            return ""
        return function.parameters[0].name if self.fixtures.is_test_case(site.module, site.owner) else ""
