"""The `ast` of a source, whatever grammar of Python 3 it is written in."""

from __future__ import annotations

import ast
import re
import warnings
from contextlib import suppress

from isolint.late import regex
from isolint.source.deep import run_deep
from isolint.source.text import Source, UnreadableError

TOO_DEEP = "the code is nested too deeply"

# In a longer text an operator chain may be deep enough to overflow the C stack of Python 3.10's parser.
_SMALL = 50_000

# libcst takes 350 times the memory of a text, and its parser time that grows with the square or the cube
# of the depth, as it takes the stack: to its end.
_LARGEST = 2_000_000
_MOST_BRACKETS = 200
_LONGEST_CHAIN = 5_000

_STRING = regex(r"'(?:[^'\\\r\n]|\\.)*'|\"(?:[^\"\\\r\n]|\\.)*\"")
_TOKEN = regex(r"\w+|[^\w\s]")

# What tells Python 2 on the line of the error, strings emptied.
_PYTHON_2 = {
    "print statement": r"(?:^|[:;])\s*print(?:\s*\"|\s+[\w`~{]|\s+-\w)",
    "exec statement": r"(?:^|[:;])\s*exec(?:\s*\"|\s+\w)",
    "`except E, e`": r"^\s*except(?:\s+[\w.]+|\s*\(.*\))\s*,\s*[a-z_]\w*\s*:",
    "`raise E, message`": r"(?:^|[:;])\s*raise\s+(?:[\w.]+|\"\")\s*,",
    "backticks": r"`",
    "`<>`": r"<>",
    "octal number": r"(?<![\w.])0\d+[lL]?(?![\w.])",
    "long number": r"(?<![\w.])(?:\d+|0[xX][\da-fA-F]+)[lL]\b",
    "`ur` string": r"\b[uU][rR]\"",
    "parameters in parentheses": r"\blambda\s*\(|\bdef\s+\w+\((?:[^()=]*,)?\s*\(",
}


_TEMPLATE_MARK = regex(r"(?<![\w'\"])(?:[tT][rR]?|[rR][tT])(?=['\"])")


def parse(source: Source) -> ast.Module:
    """Parse the source with `ast`, or, where the running Python's grammar is too old, with libcst.

    Raises UnreadableError for what neither can read. A deep tree is deeper than the recursion limit:
    `run_deep` walks it.
    """
    text = source.text
    if len(text) < _SMALL:
        with suppress(SyntaxError, RecursionError, MemoryError):
            return _parse(text)
    return run_deep(lambda: _parse_deep(text))


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _parse_deep(text: str) -> ast.Module:
    try:
        return _parse(text)
    except RecursionError:
        raise UnreadableError(TOO_DEEP) from None
    except MemoryError:
        return _parse_modern(text, UnreadableError(TOO_DEEP))
    except SyntaxError as error:
        line = error.lineno or 1
        if error.msg.startswith("too many"):
            raise UnreadableError(TOO_DEEP, line) from None
        if sign := _python_2(text, line):
            raise UnreadableError(f"the file is Python 2 ({sign})", line) from None
        return _parse_modern(text, UnreadableError(error.msg, line))


def _parse_modern(text: str, complaint: UnreadableError) -> ast.Module:
    """Parse with libcst what `ast` could not; raises the complaint when that fails too."""
    from isolint.modern import to_ast

    plain = _TEMPLATE_MARK.sub(_as_f_string, text)
    for spelling in (text,) if plain == text else (text, plain):
        try:
            if not is_overlong(spelling):
                return to_ast(spelling)
        except SyntaxError:
            pass
        except RecursionError:
            complaint = UnreadableError(TOO_DEEP)
    raise complaint


def _as_f_string(mark: re.Match[str]) -> str:
    """The prefix of a template string as that of an f-string, of the same length.

    libcst does not read template strings in a row, nor all their prefixes.
    """
    return mark[0].replace("t", "f").replace("T", "F")


def is_overlong(text: str) -> bool:
    """Whether the text is not for libcst: too large, too deep in brackets, or with too long a chain."""
    nests = re.split(r"[)\]}]", text)
    return (
        len(text) > _LARGEST
        or any(sum(map(nest.count, "([{")) > _MOST_BRACKETS for nest in nests)
        or any(_is_long_chain(chain) for chain in re.split(r"[,\r\n]", text))
    )


def _is_long_chain(code: str) -> bool:
    return len(code) > _LONGEST_CHAIN and len(_TOKEN.findall(_STRING.sub('""', code))) > _LONGEST_CHAIN


def _python_2(text: str, number: int) -> str | None:
    """What on the line of that number is valid in Python 2 only."""
    lines = Source("", text).lines
    code = _STRING.sub('""', lines[number - 1]) if number <= len(lines) else ""
    return next((sign for sign, pattern in _PYTHON_2.items() if re.search(pattern, code)), None)
