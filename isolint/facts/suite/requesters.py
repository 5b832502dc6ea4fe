"""Which code of a suite may ask pytest for a fixture that lives as long as one test, or register a clean-up."""

from __future__ import annotations

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.sites import FixtureSite, SetUp, Test
from isolint.facts.suite.fixtures import SET_UP, Fixtures
from isolint.facts.suite.mixins import is_mixin


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
        return site.owner is None or not self._is_of_unittest(site.module, site.owner)

    def role(self, module: Module, function: s.Function) -> str:
        """What a function is: a "fixture", a "test", "set up" of a class of pytest's, or nothing of these.

        In a method of unittest's it is what registers a clean-up there, such as `self.addCleanup`.
        """
        owner = module.methods.get(id(function))
        if self.fixtures.fixture(module, function, owner) is not None:
            return "fixture"
        if owner is not None and self._is_of_unittest(module, owner):
            if not function.parameters or function.parameters[0].name not in ("self", "cls"):
                return ""
            own = function.parameters[0].name
            return f"{own}.addClassCleanup" if own == "cls" else f"{own}.addCleanup"
        if owner is not None and function.name in SET_UP:
            return "set up"
        return "test" if function.name.startswith("test") else ""

    def test_case(self, site: Test | FixtureSite | SetUp) -> str:
        """What a test of a unittest.TestCase, or its set-up before each test, calls itself; "" for any other one."""
        function = site.function
        if isinstance(site, FixtureSite) or site.owner is None or not function.parameters:
            return ""
        if isinstance(site, SetUp) and function.name not in ("setUp", "asyncSetUp"):
            return ""
        return function.parameters[0].name if self._is_of_unittest(site.module, site.owner) else ""

    def _is_of_unittest(self, module: Module, owner: s.Class) -> bool:
        return self.fixtures.is_test_case(module, owner) or is_mixin(owner)
