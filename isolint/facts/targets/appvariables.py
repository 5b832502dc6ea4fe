"""Which environment variables the application itself reads: those are its own, whoever else reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import takewhile

from isolint.facts.meaning.values import Address, Method, Text, Value, Variable, text
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module, Project
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.targets.lattice import tokens
from isolint.late import regex

_PLACES = frozenset(
    "settings setting config configuration conf database databases db env environment constants session engine "
    "connection connections core main app server store storage".split()
)
MOST_FILES = 80
_HOSTED = regex(
    r"\w[\w+]*://([^@/]*@)?(?!(\w+\.)*example\.)([\w-]+\.)+"
    r"(?!(local|localhost|internal|lan|test|example|invalid)\b)[a-z]{2,}(:\d+)?(/|$)"
)


class ApplicationVariables:
    """Looks through the modules of the product whose names speak of configuration or of the database."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._words: dict[str, frozenset[str]] = {}
        self._opened: dict[str, bool] = {}

    def reads(self, url: Value | None, path: str) -> bool:
        """Whether a URL in a file of the tests is made of a variable that the product reads, too."""
        names = {variable.name for variable in variables(url)}
        near = sorted(self._likely, key=lambda other: (-_shared(path, other), other))[:MOST_FILES]
        return bool(names) and any(not names.isdisjoint(self._spelled(other)) for other in near)

    def opens(self, url: Value | None) -> bool:
        """Whether a URL is the address of a hosted service that a module of the product spells out, too."""
        address = text(url) if url is not None else None
        if not address or not _HOSTED.match(address):
            return False
        if address not in self._opened:
            words, project = address.encode(), self.project
            product = (path for path in project.files if not project.is_test(path))
            self._opened[address] = any(words in project.content(path) for path in product)
        return self._opened[address]

    def spells(self, name: str) -> bool:
        """Whether the product, where it speaks of configuration, spells a variable."""
        return any(name in self._spelled(path) for path in self._likely[:MOST_FILES])

    @cached_property
    def _likely(self) -> tuple[str, ...]:
        return tuple(p for p in self.project.files if not self.project.is_test(p) and may_configure(p))

    def _spelled(self, path: str) -> frozenset[str]:
        if path not in self._words:
            module = self.project.module(path)
            self._words[path] = frozenset() if module is None else frozenset(_spelled(module))
        return self._words[path]


def _shared(path: str, other: str) -> int:
    """How many folders two files have in common."""
    pairs = zip(path.split("/")[:-1], other.split("/")[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def may_configure(path: str) -> bool:
    """Whether a module's name speaks of configuration or of the database."""
    folder, _, name = path.rpartition("/")
    words = tokens(name.removesuffix(".py")) | (
        tokens(folder.rpartition("/")[2]) if name == "__init__.py" else frozenset()
    )
    return not words.isdisjoint(_PLACES)


def _spelled(module: Module) -> Iterator[str]:
    """The strings of a module, and the fields of its classes in upper case."""
    bodies = [module.facts.body, *(f.body for f in module.functions), *(c.body for c in module.classes)]
    for body in bodies:
        for node in statements(body):
            for expression in expressions(node):
                for inner in walk(expression):
                    if isinstance(inner, s.Constant) and isinstance(inner.value, str):
                        yield inner.value
    for cls in module.classes:
        for node in cls.body:
            if isinstance(node, s.Assign):
                yield from (t.id.upper() for t in node.targets if isinstance(t, s.Name))


def variables(url: Value | None) -> Iterator[Variable]:
    """The variables that a URL is made of; a fallback is not one of them."""
    match url:
        case Variable():
            yield url
        case Text():
            for part in url.parts:
                yield from variables(part)
        case Address():
            yield from variables(url.base)
            for _, component in url.components:
                yield from variables(component)
        case Method():
            yield from variables(url.receiver)
