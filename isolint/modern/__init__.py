"""Python of any grammar, read as the `ast` nodes of Python 3.10.

libcst's parser knows the grammars the running interpreter may not; its tree is converted node by node,
with the positions `ast` gives. What is newer is lowered: type parameters are dropped, `type X = ...` is an
assignment, `except*` is `except`, a template string is an f-string, a lazy import is an import.
"""

from __future__ import annotations

import ast
import warnings

import libcst as cst

from isolint.modern.places import Places
from isolint.modern.statements import statements


def to_ast(text: str) -> ast.Module:
    """Parse `text` (without a byte order mark) with libcst and convert the tree.

    Positions inside f-strings are exact, as `ast` gives them from Python 3.12 on.
    Raises SyntaxError when libcst cannot read the text. Deep nesting takes a deep stack: run it with one.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    module = _parse(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.Module(body=statements(module.body, Places(module, text)), type_ignores=[])


def _parse(text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(error.message, ("<unknown>", error.raw_line, error.raw_column + 1, None)) from None
    except cst.CSTLogicError as error:
        raise SyntaxError(str(error), ("<unknown>", 1, 1, None)) from None
