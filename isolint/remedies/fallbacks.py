"""Variables of the tests that are read alone, in the words of shells, YAML, tox and make."""

from __future__ import annotations

import re

from isolint.documents import kind_of
from isolint.edits import ConfigurationFile
from isolint.facts.configuration.substitutions import Substitution
from isolint.finding import Edit

_OPERAND = r"(?:(?:secrets|vars|env)\.\w+|'[^']*')"


def read_alone(file: ConfigurationFile, found: Substitution) -> Edit | None:
    """The edit that drops the fallback of a variable; where the language can, its absence is told."""
    code, own = file.code(found.at), found.own
    for form in (_refused, _of_expression, _of_tox, _of_make, _refilled):
        new = form(code, own, kind_of(file.path))
        if new is not None and new != code:
            return file.replace(found.at, new)
    return None


def _refused(code: str, own: str, kind: str) -> str | None:
    """`${TEST_URL:-$URL}` as `${TEST_URL:?}`; a file of variables knows no such thing, and reads it alone."""
    opened = re.search(rf"\$\{{{own}(:?)[-=]", code)
    end = _closing(code, opened.end()) if opened is not None else None
    if opened is None or end is None:
        return None
    mark = "" if kind == "dotenv" else f"{opened[1]}?"
    return f"{code[: opened.start()]}${{{own}{mark}}}{code[end + 1 :]}"


def _of_expression(code: str, own: str, kind: str) -> str | None:
    """`${{ secrets.TEST_URL || secrets.URL }}` without what follows."""
    pattern = rf"(\$\{{\{{[^}}]*?\b(?:secrets|vars|env)\.{own})(?:\s*\|\|\s*{_OPERAND})+(\s*\}}\}})"
    return re.sub(pattern, r"\1\2", code, count=1)


def _of_tox(code: str, own: str, kind: str) -> str | None:
    """`{env:TEST_URL:{env:URL:}}` as `{env:TEST_URL}`."""
    opened = re.search(rf"\{{env:{own}:", code)
    end = _closing(code, opened.end()) if opened is not None else None
    if opened is None or end is None:
        return None
    return f"{code[: opened.end() - 1]}{code[end:]}"


def _of_make(code: str, own: str, kind: str) -> str | None:
    """`$(or $(TEST_URL),$(URL))`: make stops where the variable is missing."""
    pattern = rf"(\$\(or\s+\$[({{]{own}[)}}]\s*,\s*)\$[({{]\w+[)}}]\)"
    return re.sub(pattern, rf"\1$(error {own} is not set))", code, count=1)


def _refilled(code: str, own: str, kind: str) -> str | None:
    """`TEST_URL=$URL` where a script has found it empty: the script ends there."""
    pattern = (
        rf"(?P<before>^|[\s;])(?:export\s+)?{own}=(?P<mark>['\"]?)\$(?:\w+|\{{\w+\}})(?P=mark)(?=\s|;|$)"
    )
    told = f'echo "{own} is not set" >&2; exit 1'
    found = re.search(pattern, code)
    if found is None:
        return None
    before, behind = code[: found.start()] + found["before"], code[found.end() :]
    is_whole = not before.strip() and re.fullmatch(r"\s*(#.*)?", behind)
    return f"{before}{told}{behind}" if is_whole else f"{before}{{ {told}; }}{behind}"


def _closing(code: str, start: int) -> int | None:
    """Where the brace is closed that was opened before `start`."""
    depth = 1
    for place in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[place], 0)
        if not depth:
            return place
    return None
