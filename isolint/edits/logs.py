"""A line of the log, by the logger that a file has."""

from __future__ import annotations

import ast

from isolint.edits.python import PythonFile
from isolint.edits.text import Edits

_LOGGERS = ("logger", "log", "LOG", "LOGGER", "_logger", "_log", "logging")


def told(file: PythonFile, words: str) -> tuple[str, Edits] | None:
    """The statement that tells an exception in the log, and the import it needs; None where that has no place."""
    logger, imports = _logger(file), file.add_import("import logging")
    if imports is None:
        return None
    statement = f"{logger or 'logging.getLogger(__name__)'}.exception({file.string(words)})"
    return statement, () if logger and logger != "logging" else imports


def _logger(file: PythonFile) -> str:
    """The name of the module's logger."""
    for node in file.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if names and names[0] in _LOGGERS:
                return names[0]
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) in _LOGGERS[:-1]:
                    return alias.asname or alias.name
    return ""
