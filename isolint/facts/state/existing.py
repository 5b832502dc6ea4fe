"""Was there something before a test set it? What is to be put back has to be there, and to be what is read."""

from __future__ import annotations

import sys

from isolint.facts.meaning import instances
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import ClassValue, Instance, options
from isolint.facts.program import syntax as s
from isolint.facts.state.leaks import Leak
from isolint.facts.state.places import LIBRARY, Shared


class Attributes:
    """Knows the attributes that modules, classes and objects have from the start."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def has(self, leak: Leak) -> bool:
        """Whether the attribute that is written to is known to be there before.

        Of a library's it is, where a function or an object takes its place: a stand-in for what others call.
        """
        owner, parts = leak.write.owner, leak.write.place.parts
        if owner is None or not parts:
            return False
        name = parts[-1]
        if leak.write.place.kind == LIBRARY:
            if parts[0] == "sys":
                return len(parts) == 2 and hasattr(sys, name)
            return isinstance(leak.write.value, s.Lambda | s.Call | s.Name | s.Attribute)
        if owner.sort == "module":
            return owner.module is not None and name in owner.module.names.bindings
        return any(self._in_class(cls, name) for cls in self._classes(owner))

    def is_wrapped(self, leak: Leak) -> bool:
        """Whether reading the attribute may give another object than the one that it holds: of a class, say."""
        owner, parts = leak.write.owner, leak.write.place.parts
        if leak.write.place.kind == LIBRARY:
            return any(part[:1].isupper() for part in parts[:-1])
        return owner is None or (owner.sort == "class" and not isinstance(leak.write.value, s.Constant))

    def _classes(self, owner: Shared) -> list[ClassValue]:
        if owner.cls is not None:
            return [owner.cls]
        if owner.value is None or owner.frame is None:
            return []
        made = options(self.evaluator.evaluate(owner.value, owner.frame))
        return [value.of for value in made if isinstance(value, Instance)]

    def _in_class(self, cls: ClassValue, name: str) -> bool:
        for ancestor in instances.lineage(self.evaluator, cls)[0]:
            if name in self.evaluator.names(instances.body_frame(ancestor)).bindings:
                return True
            if any(f.name == "__init__" for f, _ in self.evaluator.assignments(ancestor.node).get(name, ())):
                return True
        return False
