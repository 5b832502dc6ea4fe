"""Where does this handle point, what does this fixture do? What a person needs to believe or refute a finding."""

from isolint.trace.answer import Answer
from isolint.trace.asked import Place, PlaceError, parse, trace

__all__ = ["Answer", "Place", "PlaceError", "parse", "trace"]
