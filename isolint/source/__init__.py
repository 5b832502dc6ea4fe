"""Source text: from bytes to lines, comments, columns and trees. All of isolint reads files through here.

`ast` trees are for everything that is only read; libcst's are for what is judged by its syntax or rewritten,
and libcst is imported by the functions that need it, not before.
"""

from isolint.source.comments import comments
from isolint.source.concrete import Excerpt, concrete, excerpt
from isolint.source.deep import run_deep
from isolint.source.holes import EXACT, holes
from isolint.source.text import (
    Position,
    Source,
    UnreadableError,
    columns,
    content_of,
    from_bytes,
    from_text,
    read,
)
from isolint.source.trees import parse

__all__ = [
    "EXACT",
    "Excerpt",
    "Position",
    "Source",
    "UnreadableError",
    "columns",
    "comments",
    "concrete",
    "content_of",
    "excerpt",
    "from_bytes",
    "from_text",
    "holes",
    "parse",
    "read",
    "run_deep",
]
