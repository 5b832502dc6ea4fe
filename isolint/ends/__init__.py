"""How the fixes of rules end what code makes or starts: what they write, and where."""

from isolint.ends.placing import End

__all__ = ["End"]
