"""Which files speak of a module at all, told by their words alone: nothing is parsed for it."""

from __future__ import annotations

from functools import cached_property

from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import Binding

_APART = bytes(c if chr(c).isalnum() or c == 95 or c > 127 else 32 for c in range(256))


class Mentions:
    """Knows the words of the project's test code."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def is_alone(self, module: Module) -> bool:
        """Whether no other test code can come to what a test module defines: none speaks of it.

        To come to something of a module, another one names the module and the thing, or a thing made with it.
        A conftest, a package, and what a list of plugins may name are never alone.
        """
        name = module.path.rpartition("/")[2].removesuffix(".py")
        if name in ("conftest", "__init__"):
            return False
        defined = {b"pytest_plugins"} | {
            word.encode() for word, several in module.names.bindings.items() if _defines(several)
        }
        for path, words in self._words.items():
            if path != module.path and name.encode() in words and not defined.isdisjoint(words):
                return False
        return True

    @cached_property
    def _words(self) -> dict[str, frozenset[bytes]]:
        found = {}
        for path in self.project.files:
            if self.project.is_test(path):
                text = self.project.text(path) or ""
                found[path] = frozenset(text.encode().translate(_APART).split())
        return found


def _defines(bindings: tuple[Binding, ...]) -> bool:
    return any(binding.kind != "import" for binding in bindings)
