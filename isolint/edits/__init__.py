"""What the fixes of rules are built from: edits of Python and configuration files, in the style of the file.

Every builder gives the edits it takes, none of them where there is nothing to do, or None where it cannot be
done without changing more than was asked for. Nothing here imports libcst but `concrete`.
"""

from isolint.edits.concrete import Concrete
from isolint.edits.configuration import ConfigurationFile
from isolint.edits.guards import Guarded, begin_earlier, guard
from isolint.edits.python import PythonFile
from isolint.edits.templates import Filled, filled
from isolint.edits.text import Edits, both

__all__ = [
    "Concrete",
    "ConfigurationFile",
    "Edits",
    "Filled",
    "Guarded",
    "PythonFile",
    "begin_earlier",
    "both",
    "filled",
    "guard",
]
