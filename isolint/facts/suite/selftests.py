"""The functions with which a module tests itself, below `if __name__ == "__main__":`."""

from __future__ import annotations

from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import statements
from isolint.facts.running.relevance import called_in
from isolint.facts.sites import SelfTest

_TEST_WORDS = frozenset({"test", "tests", "selftest"})
_TRIAL_WORDS = frozenset({"usage", "debug"})


def run_by(module: Module, sites: tuple[SelfTest, ...]) -> list[s.Function]:
    """The functions of a module that its main blocks come to, in source order."""
    functions = {f.name: f for f in module.functions if id(f) not in module.methods}
    pending: list[s.Block] = [site.node.body for site in sites]
    seen: set[str] = set()
    for body in pending:
        for name in called_in(body) & functions.keys() - seen:
            seen.add(name)
            pending.append(functions[name].body)
    return sorted((functions[name] for name in seen), key=lambda function: function.at)


def self_tests(module: Module, sites: tuple[SelfTest, ...]) -> list[s.Function]:
    """Those of them that test, by their name or because they assert, something of the module itself."""
    own = {f.name for f in module.functions if not _tests(f)} | {c.name for c in module.classes}
    return [
        function
        for function in run_by(module, sites)
        if _tests(function) and not called_in(function.body).isdisjoint(own)
    ]


def _tests(function: s.Function) -> bool:
    words = function.name.strip("_").split("_")
    if not _TEST_WORDS.isdisjoint((words[0], words[-1])) or not _TRIAL_WORDS.isdisjoint(words):
        return True
    return sum(isinstance(node, s.Assert) for node in statements(function.body)) > 1
