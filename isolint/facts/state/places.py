"""Which shared thing does this expression stand for? Variables, modules, classes and objects that outlive a test."""

from __future__ import annotations

from dataclasses import field

from isolint.facts.meaning.values import ClassValue, Frame, Trail
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.late import dataclass

ENVIRONMENT = "environment"
MODULES = "modules"
FOLDER = "folder"
LIBRARY = "library"
STATE = "state"
FIXTURE = "fixture"
ITEM = "[]"
_KNOWN = {("os", "environ"): ENVIRONMENT, ("os", "environb"): ENVIRONMENT, ("sys", "modules"): MODULES}


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the process's state. `kind` says of what sort, `parts` leads from the whole to the part.

    "environment" and "modules" have the variable or module as their one part, "SHOP_*" for all that begin so;
    "library" the dotted name outside the project; "state" the path of a first-party module, a name in it and
    attributes below; "fixture" the path and line of a fixture. No parts at all mean all of it.
    """

    kind: str
    parts: tuple[str, ...] = ()

    def covers(self, other: Place) -> bool:
        """Whether what puts this place back puts the other one back, too."""
        if self.kind != other.kind or not self.parts:
            return self.kind == other.kind
        if self.parts[-1].endswith("*"):
            return bool(other.parts) and other.parts[0].startswith(self.parts[-1][:-1])
        return other.parts[: len(self.parts)] == self.parts

    def part(self, name: str) -> Place:
        """An attribute of what is here, or, as "[]", something in it."""
        parts = (*self.parts, name)
        if self.kind == LIBRARY and parts in _KNOWN:
            return Place(_KNOWN[parts])
        return Place(self.kind, parts)

    def part_of(self, name: str) -> Place:
        """What a dotted name leads to from here."""
        place = self
        for part in name.split("."):
            place = place.part(part)
        return place


def whole(place: Place) -> Place:
    """The container, for something in it."""
    parts = place.parts
    while parts and parts[-1] == ITEM:
        parts = parts[:-1]
    return Place(place.kind, parts)


def any_of(place: Place) -> Place:
    """All of the container, where the key is a name for one after the other."""
    key = place.parts[-1] if place.parts else ""
    loops = key.startswith("<") and key[1:-1].isidentifier()
    return Place(place.kind, place.parts[:-1]) if loops else place


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """A shared thing, as an expression leads to it.

    `sort` is "module", "class", "function", "object" or "fixture", "entry" for what is looked up in an attribute
    of a fixture's value, "part" for what lies in that; `module` the first-party module it is
    defined in; `value` and `frame` the expression it was made by, where that is known; `cls` the class it is;
    `scope` the scope of the fixture that made it, `steps` how many attributes of something imported
    from a library lead to it, `trail` the way to its definition.
    """

    place: Place
    sort: str
    module: Module | None = None
    value: s.Expression | None = None
    frame: Frame | None = None
    cls: ClassValue | None = None
    scope: str = ""
    steps: int = 0
    trail: Trail = field(default=())
